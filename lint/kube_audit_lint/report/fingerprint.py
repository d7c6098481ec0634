"""Names for findings that stay the same while lines move, so that a platform knows them again."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator

from kube_audit_lint.model.finding import Finding
from kube_audit_lint.report.region import shown


def fingerprints(findings: Iterable[Finding]) -> Iterator[str]:
    """One for each finding, unique within the report: `hash:occurrence`."""
    seen: Counter[str] = Counter()
    for finding in findings:
        digest = _digest(finding)
        seen[digest] += 1
        yield f"{digest}:{seen[digest]}"


def _digest(finding: Finding) -> str:
    source = finding.place.source
    line = " ".join(source.line(shown(finding.place).line).split())
    text = "\0".join((finding.rule, source.path, line))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
