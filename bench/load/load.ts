// Load: a process that makes requests and measures, asked from here over and over.
//
// Owns the process. It is started once and keeps its connections, so that rounds can be taken in turns.

import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { environmentWith, PROJECT } from '../children.ts';

export class Load<Asked, Told> implements AsyncDisposable {
  readonly #script: string;
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;
  readonly #interface: Interface;

  private constructor(script: string, args: readonly string[]) {
    this.#script = script;
    this.#child = spawn(process.execPath, [script, ...args], { cwd: PROJECT, env: environmentWith({}), stdio: ['pipe', 'pipe', 'inherit'] });
    this.#interface = createInterface({ input: this.#child.stdout });
    this.#lines = this.#interface[Symbol.asyncIterator]();
  }

  /** Resolves when it has its connections. */
  static async start<Asked, Told>(script: string, ...args: readonly (string | number)[]): Promise<Load<Asked, Told>> {
    const load = new Load<Asked, Told>(script, args.map(String));
    await load.#line();
    return load;
  }

  /** Started, and asked once: at once, as the service closes a connection that sends nothing at first. */
  static async warmed<Asked, Told>(cold: Asked, script: string, ...args: readonly (string | number)[]): Promise<Load<Asked, Told>> {
    const load = await Load.start<Asked, Told>(script, ...args);
    await load.measure(cold);
    return load;
  }

  async measure(asked: Asked): Promise<Told> {
    this.#child.stdin.write(`${JSON.stringify(asked)}\n`);
    const told: Told = JSON.parse(await this.#line());
    return told;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.stdin.end();
    await ended;
    this.#interface.close();
  }

  async #line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error(`${this.#script} ended before it answered`);
    return value;
  }
}
