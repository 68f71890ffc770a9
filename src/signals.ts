// Signals: the first one that asks for an orderly stop, from the moment in which this is loaded.
//
// Apart from main.ts, so that it stands before everything else is read: a signal that comes meanwhile is no less orderly.

/** Resolves with the first; npm and its shell deliver it twice. */
export const stopped: Promise<NodeJS.Signals> = new Promise((resolve) => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, resolve);
});
