"""Names for findings that stay the same while lines move, so that a platform or a baseline knows them again."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from kube_audit_lint.discovery.gitignore import repository_of
from kube_audit_lint.model.finding import Finding
from kube_audit_lint.report.region import shown


def fingerprints(findings: Sequence[Finding], base: str = "") -> list[str]:
    """One for each finding, unique within them: `hash:occurrence`, where occurrences count in the order of places.

    base: the folder from which paths count where there is no repository, as for `path_of`.
    """
    digests = [_digest(finding, base) for finding in findings]
    seen: Counter[str] = Counter()
    marks = [""] * len(findings)
    for at in sorted(range(len(findings)), key=lambda at: findings[at].place[1:]):
        seen[digests[at]] += 1
        marks[at] = f"{digests[at]}:{seen[digests[at]]}"
    return marks


def path_of(finding: Finding, base: str = "") -> str:
    """The path from the root of the file's repository, wherever a run is started.

    Outside of repositories it counts from `base`, an absolute folder; without one, from the working directory, and
    what is outside of that has its absolute path.
    """
    whole = os.path.normpath(os.path.join(os.getcwd(), finding.place.source.path))
    root = root_of(os.path.dirname(whole), base or os.getcwd())
    start = root.rstrip(os.sep) + os.sep
    if not whole.startswith(start):
        return (os.path.relpath(whole, root) if base else whole).replace(os.sep, "/")
    return whole[len(start) :].replace(os.sep, "/")


@lru_cache(maxsize=4096)
def root_of(folder: str, base: str) -> str:
    """The folder from which the paths of an absolute folder's files count: its repository's root, or `base`."""
    return repository_of(folder) or base


def _digest(finding: Finding, base: str) -> str:
    from hashlib import sha256  # loads OpenSSL, which takes longer than a small run

    line = " ".join(finding.place.source.line(shown(finding.place).line).split())
    text = "\0".join((finding.rule, path_of(finding, base), line))
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
