"""What the formats of evidence share: subjects and places in words."""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint import __version__
from kube_audit_lint.model.assessment import STATUSES, Assessment, Result, Shown, Status, Subject
from kube_audit_lint.report.region import shown
from kube_audit_lint.syntax.source import Place

WORDS: dict[Status, str] = {
    "passed": "passed",
    "failed": "failed",
    "manual": "manual",
    "not-applicable": "not applicable",
}
GRAVEST = tuple(reversed(STATUSES))


def at(place: Place) -> str:
    """`path:line:column`."""
    if not place.source.path:
        return "the command line"
    region = shown(place)
    return f"{place.source.path}:{region.line}:{region.column}"


def called(subject: Subject) -> str:
    """A subject in a few words, without its place."""
    what = {"server": "API server", "policy": "audit policy", "cluster": "managed cluster"}[subject.kind]
    return f"{what} {subject.name}".rstrip()


def counts(assessment: Assessment) -> str:
    """`2 failed, 1 manual, 3 passed`."""
    found = [(assessment.count(status), WORDS[status]) for status in GRAVEST]
    return ", ".join(f"{number} {word}" for number, word in found if number) or "no control"


def facts(assessment: Assessment) -> Iterator[tuple[str, str]]:
    """What the report is about, for its head."""
    version = f" {assessment.version}"
    if assessment.kubernetes:
        version += f" (for Kubernetes {assessment.kubernetes})"
    yield "Standard", assessment.title + version
    yield "Date", assessment.date
    yield "Tool", f"kube-audit-lint {__version__}"
    yield "Files", ", ".join(assessment.paths)
    if assessment.excluded:
        yield "Left out", f"{assessment.excluded} paths, by `exclude` of the configuration"


def request(one: Shown) -> str:
    """How one request is recorded, in a line."""
    decided = f"rule {one.rule} ({at(one.place)})" if one.rule else "no rule"
    return f"{one.request}: {one.recorded}, by {decided}"


def details(result: Result) -> Iterator[tuple[str, str]]:
    """What there is beside status, place, value and proof."""
    if result.waiver:
        yield "Waived here", result.waiver
    yield from (("Request", request(one)) for one in result.requests)
    yield from (("Finding", f"{one.rule} at {at(one.place)}: {one.message}") for one in result.findings)
    yield from (("Also found", f"{one.rule} at {at(one.place)}: {one.message}") for one in result.remarks)
