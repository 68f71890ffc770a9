// Signature: how a receiver knows that an attempt is ours and recent (Standard Webhooks, version 1).
//
// Owns the secrets' form and the three headers. Does not own the body: it signs the bytes that it is given.
//   S1. One delivery keeps one `webhook-id` over all its attempts; the timestamp is the attempt's own.
//   S2. Every secret signs every attempt, so that a receiver may know the old one or the new one while they change.
//   S3. No message repeats any part of a secret.

import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { WEBHOOK_SECRETS_MAX } from '../limits.ts';

/** An opaque key: unlike bytes or text it shows nothing of itself when something prints it. */
export type WebhookSecret = KeyObject;

export interface SignatureHeaders {
  readonly 'webhook-id': string;
  /** Unix seconds. */
  readonly 'webhook-timestamp': string;
  readonly 'webhook-signature': string;
}

const PREFIX = 'whsec_';
const KEY_BYTES_MIN = 24;
const KEY_BYTES_MAX = 64;

/**
 * Reads the value of `HOLDFAST_WEBHOOK_SECRET`: secrets of the form `whsec_` and the base64 of 24 to 64 bytes, separated
 * by commas, at most `WEBHOOK_SECRETS_MAX`. Empty text is no secret. Throws an Error that says which one is wrong by its
 * place in the list (S3).
 */
export function parseSecrets(text: string): readonly WebhookSecret[] {
  if (text.trim() === '') return [];
  const parts = text.split(',');
  if (parts.length > WEBHOOK_SECRETS_MAX) {
    throw new Error(`HOLDFAST_WEBHOOK_SECRET has ${parts.length} secrets; the most is ${WEBHOOK_SECRETS_MAX}`);
  }
  return parts.map((part, index) => parseSecret(part.trim(), index + 1));
}

/** Signs `body` as the attempt at `delivery` that is made at `at`, in milliseconds of the wall clock. (S1, S2) */
export function signatureHeaders(secrets: readonly WebhookSecret[], delivery: string, at: number, body: Uint8Array): SignatureHeaders {
  const timestamp = String(Math.floor(at / 1_000));
  const sign = (secret: WebhookSecret): string =>
    `v1,${createHmac('sha256', secret).update(`${delivery}.${timestamp}.`).update(body).digest('base64')}`;
  return { 'webhook-id': delivery, 'webhook-timestamp': timestamp, 'webhook-signature': secrets.map(sign).join(' ') };
}

function parseSecret(text: string, place: number): WebhookSecret {
  const encoded = text.startsWith(PREFIX) ? text.slice(PREFIX.length) : '';
  const bytes = Buffer.from(encoded, 'base64');
  // Node's decoder skips what is no base64: only what it writes the same way again was what the operator meant.
  const exact = encoded !== '' && bytes.toString('base64') === encoded;
  if (!exact || bytes.length < KEY_BYTES_MIN || bytes.length > KEY_BYTES_MAX) {
    throw new Error(
      `HOLDFAST_WEBHOOK_SECRET: secret ${place} must be ${PREFIX} and the padded base64 of ${KEY_BYTES_MIN} to ${KEY_BYTES_MAX} random bytes`,
    );
  }
  return createSecretKey(bytes);
}
