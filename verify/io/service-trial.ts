// Service trial: the real service under a load, one call on its files made to fail, and the service after a restart.
//
// Owns the service's life in one trial and its judgement. The load and what it was promised are those of the power cuts.
//   S1. After the call has failed nothing that a client sends is acknowledged, and the process ends by itself, with a
//       code above 0 and a reason; no lease id is in anything that it says.
//   S2. A flush that only takes long delays: what was sent after it began is answered after it has ended.
//   S3. Started again without the fault, the service keeps everything that it had acknowledged.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Child, type Exit } from '../../tests/service/child.ts';
import { pass } from '../../tests/service/until.ts';
import { Chance } from '../chance.ts';
import { LoadClient, NotServed, type Call } from '../power/clients.ts';
import { brokenBy, type Told } from '../power/promises.ts';
import { watching } from '../power/shim.ts';
import { readTrace, type Site, type TracedCall } from './calls.ts';
import { faultOf, type Fault } from './journal-trial.ts';

const FUNCTIONS_DIR = join(import.meta.dirname, '../../tests/service/functions');
const CLIENTS = 4;
/** Answers before the fault is armed, so that there is something to lose. */
const ANSWERS_FIRST = 40;
const TRIAL_MS_MAX = 25_000;

export interface ServiceTrial {
  /** `nth` counts from when the load runs. */
  readonly site: Site;
  readonly fault: Fault;
}

export interface ServiceVerdict {
  readonly acknowledged: number;
  readonly wrong: readonly string[];
}

/** A service on a data directory of its own below `root`. */
function startService(root: string, more: Record<string, string> = {}): Child {
  return new Child({
    HOLDFAST_PORT: '0', HOLDFAST_DATA_DIR: join(root, 'data'), HOLDFAST_FUNCTIONS_DIR: FUNCTIONS_DIR,
    HOLDFAST_WORKERS: '1', HOLDFAST_LOG_LEVEL: 'info', HOLDFAST_SHUTDOWN_GRACE_MS: '0', ...more,
  });
}

export async function tryService({ site, fault }: ServiceTrial, folder: string, seed: number): Promise<ServiceVerdict> {
  const root = join(folder, 'root');
  mkdirSync(root, { recursive: true });
  const [trace, arm] = [join(folder, 'trace'), join(folder, 'arm')];
  const service = startService(root, watching({ root, trace, fault: faultOf(site, fault), arm }));
  const clients = await loadUntilFault({ service, seed, trace, arm, isDelay: fault.startsWith('DELAY') });
  const exit = await ended(service);
  const calls = clients.map((client) => client.calls);
  const traced = readTrace(trace);
  const wrong = fault.startsWith('DELAY') ? wrongWaits(calls, traced) : [...wrongExit(exit, service.output), ...wrongAnswers(calls, traced)];
  const told = calls.map((list): Told => ({ calls: list, answers: list.filter(({ answered }) => answered !== undefined).length }));
  return { acknowledged: told.reduce((sum, { answers }) => sum + answers, 0), wrong: [...wrong, ...secretsIn(service.output), ...await brokenAfter(root, told)] };
}

/** A start in which a call fails: refused in words, with nothing served, and whole afterwards. */
export async function tryServiceStart(site: Site, folder: string): Promise<readonly string[]> {
  const root = join(folder, 'root');
  mkdirSync(root, { recursive: true });
  const trace = join(folder, 'trace');
  const service = startService(root, watching({ root, trace, fault: faultOf(site, 'EIO') }));
  const address = await service.ready();
  if (address !== undefined) service.signal('SIGKILL');
  const exit = await ended(service);
  if (!readTrace(trace).some(({ sign }) => sign === 'failed')) return ['the call that was to fail was never made'];
  const refused = address === undefined && exit?.code === 1 && /The (?:journal|data directory) /u.test(service.output);
  return [...(refused ? [] : [`its start was not refused in words: ${service.output}`]), ...await brokenAfter(root, [])];
}

interface Loading {
  readonly service: Child;
  readonly seed: number;
  readonly trace: string;
  readonly arm: string;
  readonly isDelay: boolean;
}

/** Runs the clients, arms the fault when some were answered, and goes on until the service has ended or a delay is over. */
async function loadUntilFault({ service, seed, trace, arm, isDelay }: Loading): Promise<LoadClient[]> {
  const address = await service.ready();
  if (address === undefined) throw new Error(`the service did not start:\n${service.output}`);
  const chance = new Chance(seed);
  const clients = Array.from({ length: CLIENTS }, (_, index) => new LoadClient(address, index + 1, chance.fork()));
  let answers = 0;
  let isOver = false;
  const deadline = performance.now() + TRIAL_MS_MAX;
  const drive = async (client: LoadClient): Promise<void> => {
    while (!isOver && performance.now() < deadline && await served(client, trace)) {
      answers += 1;
      if (answers === ANSWERS_FIRST) writeFileSync(arm, '');
      if (isDelay && answers % 20 === 0 && readTrace(trace).some(({ sign }) => sign === 'waited')) isOver = true;
    }
  };
  await Promise.all(clients.map(drive));
  if (isDelay) service.signal('SIGTERM');
  await Promise.all(clients.map((client) => client.close()));
  return clients;
}

/** One call; false when the client can make no more. Once the journal has failed a reading of it may fail too, and is not answered as one. */
async function served(client: LoadClient, trace: string): Promise<boolean> {
  try {
    return await client.step();
  } catch (error) {
    if (error instanceof NotServed && readTrace(trace).some(({ sign }) => sign === 'failed')) return false;
    throw error;
  }
}

async function ended(service: Child): Promise<Exit | undefined> {
  const exit = await Promise.race([service.exited, pass(TRIAL_MS_MAX).then(() => undefined)]);
  if (exit === undefined) service.signal('SIGKILL');
  return exit;
}

/** (S1) LMDB may end the process itself after a write that failed, which it says. */
export function wrongExit(exit: Exit | undefined, output: string): string[] {
  if (exit === undefined) return ['it did not end'];
  if (exit.signal === 'SIGABRT' && output.includes('Write error')) return [];
  if (exit.signal !== null) return [`it ended by ${exit.signal}`];
  if (exit.code === 0) return ['it ended as if nothing had failed'];
  return /The journal could not be (?:written|read)/u.test(output) ? [] : ['it ended without a reason'];
}

function secretsIn(output: string): string[] {
  return /lse_/u.test(output) ? ['a lease id is in what it said'] : [];
}

/** (S1) */
export function wrongAnswers(clients: readonly (readonly Call[])[], trace: readonly TracedCall[]): string[] {
  const failed = trace.find(({ sign }) => sign === 'failed');
  if (failed === undefined) return ['the call that was to fail was never made'];
  const late = clients.flat().filter(({ sentAt, answered }) => sentAt > failed.at && answered !== undefined);
  return late.map(({ op }) => `a call to ${op.kind} was acknowledged after the journal had failed`);
}

/** (S2) */
export function wrongWaits(clients: readonly (readonly Call[])[], trace: readonly TracedCall[]): string[] {
  const over = trace.find(({ sign }) => sign === 'waited');
  const began = trace.findLast(({ sign, at }) => sign === 'failed' && over !== undefined && at < over.at);
  if (over === undefined || began === undefined) return ['the call that was to take long was never made'];
  const early = clients.flat().filter(({ sentAt, answered }) => sentAt > began.at && answered !== undefined && answered.at < over.at);
  const lost = clients.flat().filter(({ answered }) => answered === undefined);
  return [...early.map(({ op }) => `a call to ${op.kind} was answered during the flush that it needed`), ...lost.map(({ op }) => `a call to ${op.kind} was not answered`)];
}

/** (S3) */
async function brokenAfter(root: string, told: readonly Told[]): Promise<string[]> {
  const service = startService(root);
  const address = await service.ready();
  const broken = address === undefined ? [`afterwards it does not start: ${service.output}`] : await brokenBy(address, told);
  service.signal('SIGKILL');
  await service.exited;
  return broken;
}
