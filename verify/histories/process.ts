// Process: the service under test, with a directory and a port that outlive its ends.
//
// Owns starts, kills and pauses. Does not own when they happen (faults.ts).

import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Child } from '../../tests/service/child.ts';

export class ServiceProcess implements AsyncDisposable {
  readonly #dataDir = mkdtempSync(path.join(tmpdir(), 'holdfast-histories-'));
  #child: Child | undefined;
  #port = 0;

  static async start(): Promise<ServiceProcess> {
    const service = new ServiceProcess();
    await service.#start();
    return service;
  }

  /** The same over all restarts. */
  get port(): number {
    return this.#port;
  }

  /** When the present process said that its port is open, by the clock of this one. */
  get openedAt(): number {
    const line = this.output.split('\n').find((text) => text.includes('"msg":"ready"')) ?? '{}';
    const { time }: { readonly time?: number | string } = JSON.parse(line);
    return new Date(time ?? Number.NaN).getTime() - performance.timeOrigin;
  }

  /** Whether it ended although nobody here ended it. */
  get fallen(): boolean {
    return this.#child?.ended === true;
  }

  get output(): string {
    return this.#child?.output ?? '';
  }

  /** As a power cut would, as far as a process can tell; then starts again on the same directory. */
  async killAndRestart(downMs: number): Promise<void> {
    await this.#kill();
    await delay(downMs);
    await this.#start();
  }

  /** The process stands still: no turn of its loop, no byte read. Its kernel goes on taking connections. */
  async pause(ms: number): Promise<void> {
    this.#child?.signal('SIGSTOP');
    await delay(ms);
    this.#child?.signal('SIGCONT');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#kill();
    await rm(this.#dataDir, { recursive: true, force: true });
  }

  async #start(): Promise<void> {
    this.#child = new Child({ HOLDFAST_PORT: String(this.#port), HOLDFAST_DATA_DIR: this.#dataDir, HOLDFAST_WORKERS: '1' });
    const address = await this.#child.ready();
    if (address === undefined) throw new Error(`the service did not start:\n${this.#child.output}`);
    this.#port = Number(new URL(address).port);
  }

  async #kill(): Promise<void> {
    this.#child?.signal('SIGKILL');
    await this.#child?.exited;
  }
}
