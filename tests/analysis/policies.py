"""What the tests of the analysis share: policies from YAML, and random ones."""

from __future__ import annotations

from random import Random
from typing import Any

import yaml
from served import Vocabulary, some

from kube_audit_lint.model.policy import LEVELS, STAGES, GroupResources, Policy, PolicyRule


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


def random_policy(random: Random, most: int = 8) -> Policy:
    """A policy of a few rules over the common vocabulary."""
    return Policy(tuple(_random_rule(random) for _ in range(random.randint(1, most))))


def careful_policy(random: Random) -> Policy:
    """A random policy that ends in a catch-all, after a rule for secrets and tokens, so that many have no finding."""
    careful = PolicyRule("Metadata", resources=(GroupResources("", ("secrets", "serviceaccounts/token")),))
    rules = random_policy(random, 4).rules
    quiet = tuple(rule._replace(level="Metadata", omit_stages=()) for rule in rules if random.random() < 0.8)
    return Policy(
        (*quiet, careful, *rules[-1:], PolicyRule("Metadata")) if random.random() < 0.3 else (*quiet, careful)
    )


def _random_rule(random: Random) -> PolicyRule:
    words = Vocabulary
    fields: dict[str, Any] = {}
    if random.random() < 0.35:
        fields["users"] = some(random, words.users, 4)
    if random.random() < 0.35:
        fields["user_groups"] = some(random, words.groups)
    if random.random() < 0.4:
        fields["verbs"] = some(random, words.verbs, 8)
    kind = random.random()
    if kind < 0.15:
        fields["non_resource_urls"] = some(random, words.urls)
    elif kind < 0.8:
        if random.random() < 0.8:
            fields["resources"] = tuple(_random_entry(random) for _ in range(random.randint(1, 3)))
        if random.random() < 0.3:
            fields["namespaces"] = some(random, words.namespaces)
    stages = some(random, STAGES, 4) if random.random() < 0.2 else ()
    return PolicyRule(random.choice(LEVELS), **fields, omit_stages=stages)


def _random_entry(random: Random) -> GroupResources:
    group = random.choice((*Vocabulary.api_groups, "*")) if random.random() < 0.9 else "*"
    if random.random() < 0.3:
        return GroupResources(group)
    names = some(random, Vocabulary.names) if random.random() < 0.3 else ()
    return GroupResources(group, some(random, Vocabulary.items, 4), names)
