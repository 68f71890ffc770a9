// The service: `npm start`, `node bin/serve.js`.

import { setFlagsFromString } from 'node:v8';
import { load } from './load.js';

// While hundreds of requests wait for one commit V8 takes what they are made of for lasting, and puts all later ones where
// only a full collection finds them (docs/decisions/0015). Before anything is compiled, as kept code is good for the same
// flags only.
setFlagsFromString('--no-allocation-site-pretenuring');

// Signals first: loading the rest takes a while.
await load('signals');
await load('main');
