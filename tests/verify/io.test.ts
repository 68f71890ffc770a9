// I/O errors: a slice of the long verification's failed calls, and its checkers on what is wrong.

import { afterAll, describe, expect, test } from 'vitest';
import type { TracedCall } from '../../verify/io/calls.ts';
import { wrongEnd, wrongWait, type Ran } from '../../verify/io/journal-trial.ts';
import { IoTrial } from '../../verify/io/part.ts';
import { wrongAnswers, wrongExit, wrongWaits } from '../../verify/io/service-trial.ts';
import type { Call } from '../../verify/power/clients.ts';
import { removeFolders } from '../../verify/power/folders.ts';
import { promisedTo } from '../../verify/power/promises.ts';
import { missingForShim } from '../../verify/power/shim.ts';

const missing = missingForShim();

afterAll(removeFolders);
const TRIALS = 5;

describe.skipIf(missing !== undefined)(`failed calls of the journal${missing === undefined ? '' : ` (${missing})`}`, () => {
  test.for([['a fixed seed', 11], ['a new seed', Date.now() % 1_000_000]] as const)('a journal in which a call fails says so or goes on, and keeps what it acknowledged (%s)', { timeout: 60_000 }, async ([, seed]) => {
    const trial = new IoTrial(seed);
    const { first } = await trial.trials();
    for (const one of first.slice(0, TRIALS)) await trial.journal(one);
    await trial.close();
    expect(trial.failures).toEqual([]);
  });

  test('a service whose flush or meta page fails acknowledges nothing more, ends with a reason, and is whole after a restart', { timeout: 60_000 }, async () => {
    const trial = new IoTrial(12);
    await Promise.all([trial.service('fdatasync', 'EIO', 3), trial.service('pwrite+flush', 'ENOSPC', 2)]);
    expect(trial.failures).toEqual([]);
    expect(trial.acknowledged).toBeGreaterThan(60);
  });

  test('a flush that takes long delays the answers that need it and loses none', { timeout: 60_000 }, async () => {
    const trial = new IoTrial(13);
    await trial.service('fdatasync', 'DELAY=600', 2);
    expect(trial.failures).toEqual([]);
  });
});

function traced(name: string, at: number, sign: TracedCall['sign'] = 'passed'): TracedCall {
  return { call: name, path: '/data/journal/data.mdb', at, sign };
}

function call(sentAt: number, at?: number): Call {
  const answered = at === undefined ? {} : { answered: { at, status: 201, body: { id: 'lse_1', fencingToken: 7 } } };
  return { op: { kind: 'acquire', lock: 'a', ttlMs: 1 }, sentAt, ...answered };
}

describe('the judge of one failed call', () => {
  const ran = (more: Partial<Ran>): Ran => ({ code: 1, signal: null, errors: 'The journal could not be written: it failed', trace: [traced('fdatasync', 1, 'failed')], ...more });

  test('it is content with an end that gives the reason', () => {
    expect(wrongEnd(ran({}), 'EIO')).toBe('');
  });

  test('it is content with an end by libc, which finds that LMDB frees something twice, where nothing was acknowledged', () => {
    const freed = { code: null, signal: 'SIGABRT', errors: 'free(): corrupted unsorted chunks' };
    expect(wrongEnd(ran(freed), 'EIO')).toBe('');
    expect(wrongEnd(ran({ ...freed, trace: [traced('pwrite', 1, 'failed'), traced('mark', 2)] }), 'EIO')).toMatch(/killed/u);
    expect(wrongEnd(ran({ ...freed, errors: '' }), 'EIO')).toMatch(/SIGABRT/u);
  });

  test.for<[what: string, run: Ran, complaint: RegExp]>([
    ['the call was never made', ran({ trace: [] }), /never made/u],
    ['the process ended without a word', ran({ errors: '' }), /without a reason/u],
    ['the process was killed after it had begun to commit', ran({ code: null, signal: 'SIGSEGV', trace: [traced('fdatasync', 1, 'failed'), traced('mark', 2)] }), /killed/u],
    ['the process hung and had to be killed', ran({ code: null, signal: 'SIGKILL' }), /SIGKILL/u],
  ])('it complains when %s', ([, run, complaint]) => {
    expect(wrongEnd(run, 'EIO')).toMatch(complaint);
  });

  test('it complains when something is acknowledged during a flush, and not when it is behind it', () => {
    const flush = [traced('fdatasync', 1, 'failed'), traced('fdatasync', 9, 'waited')];
    expect(wrongWait([flush[0]!, traced('mark', 5), flush[1]!])).toMatch(/during a flush/u);
    expect(wrongWait([...flush, traced('mark', 10)])).toBe('');
  });
});

describe('the judge of a service', () => {
  test('it complains of an answer to what was sent after the journal had failed', () => {
    expect(wrongAnswers([[call(5, 6)]], [traced('fdatasync', 4, 'failed')])).toHaveLength(1);
    expect(wrongAnswers([[call(3, 6), call(7)]], [traced('fdatasync', 4, 'failed')])).toEqual([]);
  });

  test('it complains of an answer before the flush that it needed is over', () => {
    const trace = [traced('fdatasync', 4, 'failed'), traced('fdatasync', 9, 'waited')];
    expect(wrongWaits([[call(5, 8)]], trace)).toHaveLength(1);
    expect(wrongWaits([[call(3, 6), call(5, 10)]], trace)).toEqual([]);
  });

  test.for<[what: string, exit: Parameters<typeof wrongExit>[0], output: string]>([
    ['that does not end', undefined, ''],
    ['that ends as if nothing had failed', { code: 0, signal: null }, 'The journal could not be written'],
    ['that ends without a reason', { code: 1, signal: null }, ''],
    ['that ends by a signal', { code: null, signal: 'SIGSEGV' }, ''],
  ])('it complains of a process %s', ([, exit, output]) => {
    expect(wrongExit(exit, output)).toHaveLength(1);
  });

  test('what was answered must show, what was not may or may not', () => {
    const renewal: Call = { op: { kind: 'renew', of: 0, ttlMs: 2 }, sentAt: 3 };
    expect(promisedTo({ calls: [call(1, 2), renewal], answers: 1 })).toEqual([{ path: '/v1/leases/lse_1', allowed: ['held a 7 1', 'held a 7 2'] }]);
    expect(promisedTo({ calls: [call(1, 2)], answers: 0 })).toEqual([{ path: '/v1/leases/lse_1', allowed: ['404', 'held a 7 1'] }]);
  });
});
