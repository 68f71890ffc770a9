// A real Prometheus for a test: started with the configuration of deploy/prometheus, pointed at a service of the test.
//
// Owns the process and its folder, and what can be asked of it. Differs from the configuration that is committed only in
// the target, and in how often it looks: a test does not wait for fifteen seconds to pass twice.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parse, stringify } from 'yaml';
import { read } from '../tidy/project.ts';
import { RULES_DIR } from './programs.ts';

const EVERY = '1s';
const LISTENING = /msg="Listening on" address=(?<address>[\d.:]+)/u;

interface Config {
  readonly rule_files: readonly string[];
  readonly scrape_configs: readonly { readonly job_name: string }[];
}

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

export interface EvaluatedRule {
  readonly name: string;
  readonly type: 'recording' | 'alerting';
  readonly query: string;
  readonly health: 'ok' | 'err' | 'unknown';
  readonly lastError?: string;
  /** Of an alert. */
  readonly state?: 'inactive' | 'pending' | 'firing';
}

export class Prometheus {
  readonly #dir = mkdtempSync(path.join(tmpdir(), 'holdfast-prometheus-'));
  readonly #process: ChildProcess;
  readonly #closed: Promise<unknown>;
  #output = '';
  #origin = '';

  /** `target`: the host and port of the service. */
  constructor(target: string) {
    writeFileSync(path.join(this.#dir, 'prometheus.yml'), configFor(target));
    this.#process = spawn('prometheus', [
      '--config.file=prometheus.yml', '--storage.tsdb.path=data', '--web.listen-address=127.0.0.1:0',
    ], { cwd: this.#dir, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#closed = once(this.#process, 'close');
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => { this.#output += text; });
    }
  }

  /** Resolves when it takes queries. */
  async ready(): Promise<void> {
    for (;;) {
      const address = LISTENING.exec(this.#output)?.groups?.['address'];
      if (address !== undefined) {
        this.#origin = `http://${address}`;
        return;
      }
      const heard = this.#process.stderr === null ? [] : [once(this.#process.stderr, 'data')];
      const ended = await Promise.race([...heard.map((data) => data.then(() => false)), this.#closed.then(() => true)]);
      if (ended) throw new Error(`Prometheus ended before it listened:\n${this.#output}`);
    }
  }

  /** What a query gives now. A query that Prometheus refuses fails the test with its reason. */
  async query(query: string): Promise<readonly Sample[]> {
    const { result } = await this.#ask<{ readonly result: readonly Sample[] }>('query', { query });
    return result;
  }

  /** The values of a label of what a selector finds. */
  async labelValues(label: string, selector: string): Promise<readonly string[]> {
    return this.#ask(`label/${label}/values`, { 'match[]': selector });
  }

  async rules(): Promise<readonly EvaluatedRule[]> {
    const { groups } = await this.#ask<{ readonly groups: readonly { readonly rules: readonly EvaluatedRule[] }[] }>('rules', {});
    return groups.flatMap(({ rules }) => rules);
  }

  async close(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#closed;
    rmSync(this.#dir, { recursive: true, force: true });
  }

  async #ask<Data>(what: string, parameters: Readonly<Record<string, string>>): Promise<Data> {
    const response = await fetch(`${this.#origin}/api/v1/${what}?${new URLSearchParams(parameters).toString()}`);
    const answer: { readonly status: string; readonly data: Data; readonly error?: string } = JSON.parse(await response.text());
    if (answer.status !== 'success') throw new Error(`${parameters['query'] ?? what}: ${answer.error}`);
    return answer.data;
  }
}

function configFor(target: string): string {
  const committed: Config = parse(read('deploy/prometheus/prometheus.yml'));
  return stringify({
    ...committed,
    global: { scrape_interval: EVERY, scrape_timeout: EVERY, evaluation_interval: EVERY },
    rule_files: committed.rule_files.map((file) => path.join(RULES_DIR, file)),
    scrape_configs: committed.scrape_configs.map((job) => ({ ...job, static_configs: [{ targets: [target] }] })),
  });
}
