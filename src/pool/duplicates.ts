// Duplicates: two functions of one name, on which the service refuses to start.

import type { FunctionInfo } from '../state/inputs.ts';

export interface DuplicateFunction {
  readonly name: string;
  /** The modules that export it, at least two. */
  readonly modules: readonly string[];
}

/** The first name that more than one module exports, in the order of the report. */
export function findDuplicate(functions: readonly FunctionInfo[]): DuplicateFunction | undefined {
  const modules = new Map<string, string[]>();
  for (const { name, module } of functions) modules.set(name, [...(modules.get(name) ?? []), module]);
  for (const [name, exporters] of modules) if (exporters.length > 1) return { name, modules: exporters };
  return undefined;
}
