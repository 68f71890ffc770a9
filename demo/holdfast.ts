// Holdfast: the requests that the demo makes, as any program would make them.
//
// Owns the connection and the shapes of the answers, as far as the demo looks at them.

import { hold, NotAsTold } from './page.ts';

export interface Answer<Body> {
  readonly status: number;
  readonly body: Body;
}

export interface Lease {
  readonly id: string;
  readonly state: string;
  readonly fencingToken: number;
  readonly waitedMs: number;
  readonly expiresInMs: number;
}

export interface Lock {
  readonly state: string;
  readonly waiters: number;
}

export interface TaskError {
  readonly name: string;
  readonly message: string;
  readonly kind: string;
}

export interface Result {
  readonly index: number;
  readonly state: string;
  readonly value?: unknown;
  readonly error?: TaskError;
  readonly logs: string;
}

export interface Batch {
  readonly id: string;
  readonly state: string;
  readonly counts: { readonly total: number; readonly succeeded: number; readonly failed: number };
  readonly callbacks: readonly { readonly event: string; readonly state: string; readonly attempts: number }[];
}

/** What every refusal has, with what some have. */
export interface Problem {
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly pointer?: string;
  readonly reason?: string;
  readonly error?: TaskError;
  readonly holders?: readonly { readonly owner?: string }[];
}

export class Holdfast {
  readonly url: string;
  readonly #headers: Readonly<Record<string, string>>;

  /** `token`: needed by a service that has `HOLDFAST_TOKENS`. */
  constructor(url: string, token: string | undefined) {
    this.url = url;
    this.#headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  }

  async ask<Body>(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, json?: object): Promise<Answer<Body>> {
    const response = await fetch(this.url + path, {
      method,
      headers: json === undefined ? this.#headers : { ...this.#headers, 'content-type': 'application/json' },
      ...(json !== undefined && { body: JSON.stringify(json) }),
    });
    const text = await response.text();
    if (response.status === 401) throw new NotAsTold('the service wants a token: give the demo one in HOLDFAST_TOKENS');
    const body: Body = JSON.parse(text === '' ? '{}' : text);
    return { status: response.status, body };
  }

  /** Asks what must be answered with this status, and returns the body. */
  async must<Body>(status: number, method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, json?: object): Promise<Body> {
    const answer = await this.ask<Body & Partial<Problem>>(method, path, json);
    const { code, detail } = answer.body;
    hold(answer.status === status, `${method} ${templateOf(path)} is answered with ${status}; it was ${answer.status} ${code ?? ''}: ${detail ?? ''}`);
    return answer.body;
  }

  async metrics(): Promise<string> {
    const response = await fetch(`${this.url}/metrics`, { headers: this.#headers });
    return response.text();
  }
}

/** The value of one metric, named with its labels; `undefined` when there is none. */
export function metric(text: string, name: string): number | undefined {
  const line = text.split('\n').find((found) => found.startsWith(`${name} `));
  return line === undefined ? undefined : Number(line.slice(name.length));
}

/** A path as it may be shown: the id of a lease is a secret. */
export function templateOf(path: string): string {
  return path.replace(/lse_[\w-]+/u, 'lse_…').replace(/bat_[\w-]+/u, 'bat_…');
}
