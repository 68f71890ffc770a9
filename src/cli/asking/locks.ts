// Locks: looking at locks, and taking one from its holder.

import { Problem, type Holder, type LockInfo, type WaiterInfo } from '@holdfast/client';
import type { LocksFlags, RevokeFlags } from '../commands/locks.ts';
import type { ServiceFlags } from '../context.ts';
import { showDuration } from '../durations.ts';
import { printable } from '../output.ts';
import { asking, type Ask } from './ask.ts';

const PAGE = 1_000;
const WAITERS_SHOWN = 20;

export const locks = asking(async ({ service, output }, { prefix, state }: LocksFlags) => {
  const found: LockInfo[] = [];
  let cursor: string | undefined;
  do {
    const page = await service.listLocks({ prefix, state, limit: PAGE, cursor });
    found.push(...page.locks);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  output.list(found, {
    head: ['LOCK', 'STATE', 'HOLDER', 'TOKEN', 'LEFT', 'WAITERS'],
    row: ({ name, state: is, holders: [holder], waiters }) => [
      name, is, holder === undefined ? '' : nameOf(holder), holder === undefined ? '' : String(holder.fencingToken), leftOf(holder), String(waiters),
    ],
    nothing: 'No such locks: a lock is there while it is held, waited for or declared.',
  });
});

export const show = asking(async ({ service, output }, _flags: ServiceFlags, name: string) => {
  const lock = service.lock(name);
  const info = await lock.show();
  const { waiters } = info.waiters === 0 ? { waiters: [] } : await lock.waiters({ limit: WAITERS_SHOWN });
  output.give({ lock: info, waiters }, [headOf(info, output), ...info.holders.map(holderLine), ...lineOf(info, waiters)].join('\n'));
});

export const revoke = asking(async ({ service, output }, { fencingToken, reason }: RevokeFlags, name: string) => {
  const before = await holderOf(service, name);
  const lock = await service.lock(name).revoke({ fencingToken, reason });
  const [now] = lock.holders;
  const taken = before === undefined ? `nobody held ${name}` : `${name} was taken from ${nameOf(before)} (fencing token ${before.fencingToken})`;
  output.give(lock, now === undefined ? `${taken}; it is free` : `${taken}; ${nameOf(now)} has it now (fencing token ${now.fencingToken})`);
});

async function holderOf(service: Ask['service'], name: string): Promise<Holder | undefined> {
  try {
    return (await service.lock(name).show()).holders[0];
  } catch (error) {
    if (error instanceof Problem && error.code === 'lock_not_found') return undefined;
    throw error;
  }
}

function headOf({ name, state, declared, description }: LockInfo, output: Ask['output']): string {
  const about = description === '' ? '' : `  ${printable(description)}`;
  return `${output.styled('bold', name)}  ${output.styled(state === 'locked' ? 'yellow' : 'green', state)}${declared ? ', declared' : ''}${about}`;
}

function holderLine(holder: Holder): string {
  const ends = holder.expiresAt === undefined ? 'until its task ends' : `until ${holder.expiresAt}, ${leftOf(holder)} from now`;
  return `  held by ${nameOf(holder)} since ${holder.grantedAt}, ${ends} (fencing token ${holder.fencingToken})`;
}

function lineOf({ waiters: count }: LockInfo, waiters: readonly WaiterInfo[]): readonly string[] {
  if (count === 0) return ['  nobody waits for it'];
  const rest = count - waiters.length;
  return [
    ...waiters.map(({ position, owner, waitedMs }) => `  ${position}. ${printable(owner ?? '(no name)')}, waits for ${showDuration(waitedMs)}`),
    ...(rest > 0 ? [`  and ${rest} more`] : []),
  ];
}

function nameOf({ owner }: Holder): string {
  return printable(owner ?? '(no name)');
}

/** By the clock of this machine, which may differ from the service's. */
function leftOf(holder: Holder | undefined): string {
  return holder?.expiresAt === undefined ? '' : showDuration(Math.max(0, Date.parse(holder.expiresAt) - Date.now()));
}
