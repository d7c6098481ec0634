"""systemd's units and environment files as assignments, with the exact place of every character.

Sources: systemd src/shared/conf-parser.c `config_parse` (comments and continued lines; a comment between
continued lines is left out), src/basic/env-file.c `parse_env_file_internal` (quotes and escapes of values).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.unknown import UNKNOWN
from kube_audit_lint.syntax.words import Letter, letters

_CONTINUED = re.compile(r"(\\+)([ \t]*)\r?\Z")
_SECTION = re.compile(r"\[([^\]\n]+)\]\s*\Z")
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_-]*(?=\s*=)")
_FLAGS = re.compile(rf"[ \t]*(--[a-z{UNKNOWN}][^\s\\]*)")
"""What only a command has, and no assignment of a unit."""
_NEWLINE = re.compile(r"\\+[ \t]*\r?\n")
_NAME = re.compile(r"(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)=")


class Assignment(NamedTuple):
    """`key = value`. start, end: where the key is. broken: backslashes with blanks behind, which end the line, and
    flags below a line that no backslash continues; what follows is read as it is meant."""

    section: str
    key: str
    start: int
    end: int
    value: list[Letter]
    broken: list[tuple[int, int]]


def unit(text: str, template: str | None = None) -> Iterator[Assignment]:
    """The assignments of a unit, in order.

    template: the text before its statements were made blanks, so that their lines end nothing.
    A doubled backslash, as units have it that are still to be written by a shell, continues the line like one.
    """
    section = ""
    current: Assignment | None = None
    for start, content in _lines(text):
        bare = content.strip()
        if bare.startswith(("#", ";")) or (current is not None and not bare and _written(template, start, content)):
            continue
        ends = _CONTINUED.search(content)
        stop = start + (ends.start() if ends else len(content.rstrip(" \t\r\n")))
        if current is not None:
            current.value.extend(letters(text, start, stop))
        elif found := _SECTION.match(bare):
            section = found[1]
        else:
            current = _assignment(section, text, start, stop)
        if current is not None and ends:
            current.value.append((" ", stop, start + len(content)))
            if ends[2]:
                current.broken.append((stop, start + ends.end(2)))
        elif current is not None and (below := _FLAGS.match(text, start + len(content) + 1)):
            current.value.append((" ", stop, start + len(content)))
            if not _ends_in_statement(template, start + len(content)):
                current.broken.append(below.span(1))
        elif current is not None:
            yield current
            current = None
    if current is not None:
        yield current


def _lines(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    for line in text.split("\n"):
        yield start, line
        start += len(line) + 1


def _written(template: str | None, start: int, content: str) -> bool:
    """Whether a blank line was none in the template."""
    return template is not None and bool(template[start : start + len(content)].strip())


def _ends_in_statement(template: str | None, end: int) -> bool:
    """Whether a line ends in a statement of a template: Ansible leaves out the line break behind it (trim_blocks)."""
    return template is not None and template.endswith("%}", 0, end)


def _assignment(section: str, text: str, start: int, stop: int) -> Assignment | None:
    while start < stop and text[start] in " \t":
        start += 1
    found = _KEY.match(text, start, stop)
    if found is None:
        return None
    equals = text.index("=", found.end())
    return Assignment(section, found[0], start, found.end(), letters(text, equals + 1, stop), [])


def environment(text: str) -> list[Assignment] | None:
    """The variables of an environment file; None when it holds anything else, as shell scripts do."""
    found: list[Assignment] = []
    at = 0
    while 0 <= at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        bare = text[at:end].strip()
        if not bare or bare.startswith(("#", ";")):
            at = end + 1
            continue
        name = _NAME.match(text, text.index(bare[0], at))
        if name is None:
            return None
        value, at = _value(text, name.end())
        found.append(Assignment("", name[1], name.start(1), name.end(1), value, []))
    return None if at < 0 else found


def _value(text: str, at: int) -> tuple[list[Letter], int]:
    """A variable's value, and the offset behind its last line; -1 when a quote is not closed."""
    found: list[Letter] = []
    quote = ""
    while at < len(text):
        char = text[at]
        if char == "\\" and quote != "'":
            at = _escaped(text, at, quote, found)
            continue
        if char == quote:
            quote = ""
        elif not quote and char in "'\"":
            quote = char
        elif not quote and char in "\r\n":
            break
        else:
            found.append((" " if char in "\r\n" else char, at, at + 1))
        at += 1
    end = text.find("\n", at)
    return found, -1 if quote else len(text) if end < 0 else end + 1


def _escaped(text: str, at: int, quote: str, found: list[Letter]) -> int:
    """Takes a backslash and what it escapes; returns the offset behind it."""
    ends = _NEWLINE.match(text, at)
    if ends:
        found.append((" ", at, ends.end()))
        return ends.end()
    follows = text[at + 1 : at + 2]
    if follows and (not quote or follows in '"\\`$'):
        found.append((follows, at, at + 2))
        return at + 2
    found.append(("\\", at, at + 1))
    return at + 1
