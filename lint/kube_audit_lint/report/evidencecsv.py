"""Evidence as a table for spreadsheets: a row for each control and subject.

A text that a spreadsheet would take for a formula gets an apostrophe in front, as OWASP advises against CSV injection.
So do flags: Excel computes `--audit-log-maxage=7` and shows #NAME?. Control characters are there as escapes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kube_audit_lint import __version__
from kube_audit_lint.model.assessment import Assessed, Assessment, Result
from kube_audit_lint.report.evidencewords import WORDS, called, details
from kube_audit_lint.report.region import shown
from kube_audit_lint.report.safe import visible

COLUMNS = (
    "standard", "version", "control", "title", "status", "scored", "subject", "kubernetes", "file", "line", "value",
    "expected", "proof", "details", "look", "date", "tool",
)  # fmt: skip
_FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""With the wide forms of the first four, which spreadsheets of East Asian languages take for them."""


def render(assessment: Assessment) -> Iterator[str]:
    """Rows that end with CR and LF, as RFC 4180 has them."""
    yield _row(COLUMNS)
    for control in assessment.controls:
        for result in control.results or (None,):
            yield _row(_cells(assessment, control, result))


def _cells(assessment: Assessment, control: Assessed, result: Result | None) -> Iterator[str]:
    yield from (assessment.standard, assessment.version, control.id, control.title)
    yield from (WORDS[control.status if result is None else result.status], "yes" if control.scored else "no")
    if result is None:
        yield from ("",) * 5
    else:
        subject = assessment.subjects[result.subject]
        yield from (called(subject), subject.kubernetes, result.place.source.path)
        yield from (str(shown(result.place).line), " ".join(result.values))
    more = "" if result is None else " | ".join(f"{name}: {text}" for name, text in details(result))
    yield from (control.expected, "" if result is None else result.proof, more, control.look or control.hint)
    yield from (assessment.date, f"kube-audit-lint {__version__}")


def _row(cells: Iterable[str]) -> str:
    return ",".join(map(_cell, cells)) + "\r\n"


def _cell(text: str) -> str:
    formula = text.lstrip(" ").startswith(_FORMULA)
    text = visible(text)
    text = f"'{text}" if formula else text
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in ',"') else text
