// Process: the service under test, with a directory and a port that outlive its ends.
//
// Owns starts, ends and pauses. Does not own when they happen (faults.ts).

import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Child } from '../../tests/service/child.ts';
import type { Restart } from './calls.ts';

/** How long an orderly stop serves what is held. */
const STOP_GRACE_MS = 200;

export class ServiceProcess implements AsyncDisposable {
  readonly #dataDir = mkdtempSync(path.join(tmpdir(), 'holdfast-histories-'));
  #child: Child | undefined;
  #port = 0;

  static async start(): Promise<ServiceProcess> {
    const service = new ServiceProcess();
    try {
      await service.#start();
      return service;
    } catch (error) {
      // Left behind, it would keep this process from ending.
      await service[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The same over all restarts. */
  get port(): number {
    return this.#port;
  }

  /** When the present process said that its port is open, by the clock of this one. */
  get #openedAt(): number {
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

  /** Ends the process, with SIGKILL as a power cut would, and starts it again on the same directory. */
  async restart(signal: 'SIGKILL' | 'SIGTERM', downMs: number): Promise<Restart> {
    await this.#end(signal);
    const endedBy = performance.now();
    await delay(downMs);
    await this.#start();
    return { endedBy, openedAt: this.#openedAt };
  }

  /** The process stands still: no turn of its loop, no byte read. Its kernel goes on taking connections. */
  async pause(ms: number): Promise<void> {
    this.#child?.signal('SIGSTOP');
    await delay(ms);
    this.#child?.signal('SIGCONT');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end('SIGKILL');
    await rm(this.#dataDir, { recursive: true, force: true });
  }

  async #start(): Promise<void> {
    this.#child = new Child({
      HOLDFAST_PORT: String(this.#port), HOLDFAST_DATA_DIR: this.#dataDir, HOLDFAST_WORKERS: '1', HOLDFAST_SHUTDOWN_GRACE_MS: String(STOP_GRACE_MS),
    });
    const address = await this.#child.ready();
    if (address === undefined) throw new Error(`the service did not start:\n${this.#child.output}`);
    this.#port = Number(new URL(address).port);
  }

  async #end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    this.#child?.signal(signal);
    await this.#child?.exited;
  }
}
