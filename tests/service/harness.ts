// A real service for a test: its process, its data in a directory of its own, and a client that speaks to it.
//
// Owns the life of both: what a test started is stopped and removed when the test ends, whatever became of it.
//   H1. A restart keeps the data directory and the port, so that clients find the service where it was.
//   H2. Nothing waits by sleeping: readiness is the service's own announcement, ends are the process's own.

import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { Child, type Environment, type Exit } from './child.ts';
import { HoldfastClient, type Headers } from './client.ts';
import { until } from './until.ts';

export const FUNCTIONS_DIR = path.join(import.meta.dirname, 'functions');
export const WEBHOOK_SECRET = `whsec_${Buffer.from('a secret of the tests, 32 bytes!').toString('base64')}`;

/** Starting costs a processor a second: more at a time than there are processors would make all of them slow. */
const STARTING_MAX = 2;
let starting = 0;

async function inTurn<T>(start: () => Promise<T>): Promise<T> {
  await until('others have started', () => starting < STARTING_MAX, 120_000);
  starting += 1;
  try {
    return await start();
  } finally {
    starting -= 1;
  }
}

export interface Options {
  readonly environment?: Environment;
  readonly headers?: Headers;
}

/** What a test context offers to clean up after the test. */
export interface Finishing {
  onTestFinished(action: () => Promise<void>): void;
}

const DEFAULTS: Environment = {
  HOLDFAST_PORT: '0',
  HOLDFAST_FUNCTIONS_DIR: FUNCTIONS_DIR,
  HOLDFAST_WORKERS: '2',
  HOLDFAST_WEBHOOK_SECRET: WEBHOOK_SECRET,
  HOLDFAST_WEBHOOK_ALLOW: '127.0.0.1',
  HOLDFAST_LOG_LEVEL: 'info',
};

/** A directory that is removed when the test is over. */
export function freshDirectory(context: Finishing): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'holdfast-test-'));
  context.onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

export class Service {
  readonly dataDir = mkdtempSync(path.join(tmpdir(), 'holdfast-test-'));
  readonly #options: Options;
  #child: Child | undefined;
  #client: HoldfastClient | undefined;
  #port = '0';
  #earlierOutput = '';

  constructor(options: Options = {}) {
    this.#options = options;
  }

  /** The client of the running process; a restart brings a new one, with new connections. */
  get client(): HoldfastClient {
    if (this.#client === undefined) throw new Error('the service was not started');
    return this.#client;
  }

  get child(): Child {
    if (this.#child === undefined) throw new Error('the service was not started');
    return this.#child;
  }

  /** All that every process of this service has written. */
  get output(): string {
    return this.#earlierOutput + (this.#child?.output ?? '');
  }

  async start(environment: Environment = {}): Promise<HoldfastClient> {
    const client = await this.tryStart(environment);
    if (client === undefined) throw new Error(`the service ended before it was ready:\n${this.child.output}`);
    return client;
  }

  /** Starts on the same directory; `undefined` when the process ended before it was ready. */
  async tryStart(environment: Environment = {}): Promise<HoldfastClient | undefined> {
    const address = await inTurn(() => this.spawn(environment).ready());
    return address === undefined ? undefined : this.#reachedAt(address);
  }

  /** Starts the process and does not wait for it. */
  spawn(environment: Environment = {}): Child {
    this.#earlierOutput = this.output;
    this.#child = new Child({ ...DEFAULTS, HOLDFAST_PORT: this.#port, HOLDFAST_DATA_DIR: this.dataDir, ...this.#options.environment, ...environment });
    return this.#child;
  }

  /** The orderly way: SIGTERM, and the process's own end. */
  async stop(): Promise<Exit> {
    return this.#end('SIGTERM');
  }

  /** As a power cut would, as far as a process can tell. */
  async kill(): Promise<Exit> {
    return this.#end('SIGKILL');
  }

  async killAndRestart(environment: Environment = {}): Promise<HoldfastClient> {
    await this.kill();
    return this.start(environment);
  }

  async stopAndRestart(environment: Environment = {}): Promise<HoldfastClient> {
    await this.stop();
    return this.start(environment);
  }

  async close(): Promise<void> {
    if (this.#child !== undefined) await this.kill();
    await rm(this.dataDir, { recursive: true, force: true });
  }

  #reachedAt(address: string): HoldfastClient {
    this.#port = new URL(address).port;
    this.#client = new HoldfastClient(address, this.#options.headers);
    return this.#client;
  }

  async #end(signal: NodeJS.Signals): Promise<Exit> {
    this.child.signal(signal);
    const exit = await this.child.exited;
    await this.#client?.http.close();
    return exit;
  }
}

/** A running service for one test, ended with it. */
export async function startService(context: Finishing, options: Options = {}): Promise<Service> {
  const service = prepareService(context, options);
  await service.start();
  return service;
}

/** A service for one test that is not started yet. */
export function prepareService(context: Finishing, options: Options = {}): Service {
  const service = new Service(options);
  context.onTestFinished(() => service.close());
  return service;
}

/** One running service for all tests of a file, for those that never end it. */
export function sharedService(options: Options = {}): Service {
  const service = new Service(options);
  beforeAll(async () => { await service.start(); }, 60_000);
  afterAll(() => service.close());
  return service;
}

let names = 0;

/** A lock name that no other test of the file uses. */
export function freshName(prefix = 'lock'): string {
  names += 1;
  return `${prefix}-${process.pid}-${names}`;
}
