"""The kind `policy-field`: a field of the policy that holds for all its rules is set, or gets a value more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kube_audit_lint.analysis.evaluate import Decision
from kube_audit_lint.fixes import Claim, Edit, Fix, NotEditable, Target
from kube_audit_lint.fixes import _policy as policies
from kube_audit_lint.fixes import _tree as tree
from kube_audit_lint.fixes import _write as write
from kube_audit_lint.model.policy import STAGES
from kube_audit_lint.syntax.nodes import Mapping, Scalar, Sequence

PARAMS: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "minProperties": 1,
    "maxProperties": 1,
    "properties": {
        "omit-stage": {"enum": list(STAGES), "description": "The stage that no rule is to record."},
        "omit-managed-fields": {"const": True},
    },
}


def fixes(target: Target) -> Iterator[Fix]:
    """The field beside `rules`."""
    if target.policy.document.embedded:
        return  # the form may have no such field
    stage = target.params.get("omit-stage")
    root = policies.root_of(target.policy)
    if stage is not None:
        edits = _with_stage(target, root, stage)
        yield Fix(edits, f"Omit the stage {stage}", Claim(None, lambda one, other: _omits_more(one, other, stage)))
    else:
        edit = _with_switch(target, root)
        yield Fix((edit,), "Leave managedFields out of what is recorded", Claim(None, _without_managed_fields))


def _with_stage(target: Target, root: Mapping, stage: str) -> tuple[Edit, ...]:
    entry = root.entries.get("omitStages")
    if entry is None:
        return (policies.with_field(target.policy, "omitStages", [stage]),)
    if isinstance(entry.value, Sequence) and entry.alias is None:
        items = entry.value
        text = write.string(stage, bool(items.items) and tree.is_quoted(items.items[0]))
        return (tree.with_item(items, len(items.items), text, [text]),)
    raise NotEditable("`omitStages` is no list")


def _with_switch(target: Target, root: Mapping) -> Edit:
    entry = root.entries.get("omitManagedFields")
    if entry is None:
        return policies.with_field(target.policy, "omitManagedFields", True)
    if isinstance(entry.value, Scalar) and entry.value.kind == "bool":
        return tree.raw(entry.value, "true")
    raise NotEditable("`omitManagedFields` is no boolean")


def _omits_more(before: Decision, after: Decision, stage: str) -> bool:
    same = (before.level, before.omit_managed_fields) == (after.level, after.omit_managed_fields)
    return same and after.omit_stages - before.omit_stages == {stage} and before.omit_stages <= after.omit_stages


def _without_managed_fields(before: Decision, after: Decision) -> bool:
    return (before.level, before.omit_stages, True) == (after.level, after.omit_stages, after.omit_managed_fields)
