// docs/recipes/fencing.md: its programs on a real database, with a holder that stands still in the middle of its work.

import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test, type TestContext } from 'vitest';
import { freshDirectory, sharedService } from '../service/harness.ts';
import { Machine } from './machine.ts';
import { writePrograms } from './page.ts';

const service = sharedService();

interface Store {
  take(article: string, pieces: number, packingMs: number): Machine;
  pieces(article: string): unknown;
}

function openStore(context: TestContext, changes: Readonly<Record<string, string>> = {}): Store {
  const directory = freshDirectory(context);
  const file = path.join(directory, 'stock.sqlite');
  writePrograms('fencing.md', directory, changes);
  const database = new DatabaseSync(file, { timeout: 5_000 });
  context.onTestFinished(async () => { database.close(); });
  database.exec('CREATE TABLE stock (article TEXT PRIMARY KEY, pieces INTEGER NOT NULL, token INTEGER NOT NULL DEFAULT 0)');
  return {
    take(article, pieces, packingMs) {
      const env = { HOLDFAST_URL: service.client.http.origin, STOCK: file };
      return new Machine(context, { directory, program: 'take.js', args: [article, String(pieces), String(packingMs)], env });
    },
    pieces(article) {
      database.prepare('INSERT OR IGNORE INTO stock (article, pieces) VALUES (?, 100)').run(article);
      return database.prepare('SELECT pieces FROM stock WHERE article = ?').get(article)?.['pieces'];
    },
  };
}

test('holders that take their turns lose no write of each other', { timeout: 120_000 }, async (context) => {
  const store = openStore(context);
  expect(store.pieces('pens')).toBe(100);
  const machines = [1, 2, 3, 4].map((pieces) => store.take('pens', pieces, 50));
  const ends = await Promise.all(machines.map(({ exited }) => exited));
  expect(ends.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
  expect(store.pieces('pens')).toBe(90);
});

test('the write of a holder that stood still beyond its lease is refused by the database, and the later one stays', { timeout: 120_000 }, async (context) => {
  const store = openStore(context, { 'ttlMs: 15_000': 'ttlMs: 3_000' });
  expect(store.pieces('paper')).toBe(100);
  const slow = store.take('paper', 1, 8_000);
  await slow.says('100 paper are there');
  slow.signal('SIGSTOP');
  const quick = store.take('paper', 10, 0);
  expect((await quick.exited).code).toBe(0);
  expect(store.pieces('paper')).toBe(90);
  slow.signal('SIGCONT');
  expect((await slow.exited).code).not.toBe(0);
  expect(slow.output).toContain('paper was written by a later holder');
  expect(store.pieces('paper')).toBe(90);
});
