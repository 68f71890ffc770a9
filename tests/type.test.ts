// Our makers of schemas: what TypeBox's own make, less what only TypeBox reads.

import { Type as TypeBox } from 'typebox';
import { expect, test } from 'vitest';
import { Type } from '../src/routes/type.ts';

/** Every maker, each as the routes use it. */
function made(by: typeof Type): object {
  const whole = by.Object({
    name: by.String({ minLength: 1, pattern: '^a' }),
    count: by.Optional(by.Integer({ minimum: 0 })),
    flags: by.Optional(by.Array(by.Boolean(), { maxItems: 3 })),
    any: by.Unsafe<string>({ type: 'string', enum: ['a', 'b'] }),
  }, { additionalProperties: false });
  return [whole, by.Partial(whole, { $id: 'Part' }), by.Object({ only: by.Optional(by.String()) }), by.Array(whole)];
}

test('a schema is the one that TypeBox makes', () => {
  expect(JSON.parse(JSON.stringify(made(Type)))).toEqual(JSON.parse(JSON.stringify(made(TypeBox))));
});
