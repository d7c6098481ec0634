"""Asks of a policy which of its rules ever decide anything, and what is recorded: the analysis, and nothing else.

python benchmarks/reach.py POLICY [--only-read]
"""

from __future__ import annotations

import sys

from kube_audit_lint.analysis.analysis import Analysis
from kube_audit_lint.model.version import Versions
from kube_audit_lint.pipeline.requests import open_policy

VERSIONS = Versions(30, 30)


def main() -> None:
    """Asks; the answers are of no interest here."""
    policy = open_policy(sys.argv[1], VERSIONS).policy
    analysis = Analysis(policy, VERSIONS)
    if "--only-read" not in sys.argv:
        for rule in range(len(policy.rules)):
            analysis.reach(rule)
        analysis.levels()


if __name__ == "__main__":
    main()
