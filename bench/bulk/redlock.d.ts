// What the benchmark uses of redlock, which has no types of its own.

declare module 'redlock' {
  import type { Redis } from 'ioredis';

  interface Lock {
    unlock(): Promise<void>;
  }

  export default class Redlock {
    constructor(clients: readonly Redis[]);
    lock(resource: string, ttlMs: number): Promise<Lock>;
  }
}
