// Random histories of a lock that keeps every promise, and the same ones with one answer made wrong.
//
// The lock is a few lines that serve one claim after another at known moments; what clients would have seen of it is
// widened around those moments, and some answers are lost on the way.

import { assert, integer, pre, property } from 'fast-check';
import { expect, test } from 'vitest';
import { Chance } from '../../../verify/chance.ts';
import type { Call } from '../../../verify/histories/calls.ts';
import { check } from '../../../verify/histories/check.ts';
import { acquired, history, lost, over, refused, released, renewed, shown, type Span } from './record.ts';

const RUNS = 150;
const CLAIMS = 12;
const TTL_MS = 100;
const WIDTH_MS = 30;

/** A lock that serves claims one after another, and what is seen of it. */
class TrueLock {
  readonly calls: Call[] = [];
  readonly #chance: Chance;
  #time = 0;
  #token = 10;
  #others = CLAIMS;

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  serve(claim: number): void {
    this.#token += this.#chance.int(1, 3);
    this.#after(this.#time);
    if (this.#chance.bool(0.15)) this.#lostGrant(claim);
    else this.#grant(claim);
  }

  /** Nobody was told of this grant, and it ends as it likes; somebody else saw it. */
  #lostGrant(claim: number): void {
    const grantedAt = this.#time;
    this.calls.push(lost('acquire', claim, grantedAt - 1));
    this.#after(grantedAt);
    this.calls.push(refused(++this.#others, this.#token, this.#around(grantedAt)));
  }

  #grant(claim: number): void {
    const grantedAt = this.#time;
    const span = this.#around(-Infinity);
    this.calls.push(acquired(claim, this.#token, span, TTL_MS));
    let until = grantedAt + TTL_MS;
    let [, from] = span;
    for (let steps = this.#chance.int(0, 3); steps > 0; steps--) {
      this.#after(from);
      if (this.#time >= until) break;
      if (this.#chance.bool(0.6)) this.#see(grantedAt);
      else {
        const renewal = this.#around(from);
        this.calls.push(renewed(claim, this.#token, renewal, TTL_MS));
        until = this.#time + TTL_MS;
        [, from] = renewal;
      }
    }
    this.#end(claim, from, until);
  }

  /** Somebody else sees who holds the lock. */
  #see(since: number): void {
    const span = this.#around(since);
    this.calls.push(this.#chance.bool(0.5) ? refused(++this.#others, this.#token, span) : shown(this.#token, span));
  }

  #end(claim: number, from: number, until: number): void {
    this.#after(from);
    if (this.#time < until && this.#chance.bool(0.6)) {
      this.calls.push(this.#chance.bool(0.8) ? released(claim, this.#around(from)) : lost('release', claim, this.#time - 1));
      this.#after(this.#time);
      this.calls.push(shown(undefined, [this.#time, this.#time]));
    } else {
      this.#after(until);
      this.calls.push(over('renew', claim, this.#token, [this.#time, this.#time + 1]));
    }
  }

  #after(time: number): void {
    this.#time = Math.max(this.#time, time) + this.#chance.int(2, 20);
  }

  /** A call that is served at this moment, sent after `from`. */
  #around(from: number): Span {
    return [Math.max(from, this.#time - this.#chance.int(0, WIDTH_MS)), this.#time + this.#chance.int(1, WIDTH_MS)];
  }
}

function trueHistory(seed: number): Call[] {
  const lock = new TrueLock(new Chance(seed));
  for (let claim = 1; claim <= CLAIMS; claim++) lock.serve(claim);
  return lock.calls;
}

function objections(calls: readonly Call[]): string[] {
  return check(history(calls)).violations.map(({ property: name, what }) => `${name}: ${what}`);
}

const seeds = integer({ min: 0, max: 2 ** 31 });

test('the checkers accept what a lock that keeps every promise is seen to do', () => {
  assert(property(seeds, (seed) => { expect(objections(trueHistory(seed))).toEqual([]); }), { numRuns: RUNS });
});

test('two grants whose tokens are exchanged are objected to', () => {
  assert(property(seeds, (seed) => {
    const calls = trueHistory(seed);
    const tokens = [...new Set(calls.filter(({ operation, answer }) => operation === 'acquire' && answer?.status === 201).map(({ answer }) => answer?.token))];
    pre(tokens.length >= 2);
    const [first] = tokens;
    const last = tokens.at(-1);
    const exchanged = calls.map((call) => {
      const { answer } = call;
      if (answer?.token === undefined || (answer.token !== first && answer.token !== last)) return call;
      return { ...call, answer: { ...answer, token: answer.token === first ? last : first } };
    });
    expect(objections(exchanged)).not.toEqual([]);
  }), { numRuns: RUNS });
});

test('a renewal that is said to have worked after the end is objected to', () => {
  assert(property(seeds, (seed) => {
    const calls = trueHistory(seed);
    const ended = calls.findIndex(({ operation, answer }) => operation === 'renew' && answer?.status === 410);
    const next = calls.slice(ended + 1).some(({ operation, answer }) => operation === 'acquire' && answer?.status === 201);
    pre(ended !== -1 && next);
    const wrong = calls.map((call, nth) => {
      const { answer } = call;
      return nth === ended && answer !== undefined ? renewed(call.claim, answer.token ?? 0, [call.calledAt, call.returnedAt], 5_000) : call;
    });
    expect(objections(wrong)).not.toEqual([]);
  }), { numRuns: RUNS });
});
