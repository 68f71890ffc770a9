// Narrowing: what one side may send by its schema and the other side refuses by its own.
//
// Owns the comparison of schemas, in either direction: a request goes from the client of before to the service of now,
// an answer from the service of now to the client of before. Does not own operations (compatibility.ts).
//   N1. A word that is not known here is an error: nothing passes because nobody looked.
//   N2. Each component is compared once in a direction, under its own name.

import { componentOf, type Schema, type Specification } from './specification.ts';

const SAYS_NOTHING = ['description', 'example', 'properties', 'required', 'additionalProperties', 'items', '$ref', 'enum', 'type', 'format', 'pattern'];
const LOWER_BOUNDS = ['minimum', 'minLength', 'minItems'] as const;
const UPPER_BOUNDS = ['maximum', 'maxLength', 'maxItems', 'maxProperties'] as const;
const KNOWN = new Set<string>([...SAYS_NOTHING, ...LOWER_BOUNDS, ...UPPER_BOUNDS]);

export class Narrowing {
  readonly #sender: Specification;
  readonly #receiver: Specification;
  readonly #seen = new Set<string>();

  constructor(sender: Specification, receiver: Specification) {
    this.#sender = sender;
    this.#receiver = receiver;
  }

  /** What of `sent` would be refused, one line each. `at` names the place for people. */
  * refusals(at: string, sent: Schema, taken: Schema): Generator<string> {
    const [from, to] = [componentOf(sent), componentOf(taken)];
    if (from !== to) yield `${at}: ${from ?? 'no component'} stands where ${to ?? 'no component'} is expected`;
    else if (from === undefined) yield* this.#plain(at, sent, taken);
    else if (!this.#seen.has(from)) {
      this.#seen.add(from);
      yield* this.#plain(from, named(this.#sender, from), named(this.#receiver, from));
    }
  }

  * #plain(at: string, sent: Schema, taken: Schema): Generator<string> {
    for (const word of [...Object.keys(sent), ...Object.keys(taken)]) if (!KNOWN.has(word)) throw new Error(`${at}: this comparison does not know the word ${word}`);
    if (taken.type === undefined) return;
    if (sent.type !== taken.type) yield `${at}: ${sent.type ?? 'any JSON'} where ${taken.type} is expected`;
    else {
      yield* values(at, sent, taken);
      yield* this.#members(at, sent, taken);
      if (sent.items !== undefined && taken.items !== undefined) yield* this.refusals(`${at}[]`, sent.items, taken.items);
    }
  }

  * #members(at: string, sent: Schema, taken: Schema): Generator<string> {
    const [sends, takes] = [sent.properties ?? {}, taken.properties ?? {}];
    for (const name of taken.required ?? []) if (!(sent.required ?? []).includes(name)) yield `${at}.${name}: may be absent where it is expected`;
    for (const [name, member] of Object.entries(sends)) {
      const expected = takes[name];
      if (expected !== undefined) yield* this.refusals(`${at}.${name}`, member, expected);
      else if (taken.additionalProperties === false) yield `${at}.${name}: is refused`;
    }
    yield* this.#others(at, sent.additionalProperties ?? true, taken.additionalProperties ?? true);
  }

  /** Members beside those that have names. */
  * #others(at: string, sent: boolean | Schema, taken: boolean | Schema): Generator<string> {
    if (taken === true || sent === false) return;
    if (taken === false) yield `${at}: other members are refused`;
    else yield* this.refusals(`${at}.*`, sent === true ? {} : sent, taken);
  }
}

function named({ components }: Specification, name: string): Schema {
  return components.schemas[name] ?? {};
}

function* values(at: string, sent: Schema, taken: Schema): Generator<string> {
  const choice = taken.enum;
  if (choice !== undefined) {
    const unknown = sent.enum === undefined ? ['any text'] : sent.enum.filter((word) => !choice.includes(word));
    if (unknown.length > 0) yield `${at}: ${unknown.join(', ')} where ${choice.join(', ')} are known`;
  }
  if (sent.format !== taken.format && !(sent.format === 'int32' && taken.format === 'int64')) yield `${at}: ${sent.format ?? 'no format'} where ${taken.format ?? 'no format'} is expected`;
  if (taken.pattern !== undefined && taken.pattern !== sent.pattern) yield `${at}: the pattern is another`;
  for (const bound of LOWER_BOUNDS) if ((taken[bound] ?? -Infinity) > (sent[bound] ?? -Infinity)) yield `${at}: ${bound} is above what is sent`;
  for (const bound of UPPER_BOUNDS) if ((taken[bound] ?? Infinity) < (sent[bound] ?? Infinity)) yield `${at}: ${bound} is below what is sent`;
}
