// Inputs: the nth hostile input of a seed.
//
// Owns which kinds there are and how often each is drawn.
//   N1. An input is a function of the seed, its number and the names it speaks of: what failed is sent again by number.
//   N2. What must be refused speaks of names that are there only if something went wrong (`never`), or of what a witness
//       holds (`theirs`), never of names that others of its kind may use.

import { Chance } from '../chance.ts';
import { framed } from './framing.ts';
import { mangled } from './mangle.ts';
import { percent, rightDraft, written, type Draft, type Names } from './request.ts';
import { OPERATIONS } from './schema.ts';
import { WAYS } from './wrong.ts';

export interface Input {
  readonly nth: number;
  readonly kind: string;
  readonly bytes: Buffer;
  /** HTTP and JSON as they may be, however odd. */
  readonly isRight?: true;
  /** The codes of which the answer must have one; absent where any answer will do. */
  readonly codes?: readonly string[];
  /**
   * `kept`: well framed, has one answer, others may follow on the connection. `alone`: has a connection of its own, which
   * is closed by one side or the other. `cut`: the client is gone in the middle of it.
   */
  readonly conduct: 'kept' | 'alone' | 'cut';
}

/** What the inputs speak of. */
export interface Stage {
  /** Held for as long as the inputs come. */
  readonly theirs: Names;
  /** The beginning of the names of locks that no answer may bring about. */
  readonly never: string;
  /** The beginning of the names of locks that may be there or not. */
  readonly maybe: string;
}

const SEEDS_APART = 1_000_003;
const UNKNOWN_LEASE = `lse_${'0'.repeat(24)}`;
const UNKNOWN_BATCH = `bat_${'0'.repeat(24)}`;
/** Operations whose answers are long: asked now and then, or the service would do little else. */
const LONG = new Set(['getSpecification', 'getMetrics']);
const LONG_PART = 0.1;
/** Operations whose lock would be made by them; all others speak of one that is there. */
const MAKING = new Set(['createLock', 'putLock', 'acquireLock']);
/** No function has this name; a batch that asks for it can only have been made of what should have been refused. */
export const NO_FUNCTION = 'never';

export function inputOf(seed: number, nth: number, stage: Stage): Input {
  const chance = new Chance(seed * SEEDS_APART + nth);
  const kind = chance.next();
  const input = kind < 0.62 ? wrongInput(stage, nth, chance)
    : kind < 0.72 ? rightInput(stage, chance)
      : kind < 0.84 ? framedInput(stage, nth, chance)
        : kind < 0.96 ? mangledInput(stage, chance)
          : cutInput(stage, chance);
  return { nth, ...input };
}

type Unnumbered = Omit<Input, 'nth'>;

function wrongInput(stage: Stage, nth: number, chance: Chance): Unnumbered {
  for (;;) {
    const { kind, way } = chance.pick(WAYS);
    const operation = chance.pick(OPERATIONS);
    const lock = MAKING.has(operation.id) ? `${stage.never}${nth}` : stage.theirs.lock;
    const draft = rightDraft(operation, { ...stage.theirs, lock, function: NO_FUNCTION }, chance);
    const codes = way(draft, chance);
    if (codes !== undefined) return { kind: `${kind}, ${operation.id}`, bytes: written(draft), codes, conduct: 'kept' };
  }
}

/** Odd, but nothing that a client may not say. */
function rightInput(stage: Stage, chance: Chance): Unnumbered {
  const draft = maybeDraft(stage, chance);
  const bytes = written(draft);
  // What is sent behind a wait may be cut off.
  return { kind: `an odd request, ${draft.operation.id}`, isRight: true, bytes, conduct: bytes.includes('waitMs') ? 'alone' : 'kept' };
}

function maybeDraft({ maybe }: Stage, chance: Chance): Draft {
  let operation = chance.pick(OPERATIONS);
  while (LONG.has(operation.id) && !chance.bool(LONG_PART)) operation = chance.pick(OPERATIONS);
  return rightDraft(operation, { lock: `${maybe}${chance.int(0, 99)}`, lease: UNKNOWN_LEASE, batch: UNKNOWN_BATCH, function: 'echo' }, chance);
}

function framedInput(stage: Stage, nth: number, chance: Chance): Unnumbered {
  const { bytes, codes } = framed({ ...stage.theirs, lock: `${stage.never}${nth}` }, chance);
  return { kind: 'bad framing', bytes, ...(codes === undefined ? {} : { codes }), conduct: 'alone' };
}

function mangledInput(stage: Stage, chance: Chance): Unnumbered {
  const draft = maybeDraft(stage, chance);
  return { kind: `a damaged request, ${draft.operation.id}`, bytes: mangled(written(draft), chance), conduct: 'alone' };
}

/** A request of which all or a part arrives before the client is gone: also while it waits, or while it is answered. */
function cutInput({ theirs, ...stage }: Stage, chance: Chance): Unnumbered {
  const draft = maybeDraft({ theirs, ...stage }, chance);
  if (chance.bool(0.1)) return { kind: 'a client that is gone before it has read', isRight: true, bytes: Buffer.from('GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(chance.int(1, 6))), conduct: 'cut' };
  if (draft.operation.id === 'acquireLock' || chance.bool(0.3)) {
    const behind = chance.bool(0.2) ? 'GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(chance.int(1, 500)) : '';
    return { kind: 'a client that is gone while it waits', isRight: true, bytes: Buffer.from(waiting(theirs.lock) + behind), conduct: 'cut' };
  }
  const bytes = written(draft);
  return { kind: 'a client that is gone in the middle', bytes: bytes.subarray(0, chance.int(0, bytes.length)), conduct: 'cut' };
}

function waiting(lock: string): string {
  const body = '{"waitMs":60000,"ttlMs":100}';
  return `POST /v1/locks/${percent(lock)}/leases HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}
