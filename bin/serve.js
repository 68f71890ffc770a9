// The service: `npm start`, `node bin/serve.js`.

import { load } from './load.js';

// Signals first: loading the rest takes a while.
await load('signals');
await load('main');
