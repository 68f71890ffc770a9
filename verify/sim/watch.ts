// Watch: what the checkers hear of answers about locks and batches, in the order in which the engine gave them.
//
// Owns the way from a reply of the machine to what a checker is told. What is heard of leases is edge.ts's.

import type { Answer, Engine } from '../../src/engine.ts';
import { resultBody } from '../../src/routes/batch-view.ts';
import type { BatchView, LockView, Reply, ResultView } from '../../src/state/replies.ts';
import type { Process } from './process.ts';
import type { World } from './world.ts';

type Request = Parameters<Engine['submit']>[0];
type Mark = { readonly b: string; readonly i: number; readonly a: number };

export class Watch {
  readonly #world: World;
  readonly #process: Process;
  #requests = 0;

  constructor(world: World, process: Process) {
    this.#world = world;
    this.#process = process;
  }

  /** Hears of an answer before it is written, whether or not anybody is there to read it. */
  heard(request: Request, answer: Answer): Answer {
    const hear = this.#hear(request);
    return (told) => {
      if (told.kind === 'refused') this.#world.counts.add('refusal', told.refusal.code);
      if (this.#process.alive) hear(told);
      answer(told);
    };
  }

  #hear(request: Request): Answer {
    switch (request.kind) {
      case 'createLock': case 'putLock': return this.#declaring(request);
      case 'deleteLock': return this.#deleting(request.name);
      case 'showLock': return this.#showing(request.name);
      case 'submitBatch': return (told) => this.#submitting(request, told);
      case 'readBatch': case 'readResults': case 'cancelBatch': return (told) => this.#reading(request.batch, told);
      case 'listBatches': return (told) => { if (told.kind === 'batches') for (const view of told.views) this.#batch(view); };
      case 'listLocks': return (told) => { if (told.kind === 'locks') for (const lock of told.locks) this.#lock(lock); };
      case 'revoke': return (told) => { if (told.kind === 'lock') this.#lock(told.lock); };
      case 'acquire': case 'renew': case 'release': case 'readLease': case 'listWaiters': break;
    }
    return () => {};
  }

  #declaring({ kind, lock: { name, description } }: Extract<Request, { kind: 'createLock' | 'putLock' }>): Answer {
    const { declared } = this.#world;
    const request = ++this.#requests;
    declared.asked(name, request, description);
    return (told) => {
      if (told.kind !== 'lock') return declared.refused(name, request);
      const said = told.lock.declared?.description;
      if (said === description) return declared.changed(name, request, said);
      declared.refused(name, request);
      if (kind === 'createLock') declared.shown(name, said);
      else this.#world.judge.complain('answers fit together', `lock ${name} was declared as ${description} and is ${said}`);
    };
  }

  #deleting(name: string): Answer {
    const { declared } = this.#world;
    const request = ++this.#requests;
    declared.asked(name, request, undefined);
    return (told) => {
      if (told.kind === 'done') return declared.changed(name, request, undefined);
      declared.refused(name, request);
      if (told.kind === 'refused' && told.refusal.code === 'lock_not_found') declared.shown(name, undefined);
    };
  }

  /** Who is sure of a lock before it is asked about and after the answer is shown as its holder. (P21) */
  #showing(name: string): Answer {
    const { holds, timeline, declared, judge } = this.#world;
    const sure = holds.sureOf(name, timeline.now);
    return (told) => {
      if (isOverloaded(told)) return;
      if (told.kind === 'refused') declared.shown(name, undefined);
      else if (told.kind === 'lock') this.#lock(told.lock);
      const shown = told.kind === 'lock' ? told.lock.holder?.lease.fencingToken : undefined;
      if (sure !== undefined && shown !== sure && holds.isSure(sure, timeline.now)) {
        judge.complain('readings are fresh', `lock ${name} is shown as ${shown === undefined ? 'free' : `held under token ${shown}`} while a client is sure of it under token ${sure}`);
      }
    };
  }

  /** No lock has a line and no holder, and nobody holds one whose lease was over when the answer was made. (P6, P7) */
  #lock({ name, declared, holder, waiters }: LockView): void {
    this.#world.declared.shown(name, declared?.description);
    if (holder === undefined && waiters > 0 && this.#process.state.phase === 'serving') {
      this.#world.judge.complain('no lost wake-up', `nobody holds lock ${name}, and ${waiters} wait for it`);
    }
  }

  #submitting({ key, batch }: Extract<Request, { kind: 'submitBatch' }>, told: Reply): void {
    const { keys, tasks } = this.#world;
    const failed = told.kind === 'refused' && told.refusal.code === 'task_failed' ? told.refusal.batch : undefined;
    const id = told.kind === 'batch' ? told.view.batch.id : failed;
    if (told.kind === 'refused' && told.refusal.code === 'batch_forgotten') tasks.unknown(told.refusal.batch!);
    if (id === undefined) return;
    tasks.accepted(id);
    if (key !== undefined) keys.binds(key.id, key.fingerprint, id);
    else if (id !== batch.id) this.#world.judge.complain('answers fit together', `${batch.id} was answered as ${id}`);
    if (told.kind === 'batch') this.#batch(told.view);
  }

  #reading(id: string, told: Reply): void {
    if (told.kind === 'refused' && told.refusal.code === 'batch_not_found') this.#world.tasks.unknown(id);
    if (told.kind === 'batch') this.#batch(told.view);
    if (told.kind === 'results') this.#results(id, told.results);
  }

  #batch({ batch, delivery, results }: BatchView): void {
    const { tasks, deliveries, judge } = this.#world;
    const { total, pending, running, succeeded, failed, cancelled } = batch.counts;
    if (total !== pending + running + succeeded + failed + cancelled) judge.complain('answers fit together', `the counts of ${batch.id} do not add up`);
    tasks.seen(batch.id, batch.endedAt === undefined ? undefined : `${batch.state} ${JSON.stringify(batch.counts)}`);
    if (delivery !== undefined) deliveries.shown(delivery.id, delivery.state);
    if (results !== undefined) this.#results(batch.id, results);
  }

  #results(batch: string, results: readonly ResultView[]): void {
    const { tasks } = this.#world;
    for (const result of results) {
      if (result.outcome === undefined) continue;
      const { index, state, value } = resultBody(result, { read: (ref) => this.#process.payload(ref) });
      /* oxlint-disable-next-line typescript/no-unsafe-type-assertion -- What threads here give back. */
      tasks.shown(batch, index, state, state === 'succeeded' ? (value as unknown as Mark) : undefined);
    }
  }
}

/** The one refusal that says nothing of the lock. */
function isOverloaded(told: Reply): boolean {
  return told.kind === 'refused' && told.refusal.code === 'overloaded';
}
