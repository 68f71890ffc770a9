// Trespass: the inputs of somebody who has no token, at a service that wants one.
//
// Owns the one thing that is asked: without a token nobody reaches anything but what is open, in whatever words they ask.

import { Chance } from '../chance.ts';
import { inputOf, type Stage } from './inputs.ts';
import { complaint, readKnownProblems } from './oracle.ts';
import { sendAlone, sendKept } from './sender.ts';
import { Target } from './target.ts';

const TOKEN = 'a-token-of-the-hostile-part';
const OPEN = /^(?:GET|HEAD) \/(?:health|problems|openapi\.json|docs)/u;
const DRAWN = 50;
const STAGE: Stage = {
  theirs: { lock: 'theirs', lease: `lse_${'t'.repeat(24)}`, batch: `bat_${'t'.repeat(24)}`, function: 'echo' }, never: 'never/', maybe: 'maybe/',
};

/** What was reached that should not have been. */
export async function trespass(seed: number, inputs: number): Promise<readonly string[]> {
  const target = await Target.start({ HOLDFAST_TOKENS: TOKEN }, { authorization: `Bearer ${TOKEN}` });
  try {
    const complaints: string[] = [];
    for (let first = 0; first < inputs && complaints.length === 0; first += DRAWN) complaints.push(...await tryDoors(target, seed, first));
    const { body: { locks } } = await target.client.locks('limit=5');
    const { body: { batches } } = await target.client.batches('limit=5');
    if (locks.length + batches.length > 0) complaints.push(`without a token somebody made ${JSON.stringify([locks, batches])}`);
    return complaints;
  } finally {
    await target.close();
  }
}

async function tryDoors({ port }: Target, seed: number, first: number): Promise<readonly string[]> {
  const chance = new Chance(seed + first);
  const inputs = Array.from({ length: DRAWN }, (_, nth) => inputOf(seed, first + nth, STAGE)).filter(({ bytes }) => !OPEN.test(bytes.toString('latin1', 0, 100)));
  const oracle = { problems: readKnownProblems(), secrets: [TOKEN] };
  const outcomes = await Promise.all([
    sendKept(port, inputs.filter(({ conduct }) => conduct === 'kept')),
    ...inputs.filter(({ conduct, kind }) => conduct === 'alone' && kind !== 'bad framing').map(async (input) => [await sendAlone(port, input, chance.fork())]),
  ]);
  return outcomes.flat().flatMap(({ input, answers, wrong }) => {
    const why = wrong ?? answers.map((answer) => (answer.status < 400 ? `${answer.status} without a token` : complaint(oracle, answer))).find((found) => found !== undefined);
    return why === undefined ? [] : [`${why} (trespass, seed ${seed}, input ${input.nth}: ${input.kind}) ${JSON.stringify(input.bytes.toString('latin1', 0, 600))}`];
  });
}
