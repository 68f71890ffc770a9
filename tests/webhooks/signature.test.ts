import { createSecretKey, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { WEBHOOK_SECRETS_MAX } from '../../src/limits.ts';
import { parseSecrets, signatureHeaders } from '../../src/webhooks/signature.ts';

const body = Buffer.from('{"type":"batch.failed","text":"żółw 🐢"}');

const secretOf = (bytes: number): string => `whsec_${randomBytes(bytes).toString('base64')}`;

function verify(secret: string, headers: object): unknown {
  return new Webhook(secret).verify(body, { ...headers });
}

function messageOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return String(error);
  }
  throw new Error('nothing was thrown');
}

describe('signatures', () => {
  test.each([24, 32, 64])('an attempt signed with a secret of %i bytes verifies by the Standard Webhooks library', (bytes) => {
    const secret = secretOf(bytes);
    const headers = signatureHeaders(parseSecrets(secret), 'dlv_1', Date.now(), body);
    expect(headers['webhook-id']).toBe('dlv_1');
    expect(verify(secret, headers)).toEqual(JSON.parse(body.toString()));
  });

  test('while a secret is changed a receiver that knows either one accepts the attempt, and no other does', () => {
    const [old, next, other] = [secretOf(32), secretOf(32), secretOf(32)];
    const headers = signatureHeaders(parseSecrets(`${old}, ${next}`), 'dlv_1', Date.now(), body);
    expect(headers['webhook-signature']).toMatch(/^v1,\S{44} v1,\S{44}$/);
    expect(() => verify(old, headers)).not.toThrow();
    expect(() => verify(next, headers)).not.toThrow();
    expect(() => verify(other, headers)).toThrow('No matching signature');
  });

  test('the timestamp is in whole seconds and belongs to what is signed', () => {
    const secret = secretOf(32);
    const headers = signatureHeaders(parseSecrets(secret), 'dlv_1', 1_700_000_000_999, body);
    expect(headers['webhook-timestamp']).toBe('1700000000');
    expect(() => verify(secret, { ...headers, 'webhook-timestamp': String(Math.floor(Date.now() / 1_000)) })).toThrow('No matching signature');
  });
});

describe('secrets', () => {
  test('empty text is no secret', () => {
    expect(parseSecrets('')).toEqual([]);
    expect(parseSecrets('  ')).toEqual([]);
  });

  test.each([
    ['another prefix', `whsk_${randomBytes(32).toString('base64')}`],
    ['no prefix', randomBytes(32).toString('base64')],
    ['nothing behind the prefix', 'whsec_'],
    ['23 bytes', secretOf(23)],
    ['65 bytes', secretOf(65)],
    ['characters that are no base64', `whsec_${'!'.repeat(44)}`],
    ['the URL-safe alphabet', `whsec_${Buffer.alloc(32, 0xff).toString('base64url')}`],
    ['missing padding', secretOf(32).replace('=', '')],
  ])('a secret with %s is refused without being repeated', (_, secret) => {
    const message = messageOf(() => parseSecrets(`${secretOf(32)},${secret}`));
    expect(message).toContain('HOLDFAST_WEBHOOK_SECRET: secret 2 must be whsec_');
    expect(message).not.toContain(secret.slice(6) || 'nothing to repeat');
  });

  test('an empty place in the list is refused', () => {
    expect(messageOf(() => parseSecrets(`${secretOf(32)},`))).toContain('secret 2');
  });

  test('more secrets than the limit are refused', () => {
    const secrets = Array.from({ length: WEBHOOK_SECRETS_MAX }, () => secretOf(32));
    expect(parseSecrets(secrets.join(','))).toHaveLength(WEBHOOK_SECRETS_MAX);
    expect(() => parseSecrets([...secrets, secretOf(32)].join(','))).toThrow(`the most is ${WEBHOOK_SECRETS_MAX}`);
  });

  test('a parsed secret that is printed shows nothing of itself', () => {
    const bytes = Buffer.alloc(32, 'S');
    const parsed = parseSecrets(`whsec_${bytes.toString('base64')}`);
    expect(inspect(parsed, { depth: 9, showHidden: true })).not.toMatch(/SSS|53 ?53|U1NT/);
    expect(JSON.stringify(parsed)).toBe('[{}]');
    expect(parsed[0]?.equals(createSecretKey(bytes))).toBe(true);
  });
});
