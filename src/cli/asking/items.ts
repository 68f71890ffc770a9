// Items: what a batch is given, one JSON value a line.

import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Jsonable } from '@holdfast/client';
import { EXIT } from '../exit-codes.ts';
import { CliError } from '../failure.ts';

/** Every line that is not empty. Rejects, naming the line, if one of them is no JSON. */
export async function readItems(input: Readable): Promise<readonly Jsonable[]> {
  const items: Jsonable[] = [];
  let number = 0;
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    number += 1;
    if (line.trim() !== '') items.push(itemOf(line, number));
  }
  return items;
}

function itemOf(line: string, number: number): Jsonable {
  try {
    const item: Jsonable = JSON.parse(line);
    return item;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError('item_invalid', EXIT.usage, `line ${number} of the items is no JSON: ${why}`, 'Write one JSON value a line: a text stands in quotes, as in "a.png".');
  }
}
