// What a submission may not say, and that a refused one leaves nothing behind.

import { expect, test } from 'vitest';
import { prepareService, sharedService } from '../harness.ts';

const service = sharedService();

/** The form of a lease id; whose lease it is makes no difference. */
const leaseId = async (): Promise<string> => (await service.client.hold('of-a-lease', {}, { 'idempotency-key': 'one lease' })).id;

test.for([
  ['with a member beside $lock', { items: [{ $lock: 'a', ttlMs: 5 }] }, '/items/0'],
  ['with a bad name', { items: ['fine', { deep: [{ $lock: 'no spaces' }] }] }, '/items/1/deep/0'],
  ['with a number for a name', { items: [{ $lock: 7 }] }, '/items/0'],
  ['with null for a name', { items: [[{ $lock: null }]] }, '/items/0/0'],
  ['with an empty name', { items: [{ $lock: '' }] }, '/items/0'],
  ['in the initializer', { items: [1], initializer: { function: 'keepLock', args: [1, { $lock: {} }] } }, '/initializer/args/1'],
  ['in the globals', { items: [1], globals: { 'g': [{ $lock: '..' }] } }, '/globals/g/0'],
  ['under a name that a pointer must escape', { items: [{ 'a/b~c': { $lock: [] } }] }, '/items/0/a~1b~0c'],
] as const)('a shared lock %s is refused with its place, before anything runs', async ([, rest, pointer]) => {
  const { client } = service;
  const { status, body } = await client.submit({ function: 'echo', ...rest });
  expect([status, body.code]).toEqual([422, 'lock_not_shareable']);
  expect(body.pointer ?? body.detail).toContain(pointer);
  expect(body.detail).toContain(pointer);
});

test('a lease id in an item is refused wherever it stands, and is not repeated', async () => {
  const { client } = service;
  const id = await leaseId();
  for (const [rest, pointer] of [
    [{ items: [1, id] }, '/items/1'], [{ items: [{ lock: [id] }] }, '/items/0/lock/0'],
    [{ items: [1], initializer: { function: 'remember', args: [id] } }, '/initializer/args/0'], [{ items: [1], globals: { handle: { id } } }, '/globals/handle/id'],
  ] as const) {
    const { status, body, text } = await client.submit({ function: 'echo', ...rest });
    expect([status, body.code]).toEqual([422, 'lock_not_shareable']);
    expect(body.detail).toContain(pointer);
    expect(text).not.toContain(id);
  }
  const harmless = ['lse_', 'lse_short', `the lease ${id}`, id.slice(1)];
  expect((await client.run({ function: 'echo', items: harmless })).results.map(({ value }) => value)).toEqual(harmless);
});

test.for(['missing', 'constructor', '__proto__', 'toString', 'echo '])('the function %j is not found', async (name) => {
  const { status, body } = await service.client.submit({ function: name, items: [1] });
  expect([status, body.code]).toEqual([422, 'function_not_found']);
});

const BAD: readonly (readonly [string, object])[] = [
  ['no function', { items: [1] }],
  ['a function that is no text', { function: 7, items: [1] }],
  ['no items', { function: 'echo' }],
  ['items that are no list', { function: 'echo', items: { 0: 1 } }],
  ['items that are text', { function: 'echo', items: 'abc' }],
  ['null for items', { function: 'echo', items: null }],
  ['a starmap item that is no list', { function: 'add', call: 'starmap', items: [[1, 2], 3] }],
  ['another call', { function: 'echo', call: 'imap', items: [1] }],
  ['a chunk size of 0', { function: 'echo', items: [1], chunkSize: 0 }],
  ['a broken chunk size', { function: 'echo', items: [1], chunkSize: 1.5 }],
  ['a chunk size as text', { function: 'echo', items: [1], chunkSize: '2' }],
  ['a time limit of 0', { function: 'echo', items: [1], timeoutMs: 0 }],
  ['a time limit beyond a day', { function: 'echo', items: [1], timeoutMs: 86_400_001 }],
  ['a wait beyond the limit', { function: 'echo', items: [1], waitMs: 240_001 }],
  ['a member that is unknown', { function: 'echo', items: [1], chunksize: 2 }],
  ['an initializer without a function', { function: 'echo', items: [1], initializer: { args: [] } }],
  ['initializer arguments that are no list', { function: 'echo', items: [1], initializer: { function: 'remember', args: 'x' } }],
  ['globals that are a list', { function: 'echo', items: [1], globals: [1] }],
  ['a callback that is no object', { function: 'echo', items: [1], callback: 'http://127.0.0.1/' }],
  ['more items than the limit', { function: 'echo', items: Array.from({ length: 100_001 }, () => 0) }],
];

test.for(BAD)('a submission with %s is refused and leaves no batch', async ([, json]) => {
  const { client } = service;
  const before = (await client.batches('limit=1000')).body.batches.length;
  const { status, body } = await client.ask('POST', '/v1/batches', { json });
  expect([400, 413, 422]).toContain(status);
  expect(body.code).toMatch(/^[a-z][a-z_]+$/u);
  expect((await client.batches('limit=1000')).body.batches.length).toBe(before);
});

test.for([
  ['ftp://127.0.0.1/x'], ['file:///etc/passwd'], ['javascript:1'], ['//127.0.0.1/x'], ['not a url'], [''], [`http://127.0.0.1/${'x'.repeat(2_100)}`],
] as const)('the callback address %s is refused', async ([url]) => {
  for (const member of ['callback', 'errorCallback']) {
    const { status } = await service.client.ask('POST', '/v1/batches', { json: { function: 'echo', items: [1], [member]: { url } } });
    expect([400, 422]).toContain(status);
  }
});

test.for([
  ['http://10.0.0.1/x'], ['http://192.168.1.1/x'], ['http://169.254.169.254/latest'], ['http://[::1]/x'], ['http://[fe80::1]/x'], ['http://[::ffff:10.0.0.1]/x'], ['http://0.0.0.0/x'], ['http://127.0.0.2/x'],
  ['http://2130706434/x'], ['http://0x7f.0.0.2/x'], ['http://[fd00::1]/x'], ['http://100.64.0.1/x'],
] as const)('the private address %s may not be called', async ([url]) => {
  const { status, body } = await service.client.submit({ function: 'echo', items: [1], callback: { url } });
  expect([status, body.code]).toEqual([422, 'address_not_allowed']);
});

test('an address that the operator allowed may be called in each of its spellings', async () => {
  for (const url of ['http://127.0.0.1:9/x', 'http://2130706433:9/x', 'http://0x7f.1:9/x', 'http://[::ffff:127.0.0.1]:9/x']) {
    expect((await service.client.submit({ function: 'misbehave', items: [], errorCallback: { url } })).status).toBe(202);
  }
});

test('without a secret a batch with a callback is refused, and one without is not', async (context) => {
  const bare = prepareService(context);
  const client = await bare.start({ HOLDFAST_WEBHOOK_SECRET: undefined });
  const { status, body } = await client.submit({ function: 'echo', items: [1], callback: { url: 'http://127.0.0.1:9/' } });
  expect([status, body.code]).toEqual([422, 'callbacks_not_configured']);
  expect((await client.submit({ function: 'echo', items: [1] })).status).toBe(202);
});

test.for(['GET /v1/batches/bat_unknown', 'GET /v1/batches/nonsense', 'GET /v1/batches/bat_unknown/results', 'POST /v1/batches/constructor/cancel'])('%s is not found', async (line) => {
  const [method, path] = line.split(' ');
  const { status } = await service.client.ask(method === 'GET' ? 'GET' : 'POST', path ?? '');
  expect(status).toBe(404);
});
