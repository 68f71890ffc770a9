// Handover: how long after a holder was killed the next client has its lock.
//
// Owns the figure. A process takes many locks, renews them and is killed; for each lock a client of this process waits.
//   M1. Time is counted from the last answer that gave the holder time, whenever it was killed after it: whatever comes
//       after `ttlMs` from there is late.
//   M2. A lock whose holder was killed between asking for time and being answered is left out: nobody knows whether it
//       was given some.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import type { Chance } from '../chance.ts';
import { Connection, watched } from './connection.ts';
import { sharedNow } from './shared-clock.ts';

const HOLDER = fileURLToPath(new URL('holder.ts', import.meta.url));
const WAIT_MS = 20_000;

export interface Round {
  /** Part of every lock's name. */
  readonly name: string;
  readonly locks: number;
}

/** Kills one holder of many locks; for nearly each lock how much later than `ttlMs` it was granted again. */
export async function killHolder(port: number, { name, locks }: Round, chance: Chance): Promise<number[]> {
  const ttls = Array.from({ length: locks }, () => chance.int(300, 1_200));
  const holder = spawn(process.execPath, [HOLDER, String(port), name, ...ttls.map(String)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const gone = once(holder, 'close');
  const told = new Map<string, number>();
  const asking = new Set<string>();
  const lines = createInterface({ input: holder.stdout }).on('line', (line) => {
    const [lock = '', at = ''] = line.split(' ');
    if (at === 'asked') asking.add(lock);
    else {
      asking.delete(lock);
      told.set(lock, Number(at));
    }
  });
  while (told.size < locks) await Promise.race([once(lines, 'line'), gone.then(() => { throw new Error('the holder ended before it held'); })]);

  const connections = ttls.map(() => new Connection(() => port));
  return watched(connections, async () => {
    const waiting = connections.map((connection, nth) => next(connection, `${name}-${nth}`));
    await delay(chance.int(500, 1_500));
    holder.kill('SIGKILL');
    await gone;
    const grantedAt = await Promise.all(waiting);
    return grantedAt.flatMap((at, nth) => {
      const lock = `${name}-${nth}`;
      return asking.has(lock) ? [] : [at - (told.get(lock) ?? Number.NaN) - (ttls[nth] ?? Number.NaN)];
    });
  });
}

/** When the lock was granted to a client that waits for it. */
async function next(connection: Connection, lock: string): Promise<number> {
  const answer = await connection.ask('POST', `/v1/locks/${lock}/leases`, `{"waitMs":${WAIT_MS}}`, '', 2 * WAIT_MS);
  if ('lost' in answer || answer.status !== 201) throw new Error(`${lock} was not granted again: ${'lost' in answer ? answer.lost : answer.text}`);
  return sharedNow();
}
