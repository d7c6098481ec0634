"""Whether a report fails a run."""

from __future__ import annotations

from kube_audit_lint.model.finding import SEVERITIES, Finding
from kube_audit_lint.pipeline.config import Config
from kube_audit_lint.report import Report


def has_failing(report: Report, fail_on: str, config: Config) -> bool:
    """Whether a finding fails the run. fail_on: a severity or never; "" for what the configuration has for its file."""

    def fails(one: Finding) -> bool:
        least = fail_on or config.for_path(one.place.source.path).fail_on or "warning"
        return least != "never" and SEVERITIES.index(one.severity) >= SEVERITIES.index(least)

    return any(map(fails, report.findings))
