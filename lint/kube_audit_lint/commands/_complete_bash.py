"""The completion script for bash, from version 3.2 on."""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.commands._words import FILES, CommandWords, Word

_SCRIPT = """\
# Completion of kube-audit-lint for bash, written by `kube-audit-lint completion bash`.
_kube_audit_lint() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" previous="${{COMP_WORDS[COMP_CWORD-1]}}" command="${{COMP_WORDS[1]}}"
  local words="" list=""
  COMPREPLY=()
  if [ "$current" = "=" ]; then current=""; fi
  if [ "$previous" = "=" ]; then previous="${{COMP_WORDS[COMP_CWORD-2]}}"; fi
  if [ "$COMP_CWORD" -eq 1 ]; then
    words="{commands} --help --version"
  else
    case "$command $previous" in
{values}
    *)
      case "$current" in
      -*)
        case "$command" in
{options}
        esac ;;
      *)
        case "$command" in
{others}
        *) return ;;
        esac ;;
      esac ;;
    esac
  fi
  local start=""
  if [ -n "$list" ]; then
    case "$current" in
    *,*) start="${{current%,*}}," ;;
    esac
  fi
  COMPREPLY=($(compgen -P "$start" -W "$words" -- "${{current#"$start"}}"))
}}
complete -o default -F _kube_audit_lint kube-audit-lint
"""
"""Where nothing is completed, bash completes names of files by itself (`-o default`)."""


def script(commands: list[CommandWords]) -> str:
    """The script."""
    return _SCRIPT.format(
        commands=" ".join(one.name for one in commands),
        values="\n".join(row for one in commands for row in _values(one)),
        options="\n".join(f'        {one.name}) words="{_names(one)}" ;;' for one in commands),
        others="\n".join(
            f'        {one.name}) words="{" ".join(word.values)}" ;;'
            for one in commands
            for word in one.others
            if word.values and word.values != FILES
        ),
    )


def _names(command: CommandWords) -> str:
    return " ".join(name for option in command.options for name in option.names)


def _values(command: CommandWords) -> Iterator[str]:
    """What follows an option that takes a value."""
    for option in command.options:
        if option.value:
            pattern = "|".join(f'"{command.name} {name}"' for name in option.names)
            yield f"    {pattern}) {_found(option)} ;;"


def _found(option: Word) -> str:
    if not option.values or option.values == FILES:
        return "return"
    return f'words="{" ".join(option.values)}"' + (" list=1" if option.many else "")
