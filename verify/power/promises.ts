// Promises: what a service owes its clients after whatever happened to it, from what it had answered.
//
// Owns the comparison over HTTP. Does not own the load (clients.ts) or what happened in between.
//   P1. What was answered is as it was answered. The one call of a client that was not may be done or not, never half.
//   P2. A lock that a client was told it holds is granted to nobody else, and a new grant has a greater token than every
//       one that anybody was told.

import { Client as Connection } from 'undici';
import { ask, leaseOf, type Answer, type Call } from './clients.ts';

/** The calls of one client, and how many of them it had an answer to. */
export interface Told {
  readonly calls: readonly Call[];
  readonly answers: number;
}

/** A path and what a reading of it may show. */
export interface Promised {
  readonly path: string;
  readonly allowed: readonly string[];
  /** To be read before: it waits until a batch that nobody was told of has ended. */
  readonly first?: string;
}

const NOTHING = '404';

/** What one client may find, object by object. (P1) */
export function promisedTo({ calls, answers }: Told): Promised[] {
  const promised = new Map<string, Omit<Promised, 'path'>>();
  for (const [index, call] of calls.slice(0, answers + 1).entries()) {
    const { path, shows } = shownBy(call, calls);
    if (path === undefined) continue;
    const before = promised.get(path)?.allowed ?? [NOTHING];
    const first = call.op.kind === 'batch' ? { first: `${path.replace('/results', '')}?waitMs=10000` } : {};
    promised.set(path, index < answers ? { allowed: [shows] } : { allowed: [...before, shows], ...first });
  }
  return Array.from(promised, ([path, may]) => ({ path, ...may }));
}

/** What a call makes visible when it is done; no path where only an answer that never came would name it. */
function shownBy(call: Call, calls: readonly Call[]): { readonly path?: string; readonly shows: string } {
  const { op } = call;
  if (op.kind === 'declare') return { path: `/v1/locks/${encodeURIComponent(op.lock)}`, shows: `lock ${op.description}` };
  if (op.kind === 'batch') {
    const id = leaseOf(call);
    return { ...(id !== '' && { path: `/v1/batches/${id}/results` }), shows: `values ${JSON.stringify(op.values)}` };
  }
  const acquired = op.kind === 'acquire' ? call : calls[op.of];
  const id = leaseOf(acquired);
  const token = acquired?.answered?.body['fencingToken'];
  const lock = acquired?.op.kind === 'acquire' ? acquired.op.lock : '';
  return { ...(id !== '' && { path: `/v1/leases/${id}` }), shows: op.kind === 'release' ? 'released' : `held ${lock} ${String(token)} ${op.ttlMs}` };
}

/** What a reading shows, in the words of `shownBy`. */
export function shown(path: string, { status, body }: Answer): string {
  if (status !== 200) return String(status);
  if (path.startsWith('/v1/locks/')) return `lock ${String(body['description'])}`;
  if (path.startsWith('/v1/batches/')) return `values ${JSON.stringify(valuesOf(body['results']))}`;
  const [lock] = Array.isArray(body['locks']) ? body['locks'] : [];
  return body['state'] === 'held' ? `held ${String(lock?.name)} ${String(body['fencingToken'])} ${String(body['ttlMs'])}` : String(body['state']);
}

function valuesOf(results: unknown): unknown[] {
  return Array.isArray(results) ? results.map(({ value }: { value: unknown }) => value) : [];
}

/** Everything that a service at this address owes and does not keep. Lease ids are left out of what is said. */
export async function brokenBy(address: string, told: readonly Told[]): Promise<string[]> {
  const connection = new Connection(address);
  try {
    const read = async ({ path, allowed, first }: Promised): Promise<string[]> => {
      if (first !== undefined) await ask(connection, 'GET', first);
      const saw = shown(path, await ask(connection, 'GET', path));
      return allowed.includes(saw) ? [] : [`${path.replace(/lse_.*/u, '…')} shows ${saw}, and was promised ${allowed.join(' or ')}`];
    };
    const broken: string[] = [];
    for (const promised of told.flatMap(promisedTo)) broken.push(...await read(promised));
    return [...broken, ...await brokenGrants(connection, told)];
  } finally {
    await connection.destroy();
  }
}

/** (P2) */
async function brokenGrants(connection: Connection, told: readonly Told[]): Promise<string[]> {
  const broken: string[] = [];
  for (const { calls, answers } of told) {
    const lock = heldLock(calls, answers);
    if (lock === undefined) continue;
    const { status } = await ask(connection, 'POST', `/v1/locks/${encodeURIComponent(lock)}/leases`, { ttlMs: 60_000 });
    if (status !== 423) broken.push(`${lock} is held by a client, and another was answered ${status}`);
  }
  const tokens = told.flatMap(({ calls, answers }) => calls.slice(0, answers).map(({ answered }) => Number(answered?.body['fencingToken'] ?? 0)));
  const fresh = await ask(connection, 'POST', '/v1/locks/fresh/leases', { ttlMs: 60_000 });
  if (!(Number(fresh.body['fencingToken']) > Math.max(0, ...tokens))) broken.push(`a new grant has the token ${String(fresh.body['fencingToken'])}, not above ${Math.max(0, ...tokens)}`);
  return broken;
}

/** A lock that the client certainly holds: acquired, and no release was even asked for. */
function heldLock(calls: readonly Call[], answers: number): string | undefined {
  const released = new Set(calls.slice(0, answers + 1).flatMap(({ op }) => (op.kind === 'release' ? [op.of] : [])));
  const held = calls.findLastIndex(({ op }, index) => op.kind === 'acquire' && index < answers && !released.has(index));
  const op = calls[held]?.op;
  return op?.kind === 'acquire' ? op.lock : undefined;
}
