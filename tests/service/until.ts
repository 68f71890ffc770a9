// Waiting for what the service shows, with a deadline, instead of sleeping and hoping.

/** Asks until the answer is truthy and returns it; fails `withinMs` later with the last answer. */
export async function until<T>(what: string, ask: () => Promise<T> | T, withinMs = 12_000): Promise<NonNullable<T>> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (performance.now() > deadline) throw new Error(`${what}: not within ${withinMs} ms`);
    await pass(15);
  }
}

/** Lets real time pass where time itself is what a test is about. */
export function pass(ms: number): Promise<void> {
  return new Promise((resolve) => { setTimeout(resolve, ms); });
}

/** How long something took, in milliseconds, beside what it gave. */
export async function timed<T>(action: () => Promise<T>): Promise<{ readonly value: T; readonly tookMs: number }> {
  const start = performance.now();
  const value = await action();
  return { value, tookMs: performance.now() - start };
}
