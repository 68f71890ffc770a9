// Host: the service that the commands hold their locks with, stopped, killed and started again under them.
//
// Owns its process, directory and port.

import { rm } from 'node:fs/promises';
import { Child } from '../../tests/service/child.ts';
import type { Lock } from '../../tests/service/contract.ts';
import { newFolder } from '../power/folders.ts';

export class Host implements AsyncDisposable {
  readonly #dataDir = newFolder('holdfast-host-');
  #child: Child;
  #port = 0;

  private constructor() {
    this.#child = this.#spawn();
  }

  static async start(): Promise<Host> {
    const host = new Host();
    await host.#ready();
    return host;
  }

  get port(): number {
    return this.#port;
  }

  /** No turn of its loop, no byte read; its kernel goes on taking connections. */
  stop(): void {
    this.#child.signal('SIGSTOP');
  }

  goOn(): void {
    this.#child.signal('SIGCONT');
  }

  async kill(): Promise<void> {
    this.#child.signal('SIGKILL');
    await this.#child.exited;
  }

  /** On the same directory and port. */
  async restart(): Promise<void> {
    this.#child = this.#spawn();
    await this.#ready();
  }

  /** When the lease of who holds the lock ends, as the service has it, by the wall clock. */
  async leaseEnd(lock: string): Promise<number> {
    const answer = await fetch(`http://127.0.0.1:${this.#port}/v1/locks/${encodeURIComponent(lock)}`);
    const { holders }: Lock = JSON.parse(await answer.text());
    return Date.parse(holders?.[0]?.expiresAt ?? '');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.#dataDir, { recursive: true, force: true });
  }

  #spawn(): Child {
    return new Child({ HOLDFAST_PORT: String(this.#port), HOLDFAST_DATA_DIR: this.#dataDir, HOLDFAST_WORKERS: '1', HOLDFAST_SHUTDOWN_GRACE_MS: '0' });
  }

  async #ready(): Promise<void> {
    const address = await this.#child.ready();
    if (address === undefined) throw new Error(`the service did not start:\n${this.#child.output}`);
    this.#port = Number(new URL(address).port);
  }
}
