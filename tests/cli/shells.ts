// Shells: what each of them makes of a line that somebody has typed so far, with what this command prints for it.
//
// Owns completing without a keyboard. Bash and fish can be asked; zsh is typed to, on a terminal of its own. Bash belongs
// to every Debian; the others are packages by their names.

import { execFile } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { HOLDFAST } from '../../verify/command/program.ts';

const run = promisify(execFile);
const SHELL_MS_MAX = 60_000;

/**
 * Each finds the line in `$LINE` and prints the words that are proposed for its last one; zsh, the word that it became. Where
 * Bash has none, the option that lets it look for files by itself.
 */
const COMPLETING = {
  bash: `eval "$(holdfast completions bash)"
    COMP_LINE=$LINE COMP_POINT=\${#LINE}
    _holdfast
    printf '%s\\n' "\${COMPREPLY[@]}"
    [ "\${#COMPREPLY[@]}" -gt 0 ] || complete -p holdfast | grep -o -- '-o default'`,
  fish: `holdfast completions fish | source
    complete -C "$LINE" | cut -f 1`,
  zsh: String.raw`zmodload zsh/zpty
    zpty typed zsh -f -i
    zpty -w typed 'unsetopt zle_bracketed_paste; autoload -Uz compinit; compinit -u -D; eval "$(holdfast completions zsh)"; print set""up'
    zpty -r -m typed seen '*setup*'
    zpty -w -n typed "$LINE"$'\t'
    zpty -w typed $'\C-aprint -r -- "be""came <\C-e>"'
    zpty -r -m typed seen '*became <*>*'
    print -r -- "${'$'}{${'$'}{${'$'}{${'$'}{seen##*became <}%%>*}% }##* }"`,
} as const;

export type Shell = keyof typeof COMPLETING;

/** Makes the command one that a shell finds in this folder. */
export function install(bin: string): void {
  symlinkSync(HOLDFAST, path.join(bin, 'holdfast'));
}

/** The words that the shell proposes for the last one of `line`, in the folder of the command, with the service at `url` behind it. */
export async function complete(shell: Shell, line: string, bin: string, url: string): Promise<readonly string[]> {
  const { stdout } = await run(shell, [...(shell === 'zsh' ? ['-f'] : []), '-c', COMPLETING[shell]], {
    env: { LINE: line, HOLDFAST_URL: url, HOME: bin, TERM: 'dumb', PATH: [bin, path.dirname(process.execPath), process.env['PATH']].join(':') },
    cwd: bin, timeout: SHELL_MS_MAX,
  });
  return stdout.split('\n').filter((proposed) => proposed !== '');
}
