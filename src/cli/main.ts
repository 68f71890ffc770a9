// Main of the command line: from the arguments to a command, and from its end to an exit code.
//
// Owns the process. Which commands there are, and with what, is commands.ts.

import { proposeCompletions, run } from '@stricli/core';
import { application } from './application.ts';
import type { Context } from './context.ts';
import { EXIT } from './exit-codes.ts';

/** What the shells ask for completions; not for people. See shells.ts. */
const PROPOSE = '__complete';

const context: Context & { readonly process: { exitCode?: number | string | null } } = {
  process: { stdout: process.stdout, stderr: process.stderr, env: process.env },
  command: [],
};

// A reader that has seen enough, `head` for one, is no failure.
process.stdout.on('error', () => { process.exit(EXIT.done); });
// Nobody reads what is told; what is held is still given back.
process.stderr.on('error', () => undefined);

const [first, ...rest] = process.argv.slice(2);
if (first === PROPOSE) await propose(rest);
else await perform(process.argv.slice(2));

/** `run` has its own flags before `--`, and what it runs behind it. */
async function perform(args: readonly string[]): Promise<void> {
  const at = first === 'run' ? args.indexOf('--') : -1;
  const own = at === -1 ? args : args.slice(0, at);
  await run(application, own, { ...context, command: at === -1 ? [] : args.slice(at + 1) });
  const code = Number(context.process.exitCode ?? EXIT.done);
  // The library's own codes are below 0, and all but a few of them mean that the arguments were wrong.
  process.exitCode = code < 0 ? EXIT.usage : code;
  // What `run` ran has ended, and its caller need not wait for requests that nobody waits for.
  if (first === 'run') process.exit();
}

/** The last word is the one that is being written. */
async function propose(words: readonly string[]): Promise<void> {
  if (words.includes('--')) return;
  for (const { completion, brief } of await proposeCompletions(application, words, context)) process.stdout.write(`${completion}\t${brief}\n`);
}
