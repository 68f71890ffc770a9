// Type: makes schemas, each of which is also a TypeScript type.
//
// TypeBox has the types, and its own makers would make the same schemas; but it is loaded whole, nearly four hundred modules,
// and a start would take a fifth of its time for the eight words that are used here.

import type { TSchema, Type as TypeBox } from 'typebox';

type Makers = Pick<typeof TypeBox, 'Array' | 'Boolean' | 'Integer' | 'Object' | 'Optional' | 'Partial' | 'String' | 'Unsafe'>;

/** The members that may be absent: a schema itself does not say it, the object around it does. */
const optional = new WeakSet<TSchema>();

function marked(schema: TSchema): TSchema {
  const own = { ...schema };
  optional.add(own);
  return own;
}

function object(properties: Readonly<Record<string, TSchema>>, options: object = {}): TSchema {
  const required = Object.keys(properties).filter((name) => !optional.has(properties[name]!));
  return { type: 'object', ...(required.length > 0 ? { required } : {}), properties, ...options };
}

/** The same object with members that may all be absent. */
function partial(whole: TSchema & { readonly properties: Readonly<Record<string, TSchema>> }, options?: object): TSchema {
  return object(Object.fromEntries(Object.entries(whole.properties).map(([name, schema]) => [name, marked(schema)])), options);
}

const makers = {
  Array: (items: TSchema, options?: object) => ({ type: 'array', items, ...options }),
  Boolean: (options?: object) => ({ type: 'boolean', ...options }),
  Integer: (options?: object) => ({ type: 'integer', ...options }),
  Object: object,
  Optional: marked,
  Partial: partial,
  String: (options?: object) => ({ type: 'string', ...options }),
  Unsafe: (schema: TSchema) => schema,
};

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what TypeBox's own makers make, less what only TypeBox reads
export const Type = makers as unknown as Makers;
