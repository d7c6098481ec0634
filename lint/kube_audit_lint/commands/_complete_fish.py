"""The completion script for fish."""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.commands._words import FILES, CommandWords, Word

_HEAD = """\
# Completion of kube-audit-lint for fish, written by `kube-audit-lint completion fish`.
complete -c kube-audit-lint -e
complete -c kube-audit-lint -n __fish_use_subcommand -f
complete -c kube-audit-lint -n __fish_use_subcommand -l help -d 'show the help'
complete -c kube-audit-lint -n __fish_use_subcommand -l version -d 'show the version'
"""


def script(commands: list[CommandWords]) -> str:
    """The script."""
    rows = [f"-n __fish_use_subcommand -a {one.name} -d {_quoted(one.help)}" for one in commands]
    rows += [row for one in commands for row in _rows(one)]
    lists = (option for one in commands for option in one.options if option.many)
    return _HEAD + "".join(map(_function, lists)) + "".join(f"complete -c kube-audit-lint {row}\n" for row in rows)


def _function(option: Word) -> str:
    """What a list with commas is completed from."""
    return f"function {_name(option)}\n    string split ' ' {_quoted(' '.join(option.values))}\nend\n"


def _name(option: Word) -> str:
    return f"__kube_audit_lint_{option.names[0].lstrip('-').replace('-', '_')}"


def _rows(command: CommandWords) -> Iterator[str]:
    seen = f"-n '__fish_seen_subcommand_from {command.name}'"
    for one in command.options:
        names = (f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in one.names)
        yield f"{seen} {' '.join(names)}{_value(one)} -d {_quoted(one.help)}"
    for one in command.others:
        if one.values != FILES:
            yield f"{seen} -f{_values(one)}"


def _value(option: Word) -> str:
    if not option.value:
        return ""
    return " -r -F" if option.values == FILES else f" -x{_values(option)}"


def _values(word: Word) -> str:
    if not word.values:
        return ""
    listed = f"(__fish_complete_list , {_name(word)})" if word.many else " ".join(word.values)
    return f" -a {_quoted(listed)}"


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
