// Steps: a lock's calls as the search takes them, one step of the lock for each thing that an answer says.
//
// Owns what an answer says about a lock that serves one after another. Does not own in which order that can be (linear.ts).

import { promisedUntil, type Call, type Fault } from './calls.ts';

export const NOBODY = 0;

interface Between {
  readonly from: number;
  readonly to: number;
}

/** Claims are numbers above 0; a token that belongs to no known claim is a holder below 0. */
export type Step = Between & (
  | { readonly kind: 'granted'; readonly claim: number; readonly until: number }
  /** `renewed`: what was promised before no longer counts. */
  | { readonly kind: 'held'; readonly holder: number; readonly until: number; readonly renewed: boolean }
  | { readonly kind: 'free' }
  | { readonly kind: 'over'; readonly claim: number }
  /** `again`: an earlier release may have been the one that did it. */
  | { readonly kind: 'released'; readonly claim: number; readonly again: boolean }
  | { readonly kind: 'waits'; readonly claim: number }
);

export interface Steps {
  /** By the time of their calls. */
  readonly steps: readonly Step[];
  /** The step in which each claim is granted. */
  readonly grants: ReadonlyMap<number, number>;
  /** When a claim's lease can be over before its promise, because of a call that has no answer or was refused late. */
  readonly cutAt: ReadonlyMap<number, number>;
  /** The claims whose grant, if there was one, nobody was told of, by the time at which they were asked for. */
  readonly lost: readonly { readonly claim: number; readonly from: number }[];
}

interface Claim {
  readonly number: number;
  readonly about: readonly Call[];
  readonly token: number | undefined;
}

export function stepsOf(calls: readonly Call[], faults: readonly Fault[]): Steps {
  const claims = [...Map.groupBy(calls, ({ claim }) => claim)].filter(([number]) => number !== 0)
    .map(([number, about]): Claim => ({ number, about, token: about.find(({ answer }) => answer?.token !== undefined)?.answer?.token }));
  const holders = new Map(claims.filter(({ token }) => token !== undefined).map(({ number, token }) => [token, number]));
  const steps = claims.flatMap((claim) => [...grantStep(claim), ...ownSteps(claim, faults)]).concat(calls.flatMap((call) => seenSteps(call, holders)));
  steps.sort((a, b) => a.from - b.from || a.to - b.to);
  return {
    steps,
    grants: new Map(steps.flatMap((step, nth) => (step.kind === 'granted' ? [[step.claim, nth] as const] : []))),
    cutAt: new Map(claims.map(({ number, about }) => [number, cutAt(about)])),
    lost: claims.filter(({ token }) => token === undefined).flatMap(lostGrant).toSorted((a, b) => a.from - b.from),
  };
}

/** A claim was granted between its first attempt that was not refused and the first answer that knows of it. */
function grantStep({ number, about, token }: Claim): Step[] {
  if (token === undefined) return [];
  const attempts = about.filter(({ operation, answer }) => operation === 'acquire' && answer?.status !== 423);
  const knowing = about.filter(({ answer }) => answer?.token !== undefined);
  const from = Math.min(...attempts.map(({ calledAt }) => calledAt));
  const to = Math.min(...knowing.map(({ returnedAt }) => returnedAt));
  return [{ kind: 'granted', claim: number, from, to, until: -Infinity }];
}

function ownSteps({ number: claim, about, token }: Claim, faults: readonly Fault[]): Step[] {
  return about.flatMap((call): Step[] => {
    const { operation, calledAt: from, returnedAt: to, answer } = call;
    if (answer === undefined) return [];
    if (answer.state === 'held') return [{ kind: 'held', holder: claim, until: promisedUntil(call) ?? -Infinity, renewed: operation === 'renew', from, to }];
    if (answer.state === 'waiting') return isStopping(call, faults) ? [] : [{ kind: 'waits', claim, from, to }];
    if (token === undefined) return [];
    if (operation === 'release' && answer.status === 204) return [{ kind: 'released', claim, again: about.some((other) => isBefore(other, call)), from, to }];
    return answer.token === undefined ? [] : [{ kind: 'over', claim, from, to }];
  });
}

/** While a service stops, a free lock is kept for a place that nobody attends to; others behind it wait although nobody holds. */
function isStopping({ calledAt, returnedAt }: Call, faults: readonly Fault[]): boolean {
  return faults.some(({ kind, from, to }) => kind === 'stop' && from < returnedAt && calledAt < to);
}

function isBefore(other: Call, call: Call): boolean {
  return other !== call && other.operation === 'release' && other.calledAt <= call.returnedAt && (other.answer === undefined || other.answer.status === 204);
}

function seenSteps({ operation, calledAt: from, returnedAt: to, answer }: Call, holders: ReadonlyMap<number | undefined, number>): Step[] {
  if (answer?.holder !== undefined) return [{ kind: 'held', holder: holders.get(answer.holder) ?? -answer.holder, until: -Infinity, renewed: false, from, to }];
  return operation === 'show' && answer !== undefined ? [{ kind: 'free', from, to }] : [];
}

function cutAt(about: readonly Call[]): number {
  const cuts = about.map(({ operation, calledAt, ttlMs, answer }) => {
    if (operation === 'release' && answer === undefined) return calledAt;
    return operation === 'renew' && answer?.status !== 200 ? calledAt + ttlMs : Infinity;
  });
  return Math.min(Infinity, ...cuts);
}

function lostGrant({ number: claim, about }: Claim): Steps['lost'] {
  const attempts = about.filter(({ operation }) => operation === 'acquire');
  const mayBe = attempts.some(({ answer }) => answer === undefined || answer.status === 202);
  return mayBe ? [{ claim, from: Math.min(...attempts.map(({ calledAt }) => calledAt)) }] : [];
}
