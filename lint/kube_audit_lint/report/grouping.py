"""What a long text report leaves out: the same finding in many files, notes without end; and its table by rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from kube_audit_lint.model.finding import SEVERITIES, Finding, Severity
from kube_audit_lint.model.found import Note
from kube_audit_lint.syntax.record import NamedTuple

ALIKE = 5
"""So many files with the same finding are shown whole; of more, the first, and the places in so many others."""

LONG = 20
"""A report of more findings ends with a table by rule; of more notes, the rest is counted."""


def grouped(findings: Sequence[Finding]) -> Iterator[tuple[Finding, list[Finding]]]:
    """Each finding that is shown, with those of other files that are the same word for word and are not."""
    alike: dict[tuple[str, ...], dict[str, Finding]] = {}
    for finding in findings:
        alike.setdefault(_key(finding), {}).setdefault(finding.place.source.path, finding)
    for finding in findings:
        files = alike[_key(finding)]
        if len(files) <= ALIKE:
            yield finding, []
        elif next(iter(files.values())) is finding:
            yield finding, list(files.values())[1:]
        elif finding.place.source.path == next(iter(files)):
            yield finding, []  # once more in the file that is shown


def _key(finding: Finding) -> tuple[str, ...]:
    return finding.rule, finding.severity, finding.message, finding.help


class Counted(NamedTuple):
    """How many findings of a rule and a severity there are, in how many files."""

    rule: str
    severity: Severity
    findings: int
    files: int


def by_rule(findings: Sequence[Finding]) -> list[Counted]:
    """Findings and files by rule, the gravest and most frequent first."""
    files: dict[tuple[str, Severity], list[str]] = {}
    for finding in findings:
        files.setdefault((finding.rule, finding.severity), []).append(finding.place.source.path)
    rows = [Counted(*key, len(paths), len(set(paths))) for key, paths in files.items()]
    return sorted(rows, key=lambda row: (-SEVERITIES.index(row.severity), -row.findings, row.rule))


def table(findings: Sequence[Finding]) -> Iterator[str]:
    """The same as lines of text."""
    rows = by_rule(findings)
    width = max((len(row.rule) for row in rows), default=0)
    if rows:
        yield f"{'rule':<{width}}  severity  findings  files"
    for row in rows:
        yield f"{row.rule:<{width}}  {row.severity:<8}  {row.findings:>8}  {row.files:>5}"


def notes_of(notes: Sequence[Note]) -> Iterator[tuple[Note, int]]:
    """The notes that are shown, the same words once, each with how many more places have it."""
    places = Counter(note.message for note in notes)
    first = {note.message: note for note in reversed(notes)}
    for note in notes:
        if first[note.message] is note:
            yield note, places[note.message] - 1
