// Batches and functions over HTTP: what the routes ask of the engine, and how its replies are written.

import { describe, expect, test } from 'vitest';
import type { BatchView, Reply, ResultView } from '../../src/state/replies.ts';
import type { BatchRow } from '../../src/state/rows.ts';
import { ask, refused, serve, sharedEdge, WALL } from './edge.ts';
import { RawConnection } from './raw.ts';

const ID = 'bat_AAAAAAAAAAAAAAAAAAAAAAAA';
const PATH = `/v1/batches/${ID}`;
const NOTHING = { total: 0, pending: 0, running: 0, succeeded: 0, failed: 0, cancelled: 0 };
const FAILURE = { name: 'RangeError', message: 'too small', kind: 'error', code: 'E_SMALL', stack: 'RangeError: too small\n    at f' } as const;

/** Payloads by their id, as the journal would read them. */
const PAYLOADS: { readonly [id: string]: string } = {
  value: '{"value":{"a":[1,null,"é"]},"logs":"printed\\n"}',
  quiet: '{"value":0}',
  failure: JSON.stringify({ error: FAILURE, logs: 'before' }),
};

class PayloadDamaged extends Error {
  override readonly name = 'PayloadDamaged';
}

function read({ id }: { readonly id: string }): Uint8Array {
  const text = PAYLOADS[id];
  if (text === undefined) throw new PayloadDamaged(`the payload ${id} is damaged`);
  return Buffer.from(text);
}

const edge = sharedEdge({ parts: { payloads: { read } } });

function row(rest: Partial<BatchRow> = {}): BatchRow {
  return {
    id: ID, order: 1, state: 'queued', function: 'f', call: 'map', chunkSize: 2, timeoutMs: 1_000, counts: NOTHING, delivery: 'dlv_x', itemBytes: 0, resultBytes: 0, chunks: 0, createdAt: WALL, ...rest,
  };
}

function batch(rest: Partial<BatchRow> = {}, view: Partial<BatchView> = {}): Reply {
  return { kind: 'batch', view: { batch: row(rest), ...view } };
}

function outcome(index: number, state: 'succeeded' | 'failed' | 'cancelled', payload?: string): ResultView {
  return { index, state, attempt: 1, outcome: { state, attempt: 1, durationMs: 12.4, ...(payload !== undefined && { payload: { id: payload, bytes: 1, checksum: 1 } }) } };
}

const RESULTS: readonly ResultView[] = [
  outcome(0, 'succeeded', 'value'), outcome(1, 'succeeded', 'quiet'), outcome(2, 'succeeded'), outcome(3, 'failed', 'failure'), { index: 4, state: 'running', attempt: 2 }, { index: 5, state: 'pending' },
];
const SHOWN = [
  { index: 0, state: 'succeeded', value: { a: [1, null, 'é'] }, logs: 'printed\n', attempt: 1, durationMs: 12 },
  { index: 1, state: 'succeeded', value: 0, logs: '', attempt: 1, durationMs: 12 },
  { index: 2, state: 'succeeded', value: null, logs: '', attempt: 1, durationMs: 12 },
  { index: 3, state: 'failed', error: FAILURE, logs: 'before', attempt: 1, durationMs: 12 },
  { index: 4, state: 'running', attempt: 2 },
  { index: 5, state: 'pending' },
];

describe('submitting', () => {
  test('passes on the whole submission, with ids of its own and the defaults of the contract', async () => {
    edge.engine.script = () => batch();
    const sent = {
      function: 'f', call: 'starmap', items: [[1], [{ $lock: 'a' }]], chunkSize: 3, initializer: { function: 'g' }, globals: { x: [1] }, timeoutMs: 5, callback: { url: 'https://example.com/a' }, errorCallback: { url: 'http://example.com/b' }, waitMs: 9,
    };
    await ask(edge, 'POST', '/v1/batches', sent);
    await ask(edge, 'POST', '/v1/batches', { function: 'f', items: [null, 'text', 1.5] });
    const { waitMs, ...rest } = sent;
    const ids = { id: expect.stringMatching(/^bat_[\w-]{24}$/u), delivery: expect.stringMatching(/^dlv_[\w-]{24}$/u) };
    expect(edge.engine.asked).toEqual([
      { kind: 'submitBatch', waitMs, batch: { ...rest, ...ids, initializer: { function: 'g', args: [] } } },
      { kind: 'submitBatch', batch: { ...ids, function: 'f', call: 'map', items: [null, 'text', 1.5], timeoutMs: 600_000 } },
    ]);
  });

  test('is answered with 202, the batch and where it is', async () => {
    edge.engine.script = () => batch({ counts: { ...NOTHING, total: 3, pending: 3 } });
    const { status, headers, body } = await ask(edge, 'POST', '/v1/batches', { function: 'f', items: [1, 2, 3] });
    expect([status, headers['location']]).toEqual([202, PATH]);
    expect(body).toEqual({ id: ID, state: 'queued', function: 'f', call: 'map', chunkSize: 2, counts: { ...NOTHING, total: 3, pending: 3 }, callbacks: [], createdAt: '2026-11-23T08:30:00.000Z' });
  });

  test.for([
    ['ended in time', { waitMs: 5 }, { state: 'succeeded', endedAt: WALL }, 200],
    ['had not ended when the time was over', { waitMs: 5 }, { state: 'running', startedAt: WALL }, 202],
    ['had ended before, of a retry that does not wait', {}, { state: 'succeeded', endedAt: WALL }, 202],
  ] as const)('a batch that %s has status %#', async ([, rest, as, status]) => {
    edge.engine.script = () => batch(as);
    expect((await ask(edge, 'POST', '/v1/batches', { function: 'f', items: [], ...rest })).status).toBe(status);
  });

  test('that waited is answered with the results, where the engine gives them', async () => {
    edge.engine.script = () => batch({ state: 'succeeded', startedAt: WALL, endedAt: WALL + 5 }, { results: RESULTS });
    const { body } = await ask(edge, 'POST', '/v1/batches', { function: 'f', items: [], waitMs: 5 });
    expect(body['results']).toEqual(SHOWN);
  });

  test('of a batch with failures is a problem that names the first and the batch', async () => {
    edge.engine.script = () => refused({ code: 'task_failed', error: FAILURE, batch: ID });
    const { status, body } = await ask(edge, 'POST', '/v1/batches', { function: 'f', items: [], waitMs: 5 });
    expect([status, body['code'], body['error'], body['batch']]).toEqual([422, 'task_failed', FAILURE, ID]);
  });

  test.for(['http://127.0.0.1/x', 'http://10.0.0.1/', 'http://[::1]/', 'http://localhost:80/', 'http://0x7f.1/', 'http://[::ffff:169.254.169.254]/'])('with a callback to %s is refused', async (url) => {
    for (const member of ['callback', 'errorCallback']) {
      const { status, body } = await ask(edge, 'POST', '/v1/batches', { function: 'f', items: [], [member]: { url } });
      expect([status, body['code'], body['pointer']]).toEqual([422, 'address_not_allowed', `/${member}/url`]);
    }
    expect(edge.engine.asked).toEqual([]);
  });

  test('with a callback is refused where none can be signed', async (context) => {
    const bare = await serve(context, { callbacks: false });
    const { status, body } = await ask(bare, 'POST', '/v1/batches', { function: 'f', items: [], errorCallback: { url: 'https://example.com' } });
    expect([status, body['code'], body['pointer']]).toEqual([422, 'callbacks_not_configured', '/errorCallback']);
  });
});

describe('reading', () => {
  test('a batch shows its failure and its callback', async () => {
    const delivery = { id: 'dlv_x', batch: ID, event: 'batch.failed', url: 'https://secret.example', payload: { id: 'p', bytes: 1, checksum: 1 }, state: 'pending', attempts: 2, lastError: 'refused', createdAt: 1, nextAt: 2 } as const;
    edge.engine.script = () => batch({ state: 'failed', error: FAILURE, startedAt: WALL, endedAt: WALL + 1_500 }, { delivery });
    const { status, body, text } = await ask(edge, 'GET', `${PATH}?waitMs=7`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      state: 'failed', error: FAILURE, callbacks: [{ event: 'batch.failed', state: 'pending', attempts: 2, lastError: 'refused' }], startedAt: '2026-11-23T08:30:00.000Z', endedAt: '2026-11-23T08:30:01.500Z',
    });
    expect(text).not.toContain('secret.example');
    expect(edge.engine.asked).toEqual([{ kind: 'readBatch', batch: ID, waitMs: 7 }]);
  });

  test('a list has its page and its place', async () => {
    edge.engine.script = () => ({ kind: 'batches', views: [{ batch: row() }], nextCursor: '7' });
    const { body } = await ask(edge, 'GET', '/v1/batches?state=queued&limit=1');
    expect(body).toMatchObject({ batches: [{ id: ID }], nextCursor: 'Nw' });
    await ask(edge, 'GET', '/v1/batches?cursor=Nw');
    expect(edge.engine.asked).toEqual([{ kind: 'listBatches', state: 'queued', limit: 1 }, { kind: 'listBatches', limit: 100, cursor: '7' }]);
  });

  test('results are shown in order, each with its own value, error and prints', async () => {
    edge.engine.script = () => ({ kind: 'results', results: RESULTS, nextCursor: '6' });
    const { body } = await ask(edge, 'GET', `${PATH}/results?limit=6`);
    expect(body).toEqual({ results: SHOWN, nextCursor: 'Ng' });
    expect(edge.engine.asked).toEqual([{ kind: 'readResults', batch: ID, limit: 6 }]);
  });

  test('results whose bytes are damaged are not shown', async () => {
    edge.engine.script = () => ({ kind: 'results', results: [outcome(0, 'succeeded', 'value'), outcome(1, 'succeeded', 'gone')] });
    const { status, body, text } = await ask(edge, 'GET', `${PATH}/results`);
    expect([status, body['code']]).toEqual([500, 'payload_damaged']);
    expect(text).not.toContain('printed');
  });

  test('a batch that was cancelled is shown as it is', async () => {
    edge.engine.script = () => batch({ state: 'cancelled' });
    expect((await ask(edge, 'POST', `${PATH}/cancel`)).body['state']).toBe('cancelled');
    expect(edge.engine.asked).toEqual([{ kind: 'cancelBatch', batch: ID }]);
  });
});

describe('functions', () => {
  const known = [{ name: 'resize', description: 'Smaller.', module: 'pictures.ts' }, { name: 'echo', description: '', module: 'plain.js' }];

  test('are unknown until a worker has told them', async (context) => {
    const fresh = await serve(context);
    for (const path of ['/v1/functions', '/v1/functions/resize']) {
      const { status, body, headers } = await ask(fresh, 'GET', path);
      expect([status, body['code'], headers['retry-after']]).toEqual([503, 'functions_unknown', '1']);
    }
    expect((await ask(fresh, 'GET', '/health/ready')).body).toMatchObject({ status: 'ready', workers: { status: 'starting', functions: 0 } });
  });

  test('are listed by name, and one by one', async () => {
    edge.engine.state.registry = { functions: new Map(known.map((each) => [each.name, each])), broken: [{ module: 'bad.ts', message: 'unexpected end' }] };
    expect((await ask(edge, 'GET', '/v1/functions')).body).toEqual({ functions: [known[1], known[0]] });
    expect((await ask(edge, 'GET', '/v1/functions/resize')).body).toEqual(known[0]);
    expect((await ask(edge, 'GET', '/health/ready')).body).toEqual({ status: 'ready', workers: { status: 'ready', functions: 2, lost: 0, broken: [{ module: 'bad.ts', message: 'unexpected end' }] } });
  });

  test.for(['missing', 'constructor', '__proto__', 'toString', 'x'.repeat(2_000)])('that are not there are not found: %s', async (name) => {
    edge.engine.state.registry = { functions: new Map(), broken: [] };
    const { status, body } = await ask(edge, 'GET', `/v1/functions/${name}`);
    expect([status, body['code'], body['status']]).toEqual([404, 'function_not_found', 404]);
  });
});

test('a whole turn of the loop lies between the reading of a submission and its step: what was read with it comes first', async () => {
  let turns = 0;
  let isCounting = true;
  const count = (): void => {
    turns += 1;
    if (isCounting) setImmediate(count);
  };
  const asked: [kind: string, turn: number][] = [];
  edge.engine.script = ({ kind }) => {
    asked.push([kind, turns]);
    return kind === 'submitBatch' ? batch() : refused({ code: 'lock_not_found' });
  };
  const connection = await RawConnection.open(edge.port);
  count();
  const body = '{"function":"f","items":[]}';
  connection.send(`POST /v1/batches HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}GET /v1/locks/a HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  await edge.engine.until('asked', 2);
  isCounting = false;
  connection.hangUp();
  expect(asked.map(([kind]) => kind)).toEqual(['showLock', 'submitBatch']);
  expect(asked[1]![1] - asked[0]![1]).toBeGreaterThanOrEqual(2);
});
