// What generators of clients need: rules that keep those of other languages alive, beyond what a linter asks.
//
// Each rule stands for a generator that stumbles without it: over a second body type (progenitor), a union of objects
// (openapi-generator), an unnamed body (most), a number without a width (all that are typed), a shared response
// (oapi-codegen), two tags (openapi-python-client), a word of the language (all).

import fastify from 'fastify';
import { describe, expect, test } from 'vitest';
import { COMPONENTS } from '../../src/routes/components.ts';
import { componentOf, operationsOf, readSpecification, walk, type Operation, type Response } from './specification.ts';

const document = readSpecification('openapi.json');
const operations = operationsOf(document);
const schemas = Object.entries(document.components.schemas);
const nodes = [...walk(document.components.schemas, 'components'), ...walk(document.paths, 'paths')];

const PROBLEM = { $ref: '#/components/schemas/Problem' };
const LOWER_CAMEL = /^[a-z][A-Za-z0-9]*$/u;
/** The largest number of a format; of the wider one, the largest that JavaScript has exactly. */
const WIDEST = new Map<unknown, number>([['int32', 2 ** 31 - 1], ['int64', Number.MAX_SAFE_INTEGER]]);
/** Types that languages have already, in which a component of that name would be hidden or hide. */
const TAKEN = new Set([
  'Any', 'Array', 'Boolean', 'Class', 'Date', 'Default', 'Dict', 'Double', 'Enum', 'Error', 'Event', 'Exception', 'Float',
  'Function', 'Integer', 'List', 'Map', 'Module', 'None', 'Null', 'Number', 'Object', 'Option', 'Optional', 'Promise',
  'Record', 'Request', 'Response', 'Result', 'Self', 'Set', 'String', 'Symbol', 'Task', 'Thread', 'Type', 'Unit', 'Void',
]);

function successes({ responses }: Operation): readonly Response[] {
  return Object.entries(responses).filter(([status]) => status.startsWith('2')).map(([, response]) => response);
}

function failures({ responses }: Operation): readonly [string, Response][] {
  return Object.entries(responses).filter(([status]) => !status.startsWith('2'));
}

function places(operation: Operation) {
  return [operation.requestBody, ...Object.values(operation.responses)].flatMap((each) =>
    Object.entries(each?.content ?? {}).map(([type, media]) => ({ type, media })));
}

describe('an operation', () => {
  test('has an id in lower camel case that no other has', () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids.map((id) => id.toLowerCase())).size).toBe(operations.length);
    expect(ids.filter((id) => !LOWER_CAMEL.test(id))).toEqual([]);
  });

  test.for(operations)('$name has one tag that the document describes, a summary and a description', ({ operation }) => {
    expect(operation.tags).toHaveLength(1);
    expect(document.tags.map(({ name }) => name)).toContain(operation.tags[0]);
    expect(operation).toMatchObject({ summary: expect.stringMatching(/^\S.*[^.]$/u), description: expect.stringMatching(/^\S[\s\S]*\.$/u) });
  });

  test.for(operations)('$name shows an example of all that is sent and answered', ({ operation }) => {
    expect(places(operation).filter(({ media }) => media.example === undefined)).toEqual([]);
  });

  test.for(operations)('$name has one schema for all its successes', ({ operation }) => {
    const bodies = successes(operation).flatMap(({ content = {} }) => Object.values(content).map(({ schema }) => JSON.stringify(schema)));
    expect(successes(operation).length).toBeGreaterThan(0);
    expect(new Set(bodies).size).toBeLessThanOrEqual(1);
  });

  test.for(operations)('$name answers every failure with the one Problem, and names its codes', ({ operation }) => {
    expect(failures(operation).length).toBeGreaterThan(3);
    for (const [status, { description, content = {}, headers }] of failures(operation)) {
      expect(Number(status)).toBeGreaterThanOrEqual(400);
      expect(Object.entries(content).map(([type, { schema }]) => [type, schema])).toEqual([['application/problem+json', PROBLEM]]);
      expect(description).toMatch(/`[a-z_]+`: /u);
      expect(headers === undefined).toBe(!['423', '429', '503'].includes(status));
    }
  });

  test.for(operations)('$name sends a body only where every client can send one', ({ name, operation }) => {
    expect(operation.requestBody !== undefined && /^(?:GET|HEAD|DELETE) /u.test(name)).toBe(false);
  });

  test('takes parameters whose names are words of every language, but for headers', () => {
    const named = operations.flatMap(({ operation }) => operation.parameters ?? []).filter((parameter) => parameter.in !== 'header');
    expect(named.filter(({ name }) => !LOWER_CAMEL.test(name))).toEqual([]);
  });

  test('with the name of a lock in its path says how to encode it', () => {
    const withLock = operations.filter(({ name }) => name.includes('{lock}'));
    expect(withLock.length).toBeGreaterThanOrEqual(6);
    for (const { operation } of withLock) expect(operation.parameters).toContainEqual(expect.objectContaining({ name: 'lock', description: expect.stringContaining('%2F') }));
  });
});

describe('a schema', () => {
  test('is no union, and nothing is null', () => {
    const words = ['anyOf', 'oneOf', 'allOf', 'discriminator', 'nullable', 'not', 'propertyNames', 'const', 'default'];
    expect(nodes.filter(({ node }) => words.some((word) => word in node)).map(({ at }) => at)).toEqual([]);
  });

  test('of an integer says how wide it is, and bounds itself within that', () => {
    const integers = nodes.filter(({ node }) => node['type'] === 'integer');
    expect(integers.length).toBeGreaterThan(20);
    expect(integers.filter(({ node }) => (WIDEST.get(node['format']) ?? -1) < Number(node['maximum'] ?? 0)).map(({ at }) => at)).toEqual([]);
  });

  test('of a choice is a text', () => {
    expect(nodes.filter(({ node }) => 'enum' in node && node['type'] !== 'string').map(({ at }) => at)).toEqual([]);
  });

  test('of a text has a pattern that every engine reads: without looking around or back', () => {
    const patterns = nodes.filter(({ node }) => typeof node['pattern'] === 'string');
    expect(patterns.length).toBeGreaterThan(5);
    expect(patterns.filter(({ node }) => /\(\?|\\[1-9kpP]/u.test(String(node['pattern'])))).toEqual([]);
  });

  test('describes itself and each of its members', () => {
    const bare = schemas.flatMap(([name, schema]) => [
      ...(schema.description === undefined ? [name] : []),
      ...Object.entries(schema.properties ?? {}).filter(([, member]) => member.description === undefined && member.$ref === undefined).map(([member]) => `${name}.${member}`),
    ]);
    expect(bare).toEqual([]);
  });

  test('of every JSON body is a component', () => {
    const inline = operations.flatMap(({ name, operation }) => places(operation).filter(({ type, media }) => /json/u.test(type) && media.schema.$ref === undefined).map(() => name));
    expect(inline).toEqual([]);
  });

  test('of an object with members is a component, nowhere a part of another', () => {
    const nested = nodes.filter(({ at, node }) => 'properties' in node && node['type'] === 'object' && !/^components\/[A-Za-z]+$/u.test(at));
    expect(nested.map(({ at }) => at)).toEqual([]);
  });

  test('has members whose names are words of every language', () => {
    expect(schemas.flatMap(([, { properties = {} }]) => Object.keys(properties)).filter((name) => !LOWER_CAMEL.test(name))).toEqual([]);
  });

  test('requires only members that it has', () => {
    expect(schemas.filter(([, { required = [], properties = {} }]) => required.some((name) => !(name in properties)))).toEqual([]);
  });
});

describe('a component', () => {
  test('is a schema: responses and parameters are written where they are used', () => {
    expect(Object.keys(document.components).toSorted()).toEqual(['schemas', 'securitySchemes']);
  });

  test('has a name in upper camel case that no other has, whatever the case, and no language', () => {
    const names = schemas.map(([name]) => name);
    expect(names.filter((name) => !/^[A-Z][A-Za-z0-9]*$/u.test(name) || TAKEN.has(name))).toEqual([]);
    expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(names.length);
  });

  test('of the problem is an object whose code, status and title are always there', () => {
    expect(document.components.schemas['Problem']).toMatchObject({ type: 'object', required: expect.arrayContaining(['code', 'status', 'title']) });
  });
});

test('every example is valid by the schema of its place, and has no member that is not in it', async () => {
  const checker = fastify({ ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false } } });
  for (const component of COMPONENTS) {
    checker.addSchema(component);
    checker.post(`/${component.$id}`, { schema: { body: { $ref: `${component.$id}#` } } }, async () => 'valid');
  }
  const examples = operations.flatMap(({ operation }) => places(operation)).filter(({ media }) => media.schema.$ref !== undefined);
  expect(examples.length).toBeGreaterThan(100);
  for (const { media } of examples) {
    const name = componentOf(media.schema) ?? '';
    const answer = await checker.inject({ method: 'POST', url: `/${name}`, headers: { 'content-type': 'application/json' }, payload: JSON.stringify(media.example) });
    expect([name, answer.payload]).toEqual([name, 'valid']);
    const { properties = {}, additionalProperties } = document.components.schemas[name] ?? {};
    expect(additionalProperties === true ? [] : Object.keys(Object(media.example)).filter((member) => !(member in properties))).toEqual([]);
  }
  await checker.close();
});
