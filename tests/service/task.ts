// What a task function of the tests sees of the service: the worker's side of the contract.

export interface Held extends AsyncDisposable {
  readonly fencingToken: number;
  readonly signal: AbortSignal;
  release(): Promise<void>;
}

export interface SharedLock {
  readonly name: string;
  acquire(options?: { readonly ttlMs?: number; readonly waitMs?: number }): Promise<Held>;
  withLock<T>(action: (held: Held) => Promise<T> | T): Promise<T>;
}

export interface Context {
  readonly batch: string;
  readonly index: number;
  readonly attempt: number;
  readonly signal: AbortSignal;
  lock(name: string): SharedLock;
}
