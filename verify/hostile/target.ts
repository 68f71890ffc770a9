// Target: the service that is ill-treated, as a process of its own on a directory of its own.
//
// Owns its start, its end and what it says of itself. It sends no callbacks, so that a damaged address is never called.

import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Child, type Environment } from '../../tests/service/child.ts';
import { HoldfastClient, type Headers } from '../../tests/service/client.ts';
import { sample } from '../../tests/service/metrics.ts';

const FUNCTIONS_DIR = fileURLToPath(new URL('functions', import.meta.url));
const MIB = 1_048_576;

/**
 * A heap like that of a small container. V8 takes memory as long as it may and gives it back late; within a bound, what
 * inputs leave behind cannot pass for what was only not collected yet.
 */
export const SMALL_HEAP: Environment = { NODE_OPTIONS: '--max-old-space-size=96 --max-semi-space-size=4' };

export class Target {
  readonly child: Child;
  readonly client: HoldfastClient;
  readonly port: number;
  readonly #dataDir: string;

  private constructor(child: Child, address: string, dataDir: string, headers: Headers) {
    this.child = child;
    this.client = new HoldfastClient(address, headers);
    this.port = Number(new URL(address).port);
    this.#dataDir = dataDir;
  }

  /** Throws when the service does not start. */
  static async start(environment: Environment = {}, headers: Headers = {}, dataDir = mkdtempSync(path.join(tmpdir(), 'holdfast-hostile-'))): Promise<Target> {
    const child = new Child({
      HOLDFAST_PORT: '0', HOLDFAST_DATA_DIR: dataDir, HOLDFAST_FUNCTIONS_DIR: FUNCTIONS_DIR, HOLDFAST_WORKERS: '2', HOLDFAST_LOG_LEVEL: 'info', ...environment,
    });
    const address = await child.ready();
    if (address === undefined) throw new Error(`the service did not start:\n${child.output}`);
    return new Target(child, address, dataDir, headers);
  }

  /** Kills it and starts it again where it was. */
  async killAndRestart(environment: Environment = {}): Promise<Target> {
    await this.#kill();
    return Target.start(environment, {}, this.#dataDir);
  }

  async close(): Promise<void> {
    await this.#kill();
    await rm(this.#dataDir, { recursive: true, force: true });
  }

  /** One number of /metrics; throws when it is not there. */
  async number(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
    const { text } = await this.client.ask('GET', '/metrics');
    const value = sample(text, name, labels);
    if (value === undefined) throw new Error(`${name} is not in the metrics`);
    return value;
  }

  /** Resident memory, in MiB. */
  async residentMib(): Promise<number> {
    return await this.number('process_resident_memory_bytes') / MIB;
  }

  async #kill(): Promise<void> {
    this.child.signal('SIGKILL');
    await this.child.exited;
    await this.client.http.close();
  }
}
