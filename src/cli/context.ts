// Context: what every command is given, beside its own flags and arguments.

import type { ApplicationContext } from '@stricli/core';

export interface Context extends ApplicationContext {
  /** What stands behind `--`; only `run` has a use for it. */
  readonly command: readonly string[];
}

/** What every command that asks the service takes. */
export interface ServiceFlags {
  readonly url?: string;
  readonly token?: string;
  readonly json: boolean;
}
