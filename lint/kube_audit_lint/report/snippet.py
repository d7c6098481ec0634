"""Lines of a file with places in them underlined, for a terminal."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator

from kube_audit_lint.model.finding import Finding
from kube_audit_lint.report.region import on_text
from kube_audit_lint.report.safe import MARK, visible, visible_character
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Place, Source

WIDTH = 100  # screen columns of a source line that are shown
_LEAD = 30  # screen columns of a long line that stay in front of a place
_NEAR = 4  # so many times the width are looked at of a very long line, so that it costs no time
_TAB = 4
_MORE = "…"


class Mark(NamedTuple):
    """A place to be underlined: on its first line the characters from `start` up to `end`."""

    source: Source
    line: int
    start: int
    end: int
    last_line: int
    sign: str
    label: str


class Row(NamedTuple):
    """A line of output: a source line has a number, an underline has none, a gap has neither text."""

    number: int | None
    text: str
    sign: str = ""


def marks(finding: Finding) -> list[Mark]:
    """The finding's own place and the related ones."""
    related = [mark(other.place, "-", other.message) for other in finding.related]
    return [mark(finding.place, "^", ""), *related]


def mark(place: Place, sign: str, label: str) -> Mark:
    """A place as it will be underlined."""
    source = place.source
    _, start, end = on_text(place)
    line, column = source.position(start)
    last_line, last_column = source.position(end)
    length = len(source.line(line))
    first = min(column - 1, length)  # a place may be between the two characters of a line's end
    stop = min(last_column - 1, length) if last_line == line else length
    return Mark(source, line, first, max(stop, first), last_line, sign, label)


def rows(places: Iterable[Mark], width: int = WIDTH) -> Iterator[Row]:
    """The marked lines of one file from the top, gaps between them shown, each line only once."""
    number, written = 0, ""
    for place in sorted(places, key=lambda place: (place.line, place.sign == "-")):
        text, underline = _excerpt(place, width)
        if number and place.line > number + 1:
            yield Row(None, "...")
        if (number, written) != (place.line, text):
            number, written = place.line, text
            yield Row(number, text)
        yield Row(None, underline + _label(place), place.sign)


def _label(place: Mark) -> str:
    more = f" {_MORE} to line {place.last_line}" if place.last_line > place.line else ""
    return more + (f" {visible(place.label)}" if place.label else "")


def _excerpt(place: Mark, width: int) -> tuple[str, str]:
    """What of the line is shown, and the underline below it."""
    line = place.source.line(place.line)
    low, high = max(0, place.start - _NEAR * width), min(len(line), place.start + _NEAR * width)
    shown = [_cell(character) for character in line[low:high]]
    for found in re.finditer(MARK, line[low:high]) if "##" in line else ():
        shown[found.start() + 1] = ("\\x23", 4)
    columns = _columns(shown)
    start, end = place.start - low, min(place.end, high) - low
    first, last = _window(columns, start, width)
    before, after = low + first > 0, low + last < len(line)
    text = _MORE * before + "".join(cell for cell, _ in _spaced(shown, columns)[first:last]) + _MORE * after
    indent = before + columns[start] - columns[first]
    return text.rstrip(), " " * indent + place.sign * max(1, columns[min(end, last)] - columns[start])


def _window(columns: list[int], start: int, width: int) -> tuple[int, int]:
    """The characters shown of a line: all, or those around the place."""
    if columns[-1] <= width:
        return 0, len(columns) - 1
    wanted = min(columns[start] - min(_LEAD, width // 3), columns[-1] - width)
    first = bisect_left(columns, wanted) if wanted > 0 else 0
    return first, bisect_right(columns, columns[first] + width) - 1


def _cell(character: str) -> tuple[str, int]:
    """What is shown for a character, and how many screen columns it takes; a tab decides later."""
    if character == "\t":
        return "\t", 0
    if " " <= character <= "~":
        return character, 1
    text = visible_character(character)
    if text != character:
        return text, len(text)
    import unicodedata  # a large table, which few files need

    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me"):
        return character, 0
    return character, 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _columns(shown: list[tuple[str, int]]) -> list[int]:
    """The screen column at which each character starts, and where the last one ends."""
    columns = [0]
    for text, width in shown:
        at = columns[-1]
        columns.append(at + (_TAB - at % _TAB if text == "\t" else width))
    return columns


def _spaced(shown: list[tuple[str, int]], columns: list[int]) -> list[tuple[str, int]]:
    """The cells with tabs as the spaces that they take."""
    return [
        (" " * (columns[index + 1] - columns[index]), 0) if cell[0] == "\t" else cell
        for index, cell in enumerate(shown)
    ]
