"""Lines of a text, whatever its line ends are."""

from __future__ import annotations

import re

_END = re.compile(r"[\r\n]|\Z")
_BREAK = re.compile(r"\r\n|\r|\n|\Z")
_REST = re.compile(r"[ \t]*(?:(?<=[ \t])#[^\r\n]*)?(?=[\r\n]|\Z)")
_COMMENT = re.compile(r"[ \t]*#[^\r\n]*")


def line_start(text: str, at: int) -> int:
    """Where the line with an offset starts."""
    return max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1


def line_end(text: str, at: int) -> int:
    """Where its line break is, or the text's end."""
    found = _END.search(text, at)
    return len(text) if found is None else found.start()


def next_line(text: str, at: int) -> int:
    """Where the line behind starts."""
    found = _BREAK.match(text, line_end(text, at))
    return len(text) if found is None else found.end()


def rest_of_line(text: str, at: int) -> int | None:
    """The end of the line, where nothing but blanks and a comment is behind an offset; else None."""
    found = _REST.match(text, at)
    return None if found is None else found.end()


def line_break(text: str, near: int) -> str:
    """The line break that is used near an offset."""
    found = _BREAK.match(text, line_end(text, near))
    if found is None or not found[0]:
        start = line_start(text, near)
        before = re.search(r"(\r\n|\r|\n)\Z", text[max(0, start - 2) : start])
        return "\n" if before is None else before[1]
    return found[0]


def above_comments(text: str, at: int, limit: int) -> int:
    """The start of the comment lines that are directly above a line, not before `limit`."""
    while at > limit:
        before = line_start(text, at - (2 if text[at - 2 : at] == "\r\n" else 1))
        if before < limit or _COMMENT.match(text, before, line_end(text, before)) is None:
            break
        at = before
    return at
