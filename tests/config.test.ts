import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ConfigError, readConfig, type Environment } from '../src/config.ts';
import { SHUTDOWN_GRACE_MS, SHUTDOWN_GRACE_MS_MAX, TOKENS_MAX, TOKEN_CHARS_MAX, WORKERS_MAX } from '../src/limits.ts';

const TOKEN = 'a-token-of-enough-characters';
const SECRET = `whsec_${Buffer.alloc(32, 'k').toString('base64')}`;

function problemsOf(env: Environment): readonly string[] {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('without any variable', () => {
  test('the defaults hold, and the service is bound to loopback', () => {
    const config = readConfig({ PATH: '/bin' });
    expect(config).toMatchObject({
      host: '127.0.0.1',
      port: 7_420,
      dataDir: resolve('data'),
      functionsDir: resolve('functions'),
      workers: Math.max(2, Math.min(availableParallelism(), WORKERS_MAX)),
      tokens: [],
      webhookSecrets: [],
      logLevel: 'info',
      tokenFloor: 0,
      shutdownGraceMs: SHUTDOWN_GRACE_MS,
      durability: 'flush',
    });
    expect(config.destinationRule.isCallable('127.0.0.1')).toBe(false);
  });

  test('an empty value is no value', () => {
    const names = ['HOST', 'PORT', 'DATA_DIR', 'WORKERS', 'TOKENS', 'WEBHOOK_SECRET', 'WEBHOOK_ALLOW', 'LOG_LEVEL', 'TOKEN_FLOOR', 'DURABILITY'];
    const { destinationRule: _, ...config } = readConfig(Object.fromEntries(names.map((name) => [`HOLDFAST_${name}`, ' '])));
    expect(config).toMatchObject({ host: '127.0.0.1', port: 7_420, tokens: [], webhookSecrets: [], durability: 'flush' });
  });
});

describe('with every variable', () => {
  test('each is read, and the configuration cannot be changed afterwards', () => {
    const config = readConfig({
      HOLDFAST_HOST: '0.0.0.0',
      HOLDFAST_PORT: '0',
      HOLDFAST_DATA_DIR: '/data/x',
      HOLDFAST_FUNCTIONS_DIR: '/app/functions',
      HOLDFAST_WORKERS: '7',
      HOLDFAST_TOKENS: `${TOKEN}, ${TOKEN}-2`,
      HOLDFAST_WEBHOOK_SECRET: `${SECRET},${SECRET}`,
      HOLDFAST_WEBHOOK_ALLOW: '127.0.0.1, fd00::/8',
      HOLDFAST_LOG_LEVEL: 'warn',
      HOLDFAST_TOKEN_FLOOR: String(Number.MAX_SAFE_INTEGER),
      HOLDFAST_SHUTDOWN_GRACE_MS: '0',
      HOLDFAST_DURABILITY: 'os',
    });
    expect(config).toMatchObject({
      host: '0.0.0.0',
      port: 0,
      dataDir: '/data/x',
      functionsDir: '/app/functions',
      workers: 7,
      tokens: [TOKEN, `${TOKEN}-2`],
      logLevel: 'warn',
      tokenFloor: Number.MAX_SAFE_INTEGER,
      shutdownGraceMs: 0,
      durability: 'os',
    });
    expect(config.webhookSecrets).toHaveLength(2);
    expect(['127.0.0.1', 'fd12::1', '10.0.0.1'].map((address) => config.destinationRule.isCallable(address))).toEqual([true, true, false]);
    expect(Object.isFrozen(config)).toBe(true);
  });

  test.each(['HOLDFAST_LOCK', 'HOLDFAST_FENCING_TOKEN', 'HOLDFAST_URL', 'HOLDFAST_SERVICE_HOST', 'HOLDFAST_SERVICE_PORT_HTTP', 'HOLDFAST_PORT_7420_TCP_ADDR'])(
    '%s is set by others and is no concern of ours',
    (name) => {
      expect(problemsOf({ [name]: 'tcp://10.0.0.1:7420' })).toEqual([]);
    },
  );
});

describe('a value that cannot be used', () => {
  test.each([
    ['HOLDFAST_HOST', '[::1]'], ['HOLDFAST_HOST', '127.0.0.1:7420'], ['HOLDFAST_HOST', 'http://localhost'], ['HOLDFAST_HOST', '127.1'],
    ['HOLDFAST_HOST', 'a b'], ['HOLDFAST_HOST', '.'], ['HOLDFAST_HOST', '999.0.0.1'],
    ['HOLDFAST_PORT', '65536'], ['HOLDFAST_PORT', '-1'], ['HOLDFAST_PORT', '7420.0'], ['HOLDFAST_PORT', '0x10'], ['HOLDFAST_PORT', '1e3'],
    ['HOLDFAST_WORKERS', '0'], ['HOLDFAST_WORKERS', String(WORKERS_MAX + 1)], ['HOLDFAST_WORKERS', 'many'],
    ['HOLDFAST_TOKENS', 'short'], ['HOLDFAST_TOKENS', `${TOKEN},`], ['HOLDFAST_TOKENS', `${TOKEN} with spaces`], ['HOLDFAST_TOKENS', `${TOKEN}ż`],
    ['HOLDFAST_TOKENS', 'x'.repeat(TOKEN_CHARS_MAX + 1)], ['HOLDFAST_TOKENS', Array.from({ length: TOKENS_MAX + 1 }, () => TOKEN).join(',')],
    ['HOLDFAST_WEBHOOK_SECRET', 'whsec_short'], ['HOLDFAST_WEBHOOK_ALLOW', 'localhost'], ['HOLDFAST_WEBHOOK_ALLOW', '10.0.0.0/8,'],
    ['HOLDFAST_LOG_LEVEL', 'loud'], ['HOLDFAST_LOG_LEVEL', 'INFO'],
    ['HOLDFAST_TOKEN_FLOOR', '-1'], ['HOLDFAST_TOKEN_FLOOR', '9007199254740992'], ['HOLDFAST_TOKEN_FLOOR', '1.5'],
    ['HOLDFAST_DURABILITY', 'none'], ['HOLDFAST_DURABILITY', 'OS'], ['HOLDFAST_DURABILITY', 'flush,os'],
    ['HOLDFAST_SHUTDOWN_GRACE_MS', '10s'], ['HOLDFAST_SHUTDOWN_GRACE_MS', String(SHUTDOWN_GRACE_MS_MAX + 1)],
  ])('refuses the start and is named: %s=%j', (name, value) => {
    expect(problemsOf({ [name]: value })).toEqual([expect.stringMatching(new RegExp(`^${name}[ :]`))]);
  });

  test('of Kubernetes in HOLDFAST_PORT is refused with what to write in the pod', () => {
    expect(problemsOf({ HOLDFAST_PORT: 'tcp://10.96.0.12:7420' })).toEqual([expect.stringContaining('enableServiceLinks: false')]);
  });

  test.each([
    [{ HOLDFAST_TOKENS: 'hunter2' }],
    [{ HOLDFAST_TOKENS: `${TOKEN},hunter2` }],
    [{ HOLDFAST_WEBHOOK_SECRET: 'whsec_hunter2' }],
    [{ HOLDFAST_WEBHOOK_SECRET: `${SECRET},hunter2` }],
    [{ HOLDFAST_TOKEN: 'hunter2' }],
    [{ HOLDFAST_PORT: 'hunter2' }],
  ])('is never repeated where it may be a secret: %j', (env) => {
    const text = problemsOf(env).join();
    expect(text).not.toMatch(/hunter2|a-token/);
    expect(text).not.toContain(SECRET.slice(6));
    expect(text).not.toBe('');
  });
});

describe('a name that is not known', () => {
  test.each([
    ['HOLDFAST_WORKER', 'HOLDFAST_WORKERS'],
    ['HOLDFAST_DATADIR', 'HOLDFAST_DATA_DIR'],
    ['HOLDFAST_LOGLEVEL', 'HOLDFAST_LOG_LEVEL'],
    ['HOLDFAST_LOCKS', 'HOLDFAST_HOST'],
    ['HOLDFAST_WEBHOOKS_ALLOW', 'HOLDFAST_WEBHOOK_ALLOW'],
    ['HOLDFAST_', 'HOLDFAST_HOST'],
  ])('refuses the start and is answered with the nearest known one: %s → %s', (name, nearest) => {
    expect(problemsOf({ [name]: '' })).toEqual([`${name} is not known; did you mean ${nearest}? Unset it, or correct its name`]);
  });
});

describe('without tokens', () => {
  test('what clients send is refused, as the service would ask for nothing', () => {
    expect(problemsOf({ HOLDFAST_TOKEN: TOKEN })).toEqual([expect.stringMatching(/HOLDFAST_TOKEN is what clients send.*HOLDFAST_TOKENS/u)]);
    expect(problemsOf({ HOLDFAST_TOKEN: TOKEN, HOLDFAST_TOKENS: TOKEN })).toEqual([]);
    expect(problemsOf({ HOLDFAST_TOKEN: '' })).toEqual([]);
  });

  test.each(['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1', 'localhost', 'LOCALHOST'])('the loopback host %s may be bound', (host) => {
    expect(problemsOf({ HOLDFAST_HOST: host })).toEqual([]);
  });

  test.each(['0.0.0.0', '::', '10.0.0.1', '192.168.1.1', 'holdfast.example', 'localhost.example'])('%s may not be bound', (host) => {
    expect(problemsOf({ HOLDFAST_HOST: host })).toEqual([expect.stringMatching(/HOLDFAST_TOKENS is not set.*HOLDFAST_HOST/)]);
    expect(problemsOf({ HOLDFAST_HOST: host, HOLDFAST_TOKENS: TOKEN })).toEqual([]);
  });
});

test('everything that is wrong is named in one error, a line each', () => {
  const env = { HOLDFAST_PORT: 'x', HOLDFAST_WORKERS: 'x', HOLDFAST_HOST: '0.0.0.0', HOLDFAST_TTL: '1', HOLDFAST_LOG_LEVEL: 'x' };
  expect(problemsOf(env)).toHaveLength(5);
  expect(() => readConfig(env)).toThrow(/^The configuration cannot be used:\n {2}- .*HOLDFAST_PORT(.*\n {2}- ){4}/s);
});
