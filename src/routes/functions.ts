// Functions: what tasks can call, as the latest worker reported it. Read beside the loop.

import { problem } from './problems.ts';
import { sendProblem } from './answers.ts';
import { FunctionPage, FunctionParams, FunctionShape } from './batch-schemas.ts';
import { operation } from './docs.ts';
import type { Edge, Routes } from './edge.ts';
import { FUNCTION_EXAMPLE } from './examples.ts';
import { ref } from './schemas.ts';
import type { Statuses } from './answers.ts';

/** A function that is asked for by its own path is not there; one that a batch names makes the batch wrong. */
const MISSING: Statuses = { function_not_found: 404 };

export function functionRoutes(app: Routes, { engine }: Edge): void {
  app.get('/v1/functions', {
    schema: {
      ...operation('listFunctions', 'Functions', 'List functions', 'Every function that a module of the functions folder exports.'),
      response: { 200: ref(FunctionPage) },
    },
    config: { docs: { problems: ['functions_unknown'], example: { response: { functions: [FUNCTION_EXAMPLE] } } } },
  }, (_request, reply) => {
    const { registry } = engine.state;
    if (registry === undefined) return void sendProblem(reply, problem('functions_unknown'));
    const functions = [...registry.functions.values()].toSorted((left, right) => (left.name < right.name ? -1 : 1));
    return void reply.send({ functions });
  });

  app.get('/v1/functions/:function', {
    schema: {
      ...operation('getFunction', 'Functions', 'Show a function', 'Where it is and what it says of itself.'),
      params: FunctionParams,
      response: { 200: ref(FunctionShape) },
    },
    config: { docs: { problems: ['function_not_found', 'functions_unknown'], statuses: MISSING, example: { response: FUNCTION_EXAMPLE } } },
  }, (request, reply) => {
    const { registry } = engine.state;
    if (registry === undefined) return void sendProblem(reply, problem('functions_unknown'));
    const found = registry.functions.get(request.params.function);
    if (found === undefined) return void sendProblem(reply, problem('function_not_found', { status: MISSING.function_not_found }));
    return void reply.send(found);
  });
}
