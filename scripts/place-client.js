// Puts the built client library where the built command line finds it: `npm run build`.
//
// In the project both are TypeScript and the library is a workspace. A package that is installed has neither, and Node
// strips no types in a node_modules folder; so what is published of the command line brings the library with it.

import { cpSync, rmSync } from 'node:fs';

const placed = new URL('../dist/node_modules/@holdfast/client/', import.meta.url);
rmSync(placed, { recursive: true, force: true });
cpSync(new URL('../packages/client/dist/', import.meta.url), placed, { recursive: true });
