// Group: a command in a process group of its own, with all that it starts and that stays in the group.
//
// Owns starting, signalling and seeing the end of it. Does not own when it has to end (keeper.ts).
//   P1. A signal goes to every member. What left the group (`setsid`, a daemon) is out of reach, and so documented.
//   P2. A zombie is no member: it runs nothing, and where the first process of a container reaps nobody it stays for ever.
//   P3. A member that belongs to another user is alive although no signal reaches it: who waits for its end finds it stuck.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { codeOfSignal } from '../exit-codes.ts';

const LOOK_MS = 10;

export type Command = readonly [program: string, ...args: string[]];

export class Group {
  /** The exit code of the command itself, by a shell's rule when a signal ended it. */
  readonly ended: Promise<number>;
  /** The process id of the command, and the id of the group. */
  readonly id: number;

  private constructor(id: number, process: ChildProcess) {
    this.id = id;
    this.ended = new Promise((resolve) => {
      process.once('exit', (code, signal) => { resolve(signal === null ? code ?? 0 : codeOfSignal(constants.signals[signal])); });
    });
  }

  /**
   * Starts the command on the terminal and files of this process; `started` is called as soon as it is there, in the same
   * turn. Rejects with the system's error if it cannot be started.
   */
  static async start([program, ...args]: Command, env: NodeJS.ProcessEnv, started: (group: Group) => void): Promise<Group> {
    const child = spawn(program, args, { detached: true, stdio: 'inherit', env });
    const group = child.pid === undefined ? undefined : new Group(child.pid, child);
    if (group !== undefined) started(group);
    await once(child, 'spawn');
    if (group === undefined) throw new Error(`${program} did not start`);
    return group;
  }

  /** (P1, P3) */
  signal(name: NodeJS.Signals): void {
    try {
      process.kill(-this.id, name);
    } catch (error) {
      // ESRCH: no member is left. EPERM: none that is ours; macOS says so when only zombies are.
      if (!hasCode(error, 'ESRCH') && !hasCode(error, 'EPERM')) throw error;
    }
  }

  /** Whether anything of the group still runs. (P2, P3) */
  get isAlive(): boolean {
    try {
      process.kill(-this.id, 0);
    } catch (error) {
      if (!hasCode(error, 'EPERM') || process.platform === 'darwin') return false;
    }
    return process.platform !== 'linux' || hasLivingMember(this.id);
  }

  /** Resolves with whether nothing of the group is alive, at the latest after `withinMs`. */
  async gone(withinMs: number): Promise<boolean> {
    for (const until = performance.now() + withinMs; performance.now() < until;) {
      if (!this.isAlive) return true;
      await delay(LOOK_MS);
    }
    return !this.isAlive;
  }
}

export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

function hasLivingMember(group: number): boolean {
  return readdirSync('/proc').some((entry) => /^\d+$/u.test(entry) && livesIn(entry, group));
}

/** The name of a process stands in brackets and may hold anything; its state and group come behind the last one. */
function livesIn(pid: string, group: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state = '', , groupOf] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return groupOf === String(group) && !'ZX'.includes(state);
  } catch {
    return false;
  }
}
