// The page about the command line as somebody reads it: what it says to type is typed, and what it shows is what comes.

import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EXIT } from '../../src/cli/exit-codes.ts';
import { HOLDFAST } from '../../verify/command/program.ts';
import { blocksOf } from '../readme/blocks.ts';
import { differencesFrom } from '../readme/match.ts';
import { Shell } from '../readme/shell.ts';
import { Service } from '../service/harness.ts';

const PROJECT = path.join(import.meta.dirname, '../..');
const PAGE = readFileSync(path.join(PROJECT, 'docs/command-line.md'), 'utf8');

describe('the page about the command line', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'holdfast-page-'));
  const service = new Service({ environment: { HOLDFAST_FUNCTIONS_DIR: path.join(folder, 'functions') } });
  let shell: Shell;

  beforeAll(async () => {
    cpSync(path.join(PROJECT, 'functions'), path.join(folder, 'functions'), { recursive: true });
    writeFileSync(path.join(folder, 'package.json'), '{"type": "module"}');
    mkdirSync(path.join(folder, 'bin'));
    writeFileSync(path.join(folder, 'bin/holdfast'), `#!/bin/sh\nexec '${process.execPath}' '${HOLDFAST}' "$@"\n`);
    chmodSync(path.join(folder, 'bin/holdfast'), 0o755);
    const { http } = await service.start();
    const searched = [path.join(folder, 'bin'), path.dirname(process.execPath), process.env['PATH']].join(path.delimiter);
    shell = new Shell(folder, { PATH: searched, HOLDFAST_URL: http.origin });
  }, 60_000);
  afterAll(async () => {
    shell.close();
    await service.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test.for(blocksOf(PAGE))('what it says on line $line is so', { timeout: 90_000 }, async (block) => {
    const { output, complaints, status } = await shell.type(block.commands);
    expect({ status, complaints }).toEqual({ status: 0, complaints: '' });
    expect(differencesFrom(block.answer, output)).toEqual([]);
  });

  test('names every exit code that is not a command\'s own', () => {
    for (const code of Object.values(EXIT).filter((one) => one > EXIT.failed)) expect(PAGE).toMatch(new RegExp(String.raw`^\|[\d, ]*\b${code}\b[\d, ]*\|`, 'mu'));
  });
});
