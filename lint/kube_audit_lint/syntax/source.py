"""Where things are written: files, and places in them.

Offsets count characters of the decoded text from 0; lines and columns exist only in reports.
"""

from __future__ import annotations

from bisect import bisect_right

from kube_audit_lint.syntax.record import NamedTuple

Chunk = tuple[str, int, int]
"""A piece of a value: its text, where it is in the text that was read, and how wide it is there."""


class Source:
    """One file's text as its author sees it.

    `path` is what reports show (relative to the working directory, forward slashes, no `./`).
    `text` keeps the line endings; bytes that are no UTF-8 are kept as lone surrogates, so that
    every character still has an offset.
    """

    __slots__ = ("_starts", "path", "text")

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text
        self._starts: list[int] | None = None

    @property
    def line_starts(self) -> list[int]:
        """Offsets at which lines start; `\\n`, `\\r\\n` and `\\r` end a line."""
        if self._starts is None:
            self._starts = _line_starts(self.text)
        return self._starts

    def position(self, offset: int) -> tuple[int, int]:
        """The line and column, both from 1, of a character offset."""
        line = bisect_right(self.line_starts, offset)
        return line, offset - self.line_starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of a line (from 1), without its ending."""
        starts = self.line_starts
        end = starts[number] if number < len(starts) else len(self.text)
        return self.text[starts[number - 1] : end].rstrip("\r\n")

    def place(self, start: int = 0, end: int | None = None) -> Place:
        """A place in this file; without `end`, an empty one at `start`."""
        return Place(self, start, start if end is None else end)

    def __repr__(self) -> str:
        return f"Source({self.path!r})"


class Place(NamedTuple):
    """The characters from `start` up to, but not including, `end` of a file."""

    source: Source
    start: int
    end: int

    @property
    def text(self) -> str:
        """The characters as written."""
        return self.source.text[self.start : self.end]


class OffsetMap:
    """The map of a text that is the file itself."""

    __slots__ = ()

    def outer(self, offset: int) -> int:
        """The offset in the file of the character at `offset`, or of the text's end."""
        return offset

    def outer_end(self, offset: int) -> int:
        """The offset in the file just behind the character before `offset`."""
        return offset


class Shifted(OffsetMap):
    """The map of a piece of a text that has a map: it begins at `start`."""

    __slots__ = ("_offsets", "_start")

    def __init__(self, offsets: OffsetMap, start: int) -> None:
        self._offsets = offsets
        self._start = start

    def outer(self, offset: int) -> int:
        return self._offsets.outer(self._start + offset)

    def outer_end(self, offset: int) -> int:
        return self._offsets.outer_end(self._start + offset)


def _line_starts(text: str) -> list[int]:
    starts = [0]
    if "\r" not in text:
        find = text.find
        at = find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = find("\n", at + 1)
        return starts
    offset = 0
    for line in text.replace("\r\n", "\0\n").replace("\r", "\n").split("\n")[:-1]:
        offset += len(line) + 1
        starts.append(offset)
    return starts
