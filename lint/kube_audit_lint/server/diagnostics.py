"""Findings as an editor underlines them."""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.model.finding import FileError, Finding, Related, Severity
from kube_audit_lint.report.region import on_text
from kube_audit_lint.server.checked import Checked
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Place

NOT_CHECKED = "not-checked"
"""The code of what was not checked, as SARIF has it."""


class Shown(NamedTuple):
    """Something to underline in a buffer. severity: "" for a hint. finding: None for what is not one."""

    place: Place
    severity: Severity | str
    code: str
    message: str
    related: tuple[Related, ...] = ()
    finding: Finding | None = None


def diagnostics(checked: Checked) -> list[Shown]:
    """All that is shown in a buffer."""
    found = [shown for one in checked.findings if (shown := _of_finding(one, checked.path)) is not None]
    found += [
        Shown(on_text(note.place), "error" if note.is_error else "", NOT_CHECKED, note.message)
        for note in checked.notes
    ]
    start = checked.source.place(0, 0)
    return [*found, *(Shown(start, "error", "unreadable", f"{one.path}: {one.message}") for one in _errors(checked))]


def _errors(checked: Checked) -> Iterator[FileError]:
    noted = {note.message for note in checked.notes}
    return (one for one in checked.errors if one.message not in noted)


def _of_finding(finding: Finding, path: str) -> Shown | None:
    """A finding at its place, or, where that is in another file, at the place in this one that belongs to it."""
    message = "\n".join(filter(None, (finding.message, _titled("proof", finding.proof), _titled("help", finding.help))))
    related = tuple(Related(on_text(one.place), one.message) for one in finding.related)
    if finding.place.source.path == path:
        return Shown(on_text(finding.place), finding.severity, finding.rule, message, related, finding)
    here = next((one for one in related if one.place.source.path == path), None)
    if here is None:
        return None
    there = Related(on_text(finding.place), "the finding is here")
    return Shown(here.place, finding.severity, finding.rule, message, (there, *related), finding)


def _titled(title: str, text: str) -> str:
    return f"{title}: {text}" if text else ""
