// Browser: the published package at `<dir>`, loaded where there is nothing but what browsers have, and a lock taken with
// it from the service at `<url>`.
//
// Prints the result of the run, or ends with what was missing. Needs `--experimental-vm-modules`.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createContext, SourceTextModule } from 'node:vm';

const [dir = '', url = ''] = process.argv.slice(2);

/** A timer is a number, as in a browser, and there is no process, Buffer or require. */
const timers = new Map();
let made = 0;
const window = createContext({
  fetch, AbortController, AbortSignal, URL, performance, crypto: { randomUUID: () => crypto.randomUUID() },
  setTimeout: (action, ms) => { timers.set(++made, setTimeout(() => { action(); }, ms)); return made; },
  clearTimeout: (timer) => { clearTimeout(timers.get(timer)); },
  url,
});

const modules = new Map();

function load(file) {
  const known = modules.get(file);
  if (known !== undefined) return known;
  const module = new SourceTextModule(readFileSync(file, 'utf8'), { context: window, identifier: file });
  modules.set(file, module);
  return module;
}

function link(specifier, { identifier }) {
  if (!specifier.startsWith('.')) throw new Error(`${identifier} imports ${specifier}, which a browser does not have`);
  return load(path.resolve(path.dirname(identifier), specifier));
}

const page = new SourceTextModule(`
  import { Holdfast } from './holdfast.js';
  export const value = await new Holdfast({ url }).lock('from/a/browser').run(({ assertHeld }) => { assertHeld(); return 'ran'; });
`, { context: window, identifier: path.join(dir, 'page.js') });
await page.link(link);
await page.evaluate();
console.log(page.namespace.value);
