// Fencing tokens: one counter for all grants of the data directory's life.
//
// Owns the counter. A token is drawn from a block whose end is a durable row, so that a restart goes on behind
// everything that may have been given out.
//   F1. Tokens rise strictly over all grants, over deletes and restarts; what a restart skips is never used.
//   F2. The next block is recorded when half of one is used, so that a grant never waits for it.

import { FENCING_BLOCK } from '../limits.ts';
import type { State } from '../state/state.ts';
import type { Step } from '../state/step.ts';

export function drawToken(step: Step): number {
  const { tokens } = step.state;
  if (tokens.end - tokens.next <= FENCING_BLOCK / 2) drawBlock(step.state);
  return tokens.next++;
}

/** At the start: skips what is left of the block of the process before. (F1) */
export function startTokens(step: Step): void {
  const { state } = step;
  const end = Math.max(state.tokenBlocks.get('tokens')?.end ?? 1, state.settings.tokenFloor + 1);
  state.tokens = { next: end, end, flushedEnd: end };
  drawBlock(state);
}

/** Whether the token may leave before the present group is flushed. */
export function isFlushed(state: State, token: number): boolean {
  return token < state.tokens.flushedEnd;
}

function drawBlock(state: State): void {
  state.tokens.end += FENCING_BLOCK;
  state.tokenBlocks.put({ id: 'tokens', end: state.tokens.end });
}
