"""Evidence as Markdown: a table of all controls, then each control with its results.

What comes from files is in `<code>`; titles and hints are the catalogue's own.
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.model.assessment import Assessed, Assessment, Result
from kube_audit_lint.report.codetext import code
from kube_audit_lint.report.evidencewords import WORDS, at, called, counts, details, facts
from kube_audit_lint.report.words import trouble

MARKS = {"passed": "✅", "failed": "❌", "manual": "👁", "not-applicable": "⬜"}


def render(assessment: Assessment) -> Iterator[str]:
    """The whole document."""
    yield f"# {assessment.title} {assessment.version}: {counts(assessment)}\n\n| | |\n|---|---|\n"
    for name, text in facts(assessment):
        yield f"| {name} | {code(text)} |\n"
    yield from _subjects(assessment)
    yield "\n## Controls\n\n| control | | |\n|---|---|---|\n"
    for control in assessment.controls:
        yield f"| {control.id} | {MARKS[control.status]} {WORDS[control.status]} | {control.title} |\n"
    for control in assessment.controls:
        yield from _control(assessment, control)
    yield from _unread(assessment)


def _subjects(assessment: Assessment) -> Iterator[str]:
    yield "\n## What was looked at\n\n"
    if not assessment.subjects:
        yield "No API server and no audit policy.\n"
        return
    yield "| | place | Kubernetes | |\n|---|---|---|---|\n"
    for one in assessment.subjects:
        cells = (called(one), at(one.place), one.kubernetes, " ".join(one.notes))
        yield f"| {' | '.join(map(code, cells))} |\n"


def _control(assessment: Assessment, control: Assessed) -> Iterator[str]:
    yield f"\n### {MARKS[control.status]} {control.id} {control.title}\n\n"
    yield f"{WORDS[control.status].capitalize()}"
    yield "" if control.scored else "; the benchmark itself leaves it to a person"
    yield f". Required: {code(control.expected)}.\n" if control.expected else ".\n"
    for name, words in (("To look at", control.look), ("Look also", control.hint)):
        yield f"\n{name}: {words}\n" if words else ""
    if control.results:
        yield "\n"
    for result in control.results:
        yield from _result(assessment, result)


def _result(assessment: Assessment, result: Result) -> Iterator[str]:
    subject = assessment.subjects[result.subject]
    values = "".join(f" {code(one)}" for one in result.values)
    where = f"{code(called(subject))} at {code(at(result.place))}"
    yield f"- {MARKS[result.status]} {where}{values}: {code(result.proof)}\n"
    for name, text in details(result):
        yield f"  - {name}: {code(text)}\n"


def _unread(assessment: Assessment) -> Iterator[str]:
    rows = [trouble(error) for error in assessment.errors]
    rows += [f"{at(note.place)}: {note.message}" for note in assessment.notes]
    if rows:
        yield "\n## What was not looked at\n\n"
        yield from (f"- {code(row)}\n" for row in rows)
