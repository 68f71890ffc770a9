// Kills under a load of batches: each submission that is repeated until it is answered becomes one batch, with one callback id.

import { expect, test } from 'vitest';
import { startService } from '../harness.ts';
import { keyed } from '../client.ts';
import { insist, Load } from './insist.ts';
import { Receiver } from '../receiver.ts';
import { pass, until } from '../until.ts';

const KILLS = 5;

test('batches that clients insist on run, end and tell their callbacks over kills, and none is there twice', { timeout: 180_000 }, async (context) => {
  const service = await startService(context);
  const receiver = await Receiver.listen(context);
  const load = new Load();
  const made: { readonly id: string; readonly path: string; readonly fails: boolean }[] = [];
  const clients = ['a', 'b', 'c'].map(async (name) => {
    for (let round = 0; load.going; round += 1) {
      const path = `/${name}-${round}`;
      const fails = round % 3 === 0;
      const url = receiver.at(path);
      const body = { function: 'misbehave', items: [{ do: 'nothing', value: round }, { do: fails ? 'throwError' : 'nothing', value: path }], callback: { url }, errorCallback: { url } };
      const answer = await insist(service, (client) => client.submit(body, keyed(path)));
      expect(answer.status).toBe(202);
      made.push({ id: answer.body.id, path, fails });
      await pass(15);
    }
  });
  for (let kill = 0; kill < KILLS; kill += 1) {
    const before = made.length;
    await until('clients get on', () => made.length >= before + 12, 40_000);
    await service.killAndRestart();
  }
  load.end();
  await Promise.all(clients);

  expect(new Set(made.map(({ id }) => id)).size).toBe(made.length);
  for (const { id, path, fails } of made) {
    const { batch } = await service.client.ended(id, 60_000);
    expect([path, batch.state, batch.counts.succeeded]).toEqual([path, fails ? 'failed' : 'succeeded', fails ? 1 : 2]);
    const told = await receiver.reaches(path, 1, 60_000);
    expect(new Set(told.map((delivery) => delivery.id)).size).toBe(1);
    expect(new Set(told.map((delivery) => delivery.body.type))).toEqual(new Set([fails ? 'batch.failed' : 'batch.succeeded']));
    expect(told.every(({ verified }) => verified)).toBe(true);
  }
  const listed = await service.client.batches('limit=1000');
  expect(listed.body.batches).toHaveLength(made.length);
});
