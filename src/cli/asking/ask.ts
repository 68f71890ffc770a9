// Ask: what the commands that ask the service have in common.
//
// Owns the way from flags to a client and an output, and from what is thrown to words and an exit code.

import type { Holdfast } from '@holdfast/client';
import type { Context, ServiceFlags } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { failureOf } from '../failure.ts';
import { Output } from '../output.ts';
import { PATIENT, serviceAt } from '../service.ts';

export interface Ask {
  readonly service: Holdfast;
  readonly output: Output;
}

type Action<Flags, Args extends readonly unknown[]> = (ask: Ask, flags: Flags, ...args: Args) => Promise<ExitCode | void>;
type Command<Flags, Args extends readonly unknown[]> = (this: Context, flags: Flags, ...args: Args) => Promise<void>;

/** A command of the parser's. Whatever the action throws is told, and becomes an exit code. */
export function asking<Flags extends ServiceFlags, Args extends readonly unknown[]>(action: Action<Flags, Args>): Command<Flags, Args> {
  return async function command(flags, ...args) {
    const output = new Output(flags.json);
    try {
      this.process.exitCode = (await action({ service: serviceAt(flags, PATIENT), output }, flags, ...args)) ?? EXIT.done;
    } catch (error) {
      this.process.exitCode = tell(error, output);
    }
  };
}

/** Says what went wrong and what to do next; gives the exit code for it. */
export function tell(error: unknown, output: Output): ExitCode {
  const failure = failureOf(error);
  const next = failure.next === undefined ? '' : `\n  Next: ${failure.next}`;
  output.say({ event: 'error', ...failure }, output.accented('red', failure.message) + next);
  return failure.exitCode;
}
