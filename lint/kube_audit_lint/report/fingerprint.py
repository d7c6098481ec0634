"""Names for findings that stay the same while lines move, so that a platform or a baseline knows them again."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from kube_audit_lint.discovery.gitignore import repository_of
from kube_audit_lint.model.finding import Finding
from kube_audit_lint.report.region import shown


def fingerprints(findings: Sequence[Finding]) -> list[str]:
    """One for each finding, unique within them: `hash:occurrence`, where occurrences count in the order of places."""
    digests = [_digest(finding) for finding in findings]
    seen: Counter[str] = Counter()
    marks = [""] * len(findings)
    for at in sorted(range(len(findings)), key=lambda at: findings[at].place[1:]):
        seen[digests[at]] += 1
        marks[at] = f"{digests[at]}:{seen[digests[at]]}"
    return marks


def path_of(finding: Finding) -> str:
    """The path from the root of the repository; where there is none, from the working directory."""
    return path_in_repository(finding.place.source.path)


def path_in_repository(path: str) -> str:
    """The same for a path as reports show it; an absolute one for what lies outside."""
    here = os.getcwd()
    whole = os.path.normpath(os.path.join(here, path)).replace(os.sep, "/")
    root = _root(here)
    return whole[len(root) :] if whole.startswith(root) else whole


def whole_path(path: str) -> str:
    """The absolute path of one that `path_of` gives."""
    return os.path.join(_root(os.getcwd()), path)


@lru_cache(maxsize=4)
def _root(folder: str) -> str:
    return (repository_of(folder) or folder).replace(os.sep, "/").rstrip("/") + "/"


def _digest(finding: Finding) -> str:
    from hashlib import sha256  # loads OpenSSL, which takes longer than a small run

    line = " ".join(finding.place.source.line(shown(finding.place).line).split())
    text = "\0".join((finding.rule, path_of(finding), line))
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
