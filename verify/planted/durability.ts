// Durability: mistakes in what is stored, and in what leaves before it is.

import type { PlantedBug } from './bug.ts';

export const DURABILITY: readonly PlantedBug[] = [
  {
    name: 'answers-before-the-commit',
    file: 'src/engine.ts',
    before: 'this.#group.answers.push({ asked: told, reply });',
    after: 'this.#parts.clock.soon(() => this.#release({ ...emptyGroup(), answers: [{ asked: told, reply }] }));',
    why: 'A crash takes back what was answered.',
  },
  {
    name: 'reads-overtake-the-commit',
    file: 'src/engine.ts',
    before: 'this.#group.answers.push({ asked: told, reply });',
    after: `if (this.state.changes.empty) this.#parts.clock.soon(() => this.#release({ ...emptyGroup(), answers: [{ asked: told, reply }] }));
      else this.#group.answers.push({ asked: told, reply });`,
    why: 'A reading shows what the commit in flight has not stored yet, and a crash takes it back.',
  },
  {
    name: 'group-leaves-with-the-one-before',
    file: 'src/engine.ts',
    before: 'this.#flushed.push(group);',
    after: 'this.#flushed.push(group);\n      group.answers.push(...this.#group.answers.splice(0));',
    why: 'What arrived during a commit is answered when that commit is done, and not when its own is.',
  },
  {
    name: 'effects-before-the-commit',
    file: 'src/engine.ts',
    before: 'if (early) this.#performEarly(effect);',
    after: 'if (early || !early) this.#parts.perform(effect);',
    why: 'An item runs, or a callback is sent, in an attempt that nothing has counted.',
  },
  {
    name: 'failed-commit-ignored',
    file: 'src/engine.ts',
    before: '.then(flushed, (error: unknown) => this.#fail(error));',
    after: '.then(flushed, flushed);',
    why: 'What could not be stored is acknowledged.',
  },
  {
    name: 'deletion-not-stored',
    file: 'src/state/tables.ts',
    before: 'index(before, undefined, entry);\n    this.#changes.record(entry);\n',
    after: 'index(before, undefined, entry);\n',
    why: 'What was deleted is there again after a restart.',
  },
  {
    name: 'second-change-not-stored',
    file: 'src/state/changes.ts',
    before: '  entry.isRecorded = false;\n',
    after: '',
    why: 'Of a row only its first change is stored: a release is forgotten by a restart.',
  },
  {
    name: 'changes-taken-and-not-committed',
    file: 'src/engine.ts',
    before: 'this.#parts.journal.commit({ now, ...this.state.changes.take() })',
    after: 'this.#parts.journal.commit({ now, ...this.state.changes.take(), ...(group.answers.length === 0 && { rows: [] }) })',
    why: 'What nobody is told of is not stored: an expiry, a result.',
  },
  {
    name: 'task-told-over-an-unflushed-change',
    file: 'src/locks/grant.ts',
    before: 'const early = !step.state.changes.isLockUnflushed(lease.lock) && isFlushed(step.state, lease.fencingToken);',
    after: 'const early = true;',
    why: 'A task works under a lock whose last holder, after a crash, still has it.',
  },
  {
    name: 'change-in-flight-taken-for-flushed',
    file: 'src/state/changes.ts',
    before: 'this.#inFlight = this.#names;',
    after: 'this.#inFlight = new Names();',
    why: 'The same, while the release is in the commit that is under way.',
  },
];
