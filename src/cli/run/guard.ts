// Guard: ends the group when this process dies without a word, by SIGKILL or for want of memory.
//
// Owns one tiny shell that reads from a pipe of ours: when the pipe closes without a farewell, nobody renews the lease
// any more, and it kills the group while the lease still lives. It is there before the group, so that nothing
// but the telling of its id comes between. Where there is no `sh` there is no guard.

import { spawn, type ChildProcess } from 'node:child_process';

const FAREWELL = 'farewell';
const SCRIPT = `read -r group && [ "$group" != ${FAREWELL} ] && { read -r word; [ "$word" = ${FAREWELL} ] || kill -9 "-$group"; }`;

export class Guard implements Disposable {
  readonly #process: ChildProcess;

  /** In a session of its own, so that a Ctrl-C at the terminal does not end it. */
  constructor() {
    this.#process = spawn('sh', ['-c', SCRIPT], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
    this.#process.on('error', () => undefined);
    this.#process.stdin?.on('error', () => undefined);
    this.#process.unref();
  }

  /** From now on it guards this group. */
  guard(group: number): void {
    this.#process.stdin?.write(`${group}\n`);
  }

  [Symbol.dispose](): void {
    this.#process.stdin?.end(`${FAREWELL}\n`);
  }
}
