// Trial: some commands under `holdfast run`, and one thing that goes wrong for all of them at once.
//
// Owns what goes wrong and what is measured. A failure is thrown with the words of `run` itself.
//   T1. When a lease ends is asked of the service itself, past the proxy, when no renewal can get through any more.
//   T2. Dead is a process that the system says is dead, looked at every few milliseconds.

import { setTimeout as delay } from 'node:timers/promises';
import { EXIT } from '../../src/cli/exit-codes.ts';
import { Proxy } from '../histories/proxy.ts';
import { until } from '../../tests/service/until.ts';
import type { Chance } from '../chance.ts';
import type { Host } from './host.ts';
import { deathOf, isAlive, Program } from './program.ts';
import { OWN_CODE, Work } from './work.ts';

/** A connection that carries nothing, one that is reset, a service that stands still, one that is gone. */
export type Fault = 'silence' | 'resets' | 'stopped' | 'killed';

/** What of a renewal is under way when the proxy falls silent is over by then. */
const SETTLED_MS = 60;
const GOING_ON_MS_MAX = 10_000;

let trials = 0;

class Subject implements AsyncDisposable {
  readonly lock = `trial/${process.pid}-${trials += 1}`;
  readonly proxy: Proxy;
  readonly program: Program;
  readonly work: Work;

  private constructor(proxy: Proxy, kind: 'stubborn' | 'obedient', ttlMs: number) {
    this.proxy = proxy;
    this.work = new Work(kind);
    const args = ['run', this.lock, '--ttl', `${ttlMs}ms`, '--wait', '30s', '--', ...this.work.command];
    this.program = new Program(args, { HOLDFAST_URL: `http://127.0.0.1:${proxy.port}` }, this.work.folder);
  }

  static async start(host: Host, kind: 'stubborn' | 'obedient', ttlMs: number): Promise<Subject> {
    return new Subject(await Proxy.listen(() => host.port), kind, ttlMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.program[Symbol.dispose]();
    this.work[Symbol.dispose]();
    await this.proxy[Symbol.asyncDispose]();
  }
}

async function subjectsOf(stack: AsyncDisposableStack, host: Host, kind: 'stubborn' | 'obedient', { count, ttlMs }: Size): Promise<readonly Subject[]> {
  const subjects: Subject[] = [];
  for (let made = 0; made < count; made++) subjects.push(stack.use(await Subject.start(host, kind, ttlMs)));
  return subjects;
}

export interface Size {
  /** How many commands at once. */
  readonly count: number;
  readonly ttlMs: number;
}

const TRIES = 3;

/** A machine that is too busy for so short a lease shows nothing: then the trial is made again with twice the time. */
export async function givenRoom<T>(size: Size, trial: (size: Size) => Promise<T>): Promise<T> {
  for (let tried = 1, room = size; ; tried++, room = { ...room, ttlMs: room.ttlMs * 2 }) {
    try {
      return await trial(room);
    } catch (error) {
      if (tried === TRIES) throw error;
    }
  }
}

/** How long before the end of its lease each command, and its child, was dead: in milliseconds, below 0 for too late. */
export async function dieInTime(host: Host, fault: Fault, size: Size, chance: Chance): Promise<readonly number[]> {
  await using stack = new AsyncDisposableStack();
  const subjects = await subjectsOf(stack, host, 'stubborn', size);
  const pids = await Promise.all(subjects.map(({ work, program }) => work.begun(program)));
  await delay(chance.int(0, size.ttlMs));
  for (const { proxy } of subjects) proxy.weather = { kind: 'stall' };
  await delay(SETTLED_MS);
  const ends = await Promise.all(subjects.map(({ lock }) => host.leaseEnd(lock)));
  if (ends.some(Number.isNaN)) throw new Error('a lease was over before anything went wrong, so nothing is shown');
  await strike(host, fault, subjects);
  stack.defer(() => recover(host, fault));
  const deaths = await Promise.all(pids.map((ids) => deathOf(ids, size.ttlMs * 2)));
  await Promise.all(subjects.map((subject) => endedWith(subject, EXIT.lost)));
  return deaths.map((death, index) => (ends[index] ?? Number.NaN) - death);
}

async function strike(host: Host, fault: Fault, subjects: readonly Subject[]): Promise<void> {
  if (fault === 'silence') return;
  if (fault === 'stopped') host.stop();
  if (fault === 'killed') await host.kill();
  for (const { proxy } of subjects) proxy.weather = fault === 'resets' ? { kind: 'cut', afterBytes: () => 0, reset: true } : { kind: 'clear' };
}

async function recover(host: Host, fault: Fault): Promise<void> {
  if (fault === 'stopped') host.goOn();
  if (fault === 'killed') await host.restart();
}

/** How long each command lived on after a `run` that had been stopped beyond its lease went on, in milliseconds. */
export async function dieOnGoingOn(host: Host, size: Size): Promise<readonly number[]> {
  await using stack = new AsyncDisposableStack();
  const subjects = await subjectsOf(stack, host, 'stubborn', size);
  const pids = await Promise.all(subjects.map(({ work, program }) => work.begun(program)));
  for (const { program } of subjects) program.signal('SIGSTOP');
  await delay(size.ttlMs + SETTLED_MS);
  const lived: number[] = [];
  for (const [index, subject] of subjects.entries()) {
    const ids = pids[index] ?? [];
    if (!ids.every(isAlive)) throw new Error(`${subject.lock}: the command did not outlive the stop, so nothing is shown`);
    const wentOnAt = Date.now();
    subject.program.signal('SIGCONT');
    lived.push(await deathOf(ids, GOING_ON_MS_MAX) - wentOnAt);
    await endedWith(subject, EXIT.lost);
  }
  return lived;
}

/** Lets nothing pass for less than the lease can bear, again and again; rejects if a command was told to end or killed. */
export async function outliveSilences(host: Host, size: Size, times: number, chance: Chance): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const subjects = await subjectsOf(stack, host, 'obedient', size);
  await Promise.all(subjects.map(({ work, program }) => work.begun(program)));
  for (let time = 0; time < times; time++) {
    for (const { proxy } of subjects) proxy.weather = { kind: 'stall' };
    await delay(chance.int(0, size.ttlMs / 6));
    for (const { proxy } of subjects) {
      proxy.weather = { kind: 'clear' };
      if (chance.bool(0.3)) proxy.resetAll();
    }
    await delay(chance.int(size.ttlMs / 3, size.ttlMs / 2));
  }
  await spared(subjects);
}

/** Kills the service and starts it again while leases live; rejects if a command was told to end or killed. */
export async function outliveRestart(host: Host, size: Size): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const subjects = await subjectsOf(stack, host, 'obedient', size);
  await Promise.all(subjects.map(({ work, program }) => work.begun(program)));
  await host.kill();
  await host.restart();
  await Promise.all(subjects.map(({ lock }) => renewed(host, lock, size.ttlMs)));
  await spared(subjects);
}

/** The end of a lease moves by a third of its time with each renewal; a stall of the service moves it too, but by less. */
async function renewed(host: Host, lock: string, ttlMs: number): Promise<void> {
  const before = await host.leaseEnd(lock);
  await until(`${lock} is renewed`, async () => await host.leaseEnd(lock) > before + ttlMs / 6, ttlMs);
}

async function spared(subjects: readonly Subject[]): Promise<void> {
  for (const { work } of subjects) work.end();
  await Promise.all(subjects.map((subject) => endedWith(subject, OWN_CODE)));
  const told = subjects.filter(({ work }) => work.wasTold);
  if (told.length > 0) throw new Error(`${told.map(({ lock }) => lock).join(', ')}: told to end although the lease was renewed`);
}

async function endedWith({ lock, program }: Subject, code: number): Promise<void> {
  const ended = await program.finished();
  if (ended.code !== code) throw new Error(`${lock}: run ended with ${ended.code} and not ${code}:\n${ended.stderr}`);
}
