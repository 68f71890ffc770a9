// Main: the process around the service.
//
// Owns the environment, signals, the log and exit codes. A refusal to start is one clear line and exit code 1.

import { pino } from 'pino';
import { ConfigError, readConfig, type Config } from './config.ts';
import { JournalRefused } from './journal/journal.ts';
import { AddressRefused, DuplicateFunctions, startService } from './service.ts';
import { VERSION } from './version.ts';

const REFUSALS = [ConfigError, JournalRefused, DuplicateFunctions, AddressRefused];

async function main(config: Config): Promise<void> {
  const logger = pino({ level: config.logLevel, base: { service: 'holdfast' } }, pino.destination({ fd: 1, sync: true }));
  const failed = (error: unknown): void => {
    logger.fatal({ err: error }, 'what was acknowledged is safe, but nothing more can be: ending now');
    leaveAtOnce(1);
  };
  process.on('uncaughtException', failed);
  process.on('unhandledRejection', failed);
  const service = await startService({ config, version: VERSION, logger, failed });
  logger.info({ address: service.address, version: VERSION, dataDir: config.dataDir }, 'ready');
  let stopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping) return;
    stopping = true;
    logger.info({ signal }, 'stopping');
    service.stop().then((threadsAlive) => (threadsAlive > 0 ? leaveAtOnce(0) : process.exit(0)), failed);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

/**
 * Ends the process whatever its threads do. Node's own exit waits for one in a blocking native call, or in a commit that
 * hangs, so the process becomes another that ends at once. Windows has no such step.
 */
function leaveAtOnce(code: 0 | 1): void {
  if (process.platform !== 'win32') process.execve?.(process.execPath, [process.execPath, '--eval', `process.exit(${code})`], {});
  process.exit(code);
}

/** Says why the service does not start; what is not a refusal keeps its stack. */
function refuse(error: unknown): never {
  console.error(error instanceof Error && REFUSALS.some((refusal) => error instanceof refusal) ? error.message : error);
  process.exit(1);
}

try {
  await main(readConfig(process.env));
} catch (error) {
  refuse(error);
}
