// Serve: the side of a load's process that is asked.
//
// Owns the conversation: a line of JSON comes in, what was measured goes out as one. The process ends with its input.

import { createInterface } from 'node:readline';

/** How long to run before, and for how long to measure. */
export interface Span {
  readonly warmMs: number;
  readonly measureMs: number;
}

/** Answers each question in turn with what `measure` found. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- What is asked is written by our own scenario, in this form.
export async function serve<Asked>(measure: (asked: Asked) => Promise<object>): Promise<never> {
  console.log(JSON.stringify({ ready: true }));
  for await (const line of createInterface({ input: process.stdin })) {
    const asked: Asked = JSON.parse(line);
    console.log(JSON.stringify(await measure(asked)));
  }
  process.exit(0);
}
