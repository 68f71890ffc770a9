// Build: the package as it is published: JavaScript, types, and a package.json that names them. `build.ts [folder]` replaces
// that folder and not `dist/`.
//
// Within this project the package is its TypeScript; Node strips types, but not of what lies in a node_modules folder. So
// what is published of the command line brings a built one with it.

import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const PACKAGE = import.meta.dirname;
const DIST = path.resolve(process.argv[2] ?? path.join(PACKAGE, 'dist'));

rmSync(DIST, { recursive: true, force: true });
// npm runs this with the project's programs in the path.
execFileSync('tsc', ['--project', PACKAGE, '--outDir', DIST], { stdio: 'inherit' });

// Only what is built may be published: `private` keeps the sources from it.
const { scripts: _scripts, private: _private, ...published }: Record<string, unknown> = JSON.parse(readFileSync(path.join(PACKAGE, 'package.json'), 'utf8'));
const exports = { '.': { types: './holdfast.d.ts', default: './holdfast.js' } };
writeFileSync(path.join(DIST, 'package.json'), `${JSON.stringify({ ...published, exports }, undefined, 2)}\n`);
for (const page of ['README.md', '../../LICENSE']) cpSync(path.join(PACKAGE, page), path.join(DIST, path.basename(page)));
