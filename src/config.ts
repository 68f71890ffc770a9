// Config: the environment, read and checked once, before anything is opened.
//
// Owns the names of the variables, their defaults and their bounds. Does not own what the values mean to the parts.
//   F1. A start that is refused names everything that is wrong at once, and what to do about each.
//   F2. A name that we do not know is refused rather than ignored: a typing error must not leave a default in force.
//   F3. A problem never repeats a value, as any of them may be a secret in the wrong place; entries of
//       HOLDFAST_WEBHOOK_ALLOW excepted, which are many and look alike.
//   F4. An empty value is no value: the default holds.

import { isIP } from 'node:net';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import ipaddr from 'ipaddr.js';
import { SHUTDOWN_GRACE_MS, SHUTDOWN_GRACE_MS_MAX, TOKENS_MAX, TOKEN_CHARS_MAX, TOKEN_CHARS_MIN, WORKERS_MAX } from './limits.ts';
import type { Durability } from './journal/journal.ts';
import { createDestinationRule, type DestinationRule } from './webhooks/destination.ts';
import { parseSecrets, type WebhookSecret } from './webhooks/signature.ts';

export interface Config {
  /** An address without brackets, or a host name. */
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Absolute. */
  readonly dataDir: string;
  /** Absolute. */
  readonly functionsDir: string;
  readonly workers: number;
  /** Empty: nobody needs one, and `host` is loopback. */
  readonly tokens: readonly string[];
  /** Empty: callbacks are refused. */
  readonly webhookSecrets: readonly WebhookSecret[];
  readonly destinationRule: DestinationRule;
  readonly logLevel: LogLevel;
  /** Every fencing token from now on is greater than this. */
  readonly tokenFloor: number;
  readonly shutdownGraceMs: number;
  /** What is acknowledged survives a power cut, or only the end of the process. */
  readonly durability: Durability;
}

export type Environment = { readonly [name: string]: string | undefined };
export type LogLevel = (typeof LOG_LEVELS)[number];

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
const DURABILITIES: readonly Durability[] = ['flush', 'os'];
const NAMES = [
  'HOLDFAST_HOST', 'HOLDFAST_PORT', 'HOLDFAST_DATA_DIR', 'HOLDFAST_FUNCTIONS_DIR', 'HOLDFAST_WORKERS', 'HOLDFAST_TOKENS',
  'HOLDFAST_WEBHOOK_SECRET', 'HOLDFAST_WEBHOOK_ALLOW', 'HOLDFAST_LOG_LEVEL', 'HOLDFAST_TOKEN_FLOOR', 'HOLDFAST_SHUTDOWN_GRACE_MS',
  'HOLDFAST_DURABILITY',
] as const;
type Name = (typeof NAMES)[number];

/** Names that others set: what a command run under a lock is told, what clients are, and what Kubernetes tells every pod of a service `holdfast`. */
const FOREIGN = /^HOLDFAST_(LOCK$|FENCING_TOKEN$|URL$|TOKEN$|SERVICE_|PORT_)/;
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_]([a-z0-9_-]{0,62}))*\.?$/i;
/** What can stand in an Authorization header, less the comma that separates tokens. */
const TOKEN = /^[\x21-\x2b\x2d-\x7e]+$/;
const WORKERS_DEFAULT_MIN = 2;

/** The environment cannot be served with. `message` has a line for each of `problems`. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The configuration cannot be used:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.problems = problems;
  }
}

/** Reads and checks every variable; throws a `ConfigError` with all that is wrong. (F1) */
export function readConfig(env: Environment): Config {
  const reader = new Reader(env);
  const config: Config = {
    host: reader.parsed('HOLDFAST_HOST', parseHost, '127.0.0.1'),
    port: reader.parsed('HOLDFAST_PORT', parsePort, 7_420),
    dataDir: resolve(reader.text('HOLDFAST_DATA_DIR') ?? 'data'),
    functionsDir: resolve(reader.text('HOLDFAST_FUNCTIONS_DIR') ?? 'functions'),
    workers: reader.parsed('HOLDFAST_WORKERS', integerFrom(1, WORKERS_MAX), workersDefault()),
    tokens: reader.parsed('HOLDFAST_TOKENS', parseTokens, []),
    webhookSecrets: reader.parsed('HOLDFAST_WEBHOOK_SECRET', parseSecrets, []),
    destinationRule: reader.parsed('HOLDFAST_WEBHOOK_ALLOW', (text) => createDestinationRule(listOf(text)), createDestinationRule([])),
    logLevel: reader.parsed('HOLDFAST_LOG_LEVEL', parseLogLevel, 'info'),
    tokenFloor: reader.parsed('HOLDFAST_TOKEN_FLOOR', integerFrom(0, Number.MAX_SAFE_INTEGER), 0),
    shutdownGraceMs: reader.parsed('HOLDFAST_SHUTDOWN_GRACE_MS', integerFrom(0, SHUTDOWN_GRACE_MS_MAX), SHUTDOWN_GRACE_MS),
    durability: reader.parsed('HOLDFAST_DURABILITY', parseDurability, 'flush'),
  };
  if (reader.text('HOLDFAST_TOKENS') === undefined && !isLoopback(config.host)) {
    reader.problems.push('HOLDFAST_TOKENS is not set, so only a loopback address may be bound: set it, or set HOLDFAST_HOST to 127.0.0.1');
  }
  // What clients send is one letter away from what the service expects, and without tokens it would ask for none.
  if (reader.text('HOLDFAST_TOKENS') === undefined && (env.HOLDFAST_TOKEN ?? '') !== '') {
    reader.problems.push('HOLDFAST_TOKEN is what clients send, and HOLDFAST_TOKENS, which the service would ask them for, is not set: set that one, or unset HOLDFAST_TOKEN');
  }
  const problems = [...reader.problems, ...unknownNames(env)];
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.freeze(config);
}

/** Reads variables one by one and keeps what is wrong with each. */
class Reader {
  readonly problems: string[] = [];
  readonly #env: Environment;

  constructor(env: Environment) {
    this.#env = env;
  }

  text(name: Name): string | undefined {
    const text = this.#env[name]?.trim();
    return text === '' ? undefined : text;
  }

  /** The fallback stands for a wrong value too, so that what follows can still be checked. */
  parsed<T>(name: Name, parse: (text: string, name: Name) => T, fallback: T): T {
    const text = this.text(name);
    if (text === undefined) return fallback;
    try {
      return parse(text, name);
    } catch (error) {
      this.problems.push(error instanceof Error ? error.message : String(error));
      return fallback;
    }
  }
}

function parseHost(text: string, name: Name): string {
  if (isIP(text) === 0 && (!HOST_NAME.test(text) || /^[\d.]+$/.test(text))) {
    throw new Error(`${name} must be an address without brackets or port (127.0.0.1, ::1, 0.0.0.0) or a host name`);
  }
  return text;
}

function parsePort(text: string, name: Name): number {
  if (text.startsWith('tcp://')) {
    throw new Error(
      `${name} begins with tcp://: Kubernetes sets it so for a service named holdfast. Write enableServiceLinks: false in the pod's specification, or give the service another name`,
    );
  }
  return integerFrom(0, 65_535)(text, name);
}

function integerFrom(min: number, max: number): (text: string, name: Name) => number {
  return (text, name) => {
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) throw new Error(`${name} must be an integer from ${min} to ${max}`);
    return value;
  };
}

function parseTokens(text: string, name: Name): readonly string[] {
  const tokens = listOf(text);
  if (tokens.length > TOKENS_MAX) throw new Error(`${name} has ${tokens.length} tokens; the most is ${TOKENS_MAX}`);
  const wrong = tokens.findIndex((token) => token.length < TOKEN_CHARS_MIN || token.length > TOKEN_CHARS_MAX || !TOKEN.test(token));
  if (wrong !== -1) {
    throw new Error(
      `${name}: token ${wrong + 1} must have ${TOKEN_CHARS_MIN} to ${TOKEN_CHARS_MAX} visible ASCII characters; \`openssl rand -hex 32\` makes a good one`,
    );
  }
  return Object.freeze(tokens);
}

function parseLogLevel(text: string, name: Name): LogLevel {
  const level = LOG_LEVELS.find((known) => known === text);
  if (level === undefined) throw new Error(`${name} must be one of ${LOG_LEVELS.join(', ')}`);
  return level;
}

function parseDurability(text: string, name: Name): Durability {
  const durability = DURABILITIES.find((known) => known === text);
  if (durability === undefined) throw new Error(`${name} must be flush (what is acknowledged survives a power cut) or os (it survives only the end of the process)`);
  return durability;
}

function listOf(text: string): string[] {
  return text.split(',').map((entry) => entry.trim());
}

function workersDefault(): number {
  return Math.min(Math.max(availableParallelism(), WORKERS_DEFAULT_MIN), WORKERS_MAX);
}

function isLoopback(host: string): boolean {
  return isIP(host) === 0 ? host.toLowerCase() === 'localhost' : ipaddr.process(host).range() === 'loopback';
}

/** A problem for each name that begins like ours and is not. (F2) */
function unknownNames(env: Environment): readonly string[] {
  const known = new Set<string>(NAMES);
  return Object.keys(env)
    .filter((name) => name.startsWith('HOLDFAST_') && !known.has(name) && !FOREIGN.test(name))
    .toSorted()
    .map((name) => `${name} is not known; did you mean ${nearestName(name)}? Unset it, or correct its name`);
}

function nearestName(unknown: string): Name {
  const distances = NAMES.map((name) => editDistance(name, unknown));
  return NAMES[distances.indexOf(Math.min(...distances))] ?? NAMES[0];
}

/** How many letters must be put in, taken out or replaced to make one word of the other. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let index = 0; index < from.length; index += 1) {
    const next = [index + 1];
    for (let column = 1; column < row.length; column += 1) {
      const replaced = (row[column - 1] ?? 0) + (to[column - 1] === from[index] ? 0 : 1);
      next.push(Math.min(replaced, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
