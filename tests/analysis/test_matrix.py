"""The matrix of a policy: each served request lies in a case of its cell, and each case has a served request."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policies import policy_of, random_policy
from served import is_served, random_request
from test_difference import random_pair

from kube_audit_lint.analysis.deciders import Decided, Outcome, decided
from kube_audit_lint.analysis.effect import traits_of_request
from kube_audit_lint.analysis.evaluate import evaluate
from kube_audit_lint.analysis.matrix import Case, Matrix, Row, matrix
from kube_audit_lint.analysis.request import Request
from kube_audit_lint.analysis.senders import Sender
from kube_audit_lint.model.policy import Policy
from kube_audit_lint.model.version import Versions

RANGES = (Versions(20, 37), Versions(16, 19), Versions(30, 30))
"""system:unsecured is another user from 1.20 on."""

COUPLED = ("system:authenticated", "system:unauthenticated", "system:serviceaccounts", "system:nodes")
"""Groups that go with a kind of user."""

SEEDS = st.integers(0, 10**9)


def expected_of(before: Policy, after: Policy, request: Request) -> Decided:
    """What the plain reference decides."""
    return decided(evaluate(before, request), evaluate(after, request), traits_of_request(request))


def row_of(made: Matrix, request: Request) -> Row:
    """The one row that a request belongs to."""
    if request.url is not None:
        (row,) = [row for row in made.rows if any(one.matches(request) for one in row.paths)]
        return row
    keys = {row.key: row for row in made.rows if row.key is not None}
    group = request.group if request.group in {key[0] for key in keys} else None
    names = {key[1] for key in keys if key[0] == group}
    subs = {key[2] for key in keys if key[0] == group}
    resource = request.resource if request.resource in names else None
    return keys[group, resource, request.subresource if request.subresource in subs else None]


def meets(case: Case, request: Request) -> bool:
    """Whether a request of a cell meets the conditions of a case of its class."""
    placed = case.namespaces.matches(request.namespace) and case.names.matches(request.name)
    return any(who.matches(request) for who in case.who) and (request.url is not None or placed)


def is_of(sender: Sender, request: Request, policy: Policy) -> bool:
    """Whether one of these kinds sends the request, told from the policy's text."""
    users = {user for rule in policy.rules for user in rule.users}
    groups = {group for rule in policy.rules for group in rule.user_groups}
    user, own = request.user, request.groups
    always = {"system:authenticated", "system:unauthenticated"}
    free = {
        one for one in groups if one not in always and not one.startswith(("system:serviceaccounts", "system:nodes"))
    }
    plain = user is not None and not own & free and "system:nodes" not in own
    is_node = (user or "").startswith("system:node:")
    parts = (user or "").split(":")
    account = len(parts) == 4 and parts[:2] == ["system", "serviceaccount"]
    component = user is not None and user.startswith(("system:kube-", "system:serviceaccount:kube-system:"))
    unknown = user not in users and not account and not component
    unknown = unknown and (is_node or not (user or "").startswith("system:"))
    return {
        "everybody": True,
        "ordinary": plain and unknown and not is_node,
        "service-account": plain
        and account
        and user not in users
        and f"system:serviceaccounts:{parts[2]}" not in groups
        and parts[2] not in {one.split(":")[2] for one in users if one.count(":") == 3 and "serviceaccount:" in one}
        and not component,
        "kubelet": not own & free and unknown and "system:nodes" in own,
        "control-plane": (plain and component) or user == "system:apiserver",
        "anonymous": user == "system:anonymous",
        "failed": user is None,
        # A node's own user is a member of system:nodes.
        "user": user == sender.name
        and (user == "system:apiserver" or (not own & free and is_node == ("system:nodes" in own))),
        "group": sender.name in free
        and unknown
        and not is_node
        and own & free == {sender.name}
        and "system:nodes" not in own,
    }[sender.kind]


def hold_requests(made: Matrix, before: Policy, after: Policy, requests: list[Request]) -> int:
    """Each lies in the case of what is decided, also by kinds of users; how many were held against these."""
    held = 0
    for request in requests:
        found = made.classes[row_of(made, request).cells[request.verb]]
        cases = [case for case in found.cases if meets(case, request)]
        expected = expected_of(before, after, request)
        assert expected in [case.decided for case in cases], (request, expected, found.cases)
        assert {case.decided for case in cases if case.exact} <= {expected}, (request, cases)
        for sender, seen in zip(made.senders, found.seen, strict=True):
            if is_of(sender, request, Policy((*before.rules, *after.rules))):
                assert expected in [found.cases[number].decided for number, _ in seen], (request, sender)
                held += sender.kind != "everybody"
    return held


def hold_samples(made: Matrix, before: Policy, after: Policy, random: Random, share: float) -> None:
    """The request of each case is served, meets its conditions, and is decided as the case says."""
    policy = Policy((*before.rules, *after.rules))
    for row in made.rows:
        for verb, number in row.cells.items():
            found = made.classes[number]
            assert {case for case, _ in found.seen[0]} == set(range(len(found.cases)))
            for sender, seen in zip(made.senders, found.seen, strict=True):
                for case, sample in seen:
                    if random.random() > share:
                        continue
                    request = made.request(row, verb, sample)
                    assert expected_of(before, after, request) == found.cases[case].decided, (request, sender)
                    assert meets(found.cases[case], request), (request, found.cases[case])
                    assert any(is_served(request, minor) for minor in row.minors), (request, row)
                    assert row_of(made, request) == row
                    # The old system:unsecured is in system:masters, whether a rule names that or not.
                    other = sender.name == "system:unsecured" or sender.name.startswith(COUPLED)
                    assert other or is_of(sender, request, policy), (request, sender)


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_every_request_lies_in_a_case_of_its_cell(seed: int) -> None:
    random = Random(seed)
    policy, versions = random_policy(random, 6), random.choice(RANGES)
    made = matrix(policy, policy, versions)
    hold_requests(made, policy, policy, [random_request(random, random.randint(*versions)) for _ in range(100)])
    hold_samples(made, policy, policy, random, 0.02)


@pytest.mark.slow
def test_many_policies_and_pairs_of_them() -> None:
    held = 0
    for seed in range(24):
        random = Random(seed)
        before, after = random_pair(seed, 6)
        versions = RANGES[seed % 3]
        made = matrix(before, after, versions)
        requests = [random_request(random, random.randint(*versions)) for _ in range(400)]
        held += hold_requests(made, before, after, requests)
        hold_samples(made, before, after, random, 0.1)
    assert held > 4_000


POLICY = policy_of("""
omitStages: [RequestReceived]
rules:
- {level: None, users: [jane], verbs: [get], resources: [{group: '', resources: [secrets]}]}
- {level: Metadata, resources: [{group: '', resources: [secrets]}]}
- {level: Request, namespaces: [shop], verbs: [create]}
- {level: None, nonResourceURLs: ['/healthz*', /version]}
- {level: RequestResponse, userGroups: [ops], omitStages: [RequestReceived, ResponseStarted, ResponseComplete, Panic]}
- {level: Metadata, verbs: [get, list]}
""")
"""Small, so that every cell can be told by hand."""


def cell(made: Matrix, key: tuple[str | None, ...], verb: str, kind: str = "everybody") -> list[object]:
    """The cases of a cell: rule counted from 1, and level."""
    (row,) = [row for row in made.rows if row.key == key]
    found = made.classes[row.cells[verb]]
    (at,) = [index for index, one in enumerate(made.senders) if (one.name or one.kind) == kind]
    outcomes = [found.cases[number].decided.after for number, _ in found.seen[at]]
    return [(one.rule + 1, one.level) for one in outcomes]


def test_cells_that_can_be_told_by_hand() -> None:
    made = matrix(POLICY, POLICY, Versions(30, 30))
    assert [one.name or one.kind for one in made.senders] == [
        "everybody", "ordinary", "service-account", "kubelet", "control-plane", "anonymous", "failed", "jane", "ops",
    ]  # fmt: skip
    assert cell(made, ("", "secrets", ""), "get") == [(1, "None"), (2, "Metadata")]
    assert cell(made, ("", "secrets", ""), "get", "jane") == [(1, "None")]
    assert cell(made, ("", "secrets", ""), "get", "ops") == [(2, "Metadata")]
    assert cell(made, ("", "secrets", ""), "list", "jane") == [(2, "Metadata")]
    assert cell(made, ("", "pods", ""), "create", "ordinary") == [(3, "Request"), (0, "None")]
    assert cell(made, ("", "nodes", ""), "create", "ordinary") == [(0, "None")]
    # A rule that omits every stage records nothing.
    assert cell(made, ("", "nodes", ""), "create", "ops") == [(5, "None")]
    assert cell(made, (None, None, None), "get", "failed") == [(6, "Metadata")]
    urls = [row for row in made.rows if row.key is None]
    assert sorted(path for row in urls for one in row.paths for path in one.paths) == ["*", "/healthz*", "/version"]


def test_what_another_policy_changes() -> None:
    after = policy_of("[{level: Request, resources: [{group: '', resources: [secrets]}]}, {level: Metadata}]")
    before = policy_of("[{level: Metadata}]")
    made = matrix(before, after, Versions(30, 30))
    same = Decided(Outcome(0, "Metadata"), Outcome(1, "Metadata"))
    for row in made.rows:
        for verb, number in row.cells.items():
            directions = [made.classes[number].cases[case].decided for case, _ in made.classes[number].seen[0]]
            if row.key != ("", "secrets", ""):
                assert directions == [same]
            elif verb in ("get", "list", "watch"):  # which carry no body: only the level is another one
                assert [one.direction for one in directions] == ["differently"]
            else:  # and so it is where nobody could be authenticated
                assert [one.direction for one in directions] == ["differently", "more"]
