// Arguments: what the parser says to those that are wrong, and that each command explains itself.

import { run } from '@stricli/core';
import { expect, test } from 'vitest';
import { application } from '../../src/cli/application.ts';

const COMMANDS = ['serve', 'run', 'locks', 'show', 'acquire', 'renew', 'release', 'revoke', 'functions', 'submit', 'batch', 'completions'];

/** What the parser writes to each stream, without a process. */
async function said(args: readonly string[]): Promise<{ readonly out: string; readonly err: string; readonly code: number }> {
  const written = { out: '', err: '' };
  const process: { exitCode?: number | string | null; stdout: { write(text: string): void }; stderr: { write(text: string): void } } = {
    stdout: { write: (text) => { written.out += text; } },
    stderr: { write: (text) => { written.err += text; } },
  };
  await run(application, args, { process, command: [] });
  return { ...written, code: Number(process.exitCode) };
}

test.for([
  [['lokcs'], /there is no command "lokcs"; did you mean `locks`\?/u],
  [['run', 'a', '--tll', '5s'], /--ttl/u],
  [['run', 'a', '--ttl', '5'], /ttl: "5" is not a duration: write 5s/u],
  [['run', 'a', '--ttl', '500ms'], /from 1s to 1d/u],
  [['run', 'a', 'make'], /stands behind --/u],
  [['show'], /LOCK is missing/u],
  [['revoke', 'a', '--fencing-token', 'x'], /not an integer from 0/u],
  [['locks', '--state', 'open'], /locked/u],
  [['completions', 'csh'], /fish/u],
] as const)('%j is refused with words and a way on', async ([args, words]) => {
  const { out, err, code } = await said(args);
  expect(code).toBeLessThan(0);
  expect(out).toBe('');
  expect(err).toMatch(words);
  expect(err).toMatch(/\n {2}Next: /u);
});

test('help names every command, and each explains itself', async () => {
  const { out, code } = await said(['--help']);
  expect(code).toBe(0);
  for (const command of COMMANDS) {
    expect(out).toMatch(new RegExp(`^ {2}${command} +[A-Z]`, 'mu'));
    expect((await said([command, '--help'])).out).toMatch(new RegExp(`^USAGE\\n {2}holdfast ${command}`, 'u'));
  }
});
