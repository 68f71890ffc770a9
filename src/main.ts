// Main: the process around the service.
//
// Owns the environment, the log, exit codes and what a signal brings about. A refusal to start is one clear line and exit code 1.

import { flushCompileCache } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import { pino } from 'pino';
import { ConfigError, readConfig, type Config } from './config.ts';
import { JournalRefused } from './journal/journal.ts';
import { AddressRefused, DuplicateFunctions, startService } from './service.ts';
import { stopped } from './signals.ts';
import { BrokenState } from './state/invariants.ts';
import { VERSION } from './version.ts';

const REFUSALS = [ConfigError, JournalRefused, BrokenState, DuplicateFunctions, AddressRefused];

async function main(config: Config): Promise<void> {
  keepRequestsYoung();
  const logger = pino({ level: config.logLevel, base: { service: 'holdfast' } }, pino.destination({ fd: 1, sync: true }));
  const failed = (error: unknown): void => {
    logger.fatal({ err: error }, 'what was acknowledged is safe, but nothing more can be: ending now');
    leaveAtOnce(1);
  };
  process.on('uncaughtException', failed);
  process.on('unhandledRejection', failed);
  if (config.durability === 'os') logger.warn({ durability: config.durability }, 'what is acknowledged is not flushed to the disk: a power cut can take it back, and fencing tokens may repeat after one');
  const starting = startService({ config, version: VERSION, logger, failed });
  // Nothing was served yet, and what the start changed is whole or not there.
  if (await Promise.race([stopped, starting.then(() => undefined)])) return leaveAtOnce(0);
  const service = await starting;
  logger.info({ address: service.address, version: VERSION, dataDir: config.dataDir, durability: config.durability }, 'ready');
  // What was compiled for this start serves the next one, however this process ends.
  flushCompileCache();
  logger.info({ signal: await stopped }, 'stopping');
  const threadsAlive = await service.stop();
  if (threadsAlive > 0) leaveAtOnce(0);
  process.exit(0);
}

/**
 * While hundreds of requests wait for one commit V8 takes what they are made of for lasting, and places all later ones where
 * only a full collection finds them (docs/decisions/0015).
 */
function keepRequestsYoung(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
}

/**
 * Ends the process whatever its threads do. Node's own exit waits for one in a blocking native call, or in a commit that
 * hangs, so the process becomes another that ends at once. Windows has no such step.
 */
function leaveAtOnce(code: 0 | 1): never {
  if (process.platform !== 'win32') process.execve?.(process.execPath, [process.execPath, '--eval', `process.exit(${code})`], {});
  process.exit(code);
}

/** Says why the service does not start; what is not a refusal keeps its stack. */
function refuse(error: unknown): never {
  console.error(error instanceof Error && REFUSALS.some((refusal) => error instanceof refusal) ? error.message : error);
  return leaveAtOnce(1);
}

try {
  await main(readConfig(process.env));
} catch (error) {
  refuse(error);
}
