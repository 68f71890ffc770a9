// Kills under load: clients that insist, across any number of kills, never see a promise broken.

import { expect, test } from 'vitest';
import { startService, type Service } from '../harness.ts';
import { keyed } from '../client.ts';
import { insist, Load } from './insist.ts';
import { pass } from '../until.ts';

const KILLS = 6;
const LOCKS = ['red', 'green'] as const;

/** What the clients saw, in the order in which they saw it. */
class Record {
  readonly broken: string[] = [];
  readonly #inside = new Map<string, number>();
  readonly #lastToken = new Map<string, number>();
  grants = 0;

  enter(lock: string, token: number): void {
    if (this.#inside.has(lock)) this.broken.push(`${lock}: ${token} came in while ${this.#inside.get(lock)} was inside`);
    if (token <= (this.#lastToken.get(lock) ?? 0)) this.broken.push(`${lock}: ${token} came after ${this.#lastToken.get(lock)}`);
    this.#inside.set(lock, token);
    this.#lastToken.set(lock, token);
    this.grants += 1;
  }

  leave(lock: string): void {
    this.#inside.delete(lock);
  }

  expectStatus(what: string, got: number, wanted: number): void {
    if (got !== wanted) this.broken.push(`${what}: ${got} instead of ${wanted}`);
  }
}

async function worker(service: Service, record: Record, name: string, load: Load): Promise<void> {
  for (let round = 0; load.going; round += 1) {
    const lock = LOCKS[round % 2] ?? 'red';
    const body = { owner: name, ttlMs: 60_000, waitMs: 60_000 };
    const granted = await insist(service, (client) => client.acquire(lock, body, keyed(`${name}-${round}`)));
    record.expectStatus(`acquire of ${lock} by ${name}`, granted.status, 201);
    if (granted.status !== 201) continue;
    record.enter(lock, granted.body.fencingToken);
    await pass(round % 7 === 0 ? 40 : 2);
    const renewed = await insist(service, (client) => client.renew(granted.body.id));
    record.expectStatus(`renewal of ${lock} by ${name}`, renewed.status, 200);
    record.leave(lock);
    const released = await insist(service, (client) => client.release(granted.body.id));
    record.expectStatus(`release of ${lock} by ${name}`, released.status, 204);
  }
}

test.for(['flush', 'os'])('clients that repeat what was not answered keep mutual exclusion, order of tokens and every answer over kills, with the durability %s', { timeout: 120_000 }, async (durability, context) => {
  const service = await startService(context, { environment: { HOLDFAST_DURABILITY: durability } });
  const record = new Record();
  const load = new Load();
  const workers = ['a', 'b', 'c', 'd'].map((name) => worker(service, record, name, load));
  for (let kill = 0; kill < KILLS; kill += 1) {
    const grants = record.grants;
    while (record.grants < grants + 20 && record.broken.length === 0) await pass(5);
    await service.killAndRestart();
  }
  load.end();
  await Promise.all(workers);
  expect(record.broken).toEqual([]);
  for (const lock of LOCKS) expect((await service.client.acquire(lock)).status).toBe(201);
});
