import { expect, test } from 'vitest';
import { Timeline } from '../../../verify/sim/timeline.ts';

test('a run whose events never end is told of, once, and can be ended', async () => {
  const timeline = new Timeline();
  let told = 0;
  timeline.overran = () => {
    told++;
    timeline.ended = true;
  };
  const again = (): void => { timeline.after(0, again); };
  again();
  await timeline.runUntil(1);
  expect([told, timeline.now]).toEqual([1, 0]);
});
