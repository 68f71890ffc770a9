// Loading the functions folder: which functions its modules export.
//
// Owns which files are modules, which exports are functions and what they are called. Runs in worker threads only: the
// main thread never imports an operator's module.
//   F1. A function is called what its export is called. A default export goes by the function's own name; without one
//       it cannot be called, and the report says so.
//   F2. Only the folder's own files are modules; folders in it are not looked into.
//   F3. A module that cannot be loaded takes nothing else with it.

import { readdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { DESCRIPTION_CHARS_MAX, MODULE_LOAD_MS_MAX } from '../limits.ts';
import type { BrokenModule, FunctionInfo } from '../state/inputs.ts';
import { errorLine } from './errors.ts';
import { OwnMap } from './intrinsics.ts';

const MODULE_ENDINGS = new Set(['.ts', '.mts', '.js', '.mjs', '.cjs']);
const DECLARATIONS = /\.d\.m?ts$/;

export type TaskFunction = (context: object, ...args: readonly unknown[]) => unknown;

export interface LoadedFunctions {
  /** By name. Where a name is exported twice the first one stands; the service refuses to start on it. */
  readonly callable: ReadonlyMap<string, TaskFunction>;
  /** Every export, in the order of the modules' names. */
  readonly functions: readonly FunctionInfo[];
  readonly broken: readonly BrokenModule[];
}

interface LoadedModule {
  readonly module: string;
  readonly exported: ReadonlyMap<string, TaskFunction>;
  readonly problem: string | undefined;
}

export async function loadFunctions(functionsDir: string): Promise<LoadedFunctions> {
  let names: string[];
  try {
    names = await moduleNames(functionsDir);
  } catch (error) {
    return { callable: new Map(), functions: [], broken: [{ module: '.', message: `the functions folder cannot be read: ${errorLine(error)}` }] };
  }
  return listed(await Promise.all(names.map((module) => loadModule(functionsDir, module))));
}

async function moduleNames(functionsDir: string): Promise<string[]> {
  const entries = await readdir(functionsDir, { withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory() && MODULE_ENDINGS.has(extname(entry.name)) && !DECLARATIONS.test(entry.name))
    .map((entry) => entry.name)
    .toSorted();
}

async function loadModule(functionsDir: string, module: string): Promise<LoadedModule> {
  const given = new AbortController();
  try {
    const late = delay(MODULE_LOAD_MS_MAX, undefined, { signal: given.signal }).then(() => {
      throw new Error(`not loaded after ${MODULE_LOAD_MS_MAX} ms`);
    });
    const namespace: Readonly<Record<string, unknown>> = await Promise.race([import(pathToFileURL(join(functionsDir, module)).href), late]);
    return { module, ...exportedFunctions(namespace) };
  } catch (error) {
    return { module, exported: new Map(), problem: errorLine(error) };
  } finally {
    given.abort();
  }
}

function exportedFunctions(namespace: Readonly<Record<string, unknown>>): Omit<LoadedModule, 'module'> {
  const exported = new Map<string, TaskFunction>();
  const { default: main, 'module.exports': commonJs, ...named } = namespace;
  for (const [name, value] of Object.entries({ ...ownFunctions(commonJs), ...named })) {
    if (isTaskFunction(value)) exported.set(name, value);
  }
  if (!isTaskFunction(main)) return { exported, problem: undefined };
  if (main.name === '' || main.name === 'default') return { exported, problem: 'its default export has no name: name the function, or export it by a name' };
  if (!exported.has(main.name)) exported.set(main.name, main);
  return { exported, problem: undefined };
}

/** What `module.exports` holds beyond the names that Node finds by reading the source. */
function ownFunctions(commonJs: unknown): object {
  return typeof commonJs === 'object' && commonJs !== null ? commonJs : {};
}

function isTaskFunction(value: unknown): value is TaskFunction {
  return typeof value === 'function' && !/^class\b/.test(Function.prototype.toString.call(value));
}

function listed(modules: readonly LoadedModule[]): LoadedFunctions {
  const callable = new OwnMap<string, TaskFunction>();
  const functions: FunctionInfo[] = [];
  const broken: BrokenModule[] = [];
  for (const { module, exported, problem } of modules) {
    if (problem !== undefined) broken.push({ module, message: problem });
    for (const [name, body] of exported) {
      functions.push({ name, description: descriptionOf(body), module });
      if (!callable.has(name)) callable.set(name, body);
    }
  }
  return { callable, functions, broken };
}

function descriptionOf(body: TaskFunction): string {
  const description: unknown = Reflect.get(body, 'description');
  return typeof description === 'string' ? description.slice(0, DESCRIPTION_CHARS_MAX).toWellFormed() : '';
}
