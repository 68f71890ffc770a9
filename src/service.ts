// Service: the parts put together, in the order in which they may begin and end.
//
// Owns the wiring. Does not own the process (main.ts): signals, exit codes and where the environment comes from.
//   V1. Nothing is served before what the start changed is committed, and the port is closed before the journal is.
//   V2. An orderly stop serves what is held until the grace is over, puts back what still runs, and then ends.

import { setTimeout as delay } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { systemClock } from './clock.ts';
import type { Config } from './config.ts';
import { EngineLoop } from './engine.ts';
import { claimDirectory, type Claim } from './journal/directory.ts';
import type { Journal } from './journal/journal.ts';
import { openLmdbJournal } from './journal/lmdb.ts';
import { CONNECTIONS_BACKLOG, FUNCTIONS_WAIT_MS, SHUTDOWN_IDLE_MS, THREADS_END_MS, TURN_MS } from './limits.ts';
import { perform } from './perform.ts';
import { findDuplicate, type DuplicateFunction } from './pool/duplicates.ts';
import { createThreadPool } from './pool/pool.ts';
import type { TaskRunner } from './pool/runner.ts';
import type { Report } from './state/inputs.ts';
import { State } from './state/state.ts';
import { createTelemetry, type Telemetry } from './telemetry.ts';
import type { WebhookSender } from './webhooks/attempt.ts';
import { createWebhookSender } from './webhooks/sender.ts';

export interface Service {
  /** Where it listens, as a URL. */
  readonly address: string;
  /**
   * Serves what is held for the grace, then ends; resolves to the number of threads that could not be ended. Calling it
   * again changes nothing. (V2)
   */
  stop(): Promise<number>;
}

/** Two functions of the functions folder have one name: which one a batch means cannot be told. */
export class DuplicateFunctions extends Error {
  override readonly name = 'DuplicateFunctions';

  constructor({ name, modules }: DuplicateFunction) {
    super(`The function ${name} is exported by ${modules.join(' and ')}. Rename one of them: a batch names a function by its export.`);
  }
}

/** The address cannot be listened on. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused';

  constructor({ host, port }: Config, error: unknown) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    const why = code === 'EADDRINUSE' ? 'something listens there already' : code;
    super(`Cannot listen on ${host}:${port}: ${why}. Stop what listens there, or set HOLDFAST_HOST or HOLDFAST_PORT.`, { cause: error });
  }
}

export interface ServiceOptions {
  readonly config: Config;
  readonly version: string;
  readonly logger: Logger;
  /** Nothing can be acknowledged any more: the process has to end. */
  readonly failed: (error: unknown) => void;
}

export async function startService(options: ServiceOptions): Promise<Service> {
  const claim = claimDirectory(options.config.dataDir);
  const journal = await openLmdbJournal(options.config.dataDir, options.config.durability);
  const core = wire(options, journal);
  await core.engine.start();
  const parts = { ...core, app: await loadApp(options, core, journal) };
  const duplicate = await Promise.race([parts.functions, delay(FUNCTIONS_WAIT_MS, undefined, { ref: false })]);
  if (duplicate !== undefined) throw new DuplicateFunctions(duplicate);
  await listen(parts.app, options.config);
  parts.engine.post({ kind: 'opened' });
  let stopping: Promise<number> | undefined;
  return {
    address: parts.app.listeningOrigin,
    stop: () => (stopping ??= stop(parts, options.config.shutdownGraceMs, journal, claim)),
  };
}

/** The threads load the functions while the main thread loads this. */
async function loadApp({ config, version, logger }: ServiceOptions, { engine, telemetry }: Core, journal: Journal): Promise<FastifyInstance> {
  const { createApp } = await import('./app.ts');
  const app = createApp({ engine, config, version, telemetry, logger, payloads: { read: (ref) => journal.readPayload(ref) } });
  await app.ready();
  return app;
}

async function listen(app: Parts['app'], config: Config): Promise<void> {
  try {
    await app.listen({ host: config.host, port: config.port, backlog: CONNECTIONS_BACKLOG });
  } catch (error) {
    throw new AddressRefused(config, error);
  }
}

interface Core {
  readonly engine: EngineLoop;
  readonly runner: TaskRunner;
  readonly sender: WebhookSender;
  readonly telemetry: Telemetry;
  /** The first report of the functions folder: a name that is there twice, or that there is none. */
  readonly functions: Promise<DuplicateFunction | undefined>;
}

interface Parts extends Core {
  readonly app: FastifyInstance;
}

function wire({ config, version, logger, failed }: ServiceOptions, journal: Journal): Core {
  const functions = Promise.withResolvers<DuplicateFunction | undefined>();
  let known = false;
  /** Every thread loads the same folder: the first report says it all. */
  const learn = (said: Extract<Report, { kind: 'workerReady' }>): void => {
    if (known) return;
    known = true;
    for (const { module, message } of said.broken) logger.warn({ module, reason: message }, 'a module of the functions folder cannot be loaded');
    functions.resolve(findDuplicate(said.functions));
  };
  const report = (said: Report): void => {
    if (said.kind === 'workerReady') learn(said);
    engine.post(said);
  };
  const runner = createThreadPool({ functionsDir: config.functionsDir, report });
  const sender = createWebhookSender({ secrets: config.webhookSecrets, rule: config.destinationRule, report, version });
  const state = new State({ workers: config.workers, checksum: (bytes) => crc32(bytes), tokenFloor: config.tokenFloor });
  const telemetry = createTelemetry(state, () => engine.reading().now, { version, durability: config.durability });
  const ports = { journal, runner, sender, report };
  const engine = new EngineLoop({
    state, journal, clock: systemClock, observer: telemetry, failed,
    perform: (effect) => perform(ports, effect),
  });
  return { engine, runner, sender, telemetry, functions: functions.promise };
}

async function stop({ engine, runner, sender, app }: Parts, graceMs: number, journal: Journal, claim: Claim): Promise<number> {
  engine.post({ kind: 'drain' });
  await grace(engine, graceMs);
  engine.post({ kind: 'stop' });
  await engine.settled();
  const [alive] = await Promise.all([runner.close(THREADS_END_MS), sender.close(), app.close()]);
  await engine.close();
  await journal.close();
  claim.release();
  return alive;
}

/** The grace ends early when nothing was held, run or asked for a while. */
async function grace(engine: EngineLoop, graceMs: number): Promise<void> {
  const began = engine.mono();
  let busyAt = began;
  for (;;) {
    await delay(TURN_MS);
    const mono = engine.mono();
    if (isBusy(engine.state)) busyAt = mono;
    if (mono - began >= graceMs || mono - Math.max(busyAt, engine.askedAt) >= SHUTDOWN_IDLE_MS) return;
  }
}

function isBusy(state: State): boolean {
  if (state.leaseIndex.holders > 0) return true;
  for (const worker of state.workers.values()) if (worker.state === 'running' || worker.state === 'setup') return true;
  return false;
}
