"""The completion script for zsh."""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.commands._words import FILES, CommandWords, Word

_SCRIPT = """\
#compdef kube-audit-lint
# Completion of kube-audit-lint for zsh, written by `kube-audit-lint completion zsh`.
_kube_audit_lint() {{
  local curcontext="$curcontext" state line
  local -a commands
  commands=(
{commands}
  )
  _arguments -C '(- *)--help[show the help]' '(- *)--version[show the version]' \\
    '1: :->command' '*:: :->words'
  case $state in
  command) _describe command commands ;;
  words)
    case $line[1] in
{cases}
    esac ;;
  esac
}}
if [ "$funcstack[1]" = _kube_audit_lint ]; then
  _kube_audit_lint "$@"
else
  compdef _kube_audit_lint kube-audit-lint
fi
"""


def script(commands: list[CommandWords]) -> str:
    """The script."""
    listed = "\n".join(f"    {_quoted(f'{one.name}:{_escaped(one.help)}')}" for one in commands)
    return _SCRIPT.format(commands=listed, cases="\n".join(map(_case, commands)))


def _case(command: CommandWords) -> str:
    words = [_quoted(spec) for option in command.options for spec in _specs(option)]
    words += [_quoted(f"{'*' if one.many else ''}:{one.value.lower()}:{_action(one)}") for one in command.others]
    return f"    {command.name})\n      _arguments -s \\\n        " + " \\\n        ".join(words) + " ;;"


def _specs(option: Word) -> Iterator[str]:
    for name in option.names:
        value = f":{_escaped(option.value)}:{_action(option)}" if option.value else ""
        equals = "=" if value and name.startswith("--") else ""
        yield f"*{name}{equals}[{_escaped(option.help)}]{value}"


def _action(word: Word) -> str:
    if word.values == FILES:
        return "_files"
    if word.many and word.names:
        return f"_values -s , value {' '.join(word.values)}"
    return f"({' '.join(word.values)})" if word.values else ""


def _escaped(text: str) -> str:
    """What `_arguments` would take for the end of a description or a name."""
    return "".join(f"\\{character}" if character in ":[]\\" else character for character in text)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
