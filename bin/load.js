// Loads a part of this package, with what Node compiled of it before.
//
// Owns the checks and settings that must stand before any other module is read. Plain JavaScript on purpose: an older
// Node can read it and say so, and nothing needs to be compiled in order to learn that all else is compiled already.
//
// A clone runs the TypeScript as it is; a published package has no src/, only what `npm run build` made of it.

import nodeModule from 'node:module';
import { fileURLToPath } from 'node:url';

// An import would load all that node:fs has, which a worker thread does not need.
const { existsSync, mkdirSync, readFileSync } = nodeModule.createRequire(import.meta.url)('node:fs');

const ROOT = new URL('../', import.meta.url);
/** Whoever can write there can change what runs, as in all of node_modules; so it is nobody's but its maker's. */
const COMPILED = fileURLToPath(new URL('node_modules/.cache/holdfast', ROOT));

/** Loads a module by its path below src/, without its ending. Ends the process where Node is too old. */
export async function load(name) {
  refuseOldNode();
  keepCompiled();
  const source = new URL(`src/${name}.ts`, ROOT);
  return import(existsSync(source) ? source.href : new URL(`dist/${name}.js`, ROOT).href);
}

function refuseOldNode() {
  const { engines } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8'));
  const least = Number(/\d+/.exec(engines.node)[0]);
  if (Number(process.versions.node.split('.')[0]) >= least) return;
  console.error(`holdfast needs Node ${least} or newer and found ${process.version}. Install a newer Node; in a clone of Holdfast run "npm ci" and then "npx holdfast", which uses the Node that it brings.`);
  process.exit(1);
}

/** Where the folder cannot be made, read or written, all is compiled anew. NODE_COMPILE_CACHE names another, Node's own way. */
function keepCompiled() {
  try {
    mkdirSync(COMPILED, { recursive: true, mode: 0o700 });
  } catch {
    // A package that belongs to another user: what that user has kept may still be there to be read.
  }
  nodeModule.enableCompileCache(COMPILED);
}
