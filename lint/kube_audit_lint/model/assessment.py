"""Evidence for auditors: each control of a standard, with what the files of a run say of it."""

from __future__ import annotations

from typing import Literal, get_args

from kube_audit_lint.model.finding import FileError, Finding
from kube_audit_lint.model.found import Note
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Place

Status = Literal["not-applicable", "passed", "manual", "failed"]

STATUSES: tuple[Status, ...] = get_args(Status)
"""From the least grave: a control has the gravest status of its results."""


class Subject(NamedTuple):
    """An API server, a policy or a provider's cluster that controls are about. notes: what limits the result."""

    kind: Literal["server", "policy", "cluster"]
    name: str
    place: Place
    kubernetes: str
    notes: tuple[str, ...] = ()


class Shown(NamedTuple):
    """How a policy records one request. rule: the number of the rule that decides, 0 for none; place: where it is."""

    request: str
    recorded: str
    rule: int
    place: Place


class Result(NamedTuple):
    """What was found about one subject: its number in the assessment, where to look, flags as they are set, and why.

    findings: those that fail the control; remarks: others that belong to it. waiver: the reason that a comment or the
    configuration gives for a finding that fails it.
    """

    subject: int
    status: Status
    place: Place
    values: tuple[str, ...]
    proof: str
    findings: tuple[Finding, ...] = ()
    remarks: tuple[Finding, ...] = ()
    requests: tuple[Shown, ...] = ()
    waiver: str = ""


class Assessed(NamedTuple):
    """One control. expected: which flags and rules decide it. look: what no file shows; hint: what else to look at."""

    id: str
    title: str
    status: Status
    scored: bool
    expected: str
    rules: tuple[str, ...]
    look: str
    hint: str
    results: tuple[Result, ...]


class Assessment(NamedTuple):
    """A whole report. standard, version: as `--standard` names them. kubernetes: what the standard's version is for.

    date: in UTC, as ISO 8601. excluded: how many paths the configuration leaves out.
    files: those that anything was read from.
    """

    standard: str
    title: str
    version: str
    kubernetes: str
    date: str
    paths: tuple[str, ...]
    subjects: tuple[Subject, ...]
    controls: tuple[Assessed, ...]
    errors: tuple[FileError, ...] = ()
    notes: tuple[Note, ...] = ()
    excluded: int = 0
    files: tuple[str, ...] = ()

    def count(self, status: Status) -> int:
        """How many controls have a status."""
        return sum(one.status == status for one in self.controls)
