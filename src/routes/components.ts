// Components: every named schema, for the validator, the serializers and the specification.

import { Batch, BatchPage, Callback, CallbackTarget, Counts, FunctionPage, FunctionShape, Initializer, Result, ResultPage, SubmitBatch } from './batch-schemas.ts';
import { Bulk, BulkBody, BulkOperation, BulkResult, BulkResults } from './bulk-schemas.ts';
import { Acquire, Lease, LeasedLock, Renew } from './lease-schemas.ts';
import { CreateLock, Holder, Lock, LockPage, PutLock, RevokeLock, Waiter, WaiterPage } from './lock-schemas.ts';
import { BrokenModule, Live, Ready, WorkersHealth } from './ops-schemas.ts';
import { ProblemSchema } from './problem-schema.ts';
import { Empty, TaskErrorSchema } from './schemas.ts';

export const COMPONENTS = [
  ProblemSchema, TaskErrorSchema,
  CreateLock, PutLock, RevokeLock, Holder, Lock, LockPage, Waiter, WaiterPage,
  Acquire, Renew, LeasedLock, Lease, BulkOperation, Bulk, BulkBody, BulkResult, BulkResults,
  FunctionShape, FunctionPage, Initializer, CallbackTarget, SubmitBatch, Counts, Result, Callback, Batch, BatchPage, ResultPage, Empty,
  Live, BrokenModule, WorkersHealth, Ready,
];
