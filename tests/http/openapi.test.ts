// The specification: committed as the routes are, whole, and in the words that generators of clients understand.

import { readFileSync } from 'node:fs';
import fastify from 'fastify';
import { describe, expect, test } from 'vitest';
import { COMPONENTS } from '../../src/routes/components.ts';
import { in31, type Specification } from '../../src/routes/openapi.ts';
import { PROBLEMS } from '../../src/routes/problems.ts';
import { VERSION } from '../../src/version.ts';
import { ask, sharedEdge } from './edge.ts';

const edge = sharedEdge({ parts: { version: VERSION } });

const committed: Specification = read('openapi.json');
const operations = Object.entries(committed.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })));

function read(name: string): Specification {
  return JSON.parse(readFileSync(new URL(`../../openapi/${name}`, import.meta.url), 'utf8'));
}

function* walk(value: unknown, at: string): Generator<{ readonly at: string; readonly node: Readonly<Record<string, unknown>> }> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield { at, node: { ...value } };
  for (const [name, member] of Object.entries(value)) if (name !== 'example') yield* walk(member, `${at}/${name}`);
}

describe('the committed documents', () => {
  test('are what the routes say; `npm run openapi` writes them anew', () => {
    const document = JSON.parse(JSON.stringify(edge.app.swagger()));
    expect(committed).toEqual(document);
    expect(read('openapi-3.1.json')).toEqual(in31(document));
  });

  test('are served', async () => {
    const { body, headers } = await ask(edge, 'GET', '/openapi.json');
    expect(body).toEqual(committed);
    expect(headers['content-type']).toMatch(/^application\/json/u);
  });

  test('differ in nothing but the version of OpenAPI', () => {
    expect([committed.openapi, read('openapi-3.1.json').openapi]).toEqual(['3.0.3', '3.1.0']);
    expect(read('openapi-3.1.json').paths).toEqual(committed.paths);
  });
});

describe('an operation', () => {
  test('has an id that no other has', () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(operations.length);
    for (const id of ids) expect(id).toMatch(/^[a-z][A-Za-z]+$/u);
  });

  test.for(operations)('$name has one tag, a summary and a description', ({ operation }) => {
    expect(operation.tags).toHaveLength(1);
    expect(operation).toMatchObject({ summary: expect.stringMatching(/^\S.*[^.]$/u), description: expect.stringMatching(/^\S[\s\S]*\.$/u) });
  });

  test.for(operations)('$name has an example of what is sent and of what is answered', ({ operation }) => {
    for (const media of Object.values(operation.requestBody?.content ?? {})) expect(media.example).toBeDefined();
    for (const [, response] of successes(operation)) for (const media of Object.values(response.content ?? {})) expect(media.example).toBeDefined();
  });

  test.for(operations)('$name has one schema for all its successes', ({ operation }) => {
    const schemas = successes(operation).flatMap(([, { content = {} }]) => Object.values(content).map(({ schema }) => JSON.stringify(schema)));
    expect(successes(operation).length).toBeGreaterThan(0);
    expect(new Set(schemas).size).toBeLessThanOrEqual(1);
  });

  test.for(operations)('$name names the problems that it may have, each under its status, with the one schema', ({ operation }) => {
    const failures = Object.entries(operation.responses).filter(([status]) => Number(status) >= 400);
    expect(failures.length).toBeGreaterThan(3);
    for (const [, { description, content }] of failures) {
      expect(content?.['application/problem+json']?.schema).toEqual({ $ref: '#/components/schemas/Problem' });
      expect(description).toMatch(/`[a-z_]+`: /u);
    }
    const passing = failures.filter(([status]) => status === '429' || status === '503');
    expect(passing.filter(([, { headers }]) => headers === undefined)).toEqual([]);
  });

  test('of each code names it somewhere, but for those that no operation has', () => {
    const text = JSON.stringify(operations.map(({ operation }) => operation.responses));
    const unnamed = Object.keys(PROBLEMS).filter((code) => !text.includes(`\`${code}\``));
    expect(unnamed.toSorted((left, right) => (left < right ? -1 : 1))).toEqual(['head_too_large', 'method_not_allowed']);
  });

  test('with the name of a lock in its path says how to encode it', () => {
    const withLock = operations.filter(({ name }) => name.includes('{lock}'));
    expect(withLock.length).toBe(6);
    for (const { operation } of withLock) expect(operation.parameters).toContainEqual(expect.objectContaining({ name: 'lock', description: expect.stringContaining('%2F') }));
  });

  function successes({ responses }: (typeof operations)[number]['operation']): [string, (typeof responses)[string]][] {
    return Object.entries(responses).filter(([status]) => status.startsWith('2'));
  }
});

describe('a schema', () => {
  const nodes = [...walk(committed.components.schemas, 'components'), ...walk(committed.paths, 'paths')];

  test('is no union, and nothing is null', () => {
    const found = nodes.filter(({ node }) => ['anyOf', 'oneOf', 'allOf', 'nullable', 'not', 'propertyNames', 'const'].some((word) => word in node));
    expect(found.map(({ at }) => at)).toEqual([]);
  });

  test('of an integer says how wide it is', () => {
    const integers = nodes.filter(({ node }) => node['type'] === 'integer');
    expect(integers.length).toBeGreaterThan(20);
    expect(integers.filter(({ node }) => !['int32', 'int64'].includes(String(node['format']))).map(({ at }) => at)).toEqual([]);
  });

  test('of a choice is a text', () => {
    expect(nodes.filter(({ node }) => 'enum' in node && node['type'] !== 'string').map(({ at }) => at)).toEqual([]);
  });

  test('describes itself and each of its members', () => {
    const bare = Object.entries(committed.components.schemas).flatMap(([name, schema]) => [
      ...('description' in schema ? [] : [name]),
      ...('properties' in schema ? Object.entries(schema.properties ?? {}) : []).filter(([, member]) => !('description' in member) && !('$ref' in member)).map(([member]) => `${name}.${member}`),
    ]);
    expect(bare).toEqual([]);
  });

  test('of every body is a component', () => {
    const bodies = operations.flatMap(({ name, operation }) => [operation.requestBody, ...Object.values(operation.responses)].flatMap((each) => Object.entries(each?.content ?? {}).map(([type, { schema }]) => ({ name, type, schema }))));
    const inline = bodies.filter(({ type, schema }) => /json/u.test(type) && schema.$ref === undefined);
    expect(inline.map(({ name }) => name)).toEqual(['GET /openapi.json']);
  });
});

test('every example is valid by the schema of its place, and has no member that is not in it', async () => {
  const checker = fastify({ ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false } } });
  for (const component of COMPONENTS) {
    checker.addSchema(component);
    checker.post(`/${component.$id}`, { schema: { body: { $ref: `${component.$id}#` } } }, async () => 'valid');
  }
  const places = operations.flatMap(({ operation }) => [operation.requestBody, ...Object.values(operation.responses)].flatMap((each) => Object.values(each?.content ?? {})));
  const examples = places.filter(({ example, schema }) => example !== undefined && schema.$ref !== undefined);
  expect(examples.length).toBeGreaterThan(15);
  for (const { example, schema } of examples) {
    const name = schema.$ref?.split('/').at(-1) ?? '';
    const answer = await checker.inject({ method: 'POST', url: `/${name}`, headers: { 'content-type': 'application/json' }, payload: JSON.stringify(example) });
    expect([name, answer.payload]).toEqual([name, 'valid']);
    const component = COMPONENTS.find(({ $id }) => $id === name);
    const known = component !== undefined && 'properties' in component ? Object.keys(component.properties) : [];
    expect(Object.keys(Object(example)).filter((member) => !known.includes(member))).toEqual([]);
  }
});

test('the pages that show it are served, with a policy that lets nothing else in', async () => {
  const { status, headers } = await ask(edge, 'GET', '/docs');
  expect([status, headers['content-type']]).toEqual([200, expect.stringContaining('text/html')]);
  expect(headers['content-security-policy']).toContain("default-src 'self'");
});
