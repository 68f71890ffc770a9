// What a task got to be kept as its outcome and is no JSON: the last line of defence, where answers are written.

import { expect, test } from 'vitest';
import { resultBody } from '../../src/routes/batch-view.ts';
import type { ResultView } from '../../src/state/replies.ts';

const KEPT = new Map([['good', '{"value":1,"logs":"printed"}'], ['bad', '{"value":garbage}']]);
const payloads = { read: ({ id }: { readonly id: string }): Uint8Array => Buffer.from(KEPT.get(id) ?? '') };

function view(index: number, id: string, durationMs: number): ResultView {
  return { index, state: 'succeeded', attempt: 1, outcome: { state: 'succeeded', attempt: 1, durationMs, payload: { id, bytes: 1, checksum: 0 } } };
}

test('an outcome that is no JSON is a failure of its own item, and those beside it are shown', () => {
  expect(resultBody(view(0, 'bad', Number.NaN), payloads)).toEqual({
    index: 0, state: 'failed', logs: '', attempt: 1, durationMs: 0,
    error: { name: 'PayloadDamagedError', message: expect.any(String), code: 'payload_damaged', kind: 'not_serializable' },
  });
  expect(resultBody(view(1, 'good', 2.4), payloads)).toEqual({ index: 1, state: 'succeeded', value: 1, error: undefined, logs: 'printed', attempt: 1, durationMs: 2 });
});
