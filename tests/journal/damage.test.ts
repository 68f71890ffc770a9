// Damage: whatever was done to the journal behind our back is found when it is opened, and said.

import { copyFileSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { JournalRefused, PayloadDamaged } from '../../src/journal/journal.ts';
import { openLmdbJournal } from '../../src/journal/lmdb.ts';
import { openStore, readMeta, type Store } from '../../src/journal/lmdb-store.ts';
import { RecordWriter } from '../../src/journal/record.ts';
import { bytesOf, commitOf, refTo, rowsIn, Rows } from './commits.ts';
import { newDirectory } from './directories.ts';

const SECRET = 'lse_that-nobody-may-see';
const PAYLOAD = bytesOf(50_000);

/** A journal of 60 rows, some of which have changed, in slots 1 to 60, and two payloads. Closed. */
async function written(): Promise<string> {
  const directory = newDirectory();
  const journal = await openLmdbJournal(directory);
  const { row } = new Rows();
  const rows = Array.from({ length: 60 }, (_, n) => row('leases', `${SECRET}-${n}`, { n, text: 'x'.repeat(n * 9) }));
  await journal.commit(commitOf({ now: 1, rows, payloads: [{ id: 'o/1', bytes: PAYLOAD }, { id: 'o/2', bytes: PAYLOAD.slice(1) }] }));
  await journal.commit(commitOf({ now: 2, rows: rows.slice(0, 20).map(({ table, key }) => row(table, key, { n: 'changed' })) }));
  await journal.close();
  return directory;
}

/** Works on the store with nothing but LMDB, as somebody who does not know about checksums. */
async function tamper(directory: string, work: (store: Store) => unknown): Promise<void> {
  const store = openStore(join(directory, 'journal'));
  await work(store);
  await store.environment.close();
}

/** The message with which the journal refuses to open; an empty text when it opens. Any other error fails the test. */
async function refusal(directory: string): Promise<string> {
  try {
    await contents(directory);
    return '';
  } catch (error) {
    if (error instanceof JournalRefused) return error.message;
    throw error;
  }
}

async function contents(directory: string): Promise<Record<string, object>> {
  const journal = await openLmdbJournal(directory);
  const rows = rowsIn(journal);
  await journal.close();
  return rows;
}

const dataFile = (directory: string): string => join(directory, 'journal', 'data.mdb');
const recordIn = (store: Store, slot: number): Buffer => store.rows.getBinary(slot) ?? Buffer.alloc(0);

describe('damaged records', () => {
  const older = new RecordWriter().write(['leases', `${SECRET}-5`, { n: 5, text: 'x'.repeat(45) }], 6);
  test.for<[what: string, work: (store: Store) => unknown, found: string]>([
    ['a changed byte', (store) => store.rows.put(30, recordIn(store, 30).fill(33, 40, 41)), 'the row in slot 30 does not match its checksum'],
    ['a row cut short', (store) => store.rows.put(30, recordIn(store, 30).subarray(0, 20)), 'the row in slot 30 does not match its checksum'],
    ['an empty row', (store) => store.rows.put(30, Buffer.alloc(0)), 'the row in slot 30 does not match its checksum'],
    ['a row that was deleted', (store) => store.rows.remove(30), 'it holds 59 rows where its last commit left 60'],
    ['a row that was added', (store) => store.rows.put(61, new RecordWriter().write(['leases', 'more', {}], 61)), 'it holds 61 rows where its last commit left 60'],
    ['an older state of a row', (store) => store.rows.put(6, older), 'a row in it is not the one that its last commit left'],
    ['a row that was moved to another slot', (store) => store.rows.put(70, recordIn(store, 30)), 'the row in slot 70 does not match its checksum'],
    ['a meta record that is missing', (store) => store.meta.remove('meta'), 'its meta record is missing or changed'],
    ['a meta record that was changed', (store) => store.meta.put('meta', Buffer.from('{"format":1,"epoch":1,"rows":60}0000'), 1), 'its meta record is missing or changed'],
    ['a payload without an owner', (store) => store.payloads.put('nobody', PAYLOAD), 'a payload has lost its owner'],
    ['all rows gone', (store) => store.rows.clearAsync(), 'it holds 0 rows where its last commit left 60'],
  ])('%s is found and refused', async ([, work, found]) => {
    const directory = await written();
    await tamper(directory, work);
    const message = await refusal(directory);
    expect(message).toContain(found);
    expect(message).toContain(directory);
    expect(message).toContain('HOLDFAST_DATA_DIR');
    expect(message).not.toContain(SECRET);
  });

  test('a journal of another format is refused with both formats named', async () => {
    const directory = await written();
    await tamper(directory, (store) => {
      const meta = readMeta(store, '');
      return store.meta.put('meta', new RecordWriter().write({ ...meta, format: 2 }, 0), meta.epoch);
    });
    expect(await refusal(directory)).toMatch(/has format 2, .* reads format 1/u);
  });

  test('a journal that was refused is as it was before', async () => {
    const directory = await written();
    await tamper(directory, (store) => store.rows.remove(30));
    const before = await refusal(directory);
    expect(await refusal(directory)).toBe(before);
  });
});

describe('damaged payloads', () => {
  test.for<[what: string, work: (store: Store) => unknown]>([
    ['a changed byte', (store) => store.payloads.put('o/1', PAYLOAD.with(400, 255))],
    ['a payload cut short', (store) => store.payloads.put('o/1', PAYLOAD.slice(0, -1))],
    ['a payload that was deleted', (store) => store.payloads.remove('o/1')],
    ['the payload of another id', (store) => store.payloads.put('o/1', PAYLOAD.slice(1))],
  ])('%s is never given out, and the rest of the journal is', async ([, work]) => {
    const directory = await written();
    await tamper(directory, work);
    const journal = await openLmdbJournal(directory);
    expect(() => journal.readPayload(refTo('o/1', PAYLOAD))).toThrow(PayloadDamaged);
    expect(journal.readPayload(refTo('o/2', PAYLOAD.slice(1)))).toHaveLength(PAYLOAD.length - 1);
    expect(Object.keys(rowsIn(journal))).toHaveLength(60);
    await journal.close();
  });
});

describe('damaged files', () => {
  test.for<[what: string, work: (file: string) => void, found: string]>([
    ['an empty file', (file) => truncateSync(file, 0), 'data.mdb was cut short'],
    ['a file of one byte', (file) => truncateSync(file, 1), 'data.mdb was cut short'],
    ['a file without its second page', (file) => truncateSync(file, 4_096), 'data.mdb was cut short'],
    ['a file with its two meta pages alone', (file) => truncateSync(file, 8_192), 'data.mdb was cut short'],
    ['half a file', (file) => truncateSync(file, readFileSync(file).length / 2), 'data.mdb was cut short'],
    ['a file that is something else', (file) => writeFileSync(file, 'no journal at all\n'.repeat(2_000)), 'data.mdb is no LMDB file'],
    ['a file of zeros', (file) => writeFileSync(file, Buffer.alloc(40_960)), 'data.mdb is no LMDB file'],
    ['a file that is missing', (file) => rmSync(file), 'data.mdb is missing'],
  ])('%s is refused', async ([, work, found]) => {
    const directory = await written();
    work(dataFile(directory));
    expect(await refusal(directory)).toContain(found);
  });

  test('whichever page is overwritten, the journal refuses with words, or the page was not in use', async () => {
    const original = await written();
    const whole = readFileSync(dataFile(original));
    const page = 4_096;
    const expected = await contents(original);
    const found: (string | object)[] = [];
    for (let at = 0; at < whole.length; at += page) {
      const directory = newDirectory();
      mkdirSync(join(directory, 'journal'));
      writeFileSync(dataFile(directory), Buffer.from(whole).fill(at % 3 === 0 ? 255 : 0, at, at + page));
      found.push((await refusal(directory)) || (await contents(directory)));
    }
    const refused = found.filter((outcome) => typeof outcome === 'string');
    const opened = found.filter((outcome) => typeof outcome === 'object');
    expect(opened).toEqual(opened.map(() => expected));
    expect(refused.length).toBeGreaterThan(5);
  });

  test('a first start that was cut short leaves nothing that a second one stumbles over', async () => {
    const directory = newDirectory();
    mkdirSync(join(directory, 'journal.new'));
    copyFileSync(dataFile(await written()), join(directory, 'journal.new', 'data.mdb'));
    truncateSync(join(directory, 'journal.new', 'data.mdb'), 5_000);
    expect(await contents(directory)).toEqual({});
  });
});
