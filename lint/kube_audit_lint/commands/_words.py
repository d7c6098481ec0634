"""The words that each command takes, read from its parser."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from kube_audit_lint.commands.parser import COMMANDS, parsers
from kube_audit_lint.syntax.record import NamedTuple

FILES = ("<files>",)
"""In place of values: names of files."""

_LISTS = ("select", "ignore")
"""Options of which the value is a list with commas."""

_OF_FILES = ("FILE", "PATH", "FOLDER", "POLICY", "DIR")


class Word(NamedTuple):
    """An option, or with no names what is without one.

    value: what its value is called, "" for none. values: what is known to complete it, or FILES. many: a list with
    commas, or a word that may occur several times. choices: the only values that it takes, where these are few.
    """

    names: tuple[str, ...]
    help: str
    value: str = ""
    values: Sequence[str] = ()
    many: bool = False
    choices: Sequence[str] = ()


class CommandWords(NamedTuple):
    """A command, what it is for, its options, and what is without an option."""

    name: str
    help: str
    options: tuple[Word, ...]
    others: tuple[Word, ...]


def command_words() -> list[CommandWords]:
    """All commands."""
    found = []
    for name, parser in parsers().items():
        formatter = parser._get_formatter()
        words = [_word(action, formatter._expand_help(action)) for action in parser._actions]
        options, others = (tuple(one for one in words if bool(one.names) is named) for named in (True, False))
        found.append(CommandWords(name, COMMANDS[name], options, others))
    return found


def _word(action: argparse.Action, help_text: str) -> Word:
    names = tuple(action.option_strings)
    if action.nargs == 0:
        return Word(names, help_text)
    many = action.dest in _LISTS if names else action.nargs in ("*", "+")
    return Word(names, help_text, _value_of(action), _values(action), many, tuple(map(str, action.choices or ())))


def _value_of(action: argparse.Action) -> str:
    return str(action.metavar) if action.metavar is not None else action.dest.upper().replace("_", "-")


def _values(action: argparse.Action) -> Sequence[str]:
    if action.choices:
        return tuple(map(str, action.choices))
    known = _known(action.dest)
    if known or (action.option_strings and not any(word in _value_of(action) for word in _OF_FILES)):
        return known
    return FILES


def _known(dest: str) -> tuple[str, ...]:
    """What the catalogue and the starter know for an argument of this name."""
    from kube_audit_lint.catalogue.shipped import shipped
    from kube_audit_lint.catalogue.standards import standards
    from kube_audit_lint.starter.data_files import form_names

    catalogue = shipped()
    known = {
        "id": tuple(catalogue.rules),
        "profile": tuple(sorted(catalogue.profiles)),
        "standard": tuple(standards()),
        "form": tuple(form_names()),
    }
    selected = (*catalogue.rules, *sorted({rule.category for rule in catalogue.rules.values()}))
    return {**known, "select": selected, "ignore": selected}.get(dest, ())
