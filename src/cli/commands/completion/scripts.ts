import type { Launcher } from '../../completion/launchers.ts';
import type { Shell } from '../../completion/shells/shells.ts';

/** What a script completes: the linked commands, and `mcp2cli` itself unless it is for one of them alone. */
export interface Completed {
  launchers: readonly Launcher[];
  itself: boolean;
}

/**
 * The completion script for a shell. It asks the program for candidates and takes them as text: nothing that a server named is evaluated. A
 * linked command is run by its path, never as whatever somebody calls by its name in the current folder.
 */
export function completionScript(shell: Shell, completed: Completed): string {
  return SCRIPTS[shell](completed);
}

const SCRIPTS: Record<Shell, (completed: Completed) => string> = {
  bash: (completed) => `# bash completion for ${namesOf(completed).join(', ')} (mcp2cli completion --help)
_mcp2cli() {
  local line prefix program=mcp2cli
  case \${1##*/} in${cases(completed, (name, path) => `\n    ${name}) program=${sh(path)} ;;`)}
  esac
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      $'\\tnospace') compopt -o nospace ;;
      $'\\tfiles\\t') compopt -o default ;;
      $'\\tfolders\\t') compopt -o dirnames ;;
      $'\\tfiles\\t'* | $'\\tfolders\\t'*)
        prefix=\${line##*$'\\t'}
        compopt -o nospace
        while IFS= read -r line; do
          [[ -d $line ]] && line+=/
          printf -v line %q "$line"
          COMPREPLY+=("$prefix$line")
        done < <(compgen -f -- "\${2#"$prefix"}")
        ;;
      *) COMPREPLY+=("$line") ;;
    esac
  done < <(command "$program" __complete bash "\${COMP_TYPE-9}" "\${COLUMNS:-80}" -- "\${COMP_LINE:0:COMP_POINT}" "$2" 2>/dev/null </dev/null)
} 2>/dev/null
complete -o nosort -F _mcp2cli ${namesOf(completed).join(' ')} 2>/dev/null || complete -F _mcp2cli ${namesOf(completed).join(' ')}
`,

  zsh: (completed) => `#compdef ${namesOf(completed).join(' ')}
# zsh completion (mcp2cli completion --help)
_mcp2cli() {
  local line prefix kind program=mcp2cli
  local -a lines columns values shown open_values open_shown
  case $service in${cases(completed, (name, path) => `\n    ${name}) program=${sh(path)} ;;`)}
  esac
  lines=("\${(@f)$(command "$program" __complete zsh -- "\${(@Q)words[2,CURRENT-1]}" "\${(Q)PREFIX}" 2>/dev/null </dev/null)}")
  for line in "\${lines[@]}"; do
    columns=("\${(@ps:\\t:)line}")
    if [[ -n $columns[1] ]]; then
      if [[ $columns[3] == open ]]; then
        open_values+=("$columns[1]")
        open_shown+=("$columns[2]")
      else
        values+=("$columns[1]")
        shown+=("$columns[2]")
      fi
    elif [[ -n $columns[2] ]]; then
      kind=$columns[2]
      prefix=$columns[3]
    fi
  done
  (( $#values )) && compadd -l -V mcp2cli -d shown -a values
  (( $#open_values )) && compadd -S '' -l -V mcp2cli -d open_shown -a open_values
  if [[ -n $kind ]]; then
    compset -P "\${(b)prefix}"
    if [[ $kind == folders ]]; then _files -/; else _files; fi
  fi
}
if [[ $funcstack[1] == _mcp2cli ]]; then
  _mcp2cli "$@"
else
  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i }
  compdef _mcp2cli ${namesOf(completed).join(' ')}
fi
`,

  fish: (completed) => `# fish completion for ${namesOf(completed).join(', ')} (mcp2cli completion --help)
function __mcp2cli_complete
    set -l program mcp2cli
    set -l typed (commandline -opc)
    set -l current (commandline -ct)
    switch (string replace -r '.*/' '' -- $typed[1])${cases(completed, (name, path) => `\n        case ${name}\n            set program ${fish(path)}`)}
    end
    set -e typed[1]
    set -l lines (command $program __complete fish -- $typed "$current" 2>/dev/null </dev/null)
    set -l place (string split \\t -- "$lines[-1]")
    if test "$place[1]" = '' -a (count $place) -ge 2
        set -e lines[-1]
        set -l rest (string sub -s (math (string length -- "$place[3]") + 1) -- "$current")
        switch $place[2]
            case files
                set -a lines "$place[3]"(__fish_complete_path "$rest")
            case folders
                set -a lines "$place[3]"(__fish_complete_directories "$rest" '')
        end
    end
    string match -rv '^\\t' -- $lines
end
${namesOf(completed)
  .map((name) => `complete -c ${name} -f -k -a '(__mcp2cli_complete)'`)
  .join('\n')}
`,

  powershell: (completed) => `# PowerShell completion (mcp2cli completion --help)
Register-ArgumentCompleter -Native -CommandName ${namesOf(completed).map(ps).join(', ')} -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $program = 'mcp2cli'
    switch ($commandAst.GetCommandName() -replace '^.*[\\\\/]' -replace '\\.(cmd|exe|ps1)$') {${cases(completed, (name, path) => `\n        ${ps(name)} { $program = ${ps(path)} }`)}
        default { }
    }
    $words = @($commandAst.CommandElements | Select-Object -Skip 1 |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
        ForEach-Object { if ($_ -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $_.Value } else { $_.Extent.Text } })
    $json = ConvertTo-Json -Compress -InputObject @($words + @("$wordToComplete"))
    $line = [Convert]::ToBase64String([System.Text.Encoding]::UTF8.GetBytes($json))
    $encoding = [Console]::OutputEncoding
    try {
        [Console]::OutputEncoding = [System.Text.Encoding]::UTF8
        & $program __complete powershell -- $line 2>$null | ForEach-Object {
            $text, $shown, $about = $_ -split "\`t", 3
            [System.Management.Automation.CompletionResult]::new($text, $shown, 'ParameterValue', $about)
        }
    } finally {
        [Console]::OutputEncoding = $encoding
    }
}
`,
};

function namesOf({ launchers, itself }: Completed): string[] {
  return [...(itself ? ['mcp2cli'] : []), ...launchers.map(({ name }) => name)];
}

function cases({ launchers }: Completed, line: (name: string, path: string) => string): string {
  return launchers.map(({ name, path }) => line(name, path)).join('');
}

/** For a POSIX shell; single quotes, since a path may have anything in it. */
function sh(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function fish(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}

function ps(text: string): string {
  return `'${text.replace(/['\u2018-\u201b]/g, '$&$&')}'`;
}
