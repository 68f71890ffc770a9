// The checkers of the simulator, each before a history that is wrong and before one that looks like it and is not.

import { describe, expect, test } from 'vitest';
import { Declared } from '../../../verify/sim/checkers/declared.ts';
import { Deliveries } from '../../../verify/sim/checkers/deliveries.ts';
import { Ends } from '../../../verify/sim/checkers/ends.ts';
import { Holds } from '../../../verify/sim/checkers/holds.ts';
import { Keys } from '../../../verify/sim/checkers/keys.ts';
import { Line } from '../../../verify/sim/checkers/line.ts';
import { ProtectedStore } from '../../../verify/sim/checkers/protected.ts';
import { Tasks } from '../../../verify/sim/checkers/tasks.ts';
import { Tokens } from '../../../verify/sim/checkers/tokens.ts';
import type { Complain } from '../../../verify/sim/judge.ts';

/** What a checker complained of in a history. */
function complaints<Checker>(make: (complain: Complain) => Checker, history: (checker: Checker) => void): string[] {
  const properties: string[] = [];
  history(make((property) => properties.push(property)));
  return properties;
}

const holds = (history: (checker: Holds) => void): string[] => complaints((complain) => new Holds(complain), history);

const tokens = (history: (checker: Tokens) => void): string[] => complaints((complain) => new Tokens(complain), history);
const line = (history: (checker: Line) => void): string[] => complaints((complain) => new Line(complain), history);
const ends = (history: (checker: Ends) => void): string[] => complaints((complain) => new Ends(complain), history);
const keys = (history: (checker: Keys) => void): string[] => complaints((complain) => new Keys(complain), history);
const declared = (history: (checker: Declared) => void): string[] => complaints((complain) => new Declared(complain), history);
const tasks = (history: (checker: Tasks) => void): string[] => complaints((complain) => new Tasks(complain), history);
const deliveries = (history: (checker: Deliveries) => void): string[] => complaints((complain) => new Deliveries(complain), history);

const passedOver = (leaves: boolean): string[] => line((checker) => {
  checker.waits('a', 1);
  checker.waits('a', 2);
  if (leaves) checker.left('a', 1);
  checker.told('a', 2);
});

const refused = (isSure: boolean): string[] => complaints((complain) => new ProtectedStore(complain), (store) => {
  store.write('a', 2, true);
  store.write('a', 1, isSure);
});

const twice = (mayRepeat: boolean): string[] => tasks((checker) => {
  checker.begins('bat_1', 0, 1, 1, false).mayRepeat = mayRepeat;
  checker.begins('bat_1', 0, 1, 2, false);
});

const shows = (value: { b: string; i: number; a: number }): string[] => tasks((checker) => {
  checker.posted('bat_1', 0, 2);
  checker.shown('bat_1', 0, 'succeeded', value);
});

describe('holds', () => {
  test('a lock that is given while another client is sure of it is a violation', () => {
    expect(holds((checker) => {
      checker.written('a', 1, 0);
      checker.received('a', 1, 1, 100);
      checker.written('a', 2, 99);
    })).toEqual(['mutual exclusion']);
  });

  test('a client that learns late of a lease that was given on meanwhile, and is not over for it, is a violation', () => {
    expect(holds((checker) => {
      checker.written('a', 1, 0);
      checker.written('a', 2, 10);
      checker.received('a', 1, 20, 100);
    })).toEqual(['mutual exclusion']);
  });

  test('a lock that is given after the client let go, lost it to a revocation, shortened it or has no time left is none', () => {
    expect(holds((checker) => {
      for (const [lock, end] of Object.entries<(token: number) => void>({
        a: (token) => checker.letGo(token),
        b: () => checker.revokes('b', undefined),
        c: (token) => checker.shortens(token, 40),
        d: () => {},
      })) {
        const token = lock.codePointAt(0)!;
        checker.written(lock, token, 0);
        checker.received(lock, token, 1, lock === 'd' ? 50 : 100);
        end(token);
        checker.written(lock, token + 100, 50);
      }
    })).toEqual([]);
  });

  test('a lease that a revocation took is not sure again by an answer that was on its way', () => {
    expect(holds((checker) => {
      checker.revokes('a', undefined);
      checker.written('a', 1, 0);
      checker.received('a', 1, 2, 100);
      checker.revoked('a');
      checker.written('a', 2, 3);
    })).toEqual([]);
  });
});

describe('tokens', () => {
  test('a token that is not above one that had been seen when the lease was asked for is a violation', () => {
    expect(tokens((checker) => {
      checker.seen('lse_a', 5, 0);
      checker.seen('lse_b', 4, checker.mark());
    })).toEqual(['fencing tokens']);
    expect(tokens((checker) => {
      checker.seen('lse_a', 5, 0);
      checker.seen('lse_b', 4, 0);
    })).toEqual([]);
  });

  test('a token that two leases have, or a lease that changes its token, is a violation', () => {
    expect(tokens((checker) => {
      checker.seen('lse_a', 5, 0);
      checker.seen('lse_b', 5, 0);
    })).toEqual(['fencing tokens']);
    expect(tokens((checker) => {
      checker.seen('lse_a', 5, 0);
      checker.seen('lse_a', 6, 0);
    })).toEqual(['fencing tokens']);
  });
});

describe('line', () => {
  test('a grant while somebody waits who came before is a violation, and none once that one has left', () => {
    expect(passedOver(false)).toEqual(['first come, first served']);
    expect(passedOver(true)).toEqual([]);
  });

  test('who came later and has the lower token of the same lock was let past', () => {
    expect(line((checker) => {
      checker.granted('a', 1, 20);
      checker.granted('b', 2, 10);
      checker.granted('a', 2, 10);
    })).toEqual(['first come, first served']);
  });
});

describe('ends', () => {
  test('a lease that is held again after an answer said that it is over is a violation, but not by an answer to an earlier request', () => {
    expect(ends((checker) => {
      checker.ended('lse_a', 10, false, 'released');
      checker.held('lse_a', 11);
    })).toEqual(['ends are final']);
    expect(ends((checker) => {
      checker.ended('lse_a', 10, false, 'released');
      checker.held('lse_a', 9);
    })).toEqual([]);
  });

  test('a lease that is over while its client is sure of it is a violation', () => {
    expect(ends((checker) => checker.ended('lse_a', 10, true, 'expired'))).toEqual(['no lease ends early']);
  });
});

test('a protected store that refuses a client which is sure of its lock is a violation, one that refuses a late client is none', () => {
  expect(refused(true)).toEqual(['fencing']);
  expect(refused(false)).toEqual([]);
});

describe('keys', () => {
  test('a key that gives another lease after its first was received, or the same for another body, is a violation', () => {
    expect(keys((checker) => {
      checker.binds('k', 'a', 'lse_1');
      checker.gives('k', 'a', 'lse_2');
    })).toEqual(['retries']);
    expect(keys((checker) => {
      checker.binds('k', 'a', 'lse_1');
      checker.gives('k', 'b', 'lse_1');
    })).toEqual(['retries']);
  });

  test('a key whose first lease nobody received may give another', () => {
    expect(keys((checker) => {
      checker.gives('k', 'a', 'lse_1');
      checker.binds('k', 'a', 'lse_2');
      checker.gives('k', 'a', 'lse_2');
    })).toEqual([]);
  });
});

describe('declared', () => {
  test('a declaration that was acknowledged and is gone after a crash is a violation', () => {
    expect(declared((checker) => {
      checker.asked('a', 1, 'mine');
      checker.changed('a', 1, 'mine');
      checker.crashed();
      checker.shown('a', undefined);
    })).toEqual(['what was acknowledged is kept']);
  });

  test('a declaration that was under way at a crash may be there or not, but stays as it was seen', () => {
    for (const seen of ['mine', undefined]) {
      expect(declared((checker) => {
        checker.asked('a', 1, 'mine');
        checker.crashed();
        checker.shown('a', seen);
      })).toEqual([]);
    }
    expect(declared((checker) => {
      checker.asked('a', 1, 'mine');
      checker.crashed();
      checker.shown('a', undefined);
      checker.shown('a', 'mine');
    })).toEqual(['what was acknowledged is kept']);
  });
});

describe('tasks', () => {
  test('an attempt that begins twice is a violation, and none after an orderly stop', () => {
    expect(twice(false)).toEqual(['tasks']);
    expect(twice(true)).toEqual([]);
  });

  test('an item that runs on two threads at once is a violation, even in a later attempt', () => {
    expect(tasks((checker) => {
      checker.begins('bat_1', 0, 1, 1, false);
      checker.begins('bat_1', 0, 2, 1, false);
    })).toEqual(['tasks']);
  });

  test('an item that begins, or ends otherwise, after an answer has shown how it ended is a violation', () => {
    expect(tasks((checker) => {
      checker.shown('bat_1', 0, 'failed', undefined);
      checker.begins('bat_1', 0, 1, 1, false);
    })).toEqual(['tasks']);
    expect(tasks((checker) => {
      checker.shown('bat_1', 0, 'failed', undefined);
      checker.shown('bat_1', 0, 'cancelled', undefined);
    })).toEqual(['tasks']);
  });

  test('a value that no thread posted for this item and attempt is a violation', () => {
    expect(shows({ b: 'bat_1', i: 0, a: 2 })).toEqual([]);
    for (const wrong of [{ b: 'bat_2', i: 0, a: 2 }, { b: 'bat_1', i: 1, a: 2 }, { b: 'bat_1', i: 0, a: 1 }]) expect(shows(wrong)).toEqual(['tasks']);
  });

  test('a batch that was accepted and is not known, or had ended and has not, is a violation', () => {
    expect(tasks((checker) => {
      checker.accepted('bat_1');
      checker.unknown('bat_1');
      checker.unknown('bat_never');
    })).toEqual(['what was acknowledged is kept']);
    expect(tasks((checker) => {
      checker.seen('bat_1', 'succeeded');
      checker.seen('bat_1', undefined);
    })).toEqual(['tasks']);
  });
});

describe('deliveries', () => {
  test('an attempt that is made twice, also after a crash, is a violation', () => {
    expect(deliveries((checker) => {
      checker.sent('dlv_1', 1);
      checker.sent('dlv_1', 1);
    })).toEqual(['deliveries']);
  });

  test('a delivery that is shown as delivered or dead without its receiver is a violation', () => {
    expect(deliveries((checker) => checker.shown('dlv_1', 'delivered'))).toEqual(['deliveries']);
    expect(deliveries((checker) => checker.shown('dlv_1', 'dead'))).toEqual(['deliveries']);
    expect(deliveries((checker) => {
      checker.accepted('dlv_1');
      checker.shown('dlv_1', 'delivered');
      checker.gone('dlv_2');
      checker.shown('dlv_2', 'dead');
    })).toEqual([]);
  });

  test('a delivery that is sent, or owed again, after it was shown as delivered is a violation', () => {
    expect(deliveries((checker) => {
      checker.accepted('dlv_1');
      checker.shown('dlv_1', 'delivered');
      checker.sent('dlv_1', 2);
    })).toEqual(['deliveries']);
    expect(deliveries((checker) => {
      checker.accepted('dlv_1');
      checker.shown('dlv_1', 'delivered');
      checker.shown('dlv_1', 'pending');
    })).toEqual(['deliveries']);
  });
});
