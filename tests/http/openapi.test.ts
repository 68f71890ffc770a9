// The specification: committed as the routes are, whole, and served. What generators of clients need of it is in
// tests/openapi.

import { describe, expect, test } from 'vitest';
import { in31 } from '../../src/routes/openapi.ts';
import { PROBLEMS } from '../../src/routes/problems.ts';
import { VERSION } from '../../src/version.ts';
import { operationsOf, readSpecification } from '../openapi/specification.ts';
import { ask, sharedEdge } from './edge.ts';

const edge = sharedEdge({ parts: { version: VERSION } });

const committed = readSpecification('openapi.json');

describe('the committed documents', () => {
  test('are what the routes say, which is served; `npm run openapi` writes them anew', async () => {
    const { body, headers } = await ask(edge, 'GET', '/openapi.json');
    expect(committed).toEqual(body);
    expect(readSpecification('openapi-3.1.json')).toEqual(in31(body));
    expect(headers['content-type']).toMatch(/^application\/json/u);
  });

  test('differ in nothing but the version of OpenAPI', () => {
    const { openapi, jsonSchemaDialect, ...rest } = { jsonSchemaDialect: undefined, ...readSpecification('openapi-3.1.json') };
    expect([committed.openapi, openapi, jsonSchemaDialect]).toEqual(['3.0.3', '3.1.0', 'https://spec.openapis.org/oas/3.1/dialect/base']);
    expect({ ...rest, openapi: '3.0.3' }).toEqual(committed);
  });
});

test('each code is named by some operation, but for those that no operation has', () => {
  const text = JSON.stringify(operationsOf(committed).map(({ operation }) => operation.responses));
  const unnamed = Object.keys(PROBLEMS).filter((code) => !text.includes(`\`${code}\``));
  expect(unnamed.toSorted((left, right) => (left < right ? -1 : 1))).toEqual(['head_too_large', 'method_not_allowed']);
});

test('the pages that show it are served, with a policy that lets nothing else in', async () => {
  const { status, headers } = await ask(edge, 'GET', '/docs');
  expect([status, headers['content-type']]).toEqual([200, expect.stringContaining('text/html')]);
  expect(headers['content-security-policy']).toContain("default-src 'self'");
});

test.for([['/docs/static/swagger-ui.css', 'text/css'], ['/docs/json', 'application/json'], ['/docs/yaml', 'application/x-yaml']] as const)('%s of them is there', async ([path, type]) => {
  const { status, headers } = await ask(edge, 'GET', path);
  expect([status, headers['content-type']]).toEqual([200, expect.stringContaining(type)]);
});

test.for(['/docs/static/nothing.css', '/docs/static/%2e%2e/package.json', '/docs/nothing'])('%s is not', async (path) => {
  const { status, body } = await ask(edge, 'GET', path);
  expect([status, body['code']]).toEqual([404, 'not_found']);
});
