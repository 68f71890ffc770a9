// The demo: `npm run demo`, or `npm run demo -- http://host:port` for a service that is elsewhere.
//
// Owns the order of what is shown and the exit code: 0 only when everything was as the text says. Each part is a file.

import { playCallback } from './callback.ts';
import { playLocks, removeLock } from './locks.ts';
import { NotAsTold, say, title } from './page.ts';
import { Receiver } from './receiver.ts';
import { playRefusals } from './refusals.ts';
import { playSharing } from './sharing.ts';
import { findService, serviceWithCallbacks, type Running } from './service.ts';

const DEFAULT_URL = 'http://127.0.0.1:7420';

const started: Running[] = [];

async function play(): Promise<void> {
  title('Holdfast: locks over HTTP, and tasks that share them');
  const service = await findService(new URL(process.argv[2] ?? DEFAULT_URL).origin);
  started.push(service);
  await playLocks(service.holdfast);
  await playSharing(service.holdfast);
  const receiver = await Receiver.listen();
  try {
    const calling = await serviceWithCallbacks(service, receiver.url);
    if (calling !== service) started.push(calling);
    await playRefusals(calling.holdfast, receiver);
    await playCallback(calling, receiver);
  } finally {
    receiver.close();
  }
  await removeLock(service.holdfast);
  title('That was all of it, and all as told.');
  say('docs/tutorial.md tells the same with curl. GET /docs on a running service has every operation to try.');
}

async function closeAll(): Promise<void> {
  for (const service of started.splice(0)) await service.close();
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => { void closeAll().finally(() => process.exit(130)); });
}

try {
  await play();
} catch (error) {
  process.exitCode = 1;
  console.error(error instanceof NotAsTold ? `\nNot as told: ${error.message}` : error);
} finally {
  await closeAll();
}
