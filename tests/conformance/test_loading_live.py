"""`load` against kube-apiserver's own loader: policies that are nearly right get the same verdict and hold the same."""

from __future__ import annotations

import os
from random import Random
from typing import Any

import pytest
from go_oracle import VERSIONS, OracleUnavailableError, start
from mutated import mutated_policy

from kube_audit_lint.forms import policy
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.kubernetes.loading import Loaded, load
from kube_audit_lint.model.policy import FIELD_NAMES, Policy
from kube_audit_lint.model.version import Versions
from kube_audit_lint.syntax.reader import read_file

POLICIES = int(os.environ.get("KUBE_AUDIT_LINT_LIVE_POLICIES", "300"))
SEED = int(os.environ.get("KUBE_AUDIT_LINT_SEED", "15"))
DROPPING = ("unknown-field", "duplicate-key", "field-not-in-version")


@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
def test_loading_agrees(version: str) -> None:
    rng = Random(SEED)
    minor = int(version.split(".")[1])
    try:
        with start(version) as oracle:
            for _ in range(POLICIES):
                text = mutated_policy(rng)
                theirs = oracle.load(text.encode())
                ours = _load(text, minor)
                assert _differences(ours, theirs, minor) == [], f"seed {SEED}\n{text}\n{theirs}\n{ours.problems}"
    except OracleUnavailableError as reason:
        pytest.skip(str(reason))


def _load(text: str, minor: int) -> Loaded:
    source, documents = read_file("audit-policy.yaml", text.encode())
    found = policy.read(documents[0], Context(source, tuple(documents), "policy"))
    assert found is not None
    return load(found.policies[0], Versions(minor, minor))


def _differences(ours: Loaded, theirs: dict[str, Any], minor: int) -> list[str]:
    if (ours.loads_in is not None) != theirs["ok"]:
        return ["verdict"]
    if not theirs["ok"]:
        return []
    found = []
    if ours.policy is None or _shown(ours.policy) != _shown_by_server(theirs["policy"]):
        found.append("policy")
    spoken = any(one.rule in DROPPING for one in ours.problems)
    if minor >= 26 and spoken != bool(theirs.get("warnings")):
        found.append("warnings")
    return found


def _shown(held: Policy) -> dict[str, Any]:
    rules = []
    for rule in held.rules:
        fields: dict[str, Any] = {"level": rule.level}
        for field, name in FIELD_NAMES.items():
            value = getattr(rule, field)
            if field == "resources":
                value = [_entry(one.group, one.resources, one.resource_names) for one in value]
            if value is not None and value not in ((), []):
                fields[name] = list(value) if isinstance(value, (tuple, list)) else value
        rules.append({key.lower(): value for key, value in fields.items()})
    return {"rules": rules, "stages": list(held.omit_stages), "managed": held.omit_managed_fields}


def _shown_by_server(held: dict[str, Any]) -> dict[str, Any]:
    rules = []
    for rule in held["rules"]:
        fields = {key.lower(): value for key, value in rule.items()}
        if "resources" in fields:
            fields["resources"] = [
                _entry(one.get("Group", ""), one.get("Resources") or (), one.get("ResourceNames") or ())
                for one in fields["resources"]
            ]
        rules.append(fields)
    return {
        "rules": rules,
        "stages": held.get("omitStages") or [],
        "managed": held.get("omitManagedFields", False),
    }


def _entry(group: str, resources: Any, names: Any) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    return group, tuple(resources), tuple(names)
