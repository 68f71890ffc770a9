// Operations schemas: how the service is.

import { choice, int32, named, ref, type Shape } from './schemas.ts';
import { Type } from './type.ts';

export const Live = named('Live', Type.Object({
  status: choice(['live'] as const, 'The process answers.'),
}, { description: 'That the process answers.' }));
export type LiveBody = Shape<typeof Live>;

export const BrokenModule = named('BrokenModule', Type.Object({
  module: Type.String({ description: 'The file, relative to the functions folder.' }),
  message: Type.String({ description: 'Why it could not be loaded.' }),
}, { description: 'A module of the functions folder that could not be loaded.' }));

export const WorkersHealth = named('WorkersHealth', Type.Object({
  status: choice(['starting', 'ready', 'failing'] as const, 'Whether batches can run.'),
  functions: int32('How many functions there are.'),
  lost: int32('How many threads ended one after another before they could run anything.'),
  broken: Type.Array(ref(BrokenModule), { description: 'Modules that could not be loaded.' }),
}, { description: 'How the worker threads are.' }));
export type WorkersBody = Shape<typeof WorkersHealth>;

export const Ready = named('Ready', Type.Object({
  status: choice(['ready'] as const, 'Requests are taken.'),
  workers: ref(WorkersHealth),
}, { description: 'How the service is. Locks are served although the workers fail.' }));
export type ReadyBody = Shape<typeof Ready>;

export const SpecificationSchema = named('Specification', Type.Unsafe<object>({ type: 'object', additionalProperties: true, description: 'A document of OpenAPI 3.0.' }));
