// The machine beside the contract: whatever clients do, both say the same of every lock, lease and answer.
//
// After every step the machine's own invariants are looked at too (the world does). A failure is told with its seed and
// the smallest sequence that shows it.

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { act, Pair } from './pair.ts';

describe('locks', () => {
  test('have the holder, the line and the answers that the contract says, whatever clients do and however time passes', () => {
    fc.assert(fc.property(fc.array(act, { maxLength: 80, size: 'max' }), (acts) => {
      const pair = new Pair();
      expect(() => { for (const next of acts) pair.do(next); }).not.toThrow();
    }), { numRuns: 200 });
  });
});
