"""One finding for people, with the lines that it is about, as rustc and ruff show them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from kube_audit_lint.model.finding import Finding
from kube_audit_lint.report import Rules, Style
from kube_audit_lint.report.grouping import ALIKE
from kube_audit_lint.report.safe import visible
from kube_audit_lint.report.snippet import WIDTH, Mark, Row, marks, rows
from kube_audit_lint.report.summary import counted
from kube_audit_lint.report.words import location
from kube_audit_lint.syntax.source import Source

_LEAST = 20
_COLORS = {"error": "1;31", "warning": "1;33", "info": "1;36", "place": "1", "gutter": "34", "-": "36"}


class Paint:
    """Puts colours and links around text, or leaves it alone; `width` is that of the screen."""

    def __init__(self, style: Style, rules: Rules) -> None:
        self.color, self.links, self.rules = style.color, style.links, rules
        self.width = style.width or WIDTH
        self.fits = style.width > 0

    def __call__(self, text: str, kind: str) -> str:
        return f"\x1b[{_COLORS[kind]}m{text}\x1b[0m" if self.color and text else text

    def excerpt(self, gutter: int) -> int:
        """How many columns of a source line are shown, behind the gutter and between two marks of what is cut off."""
        return max(_LEAST, self.width - gutter - 5) if self.fits else WIDTH

    def linked(self, text: str, rule: str) -> str:
        """The text as a hyperlink (OSC 8) to the page of a rule, where terminal and page are there."""
        page = self.rules[rule].page if self.links and rule in self.rules else ""
        return f"\x1b]8;;{page}\x1b\\{text}\x1b]8;;\x1b\\" if page else text


def lines_of(finding: Finding, others: list[Finding], paint: Paint) -> Iterator[str]:
    """The lines of a finding; others: the same in other files."""
    yield from _finding(finding, paint)
    yield from _others(finding, others, paint)


def _others(finding: Finding, others: list[Finding], paint: Paint) -> Iterator[str]:
    """Where the same was found, and is not shown."""
    if others:
        gutter = len(str(max(place.line for place in marks(finding))))
        named = ", ".join(location(one) for one in others[:ALIKE])
        more = f" and in {counted(len(others) - ALIKE, 'more file')}" if others[ALIKE:] else ""
        yield paint(f"{' ' * gutter} = ", "gutter") + f"also: {named}{more}; --show-all shows each"


def _finding(finding: Finding, paint: Paint) -> Iterator[str]:
    places = marks(finding)
    gutter = len(str(max(place.line for place in places)))
    what = paint.linked(paint(f"{finding.severity}[{finding.rule}]", finding.severity), finding.rule)
    yield f"{paint(location(finding), 'place')}: {what}: {visible(finding.message)}"
    for number, (source, group) in enumerate(_by_file(places)):
        if number:
            first = min(group, key=lambda place: place.line)
            at = f"{visible(source.path)}:{first.line}:{first.start + 1}"
            yield paint(" " * gutter + "-->", "gutter") + " " + at
        yield paint(" " * gutter + " |", "gutter")
        for row in rows(group, paint.excerpt(gutter)):
            yield _row(row, gutter, paint, finding.severity)
    yield from _notes(finding, gutter, paint)


def _by_file(places: list[Mark]) -> list[tuple[Source, list[Mark]]]:
    """The marks by file, the finding's own first."""
    files: dict[int, tuple[Source, list[Mark]]] = {}
    for place in places:
        files.setdefault(id(place.source), (place.source, []))[1].append(place)
    return list(files.values())


def _row(row: Row, gutter: int, paint: Paint, severity: str) -> str:
    if row.number is None and not row.sign:
        return paint(row.text, "gutter")
    number = "" if row.number is None else str(row.number)
    text = paint(row.text, severity if row.sign == "^" else "-") if row.sign else row.text
    return (paint(f"{number:>{gutter}} |", "gutter") + f" {text}").rstrip()


def _notes(finding: Finding, gutter: int, paint: Paint) -> Iterator[str]:
    for name in ("proof", "kubernetes", "help"):
        text = getattr(finding, name)
        if text.strip() and (name != "kubernetes" or finding.narrowed):
            lead = f"{' ' * gutter} = "
            lines = _wrapped(f"{name}: {text.strip()}", paint.width - len(lead))
            yield paint(lead, "gutter") + lines[0]
            yield from (" " * len(lead) + line if line else "" for line in lines[1:])


def _wrapped(text: str, width: int) -> list[str]:
    """Paragraphs wrapped; lines that start with blanks, such as YAML to be copied, left alone."""
    lines: list[str] = []
    for as_is, group in groupby(text.split("\n"), key=lambda line: line[:1] in ("", " ", "\t")):
        if as_is:
            lines.extend(visible(line.expandtabs(4).rstrip()) for line in group)
        else:
            lines.extend(_paragraph(" ".join(group), width))
    return lines


def _paragraph(text: str, width: int) -> list[str]:
    # What is to be copied or searched for stays whole: flags such as --audit-log-path, and `code`.
    words = re.sub("`[^`]*`", lambda code: code[0].replace(" ", "\0"), visible(" ".join(text.split())))
    return [line.replace("\0", " ") for line in _lines(words.split(" "), width)]


def _lines(words: list[str], width: int) -> Iterator[str]:
    """Words in lines of at most `width` characters; `textwrap` costs more to import than all of the report."""
    line = words[0]
    for word in words[1:]:
        if len(line) + 1 + len(word) > width:
            yield line
            line = word
        else:
            line += " " + word
    yield line
