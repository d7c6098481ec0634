"""A second opinion: the same questions put to an SMT solver, which knows nothing of classes or diagrams."""

from __future__ import annotations

import os
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from policies import random_policy
from served import EIGHT, METHODS, Vocabulary
from test_difference import random_pair

from kube_audit_lint.analysis import space
from kube_audit_lint.analysis.analysis import Analysis
from kube_audit_lint.analysis.difference import difference
from kube_audit_lint.analysis.effect import NOBODY_TRAITS, effect, traits_of
from kube_audit_lint.analysis.evaluate import NO_RULE, Decision, decision_of
from kube_audit_lint.analysis.space import Profile
from kube_audit_lint.model.policy import Policy, PolicyRule
from kube_audit_lint.model.version import Versions

z3 = pytest.importorskip("z3")

MINOR = 30
PAIRS = int(os.environ.get("KUBE_AUDIT_LINT_PAIRS", "300"))
"""Of policies: 300 take some three minutes."""
OTHER = "?"
CATALOGUE = {
    ("", "pods", ""): (EIGHT, True),
    ("", "pods", "log"): (("get",), True),
    ("", "pods", "exec"): (("get", "create"), True),
    ("", "pods", "status"): (("get", "update", "patch"), True),
    ("", "secrets", ""): (EIGHT, True),
    ("", "nodes", ""): (EIGHT, False),
    ("", "nodes", "proxy"): (("get", "create", "update", "patch", "delete", ""), False),
    ("", "namespaces", ""): (EIGHT[:-1], False),
    ("", "namespaces", "finalize"): (("update",), False),
    ("apps", "deployments", ""): (EIGHT, True),
    ("apps", "deployments", "scale"): (("get", "update", "patch"), True),
    ("rbac.authorization.k8s.io", "clusterroles", ""): (EIGHT, False),
}
OPEN_GROUPS = ("metrics.k8s.io", "example.com", OTHER)
OPEN_NAMES = ("pods", "secrets", "configmaps", "namespaces", "nodes", "deployments", "clusterroles", "widgets", OTHER)
OPEN_SUBS = ("", "log", "exec", "status", "finalize", "proxy", "scale", OTHER)
PATHS = (
    *Vocabulary.paths,
    "/metrics",
    "/metrics/x",
    "/api/",
    "/apis/",
    "/apis/x",
    "/apix",
    "/api/v1/",
    "/healthz-",
    "/other",
)
GROUPS = Vocabulary.groups
PLACES = sorted({*Vocabulary.namespaces, *Vocabulary.names, OTHER})
USERS = (
    *Vocabulary.users,
    "other",
    "system:serviceaccount:payments:?",
    "system:serviceaccount:kube-system:?",
    "system:serviceaccount:?:?",
)


class Served:
    """The served requests of one minor as a formula over small numbers."""

    def __init__(self) -> None:
        self.kind, self.verb, self.user = z3.Ints("kind verb user")
        self.namespace, self.name, self.path = z3.Ints("namespace name path")
        self.member = {group: z3.Bool(group) for group in GROUPS}
        self.verbs = sorted({*EIGHT, *METHODS, *Vocabulary.verbs})
        self.rows = list(self._rows())
        self.formula = z3.And(self._who(), z3.Or(self._resource(), self._url()), *self._bounds())

    def _bounds(self) -> list[Any]:
        limits = ((self.user, len(USERS)), (self.namespace, len(PLACES)), (self.name, len(PLACES)))
        limits += ((self.path, len(PATHS)), (self.verb, len(self.verbs)))
        return [z3.And(variable >= (-1 if variable is self.user else 0), variable < size) for variable, size in limits]

    def _rows(self) -> Iterator[tuple[tuple[str, str, str], tuple[str, ...], bool]]:
        for resource, (verbs, namespaced) in CATALOGUE.items():
            yield resource, verbs, namespaced
        for group in OPEN_GROUPS:
            for name in OPEN_NAMES:
                for sub in OPEN_SUBS:
                    verbs = tuple(verb for verb in EIGHT if not sub or verb not in ("list", "deletecollection"))
                    yield (group, name, sub), verbs, True
                    if name != "namespaces" or sub in ("", "status", "finalize"):
                        yield (group, name, sub), verbs, False

    def _who(self) -> Any:
        return z3.Or(
            z3.And(self.user == -1, *(z3.Not(member) for member in self.member.values())),
            *(z3.And(self.user == index, *self._groups_of(user)) for index, user in enumerate(USERS)),
        )

    def _groups_of(self, user: str) -> Iterator[Any]:
        parts = user.split(":")
        account = parts[2] if len(parts) == 4 and parts[1] == "serviceaccount" else None
        for group, member in self.member.items():
            if user == "system:anonymous":
                yield member == (group == "system:unauthenticated")
            elif user == "system:apiserver":
                yield member == (group in ("system:masters", "system:authenticated"))
            elif group in ("system:authenticated", "system:unauthenticated"):
                yield member == (group == "system:authenticated")
            elif group.startswith("system:serviceaccounts"):
                mine = ("system:serviceaccounts", f"system:serviceaccounts:{account}")
                yield member == (account is not None and group in mine)

    def verb_is(self, *verbs: str) -> Any:
        """The verb is one of these."""
        return z3.Or(*(self.verb == self.verbs.index(verb) for verb in verbs if verb in self.verbs))

    def _resource(self) -> Any:
        return z3.Or(
            *(
                z3.And(self.kind == index, self.verb_is(*verbs), self._placed(resource, namespaced))
                for index, (resource, verbs, namespaced) in enumerate(self.rows)
            )
        )

    def _placed(self, resource: tuple[str, str, str], namespaced: bool) -> Any:
        empty = PLACES.index("")
        unnamed = self.verb_is("deletecollection", *(() if resource[2] else ("create",)))
        listed = z3.And(resource[2] == "", self.verb_is("list", "watch"))
        name = z3.If(unnamed, self.name == empty, z3.Or(listed, self.name != empty))
        if namespaced:
            return z3.And(name, z3.Or(self.namespace != empty, listed))
        if resource[1] != "namespaces":
            return z3.And(name, self.namespace == empty)
        alike = z3.And(self.namespace == self.name, self.name != empty)
        own = z3.If(z3.Or(unnamed, z3.And(listed, self.verb_is("list"))), self.namespace == empty, alike)
        return z3.And(name, z3.Or(own, z3.And(resource[2] == "", self.verb_is("watch"), self.namespace == empty)))

    def _url(self) -> Any:
        return z3.And(self.kind == -1, self.verb_is(*METHODS))

    def rule(self, rule: PolicyRule) -> Any:
        """The rule matches."""
        both = []
        if rule.users:
            both.append(z3.Or(*(self.user == index for index, user in enumerate(USERS) if user in rule.users)))
        if rule.user_groups:
            both.append(z3.Or(*(self.member[group] for group in rule.user_groups)))
        if rule.verbs:
            both.append(self.verb_is(*rule.verbs))
        if rule.namespaces:
            both.append(z3.Or(*(self.namespace == PLACES.index(space) for space in rule.namespaces)))
        if rule.namespaces or rule.resources:
            both.append(self.kind >= 0)
        elif rule.non_resource_urls:
            taken = [index for index, path in enumerate(PATHS) if any(_takes(s, path) for s in rule.non_resource_urls)]
            both += [self.kind == -1, z3.Or(*(self.path == index for index in taken))]
        if rule.resources:
            both.append(z3.Or(*(self._entry(entry) for entry in rule.resources)))
        return z3.And(*both)

    def _entry(self, entry: Any) -> Any:
        taken = [
            self.kind == index
            for index, (resource, _, _) in enumerate(self.rows)
            if entry.group in (resource[0], "*") and _has(entry.resources, *resource[1:])
        ]
        names = [self.name == PLACES.index(name) for name in entry.resource_names]
        return z3.And(z3.Or(*taken), z3.Or(*names) if names else True)


def _takes(spec: str, path: str) -> bool:
    return path.startswith(spec[:-1]) if spec.endswith("*") else path == spec


def _has(items: tuple[str, ...], resource: str, sub: str) -> bool:
    whole = f"{resource}/{sub}" if sub else resource
    return not items or bool({"*", whole, f"{resource}/*"} & set(items)) or (sub != "" and f"*/{sub}" in items)


@pytest.fixture
def small_catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    """A solver takes long over the whole catalogue; a few resources of every kind will do."""
    rows = []
    for resource, (verbs, namespaced) in CATALOGUE.items():
        profile = Profile(frozenset(verbs), namespaced, resource[2] != "", resource[1] == "namespaces")
        rows.append((resource, profile, 1 << MINOR))
    monkeypatch.setattr(space, "_built_in_of", lambda versions, only: rows)


@pytest.mark.slow
def test_reach_is_what_a_solver_says(small_catalogue: None) -> None:
    served = Served()
    solver = z3.Solver()
    solver.add(served.formula)
    for seed in range(300):
        policy = random_policy(Random(seed), 6)
        analysis = Analysis(policy, Versions(MINOR, MINOR))
        solver.push()
        for index, rule in enumerate(policy.rules):
            solver.push()
            solver.add(served.rule(rule))
            assert bool(analysis.reach(index)) == (solver.check() == z3.sat), (seed, index, policy)
            solver.pop()
            solver.add(z3.Not(served.rule(rule)))
        assert (analysis.unmatched() is not None) == (solver.check() == z3.sat), (seed, policy)
        solver.pop()


def _changed_for(served: Served, before: Policy, after: Policy) -> Any:
    """Some request is recorded differently: rule by rule, for each kind of request that leaves records of its own."""
    kinds: dict[Any, list[Any]] = {}
    for index, (resource, verbs, _) in enumerate(served.rows):
        for verb in verbs:
            traits = traits_of(verb, "" if resource[2] == OTHER else resource[2], None)
            kinds.setdefault(traits, []).append(z3.And(served.kind == index, served.verb_is(verb)))
    kinds.setdefault(traits_of("get", "", "/healthz"), []).append(served.kind == -1)
    nobody = served.user == -1
    conditions = [(traits, z3.And(z3.Or(*some), z3.Not(nobody))) for traits, some in kinds.items()]
    conditions.append((NOBODY_TRAITS, nobody))
    ways = []
    for first, one in _firsts(served, before):
        for second, other in _firsts(served, after):
            some = [each for traits, each in conditions if effect(one, other, traits) is not None]
            if some:
                ways.append(z3.And(first, second, z3.Or(*some)))
    return z3.Or(*ways)


def _firsts(served: Served, policy: Policy) -> Iterator[tuple[Any, Decision]]:
    """For each rule, and for none: that it decides, and its decision."""
    earlier: list[Any] = []
    for index, rule in enumerate(policy.rules):
        matches = served.rule(rule)
        yield z3.And(matches, *earlier), decision_of(policy, index)
        earlier.append(z3.Not(matches))
    yield z3.And(*earlier), decision_of(policy, NO_RULE)


@pytest.mark.slow
def test_two_policies_differ_when_a_solver_says_so(small_catalogue: None) -> None:
    served = Served()
    solver = z3.Solver()
    solver.add(served.formula)
    same = 0
    for seed in range(PAIRS):
        before, after = random_pair(seed, 5)
        solver.push()
        solver.add(_changed_for(served, before, after))
        found = difference(before, after, Versions(MINOR, MINOR))
        assert bool(found) == (solver.check() == z3.sat), (seed, before, after)
        solver.pop()
        same += not found
    assert PAIRS // 15 < same < PAIRS - PAIRS // 15
