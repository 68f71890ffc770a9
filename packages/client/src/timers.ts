// Timers: pauses that can be called off, and alarms that keep no process alive.
//
// Does not own what is waited for.

/** Passes after `ms`, or rejects with the signal's reason as soon as that is aborted. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return orAborted(signal, (resolve) => {
    const timer = setTimeout(resolve, ms);
    return () => { clearTimeout(timer); };
  });
}

/** What the promise gives, or the signal's reason if that is aborted first; the promise goes on in any case. */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  // Somebody listens to its failure, even when nobody waits for it.
  promise.catch(() => undefined);
  return orAborted(signal, (resolve, reject) => {
    promise.then(resolve, reject);
    return () => undefined;
  });
}

/** Passes when the promise is settled in whatever way, or after `ms`. */
export async function within(promise: Promise<unknown>, ms: number): Promise<void> {
  const settled = new AbortController();
  const end = (): void => { settled.abort(); };
  promise.then(end, end);
  await pause(ms, settled.signal).catch(() => undefined);
}

type Begin<T> = (resolve: (value: T) => void, reject: (reason: unknown) => void) => () => void;

/** `begin` returns what undoes it. Nothing listens to the signal any longer once the promise is settled. */
async function orAborted<T>(signal: AbortSignal | undefined, begin: Begin<T>): Promise<T> {
  signal?.throwIfAborted();
  const settled = new AbortController();
  let undo: (() => void) | undefined;
  try {
    return await new Promise<T>((resolve, reject) => {
      signal?.addEventListener('abort', () => { reject(signal.reason); }, { signal: settled.signal });
      undo = begin(resolve, reject);
    });
  } finally {
    settled.abort();
    undo?.();
  }
}

/** One timer that is set anew again and again. It keeps no Node process alive; a browser's page lives without it. */
export class Alarm {
  #timer: ReturnType<typeof setTimeout> | undefined;

  set(ms: number, action: () => void): void {
    clearTimeout(this.#timer);
    const timer: unknown = this.#timer = setTimeout(action, ms);
    if (canUnref(timer)) timer.unref();
  }

  clear(): void {
    clearTimeout(this.#timer);
  }
}

/** Node's timers are objects, a browser's are numbers. */
function canUnref(timer: unknown): timer is { unref(): unknown } {
  return typeof timer === 'object' && timer !== null && 'unref' in timer;
}
