// Intrinsics: what a thread's own code needs of the language, taken before any function is loaded.
//
// Owns the copies. A task may replace what every program shares (`JSON.stringify`, `performance.now`, a prototype's
// method), and its thread runs the tasks of others afterwards: what is said of those must not pass through its hands.

export const { parse: parseJson, stringify: stringifyJson } = JSON;
export const now = performance.now.bind(performance);
export const byteLength = Buffer.byteLength.bind(Buffer);
export const { load: loadAtomic, store: storeAtomic, exchange: exchangeAtomic, add: addAtomic, wait: waitAtomic, notify: notifyAtomic, compareExchange: exchangeAtomicIf } = Atomics;
/** Functions whose first argument is the object. */
export const writeUtf8: (bytes: Buffer, text: string, start: number, length: number) => number = Function.prototype.call.bind(Buffer.prototype.utf8Write);
export const sliceUtf8: (bytes: Buffer, start: number, end: number) => string = Function.prototype.call.bind(Buffer.prototype.utf8Slice);
export const memberNames = Object.keys;
export const OwnPromise = Promise;
export const atNextTurn = setImmediate;

/** A Map that keeps its methods when those of all Maps are replaced. Walk it with `forEach`: iterators are shared. */
export class OwnMap<Key, Value> extends Map<Key, Value> {}

for (const [name, method] of Object.entries(Object.getOwnPropertyDescriptors(Map.prototype))) {
  if (name !== 'constructor') Object.defineProperty(OwnMap.prototype, name, method);
}
