// The bound of what is measured: a bare Fastify that answers when the journal has what was changed.
//
// `durable.ts <folder> <turn | once>`. It has the routes that the loads ask, answers in the same form, hands each lock on in
// order, and writes through our journal what has to be remembered: the row of a lease when it is granted and again when it
// has ended, as many of the latter as the service keeps; one commit in flight, and in the next one all that arrived
// meanwhile. It refuses nothing and hands nothing on in a bulk: the loads ask for no more. It has no time, no machine, no
// retries, no hooks and no metrics, so a service that answers after a commit of this journal does more than this.
//   D1. When no commit is in flight the next one begins at once, which is best where one follows another (`once`), or
//       behind what else arrives in the turn, which is best where many come together (`turn`).

import { setFlagsFromString } from 'node:v8';
import { crc32 } from 'node:zlib';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fastify, { type FastifyReply } from 'fastify';
import { openLmdbJournal } from '../../src/journal/lmdb.ts';
import { BULK_BODY_BYTES_MAX, ENDED_LEASES_MAX } from '../../src/limits.ts';
import { Bulk, BulkResults } from '../../src/routes/bulk-schemas.ts';
import { COMPONENTS } from '../../src/routes/components.ts';
import { Acquire, Lease, type LeaseBody } from '../../src/routes/lease-schemas.ts';
import { LeaseParams, LockParams, ref } from '../../src/routes/schemas.ts';
import { Queue } from '../../src/state/queue.ts';
import type { EndedLease, HeldLease } from '../../src/state/rows.ts';
import { State } from '../../src/state/state.ts';
import { DurableTable } from '../../src/state/tables.ts';

const ID_DIGITS = 24;
const TOKENS_FROM = 1_000_000;
const TTL_MS = 30_000;
const INSTANT = '2026-01-01T00:00:00.000Z';
const GRANTED_AT = Date.parse(INSTANT);

type Answer = () => void;

interface Line {
  readonly lock: string;
  isHeld: boolean;
  readonly waiting: FastifyReply[];
}

// As the service does, and for its reason (docs/decisions/0015).
setFlagsFromString('--no-allocation-site-pretenuring');

const [folder = '', begins = ''] = process.argv.slice(2);
/** (D1) */
const soon = begins === 'once' ? queueMicrotask : setImmediate;
const journal = await openLmdbJournal(folder);
const state = new State({ workers: 1, checksum: (bytes) => crc32(bytes), tokenFloor: 0 });
const leases = new DurableTable<HeldLease | EndedLease>('leases', ({ id }) => id, state.changes);
const ended = new Queue<EndedLease>();
const lines = new Map<string, Line>();
let grants = 0;
let answers: Answer[] = [];
/** A commit is in flight, or asked for. */
let isUnderWay = false;

function lineOf(lock: string): Line {
  let line = lines.get(lock);
  if (line === undefined) lines.set(lock, (line = { lock, isHeld: false, waiting: [] }));
  return line;
}

/** Answers when all that has changed by now is committed. */
function whenCommitted(answer: Answer): void {
  answers.push(answer);
  if (isUnderWay) return;
  isUnderWay = true;
  soon(() => { void commitAll(); });
}

/** The next commit is on its way before the answers of this one are written. */
async function commitAll(): Promise<void> {
  for (;;) {
    const leaving = answers;
    answers = [];
    await journal.commit({ now: grants, ...state.changes.take() });
    state.changes.flushed();
    if (answers.length === 0) {
      isUnderWay = false;
      return leave(leaving);
    }
    setImmediate(leave, leaving);
  }
}

function leave(leaving: readonly Answer[]): void {
  for (const answer of leaving) answer();
}

function grant(line: Line): LeaseBody {
  const { lock } = line;
  line.isHeld = true;
  const id = `lse_${String(++grants).padStart(ID_DIGITS, '0')}`;
  leases.put({
    id, lock, order: grants, claimant: { by: 'connection' }, owner: 'bench', ttlMs: TTL_MS, askedAt: grants,
    state: 'held', fencingToken: TOKENS_FROM + grants, grantedAt: GRANTED_AT, heldSince: grants, waitedMs: 0, expiresAt: grants + TTL_MS,
  });
  return {
    id, state: 'held', locks: [{ name: line.lock, mode: 'exclusive', permits: 1 }], owner: 'bench', fencingToken: TOKENS_FROM + grants,
    ttlMs: TTL_MS, grantedAt: INSTANT, expiresAt: INSTANT, expiresInMs: 29_998, elapsedMs: 2, renewAfterMs: 10_000, waitedMs: 0,
  };
}

function granted(line: Line, reply: FastifyReply): void {
  const body = grant(line);
  whenCommitted(() => { reply.code(201).header('location', `/v1/leases/${body.id}`).header('cache-control', 'no-store').send(body); });
}

/** The line that the lease held, which has no holder now. */
function free(lease: string): Line {
  const row = leases.get(lease);
  if (row?.state !== 'held') throw new Error('no such lease is held');
  const { id, lock, order, claimant, owner, ttlMs, askedAt, fencingToken, grantedAt, waitedMs } = row;
  remember({ id, lock, order, claimant, owner, ttlMs, askedAt, state: 'released', fencingToken, grantedAt, waitedMs, keepUntil: grants + TTL_MS });
  const line = lineOf(lock);
  line.isHeld = false;
  return line;
}

function remember(lease: EndedLease): void {
  leases.put(lease);
  ended.add(lease);
  if (ended.size <= ENDED_LEASES_MAX) return;
  leases.delete(ended.first()!.id);
  ended.shift();
}

const app = fastify({ logger: false, ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false, keywords: ['example'] } } })
  .withTypeProvider<TypeBoxTypeProvider>();
for (const schema of COMPONENTS) app.addSchema(schema);

app.post('/v1/locks/:lock/leases', { schema: { params: LockParams, body: ref(Acquire), response: { 201: ref(Lease) } } }, (request, reply) => {
  const line = lineOf(request.params.lock);
  if (line.isHeld) {
    line.waiting.push(reply);
    return;
  }
  granted(line, reply);
});

app.delete('/v1/leases/:lease', { schema: { params: LeaseParams } }, (request, reply) => {
  const line = free(request.params.lease);
  const next = line.waiting.shift();
  if (next !== undefined) granted(line, next);
  whenCommitted(() => { reply.code(204).header('cache-control', 'no-store').send(); });
});

app.get('/v1/locks/:lock', { schema: { params: LockParams } }, (request, reply) => {
  reply.send({ waiters: lineOf(request.params.lock).waiting.length });
});

app.post('/v1/bulk', { bodyLimit: BULK_BODY_BYTES_MAX, schema: { body: ref(Bulk), response: { 200: ref(BulkResults) } } }, (request, reply) => {
  const results = request.body.operations.map(({ lock, lease }) => {
    if (lease !== undefined) {
      free(lease);
      return { status: 204 };
    }
    return { status: 201, body: grant(lineOf(lock!)) };
  });
  whenCommitted(() => { reply.header('cache-control', 'no-store').send({ results }); });
});

const address = await app.listen({ host: '127.0.0.1', port: 0 });
console.log(JSON.stringify({ address }));
