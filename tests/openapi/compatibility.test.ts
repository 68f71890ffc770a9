// Breaking changes: clients of the released specification go on as they are, unless the version says that they may not.
//
// released.json is the specification as it was released last; `npm run openapi -- --released` writes it.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { breaks, mayBreak } from './compatibility.ts';
import { readSpecification, type Specification } from './specification.ts';

const released: Specification = JSON.parse(readFileSync(new URL('released.json', import.meta.url), 'utf8'));
const document = readSpecification('openapi.json');
/** What clients were first told, before there was a release. */
const FIRST = '0.1.0';

/** A place in the document, by the names and numbers that lead to it. */
type Place = readonly (string | number)[];

/** The document with one place changed; `undefined` takes it away. */
function changed(place: Place, value: unknown): Specification {
  const copy = structuredClone(document);
  const parent = place.slice(0, -1).reduce<unknown>((at, name) => Reflect.get(Object(at), name), copy);
  const name = place.at(-1) ?? '';
  if (value !== undefined) Reflect.set(Object(parent), name, value);
  else if (Array.isArray(parent)) parent.splice(Number(name), 1);
  else Reflect.deleteProperty(Object(parent), name);
  return copy;
}

const at = (...place: Place): Place => place;
const schema = (name: string, ...rest: Place): Place => ['components', 'schemas', name, ...rest];
const member = (name: string, property: string, ...rest: Place): Place => schema(name, 'properties', property, ...rest);
const LIST = at('paths', '/v1/locks', 'get');
const CREATE = at('paths', '/v1/locks', 'post');
const ACQUIRE = at('paths', '/v1/locks/{lock}/leases', 'post');

describe('the specification', () => {
  test('takes nothing from clients of the released one, unless its version says so', () => {
    expect(mayBreak(released.info.version, document.info.version) ? [] : breaks(released, document)).toEqual([]);
  });

  test('that counts as released is the one of the newest release', () => {
    const changelog = readFileSync(new URL('../../CHANGELOG.md', import.meta.url), 'utf8');
    expect(released.info.version).toBe(/^## \[(?<version>\d+\.\d+\.\d+)\]/mu.exec(changelog)?.groups?.['version'] ?? FIRST);
  });

  test.for([
    ['0.1.0', '0.1.0', false], ['0.1.0', '0.1.9', false], ['0.1.0', '0.2.0', true], ['0.9.1', '1.0.0', true],
    ['1.2.0', '1.3.0', false], ['1.2.0', '2.0.0', true], ['1.2.0', '0.9.0', false],
  ] as const)('after %s may break in %s: %s', ([before, now, may]) => {
    expect(mayBreak(before, now)).toBe(may);
  });
});

describe('a client breaks', () => {
  const parameter = { name: 'owner', in: 'query', required: true, schema: { type: 'string' } };

  test.for<readonly [string, Place, unknown, string]>([
    ['when an operation is gone', CREATE, undefined, 'POST /v1/locks: is gone'],
    ['when an operation has another id', at(...CREATE, 'operationId'), 'declareLock', 'POST /v1/locks: is called declareLock instead of createLock'],
    ['when an operation has another tag', at(...CREATE, 'tags'), ['Declarations'], 'POST /v1/locks: has the tag Declarations instead of Locks'],
    ['when an operation wants a token', at('paths', '/openapi.json', 'get', 'security'), [{ token: [] }], 'GET /openapi.json: is no longer as open as it was'],
    ['when a parameter is gone', at(...LIST, 'parameters', 0), undefined, 'GET /v1/locks: query prefix is gone'],
    ['when a parameter is needed', at(...LIST, 'parameters', 0, 'required'), true, 'GET /v1/locks: query prefix is needed'],
    ['when a new parameter is needed', at(...LIST, 'parameters', 4), parameter, 'GET /v1/locks: query owner is needed'],
    ['when a parameter is bounded more', at(...LIST, 'parameters', 2, 'schema', 'maximum'), 10, 'GET /v1/locks query limit: maximum is below what is sent'],
    ['when a body is needed', at(...ACQUIRE, 'requestBody', 'required'), true, 'POST /v1/locks/{lock}/leases: the body is needed'],
    ['when a body may not be sent', at(...CREATE, 'requestBody'), undefined, 'POST /v1/locks body: application/json is gone'],
    ['when a member of a request is refused', member('Acquire', 'owner'), undefined, 'Acquire.owner: is refused'],
    ['when a member of a request is needed', schema('Acquire', 'required'), ['owner'], 'Acquire.owner: may be absent where it is expected'],
    ['when a request is bounded from below', member('Acquire', 'waitMs', 'minimum'), 1, 'Acquire.waitMs: minimum is above what is sent'],
    ['when a request is bounded from above', member('SubmitBatch', 'items', 'maxItems'), 5, 'SubmitBatch.items: maxItems is below what is sent'],
    ['when a bound of a request is new', member('Initializer', 'args', 'maxItems'), 5, 'Initializer.args: maxItems is below what is sent'],
    ['when a request has another pattern', member('CreateLock', 'name', 'pattern'), '^[a-z]+$', 'CreateLock.name: the pattern is another'],
    ['when a choice of a request is gone', member('SubmitBatch', 'call', 'enum'), ['map'], 'SubmitBatch.call: starmap where map are known'],
    ['when any JSON of a request becomes a text', member('Acquire', 'metadata', 'type'), 'string', 'Acquire.metadata: any JSON where string is expected'],
    ['when the values of a map in a request are others', member('PutLock', 'labels', 'additionalProperties'), { type: 'boolean' }, 'PutLock.labels.*: string where boolean is expected'],
    ['when an open object of a request is closed', member('SubmitBatch', 'globals', 'additionalProperties'), false, 'SubmitBatch.globals: other members are refused'],
    ['when a member of an answer is gone', member('Lease', 'fencingToken'), undefined, 'Lease.fencingToken: is gone'],
    ['when a member of an answer may be absent', schema('LockPage', 'required'), [], 'LockPage.locks: may be absent where it is expected'],
    ['when an answer has a choice that is not known', member('Lock', 'state', 'enum'), ['unlocked', 'locked', 'broken'], 'Lock.state: broken where unlocked, locked are known'],
    ['when a number of an answer is wider', member('Lease', 'ttlMs', 'format'), 'int64', 'Lease.ttlMs: int64 where int32 is expected'],
    ['when a member of an answer has another type', member('Lease', 'ttlMs', 'type'), 'string', 'Lease.ttlMs: string where integer is expected'],
    ['when an answer lists something else', member('Batch', 'results', 'items'), { $ref: '#/components/schemas/Lock' }, 'Batch.results[]: Lock stands where TaskResult is expected'],
    ['when a status is gone', at(...ACQUIRE, 'responses', '423'), undefined, 'POST /v1/locks/{lock}/leases: 423 is gone'],
    ['when a success is new', at(...ACQUIRE, 'responses', '204'), { description: 'Nothing.' }, 'POST /v1/locks/{lock}/leases: 204 is a success that clients do not know'],
    ['when a header is gone', at(...ACQUIRE, 'responses', '201', 'headers'), undefined, 'POST /v1/locks/{lock}/leases 201: the header Location is gone'],
    ['when a code is gone', at(...ACQUIRE, 'responses', '423', 'description'), '`lock_held`: The lock is held.', 'POST /v1/locks/{lock}/leases 423: the code wait_timed_out is gone'],
    ['when an answer is of another media type', at('paths', '/metrics', 'get', 'responses', '200', 'content'), {}, 'GET /metrics 200: text/plain is gone'],
    ['when a component is gone', schema('WaiterPage'), undefined, 'WaiterPage: is gone'],
  ])('%s', ([, place, value, told]) => {
    expect(breaks(document, changed(place, value))).toContain(told);
  });
});

describe('a client goes on', () => {
  const operation = { operationId: 'pauseLock', tags: ['Locks'], responses: { 204: { description: 'Done.' } } };

  test.for<readonly [string, Place, unknown]>([
    ['when nothing has changed', at('openapi'), '3.0.3'],
    ['when an operation is new', at('paths', '/v1/locks/{lock}/pause'), { post: operation }],
    ['when an operation wants no token any more', at(...CREATE, 'security'), []],
    ['when an optional parameter is new', at(...LIST, 'parameters', 4), { name: 'owner', in: 'query', schema: { type: 'string' } }],
    ['when a parameter is bounded less', at(...LIST, 'parameters', 2, 'schema', 'maximum'), 9_999],
    ['when a request may say more', member('Acquire', 'reason'), { type: 'string' }],
    ['when a request has another choice', member('SubmitBatch', 'call', 'enum'), ['map', 'starmap', 'pairs']],
    ['when a number of a request may be wider', member('Acquire', 'ttlMs', 'format'), 'int64'],
    ['when a bound of a request is gone', member('Acquire', 'ttlMs', 'minimum'), undefined],
    ['when an answer says more', member('Lease', 'renewals'), { type: 'integer', format: 'int32' }],
    ['when a member of an answer is always there', schema('Lease', 'required'), ['id', 'state', 'locks', 'ttlMs', 'elapsedMs', 'waitedMs', 'owner']],
    ['when any JSON of an answer becomes a text', member('Lease', 'metadata', 'type'), 'string'],
    ['when a failure is new', at(...ACQUIRE, 'responses', '451'), { description: '`lock_secret`: No.' }],
    ['when a component is new', schema('Pause'), { type: 'object' }],
    ['when words and examples are others', at(...ACQUIRE, 'summary'), 'Get a lock'],
  ])('%s', ([, place, value]) => {
    expect(breaks(document, changed(place, value))).toEqual([]);
  });
});

test('a word of a schema that the comparison does not know is an error', () => {
  const place = member('Lease', 'ttlMs', 'multipleOf');
  expect(() => breaks(document, changed(place, 5))).toThrow('multipleOf');
});
