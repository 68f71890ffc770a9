// Completions, as real shells make them of what the command prints for each.
//
//   C1. A service that does not answer at once has nothing to propose, and one under load may not: names are asked for again.

import { expect, test } from 'vitest';
import { missing } from '../missing.ts';
import { freshDirectory, freshName, sharedService } from '../service/harness.ts';
import { complete, install, type Shell } from './shells.ts';

const TIMEOUT = { timeout: 120_000 };
/** (C1) */
const AGAIN = { timeout: 60_000, interval: 50 };
/** Nothing listens there: the port is reserved. */
const NOBODY = 'http://127.0.0.1:1';
const service = sharedService();

interface Ways {
  readonly shell: Shell;
  /** What of a name is proposed when it is typed up to its colon: Bash replaces what is behind that. */
  readonly behindColon?: true;
  /** Where the command proposes nothing the shell does. Bash does so by an option of the completion, which has to be there. */
  readonly files: readonly string[];
}

const SHELLS: readonly Ways[] = [{ shell: 'bash', behindColon: true, files: ['-o default'] }, { shell: 'fish', files: ['./holdfast'] }, { shell: 'zsh', files: ['./holdfast'] }];

for (const { shell, behindColon, files } of SHELLS) {
  test.skipIf(missing({ [shell]: '--version' }, `completions in ${shell}`))(`${shell} completes commands, flags and names of locks, and files behind --`, TIMEOUT, async (context) => {
    const bin = freshDirectory(context);
    install(bin);
    const [folder, rest] = [freshName('completed'), 'y.z'];
    await service.client.declare({ name: `${folder}/x:${rest}` });
    const url = service.client.http.origin;
    expect(await complete(shell, 'holdfast lo', bin, NOBODY)).toEqual(['locks']);
    expect(await complete(shell, 'holdfast acquire --w', bin, NOBODY)).toEqual(['--wait']);
    expect(await complete(shell, 'holdfast run a -- ./hold', bin, url)).toEqual(files);
    await expect.poll(() => complete(shell, `holdfast show ${folder}/x:`, bin, url), AGAIN).toEqual([behindColon ? rest : `${folder}/x:${rest}`]);
  });
}
