import type { Command } from 'commander';

/** A script that makes bash complete the commands of a program and their options. */
export function completion(program: Command): string {
  const name = program.name();
  const cases = leaves(program).map(({ path, words }) => `    "${path}") words="${words.join(' ')}" ;;`);
  return `_${name}() {
  local path="" word words=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) break ;; *) path="\${path:+$path }$word" ;; esac
  done
  while :; do
    case "$path" in
${cases.join('\n')}
    esac
    # What follows a command is its arguments: the longest command that there is counts.
    if [ -n "$words" ] || [ -z "$path" ]; then break; fi
    case "$path" in *" "*) path="\${path% *}" ;; *) path="" ;; esac
  done
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _${name} ${name}
`;
}

/** By the words that lead to a command: what may follow them. */
function leaves(command: Command, path: readonly string[] = []): { path: string; words: string[] }[] {
  const below = command.commands.filter((sub) => sub.name() !== 'help');
  const words = [
    ...below.map((sub) => sub.name()),
    ...command.options.flatMap(({ long }) => (long ? [long] : [])),
    '--help',
  ];
  return [{ path: path.join(' '), words }, ...below.flatMap((sub) => leaves(sub, [...path, sub.name()]))];
}
