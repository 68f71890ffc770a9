// Bulk schemas: many operations in one request, and their results.
//
// Owns the one flat shape of an operation and the one of a result's body, as generators stumble over unions of objects
// (S3 of schemas.ts). Their members are those of the operations' own routes.

import { BULK_OPERATIONS_MAX, IDEMPOTENCY_KEY_CHARS_MAX } from '../limits.ts';
import { Acquire, Lease, type LeaseBody } from './lease-schemas.ts';
import { ProblemSchema } from './problem-schema.ts';
import type { Problem } from './problems.ts';
import { choice, CLOSED, int32, int64, LockName, named, ref, type Shape } from './schemas.ts';
import { Type } from './type.ts';

const OPERATIONS = ['acquire', 'renew', 'release'] as const;

export const BulkOperation = named('BulkOperation', Type.Object({
  op: choice(OPERATIONS, 'What to do. An acquire tries once and never waits.'),
  lock: Type.Optional({ ...LockName, description: 'Which lock to acquire. Needed by an acquire and known to nothing else.' }),
  lease: Type.Optional(Type.String({ description: 'The id of the lease. Needed by a renewal and a release and known to nothing else.' })),
  owner: Type.Optional({ ...Acquire.properties.owner, description: 'Of an acquire: the name that you give yourself.' }),
  ttlMs: Type.Optional({ ...Acquire.properties.ttlMs, description: 'Of an acquire or a renewal, as on its own route.' }),
  metadata: Acquire.properties.metadata,
  idempotencyKey: Type.Optional(Type.String({
    pattern: `^[\\x20-\\x7e]{1,${IDEMPOTENCY_KEY_CHARS_MAX}}$`,
    description: 'Of an acquire: the same as the header `Idempotency-Key` of its own route, so that a retry by either finds the same lease. Without effect on what is idempotent anyway.',
  })),
}, { ...CLOSED, description: 'One operation: what its own route would be asked.' }));
export type BulkOperationBody = Shape<typeof BulkOperation>;

export const Bulk = named('Bulk', Type.Object({
  operations: Type.Array(ref(BulkOperation), { maxItems: BULK_OPERATIONS_MAX, description: 'Carried out in this order, with nothing in between.' }),
}, { ...CLOSED, description: 'Many operations.' }));

export const BulkBody = named('BulkBody', Type.Partial(Type.Object({
  ...Lease.properties,
  ...ProblemSchema.properties,
  fencingToken: int64('The number of the grant: of the lease, or of what stands in the way.'),
}), { description: 'A lease, or a problem with a status of 400 or more: the body that the own route of the operation would answer. Members of the other one are absent.' }));

export const BulkResult = named('BulkResult', Type.Object({
  status: int32('The status that the own route of the operation would answer with.'),
  body: Type.Optional(Type.Unsafe<LeaseBody | Problem>(ref(BulkBody))),
}, { description: 'What became of one operation. A release that went well has no body.' }));
export type BulkResultBody = Shape<typeof BulkResult>;

export const BulkResults = named('BulkResults', Type.Object({
  results: Type.Array(ref(BulkResult), { description: 'In the order of the operations.' }),
}, { description: 'What became of each operation.' }));
