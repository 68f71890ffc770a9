import { describe, expect, test } from 'vitest';
import { createResolve } from '../../src/webhooks/resolve.ts';
import { createDestinationRule } from '../../src/webhooks/destination.ts';
import { attemptAt, startAttempts, startReceiver } from './receiver.ts';

const NOT_ALLOWED = { outcome: 'failed', error: 'address not allowed' };
describe('the address rule at the moment of connection', () => {
  test.each(['127.0.0.1', '127.1', '2130706433', '0x7f.1', '017700000001', '[::ffff:127.0.0.1]', 'localhost', '0.0.0.0', '[::1]'])(
    'no connection is opened to %s unless it is allowed',
    async (host) => {
      await using receiver = await startReceiver();
      const rule = createDestinationRule([]);
      expect(await attemptAt(`http://${host}:${receiver.port}/`, { rule })).toMatchObject(NOT_ALLOWED);
      expect(await attemptAt(`https://${host}:${receiver.port}/`, { rule })).toMatchObject(NOT_ALLOWED);
      expect(receiver.received).toEqual([]);
    },
  );

  test('a name that resolves to an allowed address is called under its name', async () => {
    await using receiver = await startReceiver();
    expect(await attemptAt(`http://localhost:${receiver.port}/`)).toMatchObject({ outcome: 'delivered' });
    expect(receiver.received[0]?.headers.host).toBe(`localhost:${receiver.port}`);
  });

  test('of the addresses of a name only those that may be called are tried', async () => {
    await using receiver = await startReceiver();
    const addresses = [{ address: '127.0.0.2', family: 4 }, { address: '::1', family: 6 }, { address: '127.0.0.1', family: 4 }];
    const report = await attemptAt(`http://mixed.example:${receiver.port}/`, { resolve: async () => addresses });
    expect(report).toMatchObject({ outcome: 'delivered' });
  });

  test('a name is asked about at each connection, so one that turns to loopback later is refused then', async () => {
    await using receiver = await startReceiver();
    const answers = ['127.0.0.1', '127.0.0.2'];
    const resolve = async () => [{ address: answers.shift() ?? '', family: 4 }];
    await using attempts = startAttempts({ resolve });
    const url = `http://rebound.example:${receiver.port}/`;
    expect(await attempts.attempt(url)).toMatchObject({ outcome: 'delivered' });
    expect(await attempts.attempt(url)).toMatchObject(NOT_ALLOWED);
    expect(receiver.received).toHaveLength(1);
  });

  test('a name without an address fails the attempt with a text that does not repeat it', async () => {
    const report = await attemptAt('http://no-such-receiver.invalid/');
    expect(report.outcome).toBe('failed');
    expect(report.error).toMatch(/^(host name not found|host name could not be resolved)$/);
  });
});

describe('look-ups', () => {
  test('of one name that many ask for at once there is one look-up, and the next to ask later gets a new one', async () => {
    const resolve = createResolve();
    const [first, second] = [resolve('localhost'), resolve('localhost')];
    expect(second).toBe(first);
    expect(await first).toContainEqual({ address: '127.0.0.1', family: 4 });
    const third = resolve('localhost');
    expect(third).not.toBe(first);
    await third;
  });
});
