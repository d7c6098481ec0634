"""Policies that are nearly right: what people write, changed at random, as YAML and as JSON."""

from __future__ import annotations

import copy
import json
from random import Random
from typing import Any

import yaml
from generator import random_policy

VALUES: list[Any] = [
    None, "", 0, 1.5, True, False, "x", "*", "/x", "/a*b", "Metadata", "metadata", "None", [], {}, ["a"], ["*"], [None],
    [1], [True], [["a"]], [{}], [{"group": ""}], {"a": 1}, {"group": "*", "resources": ["pods"]}, "audit.k8s.io/v1",
    "audit.k8s.io/v1beta1", "audit.k8s.io/v1alpha1", "Policy", "RequestReceived", ["RequestReceived"], ["Panic", "x"],
    ["/a", "/b*"], ["healthz"], "true", {"name": "x"}, {"labels": {"a": 1}}, {"labels": ["a"]}, {"generation": 1.5},
    {"creationTimestamp": None}, {"creationTimestamp": "x"}, {"creationTimestamp": "2020-01-01T00:00:00Z"},
    {"generation": 1.0}, {"annotations": {"a": None}}, {"ownerReferences": [{"controller": "x"}]}, {"foo": 1},
    {"ownerReferences": [{"uid": "x", "foo": 1}]}, {"managedFields": [{"time": "x"}]}, {"finalizers": "x"},
    {"managedFields": [{"fieldsV1": {"f:a": {}}, "manager": "a"}]}, {"deletionGracePeriodSeconds": 10**20},
    "apps/v1", "Apps", "a..b", "-a", "a" * 254, "core",
]  # fmt: skip
KEYS = [
    "apiVersion",
    "kind",
    "metadata",
    "rules",
    "omitStages",
    "omitManagedFields",
    "level",
    "users",
    "userGroups",
    "verbs",
    "resources",
    "namespaces",
    "nonResourceURLs",
    "group",
    "resourceNames",
    "Level",
    "Rules",
    "apiversion",
    "Kind",
    "KIND",
    "ApiVersion",
    "foo",
    "x-a",
    "user",
    "verb",
]


def mutated_policy(rng: Random) -> str:
    """The text of a policy with one to three changes."""
    policy = random_policy(rng)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        _mutate(policy, rng)
    if rng.random() < 0.6:
        return _with_a_line_twice(yaml.dump(policy, sort_keys=False), rng)
    return _with_a_key_twice(json.dumps(policy), policy, rng)


def _mutate(policy: dict[str, Any], rng: Random) -> None:
    below = _below(policy)
    node = policy if rng.random() < 0.3 else rng.choice(below)
    value = copy.deepcopy(rng.choice(VALUES))
    if isinstance(node, list):
        if node and rng.random() < 0.5:
            node[rng.randrange(len(node))] = value
        else:
            node.append(value)
        return
    keys, what = list(node), rng.random()
    if keys and what < 0.35:
        node[rng.choice(keys)] = value
    elif keys and what < 0.5:
        del node[rng.choice(keys)]
    elif keys and what < 0.6:
        key = rng.choice(keys)
        node[rng.choice((key.upper(), key.capitalize(), key + "s", key[:-1]))] = node.pop(key)
    else:
        node[rng.choice(KEYS)] = value


def _below(node: Any) -> list[Any]:
    items = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    own = [node] if isinstance(node, (dict, list)) else []
    return own + [one for item in items for one in _below(item)]


def _with_a_line_twice(text: str, rng: Random) -> str:
    lines = text.split("\n")
    if rng.random() < 0.15:
        lines.insert(rng.randrange(len(lines)), rng.choice(lines))
    return "\n".join(lines)


def _with_a_key_twice(text: str, policy: dict[str, Any], rng: Random) -> str:
    if policy and rng.random() < 0.3:
        return f"{{{json.dumps(rng.choice(list(policy)))}: {json.dumps(rng.choice(VALUES))}, {text[1:]}"
    return text
