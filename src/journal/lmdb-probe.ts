// LMDB probe: reads everything in a store, in a process of its own that may die of it.
//
// Started by lmdb-file.ts with the path of the store. Its exit tells whether every page can be read; what stands in
// them is not its business.

import { openStore } from './lmdb-store.ts';

const store = openStore(process.argv[2] ?? '', { readOnly: true });
for (const database of [store.meta, store.rows, store.payloads]) {
  for (const { value } of database.getRange()) if (value.length < 0) throw new Error('unreachable');
}
await store.environment.close();
