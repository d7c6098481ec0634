"""How many findings of a rule in a file are made and shown: a hostile file has one every few bytes.

The first of them are shown in full, the others as one that counts them. Whether the run fails does not change: that
one is as grave as the gravest it stands for, and where a check was ended before its end, as the rule itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kube_audit_lint.kubernetes.problems import MOST
from kube_audit_lint.model.finding import SEVERITIES, Finding

SHOWN = 100
"""So many findings of a rule in a file are shown in full."""


def rest(finding: Finding) -> Finding:
    """A finding in place of those that were not looked for, as grave as the first of them can be."""
    message = f"There may be more findings of this rule in this file: after {MOST:,} no others were looked for."
    return _counting(finding, 1)._replace(message=message)


def is_rest(finding: Finding) -> bool:
    """Whether a finding stands for others, so that no comment at its line may suppress it."""
    return finding.more > 0


def limited(findings: Iterable[Finding]) -> Iterator[Finding]:
    """The findings in their order, with those beyond the first SHOWN of a rule and file as one."""
    seen: dict[tuple[str, str], list[Finding]] = {}
    kept: list[Finding | tuple[str, str]] = []
    for finding in findings:
        key = finding.rule, finding.place.source.path
        same = seen.setdefault(key, [])
        same.append(finding)
        if len(same) <= SHOWN:
            kept.append(finding)
        elif len(same) == SHOWN + 1:
            kept.append(key)
    for one in kept:
        yield one if isinstance(one, Finding) else _summed(seen[one][SHOWN:])


def _summed(findings: list[Finding]) -> Finding:
    """One finding for several, at the place of the first."""
    if len(findings) == 1:
        return findings[0]
    at_least = any(map(is_rest, findings))
    count = len(findings) - at_least
    message = f"And {'more than ' * at_least}{count:,} more findings of this rule in this file."
    gravest = max(findings, key=lambda one: SEVERITIES.index(one.severity))
    return _counting(findings[0], count)._replace(message=message, severity=gravest.severity)


def _counting(finding: Finding, more: int) -> Finding:
    return Finding(finding.rule, finding.severity, finding.place, finding.message, more=more)
