#!/usr/bin/env node
// The command `holdfast`: sees that Node is new enough before anything that an older one could not read is loaded.
//
// Plain JavaScript on purpose. A clone runs the TypeScript as it is; a published package has no src/, only what
// `npm run build` made of it.

import { existsSync, readFileSync } from 'node:fs';

const { engines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const least = Number(/\d+/.exec(engines.node)[0]);
if (Number(process.versions.node.split('.')[0]) < least) {
  console.error(`holdfast needs Node ${least} or newer and found ${process.version}. Install a newer Node; in a clone of Holdfast run "npm ci" and then "npx holdfast", which uses the Node that it brings.`);
  process.exit(1);
}

const source = new URL('../src/cli/main.ts', import.meta.url);
await import(existsSync(source) ? source.href : new URL('../dist/cli/main.js', import.meta.url).href);
