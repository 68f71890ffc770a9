// Project: a folder like that of somebody who uses the service, with the generators installed.
//
// Owns the folder, what is linked into it, and how programs run there. Everything in it is made by the test and goes
// with it. What is typed there finds only what a user would have: the packages, and Node before anything else.

import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const require = createRequire(import.meta.url);
const TSC = path.join(import.meta.dirname, '../../node_modules/typescript/bin/tsc');

/** The environment of whoever types there: no package is fetched, and nothing of this test run is seen. */
const ENVIRONMENT = {
  PATH: [path.dirname(process.execPath), process.env['PATH']].join(path.delimiter),
  npm_config_offline: 'true',
  npm_config_update_notifier: 'false',
};

export class Project {
  readonly dir = mkdtempSync(path.join(tmpdir(), 'holdfast-clients-'));
  readonly environment: Readonly<Record<string, string>>;
  readonly #programs = new AbortController();

  /** `packages` are linked with their commands; programs find the service at `origin`. */
  constructor(packages: readonly string[], origin: string) {
    this.environment = { ...ENVIRONMENT, HOLDFAST: origin };
    this.write('package.json', '{"type": "module"}');
    mkdirSync(path.join(this.dir, 'node_modules/.bin'), { recursive: true });
    for (const name of packages) this.#install(name);
  }

  write(name: string, text: string): void {
    writeFileSync(path.join(this.dir, name), text);
  }

  /** Checks all of the project's TypeScript by the compiler that this repository uses; what it complains about. */
  async check(options: object): Promise<string> {
    this.write('tsconfig.json', JSON.stringify({ compilerOptions: { ...options, noEmit: true } }));
    const { stdout } = await this.#run(TSC, '--project', this.dir).catch((failure: { readonly stdout: string }) => failure);
    return stdout;
  }

  /** What a program of the project prints, given arguments. */
  async play(program: string, ...args: readonly string[]): Promise<string> {
    const { stdout } = await this.#run(program, ...args);
    return stdout;
  }

  /** Ends what still runs there, and takes the folder away. */
  remove(): void {
    this.#programs.abort();
    rmSync(this.dir, { recursive: true, force: true });
  }

  #run(...args: readonly string[]): Promise<{ readonly stdout: string }> {
    return run(process.execPath, args, { cwd: this.dir, env: this.environment, signal: this.#programs.signal });
  }

  #install(name: string): void {
    const from = installedAt(name);
    const link = path.join(this.dir, 'node_modules', name);
    mkdirSync(path.dirname(link), { recursive: true });
    symlinkSync(from, link);
    const { bin = {} }: { readonly bin?: string | Readonly<Record<string, string>> } = JSON.parse(readFileSync(path.join(from, 'package.json'), 'utf8'));
    const commands = typeof bin === 'string' ? { [name]: bin } : bin;
    for (const [command, file] of Object.entries(commands)) symlinkSync(path.join(from, file), path.join(this.dir, 'node_modules/.bin', command));
  }
}

/** Where npm put a package that these tests have, which may be beside them or above. */
function installedAt(name: string): string {
  const found = (require.resolve.paths(name) ?? []).map((folder) => path.join(folder, name)).find((folder) => hasManifest(folder));
  if (found === undefined) throw new Error(`${name} is not installed`);
  return found;
}

function hasManifest(folder: string): boolean {
  try {
    readFileSync(path.join(folder, 'package.json'));
    return true;
  } catch {
    return false;
  }
}
