// Skipped: what this machine lacks for some of the tests, said in one line before any of them runs.
//
// Owns the line. What is looked for, and what is skipped without it, belongs to those tests.

import { missingForShim } from '../verify/power/shim.ts';
import { missingForPrometheus } from './deploy/programs.ts';

const NEEDS: readonly { readonly tests: string; readonly missing: () => string | undefined }[] = [
  { tests: 'failed calls and power cuts', missing: missingForShim },
  { tests: 'Prometheus beside a service, and rules', missing: missingForPrometheus },
];

/** Run once by the test runner. */
export function setup(): void {
  const skipped = NEEDS.flatMap(({ tests, missing }) => {
    const why = missing();
    return why === undefined ? [] : [`${tests} (${why})`];
  });
  if (skipped.length > 0) console.warn(`Skipped: ${skipped.join('; ')}`);
}
