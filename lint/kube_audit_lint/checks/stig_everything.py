"""STIG V-242403 read to the letter: one rule, RequestResponse, for everything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._subject import Params, PolicySubject
from kube_audit_lint.model.policy import PolicyRule

SUBJECT = "policy"
PARAMS: dict[str, Any] = {"type": "object", "additionalProperties": False}

_CONFLICT = (
    "CIS 3.2.2 asks for the opposite where secrets, config maps and token reviews are concerned: their bodies must "
    "not be recorded. No policy meets both, so choose one and document the other as an exception."
)


def check(subject: PolicySubject, params: Params) -> Iterator[Hit]:
    """One hit, at the first rule that records less, or at the policy when some request matches no rule."""
    policy, document = subject.loaded.policy, subject.document
    if policy is None or document.partial:
        return
    for at, rule in enumerate(policy.rules):
        if rule.level != "RequestResponse":
            message = f"This rule records {rule.level}, V-242403 asks for RequestResponse. {_CONFLICT}"
            yield Hit(document.at("rules", at, "level"), message)
            return
        if _is_catch_all(rule):
            return
    message = f"Requests that match no rule are not recorded, V-242403 asks for RequestResponse. {_CONFLICT}"
    yield Hit(document.place, message)


def _is_catch_all(rule: PolicyRule) -> bool:
    return rule == PolicyRule(rule.level, omit_stages=rule.omit_stages, omit_managed_fields=rule.omit_managed_fields)
