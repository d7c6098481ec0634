"""Positions as editors count them: lines from 0, and in a line the code units of the encoding agreed on."""

from __future__ import annotations

from kube_audit_lint.syntax.source import Place, Source

_ABOVE = "\uffff"
"""Characters above it take two code units of UTF-16."""


class Positions:
    """Places of a source as lines and characters, and back. encoding: utf-8, utf-16 or utf-32."""

    def __init__(self, source: Source, encoding: str = "utf-16") -> None:
        self.source = source
        self._encoding = encoding

    def of(self, offset: int) -> tuple[int, int]:
        """Line and character of an offset."""
        line, column = self.source.position(min(offset, len(self.source.text)))
        start = self.source.line_starts[line - 1]
        return line - 1, self._units(self.source.text[start : start + column - 1])

    def range(self, place: Place) -> tuple[tuple[int, int], tuple[int, int]]:
        """Start and end of a place of this source."""
        return self.of(place.start), self.of(place.end)

    def offset(self, line: int, character: int) -> int:
        """The offset of a position; of one behind a line its end, of a line behind the text the text's end."""
        if line >= len(self.source.line_starts):
            return len(self.source.text)
        start = self.source.line_starts[line]
        text, left = self.source.line(line + 1), character
        for at, char in enumerate(text):
            if left <= 0:
                return start + at
            left -= self._units(char)
        return start + len(text)

    def _units(self, text: str) -> int:
        if self._encoding == "utf-8":
            return len(text.encode("utf-8", "surrogatepass"))
        if self._encoding == "utf-16":
            return len(text) + sum(char > _ABOVE for char in text)
        return len(text)
