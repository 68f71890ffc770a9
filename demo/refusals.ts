// Refusals: a lock that is handed to a task in the wrong way is refused, however the batch is asked for.

import type { Holdfast, Lease, Problem } from './holdfast.ts';
import { LOCK } from './locks.ts';
import { hold, say, section, show } from './page.ts';
import type { Receiver } from './receiver.ts';

interface Form {
  readonly told: string;
  readonly asked: object;
}

interface Wrong {
  readonly shown: string;
  readonly handed: unknown;
}

export async function playRefusals(holdfast: Holdfast, receiver: Receiver): Promise<void> {
  section('3. Handing over a lock in the wrong way');
  say('In Python a raw lock among the arguments of a task is an error that an asynchronous call swallows: nothing runs and nothing is said, unless somebody gave an error callback or waits for the result. Here each form of the call is refused before anything runs, with the place that is wrong.');
  const lease = await holdfast.must<Lease>(201, 'POST', `/v1/locks/${LOCK}/leases`, { owner: 'demo' });
  const forms: readonly Form[] = [
    { told: 'asynchronous', asked: {} },
    { told: 'asynchronous, with an error callback', asked: { errorCallback: { url: receiver.url } } },
    { told: 'synchronous', asked: { waitMs: 10_000 } },
  ];
  const wrongs: readonly Wrong[] = [
    { shown: `{"$lock": "${LOCK}", "extra": 1}`, handed: { $lock: LOCK, extra: 1 } },
    { shown: '"lse_…", the id of a lease', handed: lease.id },
  ];
  for (const { told, asked } of forms) {
    show(`${told}:`);
    for (const { shown, handed } of wrongs) await refuse(holdfast, { shown, handed }, asked);
  }
  await holdfast.must(204, 'DELETE', `/v1/leases/${lease.id}`);
  hold(receiver.count === 0, 'nobody is called about a batch that never was');
  say('Nothing of it ran, and the receiver of the error callback was not called: there was no batch.');
}

async function refuse(holdfast: Holdfast, { shown, handed }: Wrong, asked: object): Promise<void> {
  const request = { function: 'drawWithLock', call: 'starmap', items: [[handed, 0]], ...asked };
  const { code, pointer } = await holdfast.must<Problem>(422, 'POST', '/v1/batches', request);
  hold(code === 'lock_not_shareable', `the refusal is lock_not_shareable; it was ${code}`);
  hold(pointer === '/items/0/0', `the refusal points to the lock; it pointed to ${pointer}`);
  show(`    ${shown.padEnd(36)} 422 ${code} at ${pointer}`);
}
