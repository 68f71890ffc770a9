// Service: where the service is, and a client for it.

import { Holdfast } from '@holdfast/client';
import type { ServiceFlags } from './context.ts';
import { EXIT } from './exit-codes.ts';
import { CliError } from './failure.ts';

const URL_DEFAULT = 'http://127.0.0.1:7420';

/** How patient a client is. People who mistyped an address want to know soon; a shell wants its completions at once. */
export interface Patience {
  readonly requestTimeoutMs: number;
  readonly retryForMs: number;
}

export const PATIENT: Patience = { requestTimeoutMs: 10_000, retryForMs: 3_000 };
export const HASTY: Patience = { requestTimeoutMs: 700, retryForMs: 0 };

/** The flags first, then the environment. An empty variable is none. */
export function serviceAt({ url, token }: Partial<ServiceFlags>, patience: Patience): Holdfast {
  const { HOLDFAST_URL = '', HOLDFAST_TOKEN = '' } = process.env;
  const address = url ?? (HOLDFAST_URL === '' ? URL_DEFAULT : HOLDFAST_URL);
  if (!/^https?:\/\/./u.test(address) || !URL.canParse(address)) {
    throw new CliError('url_invalid', EXIT.usage, `HOLDFAST_URL is not an address: ${address}`, 'Write it as http://host:port.');
  }
  return new Holdfast({ url: address, token: token ?? (HOLDFAST_TOKEN === '' ? undefined : HOLDFAST_TOKEN), ...patience });
}
