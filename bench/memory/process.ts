// Process: what a running process takes, read from outside.
//
// Owns /proc, and the inspector of a process that was started with one: it collects the garbage of the main thread
// before anything is read, so that what is left is what is in use.

import { readFileSync } from 'node:fs';

const KIB = 1024;
/** Clock ticks a second, as Linux tells times of processes on every common machine. */
const TICKS_PER_SECOND = 100;

/** Memory that is the process's own in bytes: `VmRSS` with mapped files, `RssAnon` without. */
export function memory(pid: number, which: 'VmRSS' | 'RssAnon'): number {
  const found = new RegExp(String.raw`^${which}:\s+(?<kib>\d+) kB$`, 'mu').exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(found?.groups?.['kib']) * KIB;
}

/** Seconds of processor time so far. */
export function processorSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Options of Node that open the inspector on a port without saying so. */
export function inspectorOptions(port: number): string[] {
  return [`--inspect=127.0.0.1:${port}`, '--inspect-publish-uid=http'];
}

/** Collects the garbage of the main thread. */
export async function collectGarbage(port: number): Promise<void> {
  await call(port, 'HeapProfiler.collectGarbage');
}

/** Bytes of JavaScript objects and buffers of the main thread. */
export async function heapBytes(port: number): Promise<number> {
  const { usedSize, backingStorageSize = 0 }: { usedSize: number; backingStorageSize?: number } = await call(port, 'Runtime.getHeapUsage');
  return usedSize + backingStorageSize;
}

async function call<Result>(port: number, method: string): Promise<Result> {
  const targets: { readonly webSocketDebuggerUrl: string }[] = JSON.parse(await (await fetch(`http://127.0.0.1:${port}/json`)).text());
  const socket = new WebSocket(targets[0]!.webSocketDebuggerUrl);
  const { promise, resolve, reject } = Promise.withResolvers<Result>();
  socket.addEventListener('open', () => socket.send(JSON.stringify({ id: 1, method })));
  socket.addEventListener('error', () => reject(new Error('the inspector cannot be reached')));
  socket.addEventListener('message', ({ data }) => {
    const { result }: { result: Result } = JSON.parse(String(data));
    resolve(result);
  });
  try {
    return await promise;
  } finally {
    socket.close();
  }
}
