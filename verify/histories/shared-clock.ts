// Shared clock: monotonic milliseconds that mean the same in every process of this machine.

const NS_PER_MS = 1e6;

export function sharedNow(): number {
  return Number(process.hrtime.bigint()) / NS_PER_MS;
}
