"""From places in files to lines and columns."""

from __future__ import annotations

from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Place

_BREAKS = "\r\n"


class Region(NamedTuple):
    """Lines and columns from 1, columns in characters; the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


def exact(place: Place) -> Region:
    """The place as it is, line breaks at its end included."""
    start, end = place.source.position(place.start), place.source.position(place.end)
    return Region(*start, *end)


def on_text(place: Place) -> Place:
    """The place as viewers can show it: without the blank end that a YAML node may have, and never
    on the empty line after the last line break, which viewers do not count as a line."""
    text = place.source.text
    start, end = min(place.start, len(text)), min(place.end, len(text))
    if start < end:
        blank = len(text[start:end].rstrip(" \t\r\n")) + start
        if any(character in _BREAKS for character in text[blank:end]):
            end = max(blank, start)
    if start == end == len(text):
        start = end = _end_of_last_line(text)
    return Place(place.source, start, max(start, end))


def shown(place: Place) -> Region:
    """Lines and columns of `on_text`."""
    return exact(on_text(place))


def _end_of_last_line(text: str) -> int:
    if text.endswith("\r\n"):
        return len(text) - 2
    return len(text) - 1 if text.endswith(("\n", "\r")) else len(text)
