"""Evidence for a terminal: all controls in a list, then each that did not pass or has something to look at."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from kube_audit_lint.model.assessment import Assessed, Assessment, Result
from kube_audit_lint.report.evidencewords import WORDS, at, called, counts, details, facts
from kube_audit_lint.report.safe import visible
from kube_audit_lint.report.words import trouble

_STATUS = max(map(len, WORDS.values()))


def render(assessment: Assessment, width: int = 0) -> Iterator[str]:
    """The lines, folded to so many columns; 0 for lines of any length."""
    for line in _lines(assessment):
        yield _folded(line, width)


def _folded(line: str, width: int) -> str:
    """A line in the columns that there are; what goes on is indented below its text."""
    line = visible(line)
    if not width or len(line) <= width:
        return f"{line}\n"
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    folded = textwrap.wrap(
        line, width, subsequent_indent=indent, break_on_hyphens=False, break_long_words=False, drop_whitespace=True
    )
    return "".join(f"{each}\n" for each in folded)


def _lines(assessment: Assessment) -> Iterator[str]:
    yield f"{assessment.title} {assessment.version}: {counts(assessment)}"
    known = list(facts(assessment))
    longest = max(len(name) for name, _ in known)
    yield from (f"  {name:{longest}}  {text}" for name, text in known)
    yield from ("", "What was looked at")
    if not assessment.subjects:
        yield "  No API server and no audit policy."
    for one in assessment.subjects:
        version = f", Kubernetes {one.kubernetes}" if one.kubernetes else ""
        yield f"  {called(one)} at {at(one.place)}{version}{''.join(f'; {note}' for note in one.notes)}"
    yield from ("", "Controls")
    longest = max((len(one.id) for one in assessment.controls), default=0)
    for control in assessment.controls:
        yield f"  {WORDS[control.status]:{_STATUS}}  {control.id:{longest}}  {control.title}"
    for control in assessment.controls:
        yield from _control(assessment, control)
    yield from _unread(assessment)


def _control(assessment: Assessment, control: Assessed) -> Iterator[str]:
    person = "" if control.scored else "; the benchmark itself leaves it to a person"
    yield from ("", f"{control.id} {control.title}: {WORDS[control.status]}{person}")
    for name, words in (("Required", control.expected), ("To look at", control.look), ("Look also", control.hint)):
        if words:
            yield f"  {name}: {words}"
    for result in control.results:
        yield from _result(assessment, result)


def _result(assessment: Assessment, result: Result) -> Iterator[str]:
    values = "".join(f" {one}" for one in result.values)
    where = f"{called(assessment.subjects[result.subject])} at {at(result.place)}"
    yield f"  {WORDS[result.status]}: {where}{values}: {result.proof}"
    yield from (f"    {name}: {text}" for name, text in details(result))


def _unread(assessment: Assessment) -> Iterator[str]:
    rows = [trouble(error) for error in assessment.errors]
    rows += [f"{at(note.place)}: {note.message}" for note in assessment.notes]
    if rows:
        yield from ("", "What was not looked at")
        yield from (f"  {row}" for row in rows)
