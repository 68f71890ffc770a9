// Task functions that misbehave, one way each, as their item says.

import { appendFileSync } from 'node:fs';
import type { Context } from '../task.ts';

interface Misdeed {
  readonly do: string;
  readonly noteIn?: string;
  readonly value?: unknown;
}

class Coded extends Error {
  override readonly name = 'Coded';
  readonly code = 'E_CODED';
}

function cycle(): object {
  const self: { self?: object } = {};
  self.self = self;
  return self;
}

function spin(): never {
  for (;;) Math.sqrt(2);
}

function exhaust(): never {
  const kept: unknown[] = [];
  for (;;) kept.push(Array.from({ length: 100_000 }, () => ({ kept })));
}

async function rejectUnawaited(): Promise<string> {
  void Promise.reject(new Error('nobody awaits this'));
  await new Promise((resolve) => { setTimeout(resolve, 200); });
  return 'went on';
}

function throwThis(value: unknown): never {
  throw value;
}

const MISDEEDS: Readonly<Record<string, (misdeed: Misdeed) => unknown>> = {
  nothing: ({ value }) => value,
  throwError: ({ value }) => throwThis(new TypeError(String(value))),
  throwCoded: ({ value }) => throwThis(new Coded(String(value), { cause: new Error('the cause of it') })),
  throwValue: ({ value }) => throwThis(value),
  throwUndefined: () => throwThis(undefined),
  throwFunction: () => throwThis(() => 0),
  throwHostile: () => throwThis({ get message() { throw new Error('not even this'); }, toString() { throw new Error('nor this'); } }),
  reject: ({ value }) => Promise.reject(new Error(String(value))),
  rejectUnawaited,
  returnFunction: () => () => 0,
  returnSymbol: () => Symbol('s'),
  returnBigInt: () => 1n,
  returnCycle: cycle,
  returnNestedFunction: () => ({ deep: [{ deeper: () => 0 }] }),
  returnHostile: () => ({ get member() { throw new Error('cannot be read'); } }),
  spin,
  exit: () => process.exit(3),
  exhaust,
  never: () => new Promise(() => undefined),
  killProcess: () => process.kill(process.pid, 'SIGKILL'),
};

/** Does what the item says; notes its beginning first, so that a run that ends everything leaves a trace. */
export function misbehave(context: Context, misdeed: Misdeed): unknown {
  if (misdeed.noteIn !== undefined) appendFileSync(misdeed.noteIn, `${misdeed.do}:${context.attempt}\n`);
  return MISDEEDS[misdeed.do]?.(misdeed);
}

/** The same as an initializer. */
export function misbehaveAtSetup(_context: Context, misdeed: Misdeed): unknown {
  if (misdeed.noteIn !== undefined) appendFileSync(misdeed.noteIn, `${misdeed.do}\n`);
  return MISDEEDS[misdeed.do]?.(misdeed);
}
