"""Policies and requests of the vectors and the generator as the linter's own types."""

from __future__ import annotations

from typing import Any

from kube_audit_lint.analysis.request import Request
from kube_audit_lint.model.policy import FIELD_NAMES, GroupResources, Policy, PolicyRule


def policy_of(document: dict[str, Any]) -> Policy:
    """A policy document that kube-apiserver has accepted, without passing the linter's own loader."""
    rules = tuple(_rule_of(rule) for rule in document["rules"])
    stages = tuple(document.get("omitStages", ()))
    return Policy(rules, stages, document.get("omitManagedFields", False))


def _rule_of(rule: dict[str, Any]) -> PolicyRule:
    fields = {field: _plain(rule[name]) for field, name in FIELD_NAMES.items() if name in rule}
    fields["resources"] = tuple(_entry_of(entry) for entry in rule.get("resources", ()))
    return PolicyRule(rule["level"], **fields)


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _entry_of(entry: dict[str, Any]) -> GroupResources:
    names = tuple(entry.get("resourceNames", ()))
    return GroupResources(entry.get("group", ""), tuple(entry.get("resources", ())), names)


def request_of(recorded: dict[str, Any]) -> Request:
    """A request with the attributes that the server saw, without passing the linter's own reading of URLs."""
    seen = recorded["attributes"]
    who = recorded["user"], frozenset(recorded["groups"])
    if not seen.get("isResource"):
        return Request(*who, seen.get("verb", ""), url=seen.get("path", ""))
    names = ("verb", "apiGroup", "resource", "subresource", "namespace", "name")
    return Request(*who, *(seen.get(name, "") for name in names))
