// Application: the commands under one name, and how the parser of the arguments speaks.

import { buildApplication, buildRouteMap, formatMessageForArgumentScannerError, ArgumentScannerError, text_en } from '@stricli/core';
import { VERSION } from '../version.ts';
import { batch, functions, submit } from './commands/batches.ts';
import { acquire, release, renew } from './commands/leases.ts';
import { locks, revoke, show } from './commands/locks.ts';
import { completions, run, serve } from './commands/processes.ts';

const DESCRIPTION = `Named locks for programs and people, and batches of tasks that share them.

  holdfast serve                                       a service on this machine, its data in ./data
  holdfast run deploy/prod --wait 10m -- make deploy   a command while a lock is held
  holdfast show deploy/prod                            who has it, and who waits

The service is found at --url or HOLDFAST_URL, with the token of HOLDFAST_TOKEN if it needs one.
Every command says more with --help.`;

const routes = buildRouteMap({
  routes: { serve, run, locks, show, acquire, renew, release, revoke, functions, submit, batch, completions },
  docs: { brief: 'Named locks, and batches of tasks that share them', fullDescription: DESCRIPTION },
});

export const application = buildApplication(routes, {
  name: 'holdfast',
  versionInfo: { currentVersion: VERSION },
  scanner: { caseStyle: 'allow-kebab-for-camel', allowArgumentEscapeSequence: true },
  documentation: { caseStyle: 'convert-camel-to-kebab', useAliasInUsageLine: false },
  localization: {
    text: {
      ...text_en,
      briefs: { ...text_en.briefs, argumentEscapeSequence: 'What stands behind it is no flag; for "run" it is the command' },
      noCommandRegisteredForInput: ({ input, corrections }) =>
        `holdfast: there is no command "${input}"${corrections.length === 0 ? '' : `; did you mean ${corrections.join(' or ')}?`}\n  Next: holdfast --help lists all of them.`,
      exceptionWhileParsingArguments: (error) => `holdfast: ${reasonOf(error)}\n  Next: the same command with --help shows what it takes.`,
    },
  },
});

function reasonOf(error: unknown): string {
  if (!(error instanceof ArgumentScannerError)) return error instanceof Error ? error.message : String(error);
  return formatMessageForArgumentScannerError(error, {
    ArgumentParseError: ({ externalFlagNameOrPlaceholder: name, exception }) =>
      `${name}: ${exception instanceof Error ? exception.message : String(exception)}`,
    UnsatisfiedPositionalError: ({ placeholder }) => `${placeholder} is missing`,
    UnexpectedPositionalError: ({ input }) => `"${input}" is one argument too many; what "run" runs stands behind --`,
  });
}
