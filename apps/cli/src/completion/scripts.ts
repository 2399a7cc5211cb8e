/**
 * Completion scripts. Each hands the words of the line to `mosaic complete` as they are: nothing that was typed is ever
 * evaluated by the shell.
 */

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
const fishQuoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

const bash = (program: string): string => `# bash completion for mosaic: source <(mosaic completion bash)
_mosaic() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} line i
  local -a words=()
  COMPREPLY=()
  # bash splits --option=value at the equals sign.
  if [[ $cur == '=' ]]; then cur=''; elif [[ $prev == '=' ]]; then prev=\${COMP_WORDS[COMP_CWORD-2]}; fi
  case $prev in
    -f | --file | --roster)
      compopt -o filenames 2>/dev/null
      while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$cur")
      return ;;
    --cwd | --worktree | --mosaic-home)
      compopt -o filenames 2>/dev/null
      while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -d -- "$cur")
      return ;;
  esac
  for ((i = 1; i < COMP_CWORD; i++)); do
    [[ \${COMP_WORDS[i]} == '=' ]] || words+=("\${COMP_WORDS[i]}")
  done
  while IFS= read -r line; do
    [[ $line == :* ]] || COMPREPLY+=("\${line%%$'\\t'*}")
  done < <(${quoted(program)} complete -- "\${words[@]}" "$cur" 2>/dev/null)
}
complete -F _mosaic mosaic
`

const zsh = (program: string): string => `#compdef mosaic
# zsh completion for mosaic: source <(mosaic completion zsh)
_mosaic() {
  local line value
  local -a candidates
  case $words[CURRENT-1] in
    -f | --file | --roster) _files; return ;;
    --cwd | --worktree | --mosaic-home) _files -/; return ;;
  esac
  while IFS= read -r line; do
    [[ $line == :* ]] && continue
    value=\${line%%$'\\t'*}
    value=\${value//:/\\\\:}
    [[ $line == *$'\\t'?* ]] && value+=":\${line#*$'\\t'}"
    candidates+=("$value")
  done < <(${quoted(program)} complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  _describe 'mosaic' candidates
}
if [[ $funcstack[1] == _mosaic ]]; then _mosaic; else compdef _mosaic mosaic; fi
`

const fish = (program: string): string => `# fish completion for mosaic: mosaic completion fish | source
function __mosaic_complete
  set -l words (commandline -opc)
  set -l last (commandline -ct)
  ${fishQuoted(program)} complete -- $words[2..-1] "$last" 2>/dev/null | string match -v -- ':*'
end
function __mosaic_wants_file
  set -l words (commandline -opc)
  contains -- "$words[-1]" -f --file --roster --cwd --worktree --mosaic-home
end
complete -c mosaic -e
complete -c mosaic -n 'not __mosaic_wants_file' -f -a '(__mosaic_complete)'
`

const SCRIPTS: Readonly<Record<Shell, (program: string) => string>> = { bash, zsh, fish }

/** @param program absolute path of the command that the script asks */
export const completionScript = (shell: Shell, program: string): string => SCRIPTS[shell](program)
