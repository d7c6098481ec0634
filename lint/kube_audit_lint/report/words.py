"""Findings and errors as lines of text that several formats share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kube_audit_lint.model.finding import FileError, Finding
from kube_audit_lint.report import Report
from kube_audit_lint.report.region import shown
from kube_audit_lint.report.safe import line, visible


def listed(report: Report) -> Iterator[str]:
    """Findings and errors, a line each."""
    for text in (*map(head, report.findings), *map(trouble, report.errors)):
        yield line(text) + "\n"


def paragraphs_of(finding: Finding) -> Iterator[str]:
    """The lines of what an annotation tells: what is wrong, the proof, how to put it right, the controls it breaks."""
    from kube_audit_lint.catalogue.standards import brief_of

    controls = ", ".join(brief_of(finding.rule))
    return text_lines((finding.message, finding.proof, finding.help, controls and f"Controls: {controls}"))


def text_lines(paragraphs: Iterable[str]) -> Iterator[str]:
    """The lines of some texts, those without text left out."""
    return (visible(one) for text in paragraphs if text.strip() for one in text.strip().split("\n"))


def head(finding: Finding) -> str:
    """`path:line:column: severity[rule]: message`, the line that people search and click."""
    return f"{location(finding)}: {finding.severity}[{finding.rule}]: {visible(finding.message)}"


def location(finding: Finding) -> str:
    """`path:line:column`."""
    region = shown(finding.place)
    return f"{visible(finding.place.source.path)}:{region.line}:{region.column}"


def trouble(error: FileError) -> str:
    """The line for a file that could not be dealt with."""
    return f"{visible(error.path)}: error: {visible(error.message)}"
