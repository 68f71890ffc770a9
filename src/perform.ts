// Perform: effects become calls of the ports.
//
// Owns the way from an effect to the port that carries it out, payload bytes included. Owns no rule: bytes that cannot
// be read back are reported, and the machine decides what that means.

import { PayloadDamaged, type Journal } from './journal/journal.ts';
import type { TaskRunner } from './pool/runner.ts';
import type { Effect } from './state/effects.ts';
import type { Report } from './state/inputs.ts';
import type { WebhookSender } from './webhooks/attempt.ts';

export interface Ports {
  readonly journal: Pick<Journal, 'readPayload'>;
  readonly runner: TaskRunner;
  readonly sender: WebhookSender;
  readonly report: (report: Report) => void;
}

export function perform(ports: Ports, effect: Effect): void {
  try {
    call(ports, effect);
  } catch (error) {
    if (!(error instanceof PayloadDamaged)) throw error;
    if (effect.kind === 'send') ports.report({ kind: 'deliverySettled', delivery: effect.delivery, attempt: effect.attempt, outcome: 'gone', error: error.message });
    else ports.report({ kind: 'orderDamaged', worker: effect.worker, ...(effect.kind === 'runItems' ? { number: effect.order.number } : {}) });
  }
}

function call({ journal, runner, sender }: Ports, effect: Effect): void {
  switch (effect.kind) {
    case 'startWorker':
      return runner.start(effect.worker, effect.setup && { batch: effect.setup.batch, attempt: effect.setup.attempt, text: journal.readPayload(effect.setup.payload) });
    case 'runItems': return runner.run(effect.worker, effect.order, journal.readPayload(effect.order.payload));
    case 'takeBack': return runner.takeBack(effect.worker, effect.numbers);
    case 'abortRun': return runner.abort(effect.worker, effect.batch, effect.reason);
    case 'endWorker': return runner.end(effect.worker);
    case 'answerLock': return runner.answerLock(effect.worker, effect.call, effect.answer);
    case 'loseLock': return runner.loseLock(effect.worker, effect.fencingToken, effect.reason);
    case 'send':
      return sender.send({ delivery: effect.delivery, attempt: effect.attempt, url: effect.url, body: journal.readPayload(effect.payload) });
  }
}
