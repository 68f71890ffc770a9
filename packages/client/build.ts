// Build: the package as it is published, in `dist/`: JavaScript, types, and a package.json that names them.
//
// Within this project the package is its TypeScript; Node strips types, but not of what lies in a node_modules folder.

import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const PACKAGE = import.meta.dirname;
const DIST = path.join(PACKAGE, 'dist');

rmSync(DIST, { recursive: true, force: true });
// npm runs this with the project's programs in the path.
execFileSync('tsc', ['--project', PACKAGE], { stdio: 'inherit' });

// Only what is built may be published: `private` keeps the sources from it.
const { scripts: _scripts, private: _private, ...published }: Record<string, unknown> = JSON.parse(readFileSync(path.join(PACKAGE, 'package.json'), 'utf8'));
const exports = { '.': { types: './holdfast.d.ts', default: './holdfast.js' } };
writeFileSync(path.join(DIST, 'package.json'), `${JSON.stringify({ ...published, exports }, undefined, 2)}\n`);
for (const page of ['README.md', '../../LICENSE']) cpSync(path.join(PACKAGE, page), path.join(DIST, path.basename(page)));
