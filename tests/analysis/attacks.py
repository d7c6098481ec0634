"""Served requests made of a policy's own values and their neighbours: what an attack on an answer has to try."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from random import Random
from typing import NamedTuple

from served import EIGHT, METHODS, Vocabulary, is_served

from kube_audit_lint.analysis.evaluate import failed_condition
from kube_audit_lint.analysis.request import Request
from kube_audit_lint.kubernetes import resources as catalogue
from kube_audit_lint.model.policy import GroupResources, Policy, PolicyRule

TRIES = 3_000
"""How many targets are drawn for a rule; those that no server serves drop out."""
GIVEN = ("system:authenticated", "system:unauthenticated", "system:serviceaccounts")
"""Groups that are not anybody's to have: the authenticator gives them."""
AUTHENTICATED = frozenset({"system:authenticated"})
NOBODY = None, frozenset[str]()

Sender = tuple[str | None, frozenset[str]]


class Values(NamedTuple):
    """What stands anywhere in a policy, and a few values that do not."""

    verbs: tuple[str, ...]
    namespaces: tuple[str, ...]
    names: tuple[str, ...]
    urls: tuple[str, ...]
    groups: tuple[str, ...]


def values_of(rules: Iterable[PolicyRule]) -> Values:
    """The values of some rules, each once, and their neighbours."""
    rules = tuple(rules)
    entries = [entry for rule in rules for entry in rule.resources]
    names = {name for entry in entries for name in entry.resource_names}
    namespaces = {space for rule in rules for space in rule.namespaces}
    urls = {url for rule in rules for spec in rule.non_resource_urls for url in _paths_of(spec)}
    return Values(
        tuple(sorted({*EIGHT, "", *(verb for rule in rules for verb in rule.verbs)})),
        tuple(sorted({"", "elsewhere", *namespaces, *names})),
        tuple(sorted({"", "anything", *names, *namespaces})),
        tuple(sorted({"/", "/other", *Vocabulary.paths, *urls})),
        tuple(sorted({"", "other.io", *(entry.group for entry in entries)} - {"*"})),
    )


def _paths_of(spec: str) -> tuple[str, ...]:
    """A path as a rule names it, and those around it."""
    path = spec.rstrip("*")
    return path, path.rstrip("/"), f"{path}x", f"{path}/x", path[:-1]


def senders(policy: Policy, minor: int, random: Random, extra: Iterable[Sender] = ()) -> list[Sender]:
    """Everybody whom a policy tells from others, and somebody whom it does not name; nobody is called `*`."""
    users = {user for rule in policy.rules for user in rule.users if "*" not in user}
    groups = {group for rule in policy.rules for group in rule.user_groups if "*" not in group}
    of_accounts = (group for group in groups if group.startswith("system:serviceaccounts:"))
    users |= {f"system:serviceaccount:{group.split(':', 2)[2]}:other" for group in of_accounts}
    users |= {user.rpartition(":")[0] + ":other" for user in users if user.startswith("system:serviceaccount:")}
    users |= {"zoe", "system:anonymous", "system:apiserver", "system:kube-proxy", "system:node:other"}
    free = sorted(group for group in groups if not group.startswith(GIVEN))
    found = {NOBODY, *extra}
    for user in users:
        given = _given(user, minor)
        found.update((user, frozenset({*given, *chosen})) for chosen in _choices(free, random))
    probe = Request(None, frozenset(), "get", url="/healthz")
    served = (one for one in found if is_served(probe._replace(user=one[0], groups=one[1]), minor))
    return sorted(served, key=lambda one: (one[0] or "", one[0] is None, sorted(one[1])))


def _given(user: str, minor: int) -> frozenset[str]:
    """The groups that a user has in any case."""
    parts = user.split(":")
    if user == "system:anonymous":
        return frozenset({"system:unauthenticated"})
    if user == "system:apiserver":
        return frozenset({"system:masters"}) | (AUTHENTICATED if minor >= 29 else frozenset())
    if len(parts) == 4 and parts[:2] == ["system", "serviceaccount"]:
        return AUTHENTICATED | {"system:serviceaccounts", f"system:serviceaccounts:{parts[2]}"}
    return AUTHENTICATED


def _choices(groups: list[str], random: Random) -> Iterator[list[str]]:
    """None of the groups, each alone, some, and all."""
    yield []
    yield from ([group] for group in groups)
    yield from (random.sample(groups, random.randint(0, len(groups))) for _ in range(4))
    yield groups


def targets(rule: PolicyRule, values: Values, minor: int, random: Random, tries: int = TRIES) -> list[Request]:
    """What a rule may decide, of all the values; the requests have no sender yet.

    No namespace and no resource has a `*` in its name: who writes one means a pattern.
    """
    drawn = {_path(rule, values, random) for _ in range(tries // 10 if rule.non_resource_urls else 30)}
    if not rule.non_resource_urls:
        drawn |= {_object(rule, values, minor, random) for _ in range(tries)}
    named = (one for one in drawn if "*" not in one.namespace + one.resource + one.subresource)
    return sorted((one for one in named if is_served(one, minor)), key=repr)


def _path(rule: PolicyRule, values: Values, random: Random) -> Request:
    own = [path for spec in rule.non_resource_urls for path in _paths_of(spec)]
    url = random.choice(own if own and random.random() < 0.7 else values.urls)
    return Request(None, frozenset(), random.choice((*METHODS, *rule.verbs)), url=url)


def _object(rule: PolicyRule, values: Values, minor: int, random: Random) -> Request:
    entry = random.choice(rule.resources) if rule.resources else GroupResources("*")
    group = random.choice((*values.groups, *catalogue.groups())) if entry.group == "*" else entry.group
    known = catalogue.names(group) if catalogue.is_builtin_group(group) else ("widgets", "namespaces", "pods")
    resource, _, sub = random.choice(entry.resources or ("*",)).partition("/")
    if resource == "*":
        resource, sub = random.choice(known), sub or "*"
    found = catalogue.served(group, resource, minor)
    subs = tuple(found.subresources) if found else ("status", "log", "other")
    sub = random.choice(("", *subs)) if sub == "*" else sub
    name = _one_of(entry.resource_names, values.names, random)
    space = _one_of(rule.namespaces, values.namespaces, random)
    if resource == "namespaces" and random.random() < 0.8:
        space = name
    elif found is not None and not found.namespaced:
        space = ""
    verb = _one_of(rule.verbs, values.verbs, random)
    return Request(None, frozenset(), verb, group, resource, sub, space, name)


def _one_of(own: Iterable[str], known: tuple[str, ...], random: Random) -> str:
    """One of a rule's own values more often than any of the known ones."""
    own = [value for value in own if value in known]
    return random.choice(own if own and random.random() < 0.7 else known)


def sent_by(who: Iterable[Sender], what: Iterable[Request], most: int, random: Random) -> list[Request]:
    """Every target by every sender, or as many of them as are wanted."""
    who, what = list(who), list(what)
    if len(who) * len(what) <= most:
        return [target._replace(user=user, groups=groups) for (user, groups), target in product(who, what)]
    pairs = random.sample(range(len(who) * len(what)), most)
    chosen = ((what[pair // len(who)], who[pair % len(who)]) for pair in pairs)
    return [target._replace(user=user, groups=groups) for target, (user, groups) in chosen]


class Attack:
    """Requests that are made to reach a rule of a policy."""

    def __init__(self, policy: Policy, minor: int, random: Random, most: int) -> None:
        self.policy, self.minor, self.random, self.most = policy, minor, random, most
        self.values, self.senders = values_of(policy.rules), senders(policy, minor, random)

    def on(self, index: int) -> list[Request]:
        """Requests that meet all conditions of a rule, and others that come near to it, as many as are wanted."""
        rule = self.policy.rules[index]
        near = targets(rule, self.values, self.minor, self.random)
        where = rule._replace(users=(), user_groups=())
        what = [one for one in near if failed_condition(where, one) is None]
        who = [one for one in self.senders if _may_send(rule, one)]
        found = sent_by(who, what, self.most, self.random)
        return found + sent_by(self.senders, near, self.most - len(found), self.random)


def _may_send(rule: PolicyRule, sender: Sender) -> bool:
    """Whether the sender's requests can meet a rule."""
    by_whom = PolicyRule(rule.level, rule.users, rule.user_groups)
    return failed_condition(by_whom, Request(*sender, "get", url="/")) is None
