// WebhookSender: the port to receivers.
//
// Owns one attempt at one delivery. When to try, how often and when to give up is the machine's (batches/deliveries.ts).

import type { DeliveryReport } from '../state/inputs.ts';

export interface Attempt {
  readonly delivery: string;
  readonly attempt: number;
  readonly url: string;
  /** The exact bytes to sign and to send. */
  readonly body: Uint8Array;
}

export interface WebhookSender {
  /** Starts the attempt and returns; its end is reported exactly once, `WEBHOOK_TIMEOUT_MS` after the start at the latest. */
  send(attempt: Attempt): void;
  /** Breaks off what is under way, reports none of it, and resolves when no socket is open. */
  close(): Promise<void>;
}

export type ReportDelivery = (report: DeliveryReport) => void;
