// Frames: how one message stands in the memory of a mailbox.
//
// Owns the forms of messages. Most are JSON text; those that come most often have a form of their own, which costs less
// than the tasks that they are about. Does not own where a frame stands, and when it is read (mailbox.ts).
//   F1. A frame stands in one piece: one that does not fit before the end of the memory stands at its beginning.
//   F2. A frame is four numbers and a text behind them: how long the text is, the form, and two that the form tells.

import { MAILBOX_BYTES } from '../limits.ts';
import { byteLength, parseJson, sliceUtf8, stringifyJson, writeUtf8 } from './intrinsics.ts';
import type { FromThread, ItemSettled, OrderBegun, RunMessage, TaskAcquire, TaskRelease, ToThread } from './messages.ts';

const HEAD_BYTES = 16;
/** The next frame stands at the beginning; only the length and the form are there. */
const WRAPPED = 0;
/** JSON text. */
const PLAIN = 1;
/** The text that a task printed. */
const PRINTED = 2;
/** An item's value, its index and the milliseconds that it took. No text stands for null, which most tasks return. */
const RETURNED = 3;
/** An order as JSON text, as long as the first number says, and behind it the JSON text of its items. */
const ORDERED = 4;
/** The number of an order of the hand that has begun. */
const BEGUN = 5;
/** The name of a lock that is asked for without options, the call and the scope. */
const ASKED = 6;
/** The name of a lock that is given back, and the halves of its token. */
const RELEASED = 7;
/** A token in digits, and the call that it answers. */
const GRANTED = 8;
const HALF = 2 ** 32;

interface Frame {
  readonly form: number;
  readonly text: string;
  readonly first: number;
  readonly second: number;
}

/** A task may have given every object a `toJSON`, which would be asked for this one: such messages are cloned, through the port. */
export function isPlain(said: FromThread | ToThread): boolean {
  return typeof said === 'string' || hasOwnForm(said) || !('toJSON' in said || 'toJSON' in NO_MEMBERS);
}

const NO_MEMBERS: readonly never[] = [];

type Message = Exclude<FromThread | ToThread, string>;
type Granted = Extract<ToThread, { readonly kind: 'answer' }> & { readonly answer: { readonly kind: 'granted' } };
type OwnForm = (ItemSettled & { readonly value: string }) | OrderBegun | TaskAcquire | TaskRelease | Granted;

/** An item without an error, the begin of an order, and what an acquire takes that is granted. */
function hasOwnForm(said: Message): said is OwnForm {
  if (said.kind === 'itemSettled') return said.value !== undefined;
  if (said.kind === 'taskAcquire') return said.ttlMs === undefined && said.waitMs === undefined && isInt32(said.call);
  if (said.kind === 'answer') return said.answer.kind === 'granted' && isInt32(said.call);
  return said.kind === 'orderBegun' || said.kind === 'taskRelease';
}

/** Calls are counted for as long as a thread lives. */
function isInt32(call: number): boolean {
  return (call | 0) === call;
}

/** Returns the bytes that were taken, those skipped at the end of the memory included; 0 when there is no room. (F1) */
export function writeFrame(bytes: Buffer, numbers: Int32Array, start: number, free: number, said: FromThread | ToThread): number {
  const { form, text, first, second } = frameOf(said);
  const textBytes = text === '' ? 0 : byteLength(text);
  const size = sizeOf(textBytes);
  const skipped = start + size > MAILBOX_BYTES ? MAILBOX_BYTES - start : 0;
  if (skipped + size > free) return 0;
  if (skipped > 0) numbers[start / 4 + 1] = WRAPPED;
  const at = skipped > 0 ? 0 : start;
  numbers[at / 4] = textBytes;
  numbers[at / 4 + 1] = form;
  numbers[at / 4 + 2] = first;
  numbers[at / 4 + 3] = second;
  if (textBytes > 0) writeUtf8(bytes, text, at + HEAD_BYTES, textBytes);
  return skipped + size;
}

/** 0 where no frame stands. */
export function frameBytes(numbers: Int32Array, start: number): number {
  const textBytes = numbers[start / 4]!;
  if (numbers[start / 4 + 1] === WRAPPED) return MAILBOX_BYTES - start;
  return textBytes < 0 || textBytes > MAILBOX_BYTES || start + sizeOf(textBytes) > MAILBOX_BYTES ? 0 : sizeOf(textBytes);
}

/** Undefined where the next frame stands at the beginning. Throws when it is no message. */
export function readFrame(bytes: Buffer, numbers: Int32Array, start: number): unknown {
  const textBytes = numbers[start / 4]!;
  const first = numbers[start / 4 + 2]!;
  const second = numbers[start / 4 + 3]!;
  const begin = start + HEAD_BYTES;
  const text = (): string => sliceUtf8(bytes, begin, begin + textBytes);
  switch (numbers[start / 4 + 1]) {
    case WRAPPED: return undefined;
    case PLAIN: return parseJson(text());
    case PRINTED: return text();
    case RETURNED: return { kind: 'itemSettled', index: first, value: textBytes === 0 ? 'null' : text(), durationMs: second } satisfies ItemSettled;
    case BEGUN: return { kind: 'orderBegun', number: first } satisfies OrderBegun;
    case ASKED: return { kind: 'taskAcquire', call: first, scope: second, lock: text() } satisfies TaskAcquire;
    case RELEASED: return { kind: 'taskRelease', lock: text(), fencingToken: first * HALF + (second >>> 0) } satisfies TaskRelease;
    case GRANTED: return { kind: 'answer', call: first, answer: { kind: 'granted', fencingToken: parseJson(text()) } } satisfies Granted;
    case ORDERED: return { ...parseJson(sliceUtf8(bytes, begin, begin + first)), items: sliceUtf8(bytes, begin + first, begin + textBytes) };
    case undefined:
    default: throw new TypeError('no form of a message');
  }
}

function frameOf(said: FromThread | ToThread): Frame {
  if (typeof said === 'string') return { form: PRINTED, text: said, first: 0, second: 0 };
  if (!hasOwnForm(said)) return said.kind === 'run' ? ordered(said) : { form: PLAIN, text: stringifyJson(said), first: 0, second: 0 };
  if (said.kind === 'itemSettled') return { form: RETURNED, text: said.value === 'null' ? '' : said.value, first: said.index, second: said.durationMs };
  if (said.kind === 'orderBegun') return { form: BEGUN, text: '', first: said.number, second: 0 };
  if (said.kind === 'taskAcquire') return { form: ASKED, text: said.lock, first: said.call, second: said.scope };
  if (said.kind === 'taskRelease') return { form: RELEASED, text: said.lock, first: (said.fencingToken / HALF) | 0, second: said.fencingToken | 0 };
  return { form: GRANTED, text: `${said.answer.fencingToken}`, first: said.call, second: 0 };
}

function ordered({ items, ...order }: RunMessage): Frame {
  const text = stringifyJson(order);
  return { form: ORDERED, text: text + items, first: byteLength(text), second: 0 };
}

/** Frames stand at multiples of sixteen, so that the four numbers of one always have room. */
function sizeOf(textBytes: number): number {
  return HEAD_BYTES + ((textBytes + HEAD_BYTES - 1) & ~(HEAD_BYTES - 1));
}
