// Signals: what is sent to this process concerns the command.
//
// Owns the listeners, for the whole life of `run`.
//   S1. While it waits for the lock, a signal that ends programs ends the waiting, and others mean nothing.
//   S2. While the command runs, every signal is passed on to its group, and this process lives on to see the end of it.
//   S3. A stop from the terminal stops the group first: a stopped process renews nothing. Going on, the keeper looks at
//       the lease before the group goes on.

import type { Group } from './group.ts';

const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;
const OTHERS = ['SIGUSR1', 'SIGUSR2', 'SIGWINCH'] as const;

/** The reason of a wait that a signal ended. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  readonly signal: NodeJS.Signals;

  constructor(signal: NodeJS.Signals) {
    super(`ended by ${signal} while waiting for the lock; its place in line is left`);
    this.signal = signal;
  }
}

export class Signals {
  readonly #waiting = new AbortController();
  #group: Group | undefined;
  /** Whether the group was stopped because this process was to stop. */
  #stopped = false;

  constructor() {
    for (const name of ENDING) process.on(name, () => { this.#received(name); });
    for (const name of OTHERS) process.on(name, () => { this.#group?.signal(name); });
    process.on('SIGTSTP', () => {
      this.#stopped = true;
      this.#group?.signal('SIGSTOP');
      process.kill(process.pid, 'SIGSTOP');
    });
  }

  /** Aborted with an `Interrupted` by a signal that comes before the group. (S1) */
  get waiting(): AbortSignal {
    return this.#waiting.signal;
  }

  /** (S2, S3) To be called when the keeper listens already: listeners are called in their order. */
  passTo(group: Group): void {
    this.#group = group;
    process.on('SIGCONT', () => {
      if (this.#stopped) group.signal('SIGCONT');
      this.#stopped = false;
    });
  }

  #received(name: NodeJS.Signals): void {
    if (this.#group === undefined) this.#waiting.abort(new Interrupted(name));
    else this.#group.signal(name);
  }
}
