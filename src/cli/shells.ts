// Shells: what makes a shell ask this command for completions.
//
// Owns a few lines for each shell. What is proposed is the parser's to know, and the service's; see main.ts. What stands
// behind `--` is a command of its own, so there files are proposed as everywhere.

import type { Shell } from './commands/processes.ts';

const SCRIPTS: Readonly<Record<Shell, string>> = {
  // Bash breaks words at colons and the like, and replaces only what is behind the last of them.
  bash: String.raw`_holdfast() {
  local line=${'$'}{COMP_LINE:0:COMP_POINT} words last lines
  read -ra words <<< "$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  last=${'$'}{words[-1]}
  mapfile -t lines < <("${'$'}{words[0]}" __complete "${'$'}{words[@]:1}" 2>/dev/null | cut -f 1)
  COMPREPLY=()
  local proposal
  for proposal in "${'$'}{lines[@]}"; do
    [[ $proposal == "$last"* ]] && COMPREPLY+=("${'$'}{proposal#"${'$'}{last%"${'$'}{last##*[:=@]}"}"}")
  done
}
complete -o default -F _holdfast holdfast`,
  zsh: String.raw`#compdef holdfast
_holdfast() {
  local -a lines described
  lines=("${'$'}{(@f)$("${'$'}{words[1]}" __complete "${'$'}{(@)words[2,CURRENT]}" 2>/dev/null)}")
  local line
  for line in $lines; do
    described+=("${'$'}{${'$'}{line%%$'\t'*}//:/\\:}:${'$'}{line#*$'\t'}")
  done
  if (( $#described )); then _describe holdfast described; else _files; fi
}
compdef _holdfast holdfast`,
  fish: String.raw`complete -c holdfast -f -a '(holdfast __complete (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'
complete -c holdfast -F -n 'contains -- -- (commandline -opc)'`,
};

// oxlint-disable-next-line typescript/require-await -- the parser takes promises only
export async function completions(_flags: object, shell: Shell): Promise<void> {
  process.stdout.write(`${SCRIPTS[shell]}\n`);
}
