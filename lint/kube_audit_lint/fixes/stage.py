"""The kind `stage`: a stage is removed from the list of those that are omitted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kube_audit_lint.analysis.evaluate import Decision
from kube_audit_lint.fixes import Claim, Fix, Target
from kube_audit_lint.fixes import _tree as tree
from kube_audit_lint.syntax.nodes import Scalar

PARAMS: dict[str, Any] = {"type": "object", "additionalProperties": False}


def fixes(target: Target) -> Iterator[Fix]:
    """Without the stage; without the list where it is the only one."""
    spot = tree.spot_at(target.policy.document.root, target.finding.place)
    if not spot.is_item or not isinstance(spot.node, Scalar):
        return
    stage = spot.node.value
    edit = tree.without_listed(spot)
    yield Fix((edit,), f"Do not omit the stage {stage}", Claim(None, lambda one, other: _omits_less(one, other, stage)))


def _omits_less(before: Decision, after: Decision, stage: str) -> bool:
    """Whether the stage, and nothing else, is recorded in addition."""
    if before.omit_stages - after.omit_stages != {stage} or not after.omit_stages <= before.omit_stages:
        return False
    return before.level == after.level and before.omit_managed_fields == after.omit_managed_fields
