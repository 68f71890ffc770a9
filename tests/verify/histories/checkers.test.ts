// The checkers of histories, before histories that are wrong on purpose: one that objects to nothing shows nothing.

import { describe, expect, test } from 'vitest';
import { check } from '../../../verify/histories/check.ts';
import type { Call, Fault, Write } from '../../../verify/histories/calls.ts';
import { acquired, answered, followed, history, killed, listed, lost, over, paused, refused, released, renewed, shown, ticket, wrote } from './record.ts';

interface Given {
  readonly calls: readonly Call[];
  readonly writes?: readonly Write[];
  readonly faults?: readonly Fault[];
}

/** The properties objected to; `linear` is the search for an order. */
function objections({ calls, writes, faults }: Given, newest = 0): string[] {
  return [...new Set(check(history(calls, writes, faults), newest).violations.map(({ property }) => property))].toSorted();
}

interface Wrong extends Given {
  readonly what: string;
  readonly objected: readonly string[];
}

const WRONG: readonly Wrong[] = [
  {
    what: 'a lock that is granted twice at a time',
    calls: [acquired(1, 10, [0, 5], 1_000), acquired(2, 11, [20, 30], 1_000)],
    objected: ['P2', 'linear'],
  },
  {
    what: 'a lock that is granted again ten milliseconds before the promise is over',
    calls: [acquired(1, 10, [0, 5], 100), acquired(2, 11, [80, 90], 100)],
    objected: ['P2', 'linear'],
  },
  {
    what: 'a lock that is granted again before a renewal is over',
    calls: [acquired(1, 10, [0, 5], 100), renewed(1, 10, [50, 60], 100), acquired(2, 11, [110, 120], 100)],
    objected: ['P2', 'linear'],
  },
  {
    what: 'a lease that is over before what its client was told',
    calls: [acquired(1, 10, [0, 5], 100), over('renew', 1, 10, [40, 50])],
    objected: ['P2', 'linear'],
  },
  {
    what: 'a fencing token that two claims got, one after the other',
    calls: [acquired(1, 10, [0, 5], 100), released(1, [10, 15]), acquired(2, 10, [20, 25], 100)],
    objected: ['P2', 'P4', 'P9'],
  },
  {
    what: 'a fencing token that another lock has',
    calls: [acquired(1, 10, [0, 5], 100), acquired(2, 10, [0, 5], 100, { lock: 'other' })],
    objected: ['P4'],
  },
  {
    what: 'a later grant with a smaller fencing token',
    calls: [acquired(1, 11, [0, 5], 100), released(1, [10, 15]), acquired(2, 10, [20, 25], 100)],
    objected: ['P1', 'P2', 'P4'],
  },
  {
    what: 'a later grant of another lock with a smaller fencing token',
    calls: [acquired(1, 11, [0, 5], 100), acquired(2, 10, [20, 25], 100, { lock: 'other' })],
    objected: ['P4'],
  },
  {
    what: 'a release that was acknowledged and is lost',
    calls: [acquired(1, 10, [0, 5], 500), released(1, [10, 15]), shown(10, [20, 25])],
    objected: ['P9', 'linear'],
  },
  {
    what: 'a renewal after an acknowledged release',
    calls: [acquired(1, 10, [0, 5], 500), released(1, [10, 15]), renewed(1, 10, [20, 25], 500)],
    objected: ['P9', 'linear'],
  },
  {
    what: 'a renewal after the end of the lease',
    calls: [acquired(1, 10, [0, 5], 100), over('renew', 1, 10, [120, 125]), renewed(1, 10, [130, 135], 100)],
    objected: ['P10', 'P2', 'linear'],
  },
  {
    what: 'a renewal after the lock was granted to somebody else',
    calls: [acquired(1, 10, [0, 5], 100), acquired(2, 11, [110, 120], 100), released(2, [125, 128]), renewed(1, 10, [130, 135], 100)],
    objected: ['P1', 'P2', 'linear'],
  },
  {
    what: 'a read that names a holder of before',
    calls: [acquired(1, 10, [0, 5], 100), acquired(2, 11, [110, 120], 100), shown(10, [130, 135])],
    objected: ['P1', 'linear'],
  },
  {
    what: 'a lock that is shown as free while it is held',
    calls: [acquired(1, 10, [0, 5], 500), shown(undefined, [20, 25]), shown(10, [30, 35])],
    objected: ['P21', 'linear'],
  },
  {
    what: 'a lease that is not known any more',
    calls: [acquired(1, 10, [0, 5], 500), answered('renew', 1, [20, 25], { status: 404, code: 'lease_not_found' })],
    objected: ['P9'],
  },
  {
    what: 'a claim that got a second grant by its retry',
    calls: [acquired(1, 10, [0, 5], 100), released(1, [10, 15]), acquired(1, 11, [20, 25], 100)],
    objected: ['P15', 'P9', 'linear'],
  },
  {
    what: 'a claim that was granted and whose retry is refused as if it were new',
    calls: [acquired(1, 10, [0, 5], 500), refused(1, 10, [20, 25])],
    objected: ['P15'],
  },
  {
    what: 'a holder that nobody asked to be',
    calls: [acquired(1, 10, [0, 5], 100), released(1, [10, 15]), shown(11, [20, 25])],
    objected: ['P15', 'linear'],
  },
  {
    what: 'two holders from one acquire that got no answer',
    calls: [lost('acquire', 1, 0), refused(2, 10, [10, 15]), refused(2, 11, [20, 25])],
    objected: ['P15', 'linear'],
  },
  {
    what: 'a ticket that was passed over by who came after it',
    calls: [acquired(1, 10, [0, 5], 500), ticket(2, [10, 15]), released(1, [50, 60]), acquired(3, 11, [20, 65], 100), released(3, [70, 75]), followed(2, 'held', 12, [80, 85], 100)],
    objected: ['P8'],
  },
  {
    what: 'a line that is served against its listing',
    calls: [
      acquired(1, 10, [0, 5], 500), listed([2, 3], [30, 35]), released(1, [50, 60]),
      acquired(3, 11, [20, 65], 100, { waitMs: 500 }), released(3, [70, 75]), acquired(2, 12, [10, 80], 100, { waitMs: 500 }),
    ],
    objected: ['P8'],
  },
  {
    what: 'a refusal of a lock that nobody holds',
    calls: [refused(1, undefined, [0, 5])],
    objected: ['P7'],
  },
  {
    what: 'a place in the line of a lock that nobody holds',
    calls: [acquired(1, 10, [0, 5], 500), ticket(2, [10, 15]), released(1, [20, 30]), followed(2, 'waiting', undefined, [40, 45])],
    objected: ['linear'],
  },
  {
    what: 'a next grant three seconds after the release',
    calls: [acquired(1, 10, [0, 5], 5_000), released(1, [20, 30]), acquired(2, 11, [10, 3_040], 100, { waitMs: 5_000 })],
    objected: ['P6'],
  },
  {
    what: 'a next grant three seconds after the end of a lease that nobody renewed',
    calls: [acquired(1, 10, [0, 5], 100), acquired(2, 11, [10, 3_120], 100, { waitMs: 5_000 })],
    objected: ['P6'],
  },
  {
    what: 'a call that the service never answers',
    calls: [acquired(1, 10, [0, 5], 100), lost('renew', 1, 20, { lost: 'late', ttlMs: 100 })],
    objected: ['P7'],
  },
  {
    what: 'a connection that the service closes',
    calls: [acquired(1, 10, [0, 5], 100), lost('release', 1, 20, { lost: 'closed' })],
    objected: ['P7'],
  },
  {
    what: 'a lease that lived at a kill and ends before its TTL has passed since the start',
    calls: [acquired(1, 10, [0, 5], 2_000), over('renew', 1, 10, [3_500, 3_600], { ttlMs: 2_000 })],
    faults: [killed(1_000, 3_000)],
    objected: ['P2'],
  },
  {
    what: 'a renewal that came during a pause and was too late',
    calls: [acquired(1, 10, [0, 5], 500), over('renew', 1, 10, [450, 1_120], { ttlMs: 500 })],
    faults: [paused(400, 1_100)],
    objected: ['stall'],
  },
  {
    what: 'a renewal that gives a lease that is over',
    calls: [acquired(1, 10, [0, 5], 100), answered('renew', 1, [150, 160], { status: 200, lease: 'lease of 1', state: 'expired', token: 10 })],
    objected: ['contract'],
  },
  {
    what: 'a failure of the service',
    calls: [answered('acquire', 1, [0, 5], { status: 500, code: 'internal_error' })],
    objected: ['contract'],
  },
  {
    what: 'a store that takes a write that is older than one before',
    calls: [acquired(1, 10, [0, 5], 100), acquired(2, 11, [110, 120], 100)],
    writes: [wrote(2, 11, 125, true), wrote(1, 10, 130, true)],
    objected: ['P5'],
  },
  {
    what: 'a write that is refused while its lease is promised',
    calls: [acquired(1, 10, [0, 5], 100)],
    writes: [wrote(1, 10, 50, false)],
    objected: ['P5'],
  },
];

const RIGHT: readonly (Given & { readonly what: string })[] = [
  { what: 'a grant after the promise is over', calls: [acquired(1, 10, [0, 5], 100), acquired(2, 11, [80, 101], 100)] },
  { what: 'a grant before the promise is over, as a release without an answer may have been done', calls: [acquired(1, 10, [0, 5], 500), lost('release', 1, 20), acquired(2, 11, [30, 35], 100)] },
  { what: 'a grant after a renewal made the lease shorter', calls: [acquired(1, 10, [0, 5], 500), renewed(1, 10, [10, 15], 100), acquired(2, 11, [120, 125], 100)] },
  { what: 'a grant after a renewal without an answer may have made the lease shorter', calls: [acquired(1, 10, [0, 5], 500), lost('renew', 1, 10, { ttlMs: 100 }), acquired(2, 11, [120, 125], 100)] },
  { what: 'a renewal whose own time was over before it was answered', calls: [acquired(1, 10, [0, 5], 500), over('renew', 1, 10, [10, 150], { ttlMs: 100 })] },
  { what: 'a lease that ends its TTL after the start', calls: [acquired(1, 10, [0, 5], 2_000), over('renew', 1, 10, [4_900, 5_000], { ttlMs: 2_000 })], faults: [killed(1_000, 3_000)] },
  { what: 'a renewal that came during a pause, of a lease that was over before it', calls: [acquired(1, 10, [0, 5], 100), over('renew', 1, 10, [450, 1_120], { ttlMs: 500 })], faults: [paused(400, 1_100)] },
  { what: 'a holder from an acquire without an answer', calls: [lost('acquire', 1, 0), refused(2, 10, [10, 15]), acquired(2, 11, [20, 25], 100)] },
  { what: 'a retry that finds the grant of the attempt that got no answer', calls: [lost('acquire', 1, 0), refused(2, 10, [10, 15]), acquired(1, 10, [20, 25], 100)] },
  { what: 'two calls at a time, answered in either order', calls: [acquired(2, 11, [0, 50], 500), acquired(1, 10, [0, 40], 500), released(1, [45, 48])] },
  { what: 'a release that is done twice', calls: [acquired(1, 10, [0, 5], 500), released(1, [10, 15]), released(1, [20, 25])] },
  { what: 'a late write that the store refuses', calls: [acquired(1, 10, [0, 5], 100), acquired(2, 11, [110, 120], 100)], writes: [wrote(2, 11, 125, true), wrote(1, 10, 130, false)] },
  { what: 'a line that is served in its order', calls: [acquired(1, 10, [0, 5], 500), ticket(2, [10, 15]), acquired(3, 12, [20, 90], 100, { waitMs: 500 }), listed([2, 3], [30, 35]), released(1, [50, 60]), followed(2, 'held', 11, [70, 75], 100), released(2, [80, 85])] },
];

describe('the checkers of histories object', () => {
  test.for(WRONG)('to $what', ({ objected, ...given }) => {
    expect(objections(given)).toEqual(objected.toSorted());
  });

  test('to a fencing token that is not above one of before a restart', () => {
    expect(objections({ calls: [acquired(1, 10, [0, 5], 100)] }, 10)).toEqual(['P4']);
  });
});

describe('the checkers of histories accept', () => {
  test.for(RIGHT)('$what', (given) => {
    expect(objections(given)).toEqual([]);
  });
});
