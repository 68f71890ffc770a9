// Globals: which names a batch may set on the `globalThis` of its threads.
//
// Owns the rule for names; the values are JSON and walked like items (shareable.ts).

import { GLOBAL_NAME_CHARS_MAX, GLOBALS_MAX } from '../limits.ts';

export interface BadGlobal {
  readonly pointer: string;
  readonly why: string;
}

const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;

/** Words that a module cannot use as a bare name, so a global of that name could not be reached like one. */
const RESERVED = new Set([
  'arguments', 'await', 'break', 'case', 'catch', 'class', 'const', 'continue', 'debugger', 'default', 'delete', 'do', 'else', 'enum', 'export',
  'extends', 'false', 'finally', 'for', 'function', 'if', 'implements', 'import', 'in', 'instanceof', 'interface', 'let', 'new', 'null', 'package',
  'private', 'protected', 'public', 'return', 'static', 'super', 'switch', 'this', 'throw', 'true', 'try', 'typeof', 'var', 'void', 'while', 'with',
  'yield',
]);

/** The first name that may not be set. */
export function findBadGlobal(globals: { readonly [name: string]: unknown }): BadGlobal | undefined {
  const names = Object.keys(globals);
  if (names.length > GLOBALS_MAX) return { pointer: '/globals', why: `there may be at most ${GLOBALS_MAX} globals` };
  for (const name of names) {
    const why = faultOf(name);
    if (why !== undefined) return { pointer: `/globals/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`, why };
  }
  return undefined;
}

/**
 * A name that is there already would change what code of the thread, or of Node, relies on. The main thread's
 * `globalThis` stands for the workers': the same Node has the same names in both, inherited ones included.
 */
function faultOf(name: string): string | undefined {
  if (name.length > GLOBAL_NAME_CHARS_MAX) return `the name of a global has at most ${GLOBAL_NAME_CHARS_MAX} characters`;
  if (!IDENTIFIER.test(name) || RESERVED.has(name)) return 'the name of a global must be an identifier';
  return name in globalThis ? 'a global of this name is there already' : undefined;
}
