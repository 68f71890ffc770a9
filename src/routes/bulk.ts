// Bulk: many try-acquires, renewals and releases in one request.
//
// Owns how an operation becomes the question of its own route, and its reply that route's status and body. No rules.
//   L1. What an operation's own route would refuse for its form is a problem of the whole request, before anything is
//       asked. What the machine refuses is the result of that operation alone, and the others go on.

import { BULK_BODY_BYTES_MAX } from '../limits.ts';
import type { Reading } from '../engine.ts';
import type { RequestKey } from '../state/inputs.ts';
import type { Reply } from '../state/replies.ts';
import type { Caller } from './access.ts';
import { ACQUIRE_ROUTE, acquisition, type Wish } from './acquisition.ts';
import { refusalProblem } from './answers.ts';
import { answerBulk, type BulkQuestion } from './bulk-answer.ts';
import { Bulk, BulkResults, type BulkOperationBody, type BulkResultBody } from './bulk-schemas.ts';
import { operation } from './docs.ts';
import type { Edge, Routes } from './edge.ts';
import { BULK_EXAMPLE } from './examples.ts';
import { requestKey } from './headers.ts';
import { leaseBody } from './lease-view.ts';
import { Refused } from './refused.ts';
import type { Room } from './room.ts';
import { ref } from './schemas.ts';

export function bulkRoute(app: Routes, edge: Edge, room: Room): void {
  app.post('/v1/bulk', {
    schema: {
      ...operation(
        'runBulk', 'Leases', 'Acquire, renew and release many leases at once',
        'Carries out the operations in their order, with nothing in between, and answers when all that they changed is durable. Each has the result that its own route would answer, a refusal of one changes nothing for the others, and nothing waits in line: the problem of a result may be `lock_held`, `too_many_leases`, `idempotency_key_reused`, `lease_lost`, `lease_not_found`, `lease_not_held`, `shutting_down` or `overloaded`. An operation that is not valid is a problem of the whole request: then none is carried out. The header `Idempotency-Key` has no effect here: a key is a member of its operation.',
      ),
      body: ref(Bulk),
      response: { 200: ref(BulkResults) },
    },
    bodyLimit: BULK_BODY_BYTES_MAX,
    ...room,
    config: { docs: { problems: ['lock_name_invalid'], example: BULK_EXAMPLE } },
  }, (request, reply) => {
    const { caller, arrivedAt } = request.exchange;
    const questions = request.body.operations.map((each, index) => questionOf(each, `/operations/${index}`, caller));
    answerBulk(edge, reply, questions, (replies, reading) => {
      const results = replies.map((told, index) => resultOf(questions[index]!, told, reading, arrivedAt));
      reply.header('cache-control', 'no-store').send({ results });
    });
  });
}

type Member = keyof BulkOperationBody;

/** What each operation needs, and what it may have beside that and a key. */
const FORMS: Readonly<Record<BulkOperationBody['op'], { readonly needs: 'lock' | 'lease'; readonly takes: ReadonlySet<string> }>> = {
  acquire: { needs: 'lock', takes: new Set<Member>(['op', 'lock', 'idempotencyKey', 'owner', 'ttlMs', 'metadata']) },
  renew: { needs: 'lease', takes: new Set<Member>(['op', 'lease', 'idempotencyKey', 'ttlMs']) },
  release: { needs: 'lease', takes: new Set<Member>(['op', 'lease', 'idempotencyKey']) },
};

/** `at`: where the operation stands in the body. Throws when it has not the form of what it says it is. (L1) */
function questionOf(each: BulkOperationBody, at: string, caller: Caller): BulkQuestion {
  const { needs, takes } = FORMS[each.op];
  const subject = each[needs];
  if (subject === undefined) throw unfit(`${at}/${needs}`, `is missing, and ${each.op} needs it`);
  for (const member of Object.keys(each)) if (!takes.has(member)) throw unfit(`${at}/${member}`, `does not belong to ${each.op}; leave it out`);
  if (each.op === 'renew') return { kind: 'renew', lease: subject, ttlMs: each.ttlMs };
  if (each.op === 'release') return { kind: 'release', lease: subject };
  const { owner, ttlMs, metadata, idempotencyKey } = each;
  const wish: Wish = { owner, ttlMs, metadata };
  return acquisition(subject, wish, false, acquireKey(idempotencyKey, caller, subject, wish), at);
}

/** The key that the same acquire would have on its own route. */
function acquireKey(key: string | undefined, caller: Caller, subject: string, body: Wish): RequestKey | undefined {
  return key === undefined ? undefined : requestKey(key, { caller, method: 'POST', route: ACQUIRE_ROUTE, subject, body });
}

function unfit(pointer: string, what: string): Refused {
  return new Refused('invalid_request', { pointer, detail: `The member ${pointer} ${what}.` });
}

function resultOf({ kind }: BulkQuestion, told: Reply, reading: Reading, arrivedAt: number): BulkResultBody {
  if (told.kind === 'lease') return { status: kind === 'acquire' ? 201 : 200, body: leaseBody(told.view, reading, arrivedAt) };
  if (told.kind === 'done') return { status: 204 };
  if (told.kind !== 'refused') throw new Error(`a bulk got a reply of kind ${told.kind}`);
  const body = refusalProblem(told.refusal, reading);
  return { status: body.status, body };
}
