// Problem schema: the one shape of every error.

import { Holder } from './lock-schemas.ts';
import { int32, int64, named, ref, TaskErrorSchema } from './schemas.ts';
import { Type } from './type.ts';

export const ProblemSchema = named('Problem', Type.Object({
  type: Type.String({ format: 'uri-reference', description: 'Where the code is explained, on this service.' }),
  title: Type.String({ description: 'What the code means.' }),
  status: int32('The status of the answer.'),
  detail: Type.String({ description: 'What to do next, or what happened here. For people; it may change.' }),
  instance: Type.String({ format: 'uri', description: 'Names this one answer, also in the log of the service.' }),
  code: Type.String({ description: 'What happened. Stable: decide by it.' }),
  reason: Type.Optional(Type.String({ description: 'How a lease ended: the state that it has now, or `forgotten`.' })),
  holders: Type.Optional(Type.Array(ref(Holder), { description: 'Who holds the lock.' })),
  waiters: Type.Optional(int32('How many wait for the lock.')),
  retryAfterMs: Type.Optional(int32('When trying again may help.')),
  fencingToken: Type.Optional(int64('The number of the grant that stands in the way.')),
  error: Type.Optional(ref(TaskErrorSchema)),
  batch: Type.Optional(Type.String({ description: 'The id of the batch that has more to say.' })),
  pointer: Type.Optional(Type.String({ description: 'A JSON pointer to what is wrong in the body of the request.' })),
}, { description: 'An error, as RFC 9457 has it.' }));
