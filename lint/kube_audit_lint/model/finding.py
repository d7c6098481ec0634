"""Findings: what a run reports."""

from __future__ import annotations

from kube_audit_lint.model.advice import Advice
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Place
from kube_audit_lint.syntax.typed import Any, Literal, get_args

Severity = Literal["info", "warning", "error"]

SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""From least to most; an index into it orders severities."""

SeverityOrNone = Severity | Literal[""]
"""A severity, or "" for the one that the rule has."""


class Related(NamedTuple):
    """Another place that belongs to a finding, with what to see there."""

    place: Place
    message: str


class Edit(NamedTuple):
    """New text for the characters from `start` up to, but not including, `end` of a file."""

    start: int
    end: int
    text: str


class Proposed(NamedTuple):
    """Edits of its file that put a finding right. safe: whether `--fix` makes them, and not only `--unsafe-fixes`."""

    title: str
    safe: bool
    edits: tuple[Edit, ...]


class Finding(NamedTuple):
    """One thing wrong at one place.

    `message` tells what is wrong and what really happens in the cluster, `help` how to put it right, `advice` the same
    as data where it is one act.
    `kubernetes` names the versions it holds for (`1.24-1.37`), `narrowed` is whether these are fewer than
    were checked. `witness` is a concrete request as JSON data that proves it, `proof` the same as one line
    for a reader. `more` is how many findings of its rule in its file it stands for, where they are too many
    to show each; else 0. `once`: equal ones of a run are shown as one, with a count. `fix` is filled in for the
    reports that carry it.
    """

    rule: str
    severity: Severity
    place: Place
    message: str
    help: str = ""
    related: tuple[Related, ...] = ()
    kubernetes: str = ""
    witness: dict[str, Any] | None = None
    proof: str = ""
    more: int = 0
    narrowed: bool = False
    once: bool = False
    fix: Proposed | None = None
    advice: Advice | None = None


Cause = Literal["comment", "ignores", "baseline", "configuration"]
"""What keeps a finding out of a report: a comment, an entry of `ignores`, a baseline, or that its rule is off."""


class Suppressed(NamedTuple):
    """A finding that is not shown as one, what keeps it out, and the reason that is given there."""

    finding: Finding
    by: Cause
    reason: str = ""


class FileError(NamedTuple):
    """A file or option that could not be dealt with; the others still are."""

    path: str
    message: str
