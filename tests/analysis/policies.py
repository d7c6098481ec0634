"""What the tests of the analysis share: policies from YAML, and random ones."""

from __future__ import annotations

from typing import Any

import yaml
from kube_audit_lint.model.policy import GroupResources, Policy, PolicyRule


def rule_of(data: dict[str, Any]) -> PolicyRule:
    """A rule from its fields as they stand in a policy file."""

    def strings(key: str, of: dict[str, Any] = data) -> tuple[str, ...]:
        return tuple(of.get(key) or ())

    entries = tuple(
        GroupResources(each.get("group") or "", strings("resources", each), strings("resourceNames", each))
        for each in data.get("resources") or ()
    )
    return PolicyRule(
        data.get("level", "Metadata"),
        strings("users"),
        strings("userGroups"),
        strings("verbs"),
        entries,
        strings("namespaces"),
        strings("nonResourceURLs"),
        strings("omitStages"),
        data.get("omitManagedFields"),
    )


def policy_of(text: str) -> Policy:
    """A policy from YAML, or from YAML that is only its rules."""
    data = yaml.safe_load(text)
    if isinstance(data, list):
        data = {"rules": data}
    rules = tuple(rule_of(rule) for rule in data["rules"])
    return Policy(rules, tuple(data.get("omitStages") or ()), bool(data.get("omitManagedFields")))
