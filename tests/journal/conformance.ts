// Conformance: what every journal promises, whatever it keeps its rows in. Each driver calls this with a place of its own.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PayloadDamaged, type Journal } from '../../src/journal/journal.ts';
import { PAYLOAD_DROPS_PER_COMMIT_MAX } from '../../src/limits.ts';
import { bytesOf, commitOf, refTo, rowsIn, Rows } from './commits.ts';

/** Where one journal is kept. Opening it again is what a restart does. */
export interface Place {
  open(): Promise<Journal>;
}

export function describeJournal(name: string, newPlace: () => Place): void {
  describe(`${name} journal`, () => {
    let place: Place;
    let journal: Journal;
    let row: Rows['row'];

    beforeEach(async () => {
      place = newPlace();
      ({ row } = new Rows());
      journal = await place.open();
    });

    afterEach(async () => {
      await journal.close();
    });

    async function restart(): Promise<Journal> {
      await journal.close();
      journal = await place.open();
      return journal;
    }

    describe('rows', () => {
      test('a new journal holds nothing, and time begins at 0', () => {
        expect(journal.opened).toMatchObject({ now: 0, epoch: 1, payloadOwners: new Set() });
        expect(rowsIn(journal)).toEqual({});
      });

      test('what was committed is there after a restart, as the last commit left it', async () => {
        await journal.commit(commitOf({ now: 5, rows: [row('locks', 'a', { n: 1 }), row('locks', 'b', { n: 1 }), row('leases', 'a', { n: 1 })] }));
        await journal.commit(commitOf({ now: 9, rows: [row('locks', 'a', { n: 2 }), row('locks', 'b', undefined), row('locks', 'c', { n: 2 })] }));
        const { opened } = await restart();
        expect(opened.now).toBe(9);
        expect(rowsIn(journal)).toEqual({ 'locks/a': { n: 2 }, 'locks/c': { n: 2 }, 'leases/a': { n: 1 } });
      });

      test('a commit that changes no row moves time', async () => {
        await journal.commit(commitOf({ now: 5, rows: [row('locks', 'a', { n: 1 })] }));
        await journal.commit(commitOf({ now: 7 }));
        expect((await restart()).opened.now).toBe(7);
        expect(rowsIn(journal)).toEqual({ 'locks/a': { n: 1 } });
      });

      test('a row that was deleted can come back, and deleting one that is not there changes nothing', async () => {
        await journal.commit(commitOf({ rows: [row('locks', 'a', { n: 1 }), row('locks', 'never', undefined)] }));
        await journal.commit(commitOf({ rows: [row('locks', 'a', undefined)] }));
        await journal.commit(commitOf({ rows: [row('locks', 'a', { n: 3 })] }));
        await restart();
        expect(rowsIn(journal)).toEqual({ 'locks/a': { n: 3 } });
      });

      test('a row comes back as its JSON: members without a value are absent', async () => {
        const value = { text: '"é\u2028\ud83d\ude80\n\u0000', list: [1, -0.5, null, { deep: [] }], yes: true, none: undefined };
        await journal.commit(commitOf({ rows: [row('t', 'k', value)] }));
        await restart();
        expect(rowsIn(journal)['t/k']).toStrictEqual({ text: value.text, list: value.list, yes: true });
      });

      test('a key may hold any character and be long', async () => {
        const keys = ['a', 'A', '', '/', 'a\nb', '"', "'", '\u0000', 'é', '\ud83d\ude80', 'x'.repeat(5_000), '__proto__', '["t","k"]'];
        await journal.commit(commitOf({ rows: keys.map((key, n) => row('t', key, { n })) }));
        await restart();
        const found = new Map(Array.from(journal.opened.rows, (stored) => [stored.key, stored.row]));
        expect(found).toEqual(new Map(keys.map((key, n) => [key, { n }])));
      });

      test('what a caller changes after the call is not in the commit', async () => {
        const value = { n: 1 };
        const done = journal.commit(commitOf({ rows: [row('t', 'k', value)] }));
        value.n = 2;
        await done;
        await restart();
        expect(rowsIn(journal)).toEqual({ 't/k': { n: 1 } });
      });

      test('a commit of 20,000 rows is there as a whole', async () => {
        const text = 'x'.repeat(200);
        await journal.commit(commitOf({ rows: Array.from({ length: 20_000 }, (_, n) => row('t', `k${n}`, { n, text })) }));
        await restart();
        const found = rowsIn(journal);
        expect(Object.keys(found)).toHaveLength(20_000);
        expect(found['t/k19999']).toEqual({ n: 19_999, text });
      });
    });

    describe('commits', () => {
      test('one commit is in flight at a time', async () => {
        const first = journal.commit(commitOf({ rows: [row('t', 'first', {})] }));
        await expect(journal.commit(commitOf({ rows: [row('t', 'second', {})] }))).rejects.toThrow('takes no commit');
        await first;
        await restart();
        expect(rowsIn(journal)).toEqual({ 't/first': {} });
      });

      test('a closed journal takes no commit', async () => {
        await journal.close();
        await expect(journal.commit(commitOf({}))).rejects.toThrow('takes no commit');
      });

      test('closing waits for the commit in flight, and closing twice is no error', async () => {
        const done = journal.commit(commitOf({ rows: [row('t', 'k', { n: 1 })] }));
        await journal.close();
        await done;
        await restart();
        expect(rowsIn(journal)).toEqual({ 't/k': { n: 1 } });
      });

      test('a row without JSON is refused, and nothing of its commit is stored', async () => {
        const cycle: Record<string, unknown> = {};
        cycle['self'] = cycle;
        await expect(journal.commit(commitOf({ now: 3, rows: [row('t', 'good', {}), row('t', 'bad', cycle)] }))).rejects.toThrow('circular');
        expect((await restart()).opened.now).toBe(0);
        expect(rowsIn(journal)).toEqual({});
      });

      test('each opening has an epoch of its own, one higher than the last', async () => {
        expect((await restart()).opened.epoch).toBe(2);
        expect((await restart()).opened.epoch).toBe(3);
      });

      test('who opened the journal earlier commits no more, and nothing of the attempt is stored', async () => {
        const earlier = journal;
        await earlier.commit(commitOf({ now: 1, rows: [row('t', 'k', { by: 'earlier' })] }));
        journal = await place.open();
        const late = { now: 2, rows: [row('t', 'k', undefined), row('t', 'late', {})], payloads: [{ id: 'o/late', bytes: bytesOf(3) }] };
        await expect(earlier.commit(commitOf(late))).rejects.toThrow('opened again');
        await expect(earlier.commit(commitOf({}))).rejects.toThrow('takes no commit');
        await earlier.close();
        expect((await restart()).opened).toMatchObject({ now: 1, payloadOwners: new Set() });
        expect(rowsIn(journal)).toEqual({ 't/k': { by: 'earlier' } });
      });
    });

    describe('payloads', () => {
      test.for([0, 1, 5_000, 3_000_000])('a payload of %i bytes is read as it was written, before and after a restart', async (length) => {
        const bytes = bytesOf(length);
        await journal.commit(commitOf({ payloads: [{ id: 'bat_1/items/0', bytes }] }));
        expect(Buffer.from(journal.readPayload(refTo('bat_1/items/0', bytes))).equals(bytes)).toBe(true);
        await restart();
        expect(Buffer.from(journal.readPayload(refTo('bat_1/items/0', bytes))).equals(bytes)).toBe(true);
      });

      test('a payload that is missing, or is not what the reference says, is never given out', async () => {
        const bytes = bytesOf(100);
        await journal.commit(commitOf({ payloads: [{ id: 'o/1', bytes }] }));
        const ref = refTo('o/1', bytes);
        for (const wrong of [{ ...ref, id: 'o/2' }, { ...ref, bytes: 99 }, { ...ref, checksum: ref.checksum ^ 1 }]) {
          expect(() => journal.readPayload(wrong)).toThrow(PayloadDamaged);
        }
      });

      test('the bytes of a payload belong to the reader', async () => {
        const bytes = bytesOf(10);
        await journal.commit(commitOf({ payloads: [{ id: 'o/1', bytes }] }));
        journal.readPayload(refTo('o/1', bytes)).fill(0);
        expect([...journal.readPayload(refTo('o/1', bytes))]).toEqual([...bytes]);
      });

      test('the owners of all payloads are known at the start', async () => {
        const bytes = bytesOf(3);
        const ids = ['a/1', 'a/2', 'ab/1', 'b/x/y', 'dlv_9/body'];
        await journal.commit(commitOf({ payloads: ids.map((id) => ({ id, bytes })) }));
        expect((await restart()).opened.payloadOwners).toEqual(new Set(['a', 'ab', 'b', 'dlv_9']));
      });

      test('a dropped payload is gone, and so is every payload of a dropped owner and of nobody else', async () => {
        const bytes = bytesOf(3);
        const ids = ['a/1', 'a/2', 'ab/1', 'a.b/1', 'b/1', 'b/2'];
        await journal.commit(commitOf({ payloads: ids.map((id) => ({ id, bytes })) }));
        await journal.commit(commitOf({ payloads: [{ id: 'c/1', bytes }], drops: ['a/', 'b/2', 'never/', 'never/1'] }));
        for (const id of ['a/1', 'a/2', 'b/2']) expect(() => journal.readPayload(refTo(id, bytes))).toThrow(PayloadDamaged);
        for (const id of ['ab/1', 'a.b/1', 'b/1', 'c/1']) expect(journal.readPayload(refTo(id, bytes))).toHaveLength(3);
        expect((await restart()).opened.payloadOwners).toEqual(new Set(['ab', 'a.b', 'b', 'c']));
      });

      test('an owner with more payloads than one commit deletes is gone some commits later', async () => {
        const bytes = bytesOf(3);
        const payloads = Array.from({ length: 2 * PAYLOAD_DROPS_PER_COMMIT_MAX + 10 }, (_, n) => ({ id: `big/${n}`, bytes }));
        await journal.commit(commitOf({ payloads: [...payloads, { id: 'small/1', bytes }, { id: 'tiny/1', bytes }] }));
        await journal.commit(commitOf({ drops: ['big/', 'small/'] }));
        await journal.commit(commitOf({}));
        await journal.commit(commitOf({}));
        expect((await restart()).opened.payloadOwners).toEqual(new Set(['tiny']));
      });
    });
  });
}
