// Leaver: a program that acquires the lock `<name>` of the service at `<url>`, as often as `<times>` says, and comes to
// its end. The last lease is released or, with `forget`, left alone.

import { Holdfast } from '@holdfast/client';

const [url = '', name = '', times = '1', manner = ''] = process.argv.slice(2);
const lock = new Holdfast({ url }).lock(name);

for (let time = 1; time < Number(times); time++) await lock.run(() => undefined, { ttlMs: 60_000 });
const lease = await lock.acquire({ ttlMs: 60_000 });
if (manner !== 'forget') await lease.release();
