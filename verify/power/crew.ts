// Crew: processes that each do one job after another, and may be killed by what they open.
//
// Owns their lives: one that dies or hangs over a job is told as the outcome of that job, and replaced.

import { fork, type ChildProcess } from 'node:child_process';

const JOB_MS_MAX = 30_000;

/** Why there is no reply. */
export interface Lost {
  readonly outcome: 'died' | 'hung';
  readonly said: string;
}

export interface CrewOptions {
  /** The path of a module that answers each message with one message. */
  readonly program: string;
  readonly size: number;
  readonly arguments?: readonly string[];
}

export class Crew<Job extends object, Reply extends object> {
  readonly #options: CrewOptions;
  #standing: ChildProcess | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: CrewOptions) {
    this.#options = options;
  }

  /** Does the jobs in any order until there are none left, or `done` returns true after one of them. */
  async work(jobs: Iterable<Job>, done: (job: Job, reply: Reply | Lost) => boolean): Promise<void> {
    const queue = jobs[Symbol.iterator]();
    let isOver = false;
    const member = async (): Promise<void> => {
      let child = this.#start();
      for (let next = queue.next(); next.done !== true && !isOver; next = queue.next()) {
        const reply = await ask<Reply>(child, next.value);
        if (isGone(child)) child = this.#start();
        if (done(next.value, reply)) isOver = true;
      }
      await ended(child);
    };
    await Promise.all(Array.from({ length: this.#options.size }, member));
  }

  /** One job on a process that stays until `close`; one after another. */
  one(job: Job): Promise<Reply | Lost> {
    const reply = this.#last.then(async () => {
      if (this.#standing === undefined || isGone(this.#standing)) this.#standing = this.#start();
      return ask<Reply>(this.#standing, job);
    });
    this.#last = reply;
    return reply;
  }

  async close(): Promise<void> {
    await this.#last;
    if (this.#standing !== undefined) await ended(this.#standing);
    this.#standing = undefined;
  }

  #start(): ChildProcess {
    return fork(this.#options.program, this.#options.arguments ?? [], { execArgv: [], stdio: ['ignore', 'ignore', 'pipe', 'ipc'], serialization: 'advanced' });
  }
}

function ask<Reply extends object>(child: ChildProcess, job: object): Promise<Reply | Lost> {
  let errors = '';
  const hear = (text: Buffer): void => { errors = (errors + text.toString()).slice(-2_000); };
  child.stderr?.on('data', hear);
  return new Promise((resolve) => {
    const answer = (reply: Reply | Lost): void => {
      clearTimeout(timer);
      child.stderr?.off('data', hear);
      child.off('message', answer).off('exit', exit);
      resolve(reply);
    };
    const exit = (code: number | null, signal: string | null): void => answer({ outcome: 'died', said: `${signal ?? `code ${code}`} ${errors}` });
    const timer = setTimeout(() => {
      child.off('exit', exit).once('exit', () => answer({ outcome: 'hung', said: `no reply within ${JOB_MS_MAX} ms ${errors}` }));
      child.kill('SIGKILL');
    }, JOB_MS_MAX);
    child.once('message', answer).once('exit', exit);
    child.send(job);
  });
}

function isGone(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (isGone(child)) return resolve();
    child.once('exit', () => resolve());
    child.disconnect();
  });
}
