// Holds: nobody is told that he holds a lock while another may still believe that he does. (P1, P2, P3)
//
// Owns the times for which a client may be sure: from the answer that it got until its own time of sending + elapsedMs +
// expiresInMs, or until it let go. Knows nothing of how the service decides.
//   H1. A grant is written only when no client is sure of an earlier one.
//   H2. What was let go of or taken is never sure again.

import type { Complain } from '../judge.ts';

interface Hold {
  readonly token: number;
  until: number;
  isOver: boolean;
}

interface LockHolds {
  holds: Hold[];
  /** The highest token that was written for this lock. */
  newest: number;
  /** Revocations that have arrived and are not answered: what is granted meanwhile may be taken unseen. */
  revoking: number;
}

export class Holds {
  readonly #complain: Complain;
  readonly #locks = new Map<string, LockHolds>();
  readonly #byToken = new Map<number, Hold>();

  constructor(complain: Complain) {
    this.#complain = complain;
  }

  /** The service wrote an answer that says `held`. (H1) */
  written(lock: string, token: number, at: number): void {
    const of = this.#of(lock);
    for (const hold of of.holds) {
      if (hold.token !== token && isSure(hold, at)) {
        this.#complain('mutual exclusion', `lock ${lock} was given under token ${token} while the holder of token ${hold.token} was sure of it for another ${(hold.until - at).toFixed(1)} ms`);
      }
    }
    if (token > of.newest) of.newest = token;
    this.#hold(of, token, at);
  }

  /** A client got such an answer: it is sure until `until`. */
  received(lock: string, token: number, at: number, until: number): void {
    const of = this.#of(lock);
    const hold = this.#hold(of, token, at);
    if (hold.isOver) return;
    if (until > hold.until) hold.until = until;
    if (until > at && of.newest > token) {
      this.#complain('mutual exclusion', `lock ${lock} was given under token ${of.newest} while the holder of token ${token} may be sure of it for another ${(until - at).toFixed(1)} ms`);
    }
  }

  /** Its client sends a release, or will not use it any more. (H2) */
  letGo(token: number): void {
    const hold = this.#byToken.get(token);
    if (hold !== undefined) hold.isOver = true;
  }

  /** Its client asks for a time that may be shorter than what it has left. */
  shortens(token: number, until: number): void {
    const hold = this.#byToken.get(token);
    if (hold !== undefined && until < hold.until) hold.until = until;
  }

  /** A revocation arrived. What its holder believes counts no more. */
  revokes(lock: string, token: number | undefined): void {
    const of = this.#of(lock);
    of.revoking++;
    for (const hold of of.holds) if (token === undefined || hold.token === token) hold.isOver = true;
  }

  revoked(lock: string): void {
    this.#of(lock).revoking--;
  }

  /** Whether a client may be sure at this moment that it holds the lock under this token. */
  isSure(token: number, at: number): boolean {
    const hold = this.#byToken.get(token);
    return hold !== undefined && isSure(hold, at);
  }

  /** The token under which a client is sure of the lock at this moment, if one is. */
  sureOf(lock: string, at: number): number | undefined {
    return this.#locks.get(lock)?.holds.find((hold) => isSure(hold, at))?.token;
  }

  #hold(of: LockHolds, token: number, at: number): Hold {
    let hold = this.#byToken.get(token);
    if (hold === undefined) {
      hold = { token, until: -Infinity, isOver: of.revoking > 0 };
      this.#byToken.set(token, hold);
      if (of.holds.length > 4) of.holds = of.holds.filter((known) => !known.isOver && (known.until > at || known.until === -Infinity));
      of.holds.push(hold);
    } else if (of.revoking > 0) {
      hold.isOver = true;
    }
    return hold;
  }

  #of(lock: string): LockHolds {
    let of = this.#locks.get(lock);
    if (of === undefined) this.#locks.set(lock, (of = { holds: [], newest: 0, revoking: 0 }));
    return of;
  }
}

function isSure(hold: Hold, at: number): boolean {
  return !hold.isOver && hold.until > at;
}
