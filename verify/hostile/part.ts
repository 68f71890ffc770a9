// Part hostile: what does not behave, and what it may not bring about.
//
// Owns the order of what is done and the figures. One service is ill-treated, left alone for a while, killed and started
// again. While it rests, a crowd waits at a second one, a third has tokens and gets the inputs of somebody without one,
// and a fourth the largest bodies.

import { setTimeout as delay } from 'node:timers/promises';
import type { Budget, Figure, Part } from '../part.ts';
import { gather, type CrowdFound, type CrowdSize } from './crowd.ts';
import { flood, type Flooded } from './flood.ts';
import { fuzz, type Tally } from './fuzz.ts';
import { weigh, type Weighed } from './heavy.ts';
import { readKnownProblems } from './oracle.ts';
import { openSlow, type Slow } from './slow.ts';
import { SMALL_HEAP, Target } from './target.ts';
import { trespass } from './trespass.ts';
import { Witness } from './witness.ts';

const INPUTS = 200_000;
const CROWD: CrowdSize = { clients: 10_000, workMs: 10_000 };
const SLOW = 500;
const REST_MS = 30_000;
const TRESPASSES = 5_000;
/** What everything but the inputs takes: starts, and the rest with the other services beside it. */
const ELSE_S = 42;
const FUZZ_S_MIN = 5;

const GROWN_MIB_MAX = 50;
const CROWD_MIB_MAX = 250;
const CROWD_MS_MAX = 50;
const PROMPT_MS_MAX = 1_000;
const SLOW_MS_MAX = 60_000;
const STALL_MS_MAX = 5_000;
const FLOOD_MIB_MAX = 450;

export const hostile: Part = {
  name: 'hostile',
  share: 15,
  missing: () => undefined,
  run: async ({ seconds, seed, whole }, say) => {
    const fuzzS = Math.max(FUZZ_S_MIN, seconds - ELSE_S);
    const found = await illTreat({ seeds: [seed], fuzzMs: fuzzS * 1_000, inputsMax: Math.ceil(INPUTS * whole), slow: SLOW, restMs: REST_MS, crowd: CROWD, trespasses: TRESPASSES, heavy: true }, say);
    for (const complaint of found.complaints) say(complaint);
    return figures(found, Math.floor(INPUTS * whole));
  },
};

export interface Plan {
  /** Each is given as much time and as many malformed inputs. */
  readonly seeds: readonly Budget['seed'][];
  readonly fuzzMs: number;
  readonly inputsMax: number;
  /** Clients that never send the whole of a request. */
  readonly slow: number;
  readonly restMs: number;
  readonly crowd: CrowdSize;
  /** Inputs of somebody without a token, for a service that wants one. */
  readonly trespasses: number;
  /** Whether the largest bodies are sent. */
  readonly heavy: boolean;
}

export interface Found {
  readonly tallies: readonly Tally[];
  readonly complaints: readonly string[];
  readonly tookMs: number;
  readonly grownMib: number;
  readonly slow: Awaited<Slow['ended']> | undefined;
  readonly crowd: CrowdFound;
  readonly heavy: Burdened | undefined;
}

interface Burdened {
  readonly weighed: readonly Weighed[];
  readonly flooded: Flooded;
}

/** Does all of it once; what is wrong is a complaint, and only what keeps it from going on is thrown. */
export async function illTreat(plan: Plan, say: (progress: string) => void): Promise<Found> {
  let target = await Target.start(SMALL_HEAP);
  try {
    const witness = await Witness.settle(target);
    const startMib = await target.residentMib();
    const startFiles = await target.number('process_open_fds');
    const slow = openSlow(target.port, plan.slow);
    const tallies: Tally[] = [];
    for (const seed of plan.seeds) tallies.push(await attack(target, witness, seed, plan, say));
    await witness.seeDrained(target);
    await witness.lookBack(target);
    say('now it rests, and others get the rest');
    const [others, ended] = await Promise.all([visitOthers(plan, say), plan.slow > 0 ? slow.ended : undefined, delay(plan.restMs)]);
    const grownMib = await target.residentMib() - startMib;
    witness.countFiles(startFiles, await target.number('process_open_fds'));
    target = await target.killAndRestart();
    await witness.lookBack(target);
    return { ...others, tallies, complaints: [...tallies.flatMap((tally) => tally.complaints), ...witness.complaints, ...others.complaints], tookMs: witness.tookMs, grownMib, slow: ended };
  } finally {
    await target.close();
  }
}

/** What other services get, one after another, so that none is measured beside another. */
async function visitOthers({ seeds, crowd: size, trespasses, heavy: isHeavy }: Plan, say: (progress: string) => void): Promise<Pick<Found, 'crowd' | 'heavy' | 'complaints'>> {
  const crowd = await gather(size);
  say(`${size.clients} clients have waited at a second service`);
  const trespassed = await trespass(seeds[0] ?? 0, trespasses);
  const heavy = isHeavy ? await burden(say) : undefined;
  return { crowd, heavy, complaints: [...crowd.complaints, ...trespassed] };
}

async function burden(say: (progress: string) => void): Promise<Burdened> {
  const target = await Target.start();
  try {
    const flooded = await flood(target);
    say('now the largest bodies, one of each shape');
    return { weighed: await weigh(target), flooded };
  } finally {
    await target.close();
  }
}

async function attack(target: Target, witness: Witness, seed: number, { fuzzMs, inputsMax }: Plan, say: (progress: string) => void): Promise<Tally> {
  const end = performance.now() + fuzzMs;
  let isOver = false;
  const isOn = (): boolean => !isOver && performance.now() < end && !target.child.ended;
  const oracle = { problems: readKnownProblems(), secrets: witness.secrets };
  const watching = witness.watch(target, isOn);
  const tally = await fuzz({ port: target.port, seed, stage: witness.stage, oracle, inputsMax, isOn });
  isOver = true;
  await watching;
  if (target.child.ended) throw new Error(`the service ended beside seed ${seed}: ${tally.complaints.join('\n')}\n${target.child.output.slice(-3_000)}`);
  say(`${tally.inputs} inputs, ${tally.malformed} of them malformed, ${tally.answers} answers of ${tally.given.size} kinds`);
  return tally;
}

function figures({ tallies, complaints, tookMs, grownMib, slow, crowd, heavy }: Found, inputsLeast: number): readonly Figure[] {
  const inputs = tallies.reduce((sum, { malformed }) => sum + malformed, 0);
  const kinds = new Set(tallies.flatMap(({ given }) => [...given.keys()]));
  const heaviest = heavy?.weighed.toSorted((left, right) => right.stalledMs - left.stalledMs)[0];
  const { grownMib: floodMib = Infinity, sentAway = 0 } = heavy?.flooded ?? {};
  return [
    { what: 'malformed inputs', reached: inputs.toLocaleString('en'), asked: inputsLeast.toLocaleString('en'), ok: inputs >= inputsLeast },
    { what: 'wrong answers, crashes, things changed for others', reached: String(complaints.length), asked: '0', ok: complaints.length === 0 },
    { what: 'kinds of answers', reached: String(kinds.size), ok: true },
    { what: 'acquire beside the inputs, 99th percentile', reached: `${Math.round(tookMs)} ms`, asked: `${PROMPT_MS_MAX} ms at most`, ok: tookMs <= PROMPT_MS_MAX },
    { what: 'resident memory after 30 s of rest, more than at the start', reached: `${Math.round(grownMib)} MiB`, asked: `${GROWN_MIB_MAX} MiB at most`, ok: grownMib <= GROWN_MIB_MAX },
    { what: 'the longest that one body of 32 MiB stops all others', reached: `${Math.round(heaviest?.stalledMs ?? 0)} ms (${heaviest?.shape})`, asked: `${STALL_MS_MAX} ms at most`, ok: heaviest !== undefined && heaviest.stalledMs <= STALL_MS_MAX },
    { what: 'memory for 24 bodies of 32 MiB at once that never end', reached: `${Math.round(floodMib)} MiB, ${sentAway} sent away`, asked: `${FLOOD_MIB_MAX} MiB at most`, ok: floodMib <= FLOOD_MIB_MAX && sentAway > 0 },
    { what: `the last of ${SLOW} slow senders was ended after`, reached: `${Math.round((slow?.longestMs ?? 0) / 1_000)} s`, asked: `${SLOW_MS_MAX / 1_000} s at most`, ok: (slow?.longestMs ?? 0) <= SLOW_MS_MAX },
    { what: `memory for ${CROWD.clients.toLocaleString('en')} waiting connections`, reached: `${Math.round(crowd.grownMib)} MiB`, asked: `${CROWD_MIB_MAX} MiB at most`, ok: crowd.grownMib <= CROWD_MIB_MAX },
    { what: 'acquire beside the waiting connections, 99th percentile', reached: `${crowd.tookMs.toFixed(1)} ms`, asked: `${CROWD_MS_MAX} ms at most`, ok: crowd.tookMs <= CROWD_MS_MAX },
    { what: 'waiting connections granted when their lines moved', reached: crowd.answered.toLocaleString('en'), ok: true },
  ];
}
