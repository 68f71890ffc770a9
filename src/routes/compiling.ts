// Compiling: schemas become validators and serializers when the first request needs them.
//
// Owns the moment. Fastify's own compilers do it, which are also loaded then: a start would take twice as long for all of
// them, and its first requests would wait for that instead of for their own.

import { createRequire } from 'node:module';
import type { FastifyServerOptions } from 'fastify';

/** As the option of a Fastify server has them. */
export type Compilers = Required<NonNullable<NonNullable<FastifyServerOptions['schemaController']>['compilersFactory']>>;

/** As much of a compiled validator as Fastify looks at. */
interface Validator {
  (data: unknown): unknown;
  errors?: unknown;
}
type Serializer = (value: unknown) => string;
/** From all named schemas and the server's options to what compiles the schema of a route. */
type Factory<Compiled> = (schemas: unknown, options: unknown) => (route: unknown) => Compiled;

const require = createRequire(import.meta.url);

function factory<Compiled>(name: string): () => Factory<Compiled> {
  return once(() => {
    const make: () => Factory<Compiled> = require(name);
    return make();
  });
}

function delayed<Compiled>(load: () => Factory<Compiled>, late: (compile: () => Compiled) => Compiled): Factory<Compiled> {
  return (schemas, options) => {
    const compiler = once(() => load()(schemas, options));
    return (route) => late(() => compiler()(route));
  };
}

/** What it finds stands in its `errors`, as with one that was compiled before. */
function lateValidator(compile: () => Validator): Validator {
  const compiled = once(compile);
  const late: Validator = (data) => {
    const own = compiled();
    const isValid = own(data);
    late.errors = own.errors;
    return isValid;
  };
  return late;
}

function lateSerializer(compile: () => Serializer): Serializer {
  const compiled = once(compile);
  return (value) => compiled()(value);
}

function once<Value extends object>(make: () => Value): () => Value {
  let made: Value | undefined;
  return () => (made ??= make());
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the types ask for members of a validator that only Ajv itself reads
export const COMPILERS = {
  buildValidator: delayed(factory<Validator>('@fastify/ajv-compiler'), lateValidator),
  buildSerializer: delayed(factory<Serializer>('@fastify/fast-json-stringify-compiler'), lateSerializer),
} as unknown as Compilers;
