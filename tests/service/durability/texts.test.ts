// Any text and any JSON that was accepted comes back as it was, also from the directory.

import { expect, test } from 'vitest';
import { startService } from '../harness.ts';

/** Values that encodings, checksums and prototypes trip over, as the exact text that a client sends. */
const VALUES = [
  String.raw`"\ud800 half of a pair"`, String.raw`"\u0000 nothing"`, '"🔒 ünïcödé"', String.raw`"\\ \" \n"`,
  '12345678901234567890', '1e308', '5e-324', '0.1',
  '{"constructor":"x","toString":1,"hasOwnProperty":null}', '{"":{"":[]}}', '{"a b":1,"ключ":2}', '[[],{},[null,false]]',
];

test('what a client wrote is read back the same after a kill, whatever it was', { timeout: 120_000 }, async (context) => {
  const service = await startService(context);
  const before = service.client;
  const written = await Promise.all(VALUES.map(async (value, index) => {
    const { status, body } = await before.ask<{ id: string }>('POST', `/v1/locks/text-${index}/leases`, { raw: `{"metadata":${value},"ttlMs":600000}` });
    expect([value, status]).toEqual([value, 201]);
    return { id: body.id, value: JSON.parse(value) as unknown };
  }));
  const owner = String.raw`{"owner":"\udfff and \u0000"}`;
  const odd = await before.ask<{ id: string; owner: string }>('POST', '/v1/locks/odd/leases', { raw: owner });
  expect(odd.status).toBe(201);
  const declared = await before.ask('PUT', '/v1/locks/labelled', { raw: String.raw`{"description":"\ud83d","labels":{"constructor":"\ud800","toString":""}}` });
  expect(declared.status).toBe(201);
  const { batch } = await before.run({ function: 'echo', items: written.map(({ value }) => value) });

  const after = await service.killAndRestart();
  const read = await Promise.all(written.map(async ({ id }) => (await after.lease(id)).body.metadata));
  expect(read).toEqual(written.map(({ value }) => value));
  expect((await after.lease(odd.body.id)).body.owner).toBe('\udfff and \u0000');
  expect((await after.lock('labelled')).body).toMatchObject({ description: '\ud83d', labels: { constructor: '\ud800', toString: '' } });
  expect((await after.results(batch.id)).body.results.map(({ value }) => value)).toEqual(written.map(({ value }) => value));
});
