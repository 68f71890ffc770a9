// Keeper: ends a group before the lease that it runs under can end.
//
// Owns when. Renewals are the library's; how a group is signalled is group.ts.
//   K1. SIGKILL is sent `killMs` before the lease can end, or at once when it is known to be over, whatever went before.
//   K2. SIGTERM is sent `termMs` before it, so that the command can end by itself.
//   K3. After a stop or a stall the first turn looks at the lease before anything else: an ended lease means SIGKILL. One
//       that still lives gets `patienceMs` to be renewed before SIGTERM, as nobody could renew it meanwhile.
//   K4. A lease that was renewed in time starts all this anew: nothing is killed because of an earlier fear.

import type { Group } from './group.ts';

/** What the keeper must know about a lease. */
export interface Held {
  /** Until when its holder can be sure of it, in milliseconds from now; below 0 when it no longer can. */
  readonly leftMs: number;
  /** Aborted when the lease is known to be over, or when nobody can be sure of it any more. */
  readonly signal: AbortSignal;
}

export interface Margins {
  readonly killMs: number;
  readonly termMs: number;
}

const KILL_MS_MAX = 1_000;
const ENDING_MS_MAX = 5_000;
/** A timer that is later than this tells of a stop or a stall. */
const LATE_MS = 50;
const PATIENCE_MS_MAX = 500;

/** A fifth of the TTL, up to a second, is for the end by SIGKILL; a sixth before it, up to five, is for an end in order. */
export function marginsOf(ttlMs: number): Margins {
  const killMs = Math.min(ttlMs / 5, KILL_MS_MAX);
  return { killMs, termMs: killMs + Math.min(ttlMs / 6, ENDING_MS_MAX) };
}

export class Keeper implements Disposable {
  /** Whether the group was told to end because of the lease. */
  #feared = false;
  #killed = false;
  /** Whether this fear has sent its SIGTERM. */
  #terminating = false;
  #calmUntil = 0;
  #timer: NodeJS.Timeout | undefined;
  #dueAt = Number.POSITIVE_INFINITY;
  readonly #lease: Held;
  readonly #group: Group;
  readonly #margins: Margins;
  readonly #wake = (): void => { this.look(); };

  constructor(lease: Held, group: Group, margins: Margins) {
    this.#lease = lease;
    this.#group = group;
    this.#margins = margins;
    lease.signal.addEventListener('abort', this.#wake);
    process.on('SIGCONT', this.#wake);
    this.look();
  }

  /** Whether SIGTERM or SIGKILL was sent because of the lease: the lock was lost, however the command then ended. */
  get lost(): boolean {
    return this.#feared;
  }

  /** Whether the group was killed, and the lease may be over. */
  get killed(): boolean {
    return this.#killed;
  }

  /** Looks at the lease and does what it demands. (K1, K2, K3) */
  look(): void {
    clearTimeout(this.#timer);
    const now = performance.now();
    const { killMs, termMs } = this.#margins;
    const leftMs = this.#lease.signal.aborted ? 0 : this.#lease.leftMs;
    if (leftMs <= killMs) return this.#kill();
    if (now - this.#dueAt > LATE_MS) this.#calmUntil = now + Math.min(PATIENCE_MS_MAX, (leftMs - killMs) / 2);
    if (leftMs > termMs) {
      this.#terminating = false;
      return this.#lookIn(leftMs - termMs);
    }
    if (now < this.#calmUntil) return this.#lookIn(Math.min(this.#calmUntil - now, leftMs - killMs));
    this.#terminate();
    this.#lookIn(leftMs - killMs);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    process.off('SIGCONT', this.#wake);
    this.#lease.signal.removeEventListener('abort', this.#wake);
  }

  #lookIn(ms: number): void {
    const waitMs = Math.max(1, Math.floor(ms));
    this.#dueAt = performance.now() + waitMs;
    this.#timer = setTimeout(this.#wake, waitMs);
  }

  #terminate(): void {
    if (this.#terminating) return;
    this.#terminating = true;
    this.#feared = true;
    this.#group.signal('SIGTERM');
  }

  #kill(): void {
    this.#feared = true;
    this.#killed = true;
    this.#group.signal('SIGKILL');
  }
}
