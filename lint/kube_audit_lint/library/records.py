"""What the library's functions give back about files: findings, places, what could not be read."""

from __future__ import annotations

from typing import Any

from kube_audit_lint.catalogue.standards import controls_of
from kube_audit_lint.model import finding
from kube_audit_lint.model.finding import Severity
from kube_audit_lint.report.region import exact
from kube_audit_lint.syntax import source
from kube_audit_lint.syntax.record import NamedTuple


class Place(NamedTuple):
    """A part of a file. Lines and columns count from 1, columns in characters; the end is not in it."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


class Related(NamedTuple):
    """Another place that belongs to a finding, with what to see there."""

    place: Place
    message: str


class Finding(NamedTuple):
    """One thing wrong at one place.

    message: what is wrong and what really happens in the cluster; help: how to put it right. kubernetes: the versions
    that it holds for, such as `1.24-1.37`; "" where they do not matter. request: a request that proves it, as plain
    data; proof: the same in a line. controls: those of standards, such as `CIS 3.2.2`.
    """

    rule: str
    severity: Severity
    message: str
    help: str
    place: Place
    related: tuple[Related, ...]
    kubernetes: str
    request: dict[str, Any] | None
    proof: str
    controls: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.place}: {self.severity}[{self.rule}]: {self.message}"


class Problem(NamedTuple):
    """A file that could not be read, or a part that was not checked, and why."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


def place_of(place: source.Place) -> Place:
    """A place as the library gives it."""
    region = exact(place)
    return Place(place.source.path, region.line, region.column, region.end_line, region.end_column)


def finding_of(found: finding.Finding) -> Finding:
    """A finding as the library gives it."""
    return Finding(
        found.rule,
        found.severity,
        found.message,
        found.help,
        place_of(found.place),
        tuple(Related(place_of(one.place), one.message) for one in found.related),
        found.kubernetes,
        found.witness,
        found.proof,
        tuple(one.shown for one in controls_of(found.rule)),
    )
