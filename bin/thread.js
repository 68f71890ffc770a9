// A worker thread of the pool.

import { load } from './load.js';

await load('pool/thread');
