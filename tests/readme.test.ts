// The README and the tutorial as somebody reads them: what they say to type is typed, in its order, and what they show is
// what comes.
//
// Owns how its commands meet a service of this test.
//   R1. Every command of every block runs, those of NOT_TYPED excepted, which others run.
//   R2. `npm start` is the harness's service, started or started anew on the same data.
//   R3. Where the reader takes a second, this waits for what the reader would see by then.

import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { blocksOf, type Block } from './readme/blocks.ts';
import { differencesFrom } from './readme/match.ts';
import { Shell, type Typed } from './readme/shell.ts';
import { Service, startService } from './service/harness.ts';

const PROJECT = path.join(import.meta.dirname, '..');
const PAGES = ['README.md', 'docs/tutorial.md'].map((page) => ({ page, blocks: blocksOf(readFileSync(path.join(PROJECT, page), 'utf8')) }));
/** Runs in the place of curl on a machine that does not have it. */
const STAND_IN = path.join(import.meta.dirname, 'readme/curl.ts');
const BLOCK_MS_MAX = 90_000;

const NOT_TYPED = new Set([
  'npm ci && npm test',
  'npm run demo',
  'npm run bench',
  'npm run verify',
  'docker build -t holdfast .',
  'docker run -p 7420:7420 -v holdfast:/data -e HOLDFAST_TOKENS=$(openssl rand -hex 32) --stop-timeout 20 holdfast',
]);

/** How many wait for a lock when the reader has taken a second. (R3) */
const SEEN_BY_THEN: readonly { readonly lock: string; readonly waiters: string }[] = [
  { lock: 'orders%2F42', waiters: '[1-9]' },
  { lock: 'tutorial', waiters: '[2-9]' },
];

function isStart({ commands }: Block): boolean {
  return commands.trimEnd().endsWith('npm start');
}

function isTyped({ commands }: Block): boolean {
  return !commands.trimEnd().split('\n').every((line) => NOT_TYPED.has(line));
}

/** Whether the machine has the program. */
function has(program: string): boolean {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => { server.once('listening', resolve); });
  const address = server.address();
  await new Promise((resolve) => { server.close(resolve); });
  if (address === null || typeof address === 'string') throw new Error('the server had no port');
  return address.port;
}

/** A terminal in a folder like the project's, beside a service. */
class Reader {
  readonly #dir = mkdtempSync(path.join(tmpdir(), 'holdfast-readme-'));
  readonly #functions = path.join(this.#dir, 'functions');
  readonly #service = new Service({
    environment: { HOLDFAST_FUNCTIONS_DIR: this.#functions, HOLDFAST_WORKERS: '4', HOLDFAST_SHUTDOWN_GRACE_MS: '0' },
  });
  readonly #shell: Shell;
  #origin: string | undefined;
  #receiverPort = 0;

  /** `curl`: what to run in the place of curl. */
  constructor(curl: string | undefined) {
    const programs = path.join(this.#dir, 'bin');
    mkdirSync(programs);
    cpSync(path.join(PROJECT, 'functions'), this.#functions, { recursive: true });
    writeFileSync(path.join(this.#dir, 'package.json'), '{"type": "module"}');
    if (curl !== undefined) {
      writeFileSync(path.join(programs, 'curl'), `#!/bin/sh\nexec '${process.execPath}' '${curl}' "$@"\n`);
      chmodSync(path.join(programs, 'curl'), 0o755);
    }
    const searched = [programs, path.dirname(process.execPath), process.env['PATH']].join(path.delimiter);
    this.#shell = new Shell(this.#dir, { PATH: searched });
  }

  async prepare(): Promise<void> {
    this.#receiverPort = await freePort();
  }

  does(block: Block): Promise<Typed> {
    return isStart(block) ? this.#start() : this.#type(block.commands);
  }

  /** (R2) */
  async #start(): Promise<Typed> {
    const { http } = await (this.#origin === undefined ? this.#service.start() : this.#service.stopAndRestart());
    this.#origin = http.origin;
    return { output: '', complaints: '', status: 0 };
  }

  #type(commands: string): Promise<Typed> {
    const seen = SEEN_BY_THEN.find(({ lock }) => commands.includes(lock) || commands.includes(`"$lock": "${lock}"`));
    const waiting = `until curl -s $HOLDFAST/v1/locks/${seen?.lock} | grep -q '"waiters":${seen?.waiters}'; do sleep 0.05; done`;
    return this.#shell.type(commands
      .replaceAll('http://127.0.0.1:7420', this.#origin ?? '')
      .replaceAll('7421', String(this.#receiverPort))
      .replaceAll(/^sleep 1$/gmu, waiting));
  }

  async close(): Promise<void> {
    this.#shell.close();
    await this.#service.close();
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

describe.for(PAGES)('$page', ({ blocks }) => {
  const reader = new Reader(has('curl') ? undefined : STAND_IN);
  beforeAll(() => reader.prepare());
  afterAll(() => reader.close());

  test.for(blocks.filter(isTyped))('what it says on line $line is so', { timeout: BLOCK_MS_MAX }, async (block) => {
    const { output, complaints, status } = await reader.does(block);
    expect({ status, complaints }).toEqual({ status: 0, complaints: '' });
    expect(differencesFrom(block.answer, output)).toEqual([]);
  });

  test('shows no answer to what is not typed here', () => {
    expect(blocks.filter((block) => !isTyped(block) && block.answer !== undefined)).toEqual([]);
  });
});

describe('the README', () => {
  test('leads to a page on operating that names every metric of the service, and no other', async (context) => {
    const { http } = (await startService(context)).client;
    const text = await (await fetch(`${http.origin}/metrics`)).text();
    const names = [...text.matchAll(/^# TYPE (?<name>holdfast_\w+) /gmu)].map(({ groups }) => groups?.['name'] ?? '');
    const page = readFileSync(path.join(PROJECT, 'docs/operating.md'), 'utf8');
    const named = [...page.matchAll(/^\| `(?<name>[a-z_]+)(?:\{[a-z,]+\})?` \|/gmu)].map(({ groups }) => `holdfast_${groups?.['name']}`);
    expect(named.toSorted()).toEqual(names.toSorted());
  });

  test('names every variable of the configuration, and no other', () => {
    const [code, page] = ['src/config.ts', 'README.md'].map((file) => readFileSync(path.join(PROJECT, file), 'utf8'));
    const known = new Set([...code!.matchAll(/'(?<name>HOLDFAST_[A-Z_]+)'/gu)].map(({ groups }) => groups?.['name']));
    const named = [...page!.matchAll(/^\| `(?<name>HOLDFAST_[A-Z_]+)` \|/gmu)].map(({ groups }) => groups?.['name']);
    expect(new Set(named)).toEqual(known);
  });
});
