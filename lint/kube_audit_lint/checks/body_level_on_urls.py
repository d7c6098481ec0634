"""Template `body-level-on-urls`: a level with bodies on a rule that only matches URLs.

Source: staging/src/k8s.io/apiserver/pkg/audit/request.go, Kubernetes 1.12 to 1.37: bodies are recorded where
objects are decoded and encoded, and that is for resources only.
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._subject import Params, PolicySubject

SUBJECT = "policy"
PARAMS = {"type": "object", "additionalProperties": False}


def check(subject: PolicySubject, params: Params) -> Iterator[Hit]:
    """One hit for each rule for URLs above Metadata."""
    for rule in subject.loaded.rules:
        level = rule.level
        if rule.urls_only and level is not None and level.text in ("Request", "RequestResponse"):
            yield Hit(
                level.place,
                f"`{level.text}` records the same as `Metadata` here: this rule only matches URLs, and bodies are "
                "recorded for resources alone.",
            )
