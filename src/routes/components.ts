// Components: every named schema, for the validator, the serializers and the specification.

import { Acquire, Lease, LeasedLock, Renew } from './lease-schemas.ts';
import { CreateLock, Holder, Lock, LockPage, PutLock, RevokeLock, Waiter, WaiterPage } from './lock-schemas.ts';
import { BrokenModule, Live, Ready, WorkersHealth } from './ops-schemas.ts';
import { TaskErrorSchema } from './schemas.ts';

export const COMPONENTS = [
  TaskErrorSchema,
  CreateLock, PutLock, RevokeLock, Holder, Lock, LockPage, Waiter, WaiterPage,
  Acquire, Renew, LeasedLock, Lease,
  Live, BrokenModule, WorkersHealth, Ready,
];
