// Tidy: the laws of the project's shape, each with the table that it goes by.
//
// Owns the import rule, what pure code may not name, sizes, names and headers of files, and that links lead somewhere.
// Does not own style within a function: that is the linter's.

import { describe, expect, test } from 'vitest';
import { code, exists, files, headings, imports, lineCount, links, read, type Import } from './tidy/project.ts';

// --- who may import whom

interface Part {
  /** A file, or a folder with all that is in it. A part always may import itself. */
  readonly part: string;
  /** Runs without a clock, chance, input, output or promise: the same steps give the same state. */
  readonly pure?: true;
  /** Parts, packages or `node:*` of which it may use everything. */
  readonly values: readonly string[];
  /** Parts and packages of which it may use the types only. */
  readonly types?: readonly string[];
}

const STATE = 'src/state/';
const LATER = 'src/later.ts';
const LIMITS = 'src/limits.ts';
const NAMES = 'src/state/lock-name.ts';
const IDS = 'src/state/id-form.ts';
/** The port of the journal: what a commit is worth has its word there. */
const JOURNAL = 'src/journal/journal.ts';
/** The ports: what the engine asks of the world, as types. */
const PORTS = ['src/clock.ts', JOURNAL, 'src/pool/runner.ts', 'src/webhooks/attempt.ts'];
const HTTP = ['fastify', '@fastify/swagger', '@fastify/swagger-ui', 'safe-stable-stringify'];

/** Anything that this map does not allow is refused: a new folder needs a line here, and a reason. */
const PARTS: readonly Part[] = [
  { part: LIMITS, pure: true, values: [] },
  { part: STATE, pure: true, values: [LIMITS] },
  { part: 'src/locks/', pure: true, values: [STATE, LIMITS] },
  { part: 'src/batches/', pure: true, values: [STATE, LIMITS] },
  { part: 'src/machine.ts', pure: true, values: ['src/locks/', 'src/batches/', STATE, LIMITS] },
  { part: 'src/engine.ts', values: ['src/machine.ts', ...PORTS, STATE, LIMITS] },
  { part: 'src/perform.ts', values: [...PORTS, LIMITS], types: [STATE] },
  { part: 'src/version.ts', values: ['node:*'] },
  { part: LATER, values: [] },
  { part: 'src/clock.ts', values: ['node:*', LIMITS] },
  { part: 'src/journal/', values: ['node:*', 'lmdb', LIMITS], types: [STATE] },
  { part: 'src/pool/', values: ['node:*', 'src/state/inputs.ts', NAMES, LIMITS], types: [STATE] },
  { part: 'src/webhooks/', values: ['node:*', 'undici', 'ipaddr.js', LIMITS], types: [STATE] },
  { part: 'src/routes/', values: ['node:*', ...HTTP, NAMES, IDS, LATER, LIMITS], types: ['src/engine.ts', STATE, 'typebox', '@fastify/type-provider-typebox'] },
  { part: 'src/telemetry.ts', values: ['src/telemetry/', LATER, LIMITS], types: [STATE, JOURNAL] },
  { part: 'src/telemetry/', values: ['node:timers/promises', 'prom-client', LIMITS], types: [STATE] },
  { part: 'src/config.ts', values: ['node:*', 'ipaddr.js', 'src/webhooks/', LIMITS], types: [JOURNAL] },
  { part: 'src/app.ts', values: ['node:*', ...HTTP, 'src/routes/', LIMITS], types: ['src/engine.ts', 'src/config.ts', 'src/telemetry.ts', '@fastify/type-provider-typebox'] },
  { part: 'src/service.ts', values: ['node:*', 'src/'], types: ['pino', 'fastify'] },
  // The command line is a client like any other: it knows the service by the library, and starts it as `npm start` does.
  { part: 'src/cli/', values: ['node:*', '@stricli/core', '@holdfast/client', 'src/main.ts', 'src/signals.ts', 'src/version.ts'] },
  { part: 'src/signals.ts', values: [] },
  // Runs wherever there is fetch: the package imports nothing, of Node neither.
  { part: 'packages/client/src/', values: [] },
  { part: 'src/main.ts', values: ['node:*', 'pino', 'src/config.ts', 'src/journal/journal.ts', 'src/service.ts', 'src/signals.ts', 'src/state/invariants.ts', 'src/version.ts'] },
];

const SOURCES = [...files('src/**/*.ts'), ...files('packages/*/src/**/*.ts')];

function covers(allowed: string, target: string): boolean {
  if (allowed === 'node:*') return target.startsWith('node:');
  return allowed === target || (allowed.endsWith('/') && target.startsWith(allowed));
}

function mayImport(part: Part, { target, typeOnly }: Import): boolean {
  const allowed = [part.part, ...part.values, ...(typeOnly ? part.types ?? [] : [])];
  return allowed.some((name) => covers(name, target));
}

function partsOf(file: string): readonly Part[] {
  return PARTS.filter(({ part }) => covers(part, file));
}

describe('imports', () => {
  test('every source file belongs to exactly one part of the import map', () => {
    expect(SOURCES.filter((file) => partsOf(file).length !== 1)).toEqual([]);
  });

  test.for(PARTS)('$part imports only what the map allows', (part) => {
    const refused = SOURCES.filter((file) => covers(part.part, file)).flatMap((file) =>
      imports(file)
        .filter((found) => !mayImport(part, found))
        .map(({ target, typeOnly }) => `${file} imports ${typeOnly ? 'the type of ' : ''}${target}`));
    expect(refused).toEqual([]);
  });

  test('nothing in the source imports tests, examples or tools', () => {
    const outside = SOURCES.flatMap((file) => imports(file).map(({ target }) => target)).filter((target) => target.startsWith('..'));
    expect(outside).toEqual([]);
  });
});

// --- what pure code may not name

const IMPURE: readonly { readonly name: string; readonly why: string }[] = [
  { name: 'Date', why: 'time comes with the input' },
  { name: 'performance', why: 'time comes with the input' },
  { name: 'setTimeout', why: 'what comes due stands in the heap of deadlines' },
  { name: 'setInterval', why: 'what comes due stands in the heap of deadlines' },
  { name: 'setImmediate', why: 'a step is whole before the next begins' },
  { name: 'queueMicrotask', why: 'a step is whole before the next begins' },
  { name: 'async', why: 'a step is whole before the next begins' },
  { name: 'await', why: 'a step is whole before the next begins' },
  { name: 'Promise', why: 'a step is whole before the next begins' },
  { name: 'Math.random', why: 'chance comes with the input' },
  { name: 'crypto', why: 'chance comes with the input' },
  { name: 'process', why: 'the world belongs to the ports' },
  { name: 'console', why: 'the world belongs to the ports' },
  { name: 'fetch', why: 'the world belongs to the ports' },
  { name: 'localeCompare', why: 'order may not depend on where the process runs' },
  { name: 'Intl', why: 'order may not depend on where the process runs' },
];

/** Whether a text names one of them. A member, a key or a private field of that name is another thing. */
function names(text: string, name: string): boolean {
  return new RegExp(String.raw`(?<![\w$.#])${name.replace('.', String.raw`\.`)}(?![\w$]|\??:)`, 'u').test(code(text));
}

describe('pure code', () => {
  const pure = SOURCES.filter((file) => partsOf(file).some((part) => part.pure === true));

  test.for(IMPURE)('pure code does not name $name: $why', ({ name }) => {
    expect(pure.filter((file) => names(read(file), name))).toEqual([]);
  });

  test.for([
    ['const now = Date.now();', true],
    ['const text = `at ${new Date(0).toISOString()}`;', true],
    ["const quote = /'/u; const now = Date.now();", true],
    ['// Date', false],
    ['/* of a\n * Date */', false],
    ["const name = 'Date';", false],
    ['const text = `Date`;', false],
    ['const day = row.Date;', false],
    ['const row = { Date: 1 };', false],
    ['const toDate = endDate;', false],
  ] as const)('whether %j names Date: %s', ([text, named]) => {
    expect(names(text, 'Date')).toBe(named);
  });
});

// --- files

const LINES_MAX = 400;
const DECISION_LINES_MAX = 40;
const VAGUE = /(?:^|\/)(?:utils?|common|helpers?|misc|shared|services|index)(?:\.ts$|\/)/u;

describe('files', () => {
  const written = files('{src,packages,deploy,tests,functions,bench,verify,demo,scripts}/**/*.{ts,js,sh}');

  test(`no file is longer than ${LINES_MAX} lines`, () => {
    expect(written.filter((file) => lineCount(file) > LINES_MAX)).toEqual([]);
  });

  test('the linter holds files and functions to their sizes', () => {
    const { rules }: { rules: Record<string, unknown> } = JSON.parse(read('.oxlintrc.json'));
    expect(rules['max-lines']).toMatchObject(['error', { max: LINES_MAX }]);
    expect(rules['max-lines-per-function']).toMatchObject(['error', { max: 70 }]);
  });

  test('no file or folder has a name that says nothing', () => {
    expect(written.filter((file) => VAGUE.test(file))).toEqual([]);
  });

  test('every source file begins with a comment that says what it owns', () => {
    expect(SOURCES.filter((file) => !read(file).startsWith('// '))).toEqual([]);
  });

  test('no file names a place on the machine where it was written', () => {
    const places = ['work', 'root', 'home', 'Users', 'tmp'];
    const path = new RegExp(String.raw`(?<![\w.$}~)*-])/(?:${places.join('|')})/`, 'u');
    const texts = files('**/*').concat(files('.*'), files('.ci/*')).filter((file) => file !== 'package-lock.json' && file !== '.git');
    expect(texts.filter((file) => path.test(read(file)))).toEqual([]);
  });
});

// --- docs

describe('docs', () => {
  const decisions = files('docs/decisions/*.md');

  test('every relative link leads to a file, and to a heading of it where it names one', () => {
    const broken = files('**/*.md').flatMap((page) =>
      links(page)
        .filter(({ file, heading }) => !exists(file) || (heading !== undefined && !headings(file).includes(heading)))
        .map(({ file, heading }) => `${page} → ${file}${heading === undefined ? '' : `#${heading}`}`));
    expect(broken).toEqual([]);
  });

  test(`a decision takes at most ${DECISION_LINES_MAX} lines`, () => {
    expect(decisions.filter((file) => lineCount(file) > DECISION_LINES_MAX)).toEqual([]);
  });

  test.for(decisions)('%s gives context, decision and price', (file) => {
    expect(headings(file).slice(1)).toEqual(['context', 'decision', 'price']);
  });

  test('decisions are numbered without a gap', () => {
    const numbers = decisions.map((file) => Number(/(?<number>\d{4})-[a-z0-9-]+\.md$/u.exec(file)?.groups?.['number']));
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  });
});
