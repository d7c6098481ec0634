"""Where in a YAML or JSON text a cursor is, while it is written and no parser reads it: by its lines alone."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kube_audit_lint.syntax.record import NamedTuple

_KEY = re.compile(r"(?:\"([^\"]*)\"|'([^']*)'|([^\s#:'\"\[\]{},&*!|>%@`][^#:'\"\[\]{},]*?))[ \t]*:(?=[ \t]|$)")
_OPENS = re.compile(r"[ \t]*(?:[|>&!][^\s]*[ \t]*)*[\[{]?[ \t]*(?:#.*)?$")
"""What is behind a key whose value begins on a later line."""

_WORD = re.compile(r"[^\s\"',\[\]{}]*\Z")
_DASHES = re.compile(r"([ \t]*)((?:-(?:[ \t]+|$))*)")
_ENTRY = re.compile(r"[ \t]*-[ \t]*\{?[ \t]*(?:group|resources|resourceNames)[ \t]*:")
_GROUP = re.compile(r"\bgroup[\"']?[ \t]*:[ \t]*[\"']?([a-z0-9.*-]*)")


class Cursor(NamedTuple):
    """A place in a text. keys: those that hold it, the outermost first.

    word: what is written of it, and `start` where that begins. in_key: whether it may be a key. quoted: whether it
    is in quotes.
    """

    keys: tuple[str, ...]
    start: int
    word: str
    in_key: bool
    quoted: bool


class _Line(NamedTuple):
    """A line. dash: the column of its first dash, None without one; column: of what is behind the dashes."""

    dash: int | None
    column: int
    key: str | None
    rest: str


def cursor(text: str, offset: int) -> Cursor:
    """The place of an offset."""
    lines = re.split(r"\r\n|\r|\n", text[:offset])
    word = _WORD.search(lines[-1])
    assert word is not None
    quoted = lines[-1][: word.start()].endswith(('"', "'"))
    line = _line(lines[-1])
    keys = [] if line.key is None else [line.key]
    inner, in_key = _flow(line.rest)
    above = _above(lines[:-1], line.column if line.dash is None else line.dash, line.dash is not None)
    in_key = in_key if inner or in_key else line.key is None and not quoted
    return Cursor((*above, *keys, *inner), offset - len(word[0]), word[0], in_key, quoted)


def _line(text: str) -> _Line:
    dashes = _DASHES.match(text)
    assert dashes is not None
    column = dashes.end()
    key = _KEY.match(text, column)
    name = next(one for one in key.groups() if one is not None) if key is not None else None
    rest = text[key.end() :] if key is not None else text[column:]
    return _Line(len(dashes[1]) if dashes[2] else None, column, name, rest)


def _flow(text: str) -> tuple[list[str], bool]:
    """The keys of flow mappings that are open at the end of a text, and whether a key is there."""
    frames: list[str | None] = []  # of a mapping its key, "" before there is one; None of a list
    token, quote = "", ""
    for char in text:
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char in "{[":
            frames.append("" if char == "{" else None)
            token = ""
        elif char in "}]" and frames:
            frames.pop()
        elif char in ":," and frames and frames[-1] is not None:
            frames[-1], token = (token.strip(), "") if char == ":" else ("", "")
        else:
            token += char
    return [one for one in frames if one], bool(frames) and frames[-1] == ""


def _above(lines: list[str], column: int, item: bool) -> list[str]:
    """The keys that hold what begins at a column below these lines. item: whether that is an item of a list."""
    keys: list[str] = []
    for text in reversed(lines):
        bare = text.strip()
        if bare == "---":
            break
        if not bare or bare.startswith("#"):
            continue
        line = _line(text)
        outer = line.column if line.dash is None else line.dash
        first = not item and line.dash is not None and line.column == column  # begins the item that we go on with
        holds = line.column < column or (item and line.column == column)
        if holds and line.key is not None and _OPENS.match(line.rest):
            keys.append(line.key)
        elif not first and not (holds and line.dash is None):
            continue
        column, item = outer, line.dash is not None
    return keys[::-1]


def group_beside(text: str, offset: int) -> str:
    """The `group` of the entry of a rule's `resources` in which an offset is; "" for core."""
    found = _braces(text, offset) if text.lstrip().startswith("{") else "".join(_entry(text, offset))
    group = _GROUP.search(found)
    return group[1] if group is not None else ""


def _braces(text: str, offset: int) -> str:
    """In JSON: what is in the nearest braces around an offset."""
    start, end = text.rfind("{", 0, offset), text.find("}", offset)
    return text[max(start, 0) : end if end >= 0 else len(text)]


def _entry(text: str, offset: int) -> Iterator[str]:
    """The lines of the entry."""
    lines = text.splitlines(keepends=True)
    number = len(re.split(r"\r\n|\r|\n", text[:offset])) - 1
    start = next((at for at in range(min(number, len(lines) - 1), -1, -1) if _ENTRY.match(lines[at])), None)
    if start is None:
        return
    dash = _line(lines[start]).dash or 0
    yield lines[start]
    for line in lines[start + 1 :]:
        if line.strip() and len(line) - len(line.lstrip()) <= dash:
            break
        yield line
