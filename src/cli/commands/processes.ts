// Processes: the commands that run something on this machine, as the parser knows them.

import { buildChoiceParser, buildCommand } from '@stricli/core';
import type { Context, ServiceFlags } from '../context.ts';
import { LOCK, OWNER, RUN_TTL, SERVICE, WAIT } from '../parameters.ts';

export const serve = buildCommand<object, [], Context>({
  loader: async () => (await import('../serve.ts')).serve,
  parameters: {},
  docs: {
    brief: 'Start a service on this machine',
    fullDescription: `Start a service on this machine, in the foreground, until Ctrl-C or SIGTERM.

Its data is in ./data, its functions in ./functions, its address http://127.0.0.1:7420. The environment says otherwise:
HOLDFAST_HOST, HOLDFAST_PORT, HOLDFAST_DATA_DIR, HOLDFAST_FUNCTIONS_DIR, HOLDFAST_TOKENS and others; README.md has all.

  HOLDFAST_PORT=8000 HOLDFAST_DATA_DIR=/var/lib/holdfast holdfast serve`,
  },
});

export interface RunFlags extends ServiceFlags {
  readonly ttl: number;
  readonly wait: number;
  readonly owner?: string;
}

export const run = buildCommand<RunFlags, [lock: string], Context>({
  loader: async () => (await import('../run/run.ts')).run,
  parameters: {
    flags: { ttl: RUN_TTL, wait: WAIT, owner: OWNER, ...SERVICE },
    positional: { kind: 'tuple', parameters: [LOCK] },
  },
  docs: {
    brief: 'Run a command while a lock is held',
    customUsage: ['LOCK [--ttl 30s] [--wait 1m] -- COMMAND [ARGUMENT…]'],
    fullDescription: `Run a command while a lock is held.

The command runs in a process group of its own, with HOLDFAST_LOCK and HOLDFAST_FENCING_TOKEN in its environment.
The lease is renewed meanwhile. If it cannot be, the whole group gets SIGTERM and then SIGKILL before the lease can
end. Signals are passed on to the group. What leaves the group (setsid, a daemon) is out of reach.

  holdfast run deploy/prod --wait 10m -- make deploy

Exit codes: the command's own; 75 the lock was not acquired; 76 it was lost; 69 the service could not be reached;
77 the token was refused; 64 wrong arguments; 126 and 127 the command could not be started; 128 + n ended by signal n.`,
  },
});

const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

export const completions = buildCommand<object, [shell: Shell], Context>({
  loader: async () => (await import('../shells.ts')).completions,
  parameters: {
    positional: { kind: 'tuple', parameters: [{ brief: 'bash, zsh or fish', parse: buildChoiceParser(SHELLS), placeholder: 'SHELL', proposeCompletions: (partial) => SHELLS.filter((name) => name.startsWith(partial)) }] },
  },
  docs: {
    brief: 'Print what completes this command in a shell',
    fullDescription: `Print what completes this command in a shell. Names of locks and functions come from the service.

  eval "$(holdfast completions bash)"                               in ~/.bashrc
  eval "$(holdfast completions zsh)"                                in ~/.zshrc, after compinit
  holdfast completions fish > ~/.config/fish/completions/holdfast.fish`,
  },
});
