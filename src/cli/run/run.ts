// Run: a command while a lock is held.
//
// Owns the order: acquire, start, keep, end, release; and the exit code.
//   R1. Nothing is started without the lock, and nothing of the group is alive when the lock is given back or may be lost.
//   R2. Whatever the command leaves behind in its group is ended with it.
//   R3. The exit code is the command's own, unless the lock was lost while anything of it was alive.

import { constants } from 'node:os';
import { LeaseLostError, type HeldLease, type Holdfast } from '@holdfast/client';
import { tell } from '../asking/ask.ts';
import type { RunFlags } from '../commands/processes.ts';
import type { Context } from '../context.ts';
import { showDuration } from '../durations.ts';
import { codeOfSignal, EXIT } from '../exit-codes.ts';
import { CliError } from '../failure.ts';
import { Output, printable } from '../output.ts';
import { ownName } from '../owner.ts';
import { PATIENT, serviceAt } from '../service.ts';
import { Group, hasCode, type Command } from './group.ts';
import { Guard } from './guard.ts';
import { Keeper, marginsOf } from './keeper.ts';
import { Interrupted, Signals } from './signals.ts';

/** Who waits longer than this is told for whom. */
const PATIENCE_MS = 1_000;
/** How long what is left of a group may take to end by itself, and then to vanish. */
const ENDING_MS_MAX = 5_000;
const VANISHING_MS_MAX = 2_000;
/** How long a service may take to hear that the lock is given back. */
const RELEASE_MS_MAX = 5_000;

export async function run(this: Context, flags: RunFlags, lock: string): Promise<void> {
  const output = new Output(flags.json);
  try {
    this.process.exitCode = await new Run(lock, flags, output).perform(commandOf(this.command));
  } catch (error) {
    this.process.exitCode = error instanceof Interrupted ? interrupted(error, output) : tell(error, output);
  }
}

function commandOf([program, ...args]: readonly string[]): Command {
  if (process.platform === 'win32') throw new CliError('no_process_groups', EXIT.failed, '"run" needs process groups, which Windows does not have', 'Use the client library.');
  if (program === undefined) throw new CliError('command_missing', EXIT.usage, 'there is nothing to run', 'Write the command behind --, as in: holdfast run deploy/prod -- make deploy');
  return [program, ...args];
}

function interrupted({ signal, message }: Interrupted, output: Output): number {
  output.say({ event: 'interrupted', signal }, message);
  return codeOfSignal(constants.signals[signal]);
}

class Run {
  readonly #lock: string;
  readonly #flags: RunFlags;
  readonly #output: Output;
  readonly #service: Holdfast;
  readonly #signals = new Signals();

  constructor(lock: string, flags: RunFlags, output: Output) {
    this.#lock = lock;
    this.#flags = flags;
    this.#output = output;
    this.#service = serviceAt(flags, PATIENT);
  }

  /** The exit code. */
  async perform(command: Command): Promise<number> {
    const lease = await this.#acquire();
    using stack = new DisposableStack();
    const { group, keeper } = await this.#start(command, lease, stack);
    const code = await group.ended;
    await this.#endRest(group, keeper);
    if (keeper.lost) return this.#lost(lease, keeper.killed ? 'killed' : 'terminated');
    return this.#release(lease, code);
  }

  async #acquire(): Promise<HeldLease> {
    const { ttl, wait, owner = ownName() } = this.#flags;
    const waiting = new AbortController();
    const timer = setTimeout(() => { void this.#tellWaiting(waiting.signal); }, PATIENCE_MS);
    try {
      const lease = await this.#service.lock(this.#lock).acquire({ ttlMs: ttl, waitMs: wait, owner, signal: this.#signals.waiting });
      if (this.#output.json) this.#output.say({ event: 'acquired', lock: this.#lock, fencingToken: lease.fencingToken }, '');
      return lease;
    } finally {
      clearTimeout(timer);
      waiting.abort();
    }
  }

  async #tellWaiting(over: AbortSignal): Promise<void> {
    const info = await this.#service.lock(this.#lock).show().catch(() => undefined);
    if (over.aborted) return;
    const holder = info?.holders[0];
    const who = holder === undefined ? '' : `, which ${printable(holder.owner ?? 'somebody')} has since ${holder.grantedAt}`;
    this.#output.say({ event: 'waiting', lock: this.#lock, holders: info?.holders ?? [], waiters: info?.waiters ?? 0 }, `waiting for ${this.#lock}${who}; for up to ${showDuration(this.#flags.wait)}`);
  }

  /** (R1) Kept from its first moment on, and guarded as soon as the guard was told of it. */
  async #start(command: Command, lease: HeldLease, stack: DisposableStack): Promise<{ readonly group: Group; readonly keeper: Keeper }> {
    const guard = stack.use(new Guard());
    const env = { ...process.env, HOLDFAST_LOCK: this.#lock, HOLDFAST_FENCING_TOKEN: String(lease.fencingToken) };
    try {
      this.#signals.waiting.throwIfAborted();
      lease.assertHeld();
      const group = await Group.start(command, env, ({ id }) => { guard.guard(id); });
      const keeper = stack.use(new Keeper(lease, group, marginsOf(this.#flags.ttl)));
      this.#signals.passTo(group);
      return { group, keeper };
    } catch (error) {
      await releaseWithin(lease, RELEASE_MS_MAX).catch(() => undefined);
      throw notStarted(command[0], error);
    }
  }

  /** (R2) The keeper goes on meanwhile, and may be sooner. */
  async #endRest(group: Group, keeper: Keeper): Promise<void> {
    if (!group.isAlive) return;
    if (!keeper.killed) {
      this.#output.say({ event: 'ending' }, 'the command has ended and has left processes behind; they are ended too');
      group.signal('SIGTERM');
      if (await group.gone(ENDING_MS_MAX)) return;
    }
    group.signal('SIGKILL');
    if (!await group.gone(VANISHING_MS_MAX)) this.#output.say({ event: 'stuck', group: group.id }, `a process of the group ${group.id} cannot be killed; it may be waiting for a disk`);
  }

  /** (R3) */
  async #lost(lease: HeldLease, command: keyof typeof FATE): Promise<number> {
    const loss: unknown = lease.signal.reason;
    const reason = loss instanceof LeaseLostError ? loss.reason : 'unreachable';
    this.#output.say(
      { event: 'lost', lock: this.#lock, fencingToken: lease.fencingToken, reason, command },
      this.#output.accented('red', `${this.#lock} was lost: ${WHY[reason]}. ${FATE[command]}.`),
    );
    if (!lease.signal.aborted) await releaseWithin(lease, VANISHING_MS_MAX).catch(() => undefined);
    return EXIT.lost;
  }

  /** A lease that cannot be given back ends by itself, and the command has done its work. */
  async #release(lease: HeldLease, code: number): Promise<number> {
    try {
      await releaseWithin(lease, RELEASE_MS_MAX);
    } catch (error) {
      if (error instanceof LeaseLostError) return this.#lost(lease, 'ended');
      this.#output.say({ event: 'unreleased', lock: this.#lock }, `${this.#lock} could not be given back, as the service did not answer; it is free after ${showDuration(this.#flags.ttl)} at the latest`);
    }
    if (this.#output.json) this.#output.say({ event: 'ended', lock: this.#lock, exitCode: code }, '');
    return code;
  }
}

const WHY = {
  expired: 'its time was over before it was renewed, as this process or the machine stood still',
  revoked: 'somebody revoked it',
  unreachable: 'the service could not be reached to renew it',
  released: 'somebody released it',
} as const;

const FATE = {
  killed: 'The command was killed',
  terminated: 'The command was told to end, and ended',
  ended: 'The command had ended by itself, perhaps without the lock',
} as const;

function notStarted(program: string, error: unknown): unknown {
  if (hasCode(error, 'ENOENT')) return new CliError('command_not_found', EXIT.notFound, `there is no command ${program}`, 'Is it spelled right, and in the PATH? A line for a shell is run by: sh -c "…"');
  if (hasCode(error, 'EACCES')) return new CliError('command_not_runnable', EXIT.notRunnable, `${program} may not be run`, `Is it a program? chmod +x ${program} makes it one.`);
  return error;
}

async function releaseWithin(lease: HeldLease, ms: number): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => { late.reject(new Error('no answer in time')); }, ms);
  try {
    await Promise.race([lease.release(), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
