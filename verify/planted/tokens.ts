// Tokens: mistakes in the one counter that fences.

import type { PlantedBug } from './bug.ts';

export const TOKENS: readonly PlantedBug[] = [
  {
    name: 'token-reused-after-a-delete',
    file: 'src/locks/declare.ts',
    before: 'state.locks.delete(input.name);',
    after: 'state.locks.delete(input.name);\n  state.tokens.next = Math.max(1, state.tokens.next - 1);',
    why: 'The next grant has the token of the last one.',
  },
  {
    name: 'token-block-reused',
    file: 'src/locks/tokens.ts',
    before: 'state.tokens = { next: end, end, flushedEnd: end };',
    after: 'state.tokens = { next: Math.max(1, end - FENCING_BLOCK), end, flushedEnd: end };',
    why: 'A restart goes on within the block of the process before, and its tokens come again.',
  },
  {
    name: 'token-block-not-recorded',
    file: 'src/locks/tokens.ts',
    before: "  state.tokenBlocks.put({ id: 'tokens', end: state.tokens.end });\n",
    after: '',
    why: 'After a restart the counter begins anew.',
  },
  {
    name: 'one-token-for-two',
    file: 'src/locks/tokens.ts',
    before: 'return tokens.next++;',
    after: 'return Math.floor(tokens.next++ / 2);',
    why: 'Two grants share a token.',
  },
  {
    name: 'token-of-the-last-holder',
    file: 'src/locks/grant.ts',
    before: 'const early = grant(step, waiting);',
    after: 'step.state.tokens.next--;\n  const early = grant(step, waiting);',
    why: 'Who is next gets the token of who was before.',
  },
];
