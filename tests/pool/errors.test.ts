import { afterAll, expect, test } from 'vitest';
import { ERROR_CODE_CHARS_MAX, ERROR_MESSAGE_CHARS_MAX, ERROR_NAME_CHARS_MAX, ERROR_STACK_CHARS_MAX } from '../../src/limits.ts';
import type { TaskError } from '../../src/state/inputs.ts';
import { Bench, FUNCTIONS_DIR } from './recorder.ts';

const bench = new Bench(FUNCTIONS_DIR, afterAll);

async function thrown(name: string): Promise<TaskError> {
  const { error } = await bench.outcome('throwThis', name);
  if (error === undefined) throw new Error('nothing was thrown');
  return error;
}

test('an error keeps its name, message, stack, code and causes', async () => {
  expect(await thrown('error')).toMatchObject({ name: 'TypeError', message: 'no such column', kind: 'error', stack: expect.stringContaining('failures.ts') });
  expect((await thrown('error')).stack).not.toContain('calls.ts');
  const coded = await thrown('coded');
  expect(coded).toMatchObject({ name: 'StorageError', message: 'the disk is full', code: 'E_FULL' });
  expect(coded.stack).toContain('\nCaused by: Error: write failed');
});

test('a rejection is the same failure as a throw', async () => {
  expect((await bench.outcome('rejectWith', 'later')).error).toMatchObject({ name: 'Error', message: 'later', kind: 'error' });
});

test.each([
  ['string', 'just text'],
  ['undefined', 'undefined was thrown'],
  ['null', 'null was thrown'],
  ['object', '{ status: 500 } was thrown'],
  ['function', '[Function (anonymous)] was thrown'],
])('a thrown %s is told as an error', async (name, message) => {
  expect(await thrown(name)).toMatchObject({ name: expect.stringMatching(/./), message, kind: 'error' });
});

test.each(['getter', 'proxy', 'causeCycle'])('a thrown value that defends itself (%s) is still told', async (name) => {
  expect(await thrown(name)).toMatchObject({ kind: 'error', message: expect.stringMatching(/./) });
});

test('an error has its bounds, however long it is', async () => {
  const long = await thrown('long');
  expect([long.name.length, long.message.length, long.code?.length]).toEqual([ERROR_NAME_CHARS_MAX, ERROR_MESSAGE_CHARS_MAX, ERROR_CODE_CHARS_MAX]);
  expect(long.stack?.length).toBeLessThanOrEqual(ERROR_STACK_CHARS_MAX);
  expect((await thrown('causes')).stack?.length).toBeLessThanOrEqual(ERROR_STACK_CHARS_MAX);
});
