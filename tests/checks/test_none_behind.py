"""Exclusions behind rules that record some of the same requests: advice, with one such request."""

from __future__ import annotations

import pytest
from server_pods import hits

from kube_audit_lint.checks._subject import PolicySubject
from kube_audit_lint.model.version import Versions
from kube_audit_lint.pipeline.documents import collect

HEAD = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n"
WRITES = "- level: Request\n  verbs: [create, update]\n"
LEASES = "- level: None\n  resources: [{group: coordination.k8s.io, resources: [leases]}]\n"
PROXY = "- level: None\n  users: ['system:kube-proxy']\n  verbs: [watch]\n"
HEALTH = "- level: None\n  nonResourceURLs: ['/healthz*']\n"
ALL = "- level: Metadata\n"


def proofs(rules: str) -> list[tuple[int, str]]:
    """For each hit the line of the rule, and the request that proves it."""
    file = collect("audit-policy.yaml", (HEAD + rules).encode())
    assert file is not None
    found = hits("none_behind", PolicySubject(file.found.policies[0], Versions(30, 33)))
    return [(one.place.source.position(one.place.start)[0], one.proof.partition(": rule")[0]) for one in found]


@pytest.mark.parametrize("rules", [LEASES + WRITES + ALL, WRITES + PROXY + ALL, WRITES + HEALTH + ALL, ALL + LEASES])
def test_nothing_of_it_is_recorded_before(rules: str) -> None:
    assert proofs(rules) == []  # the last one is unreachable, and that is another finding


def test_what_the_exclusion_leaves_open_is_kept_on_purpose() -> None:
    secrets = "- level: Metadata\n  resources: [{group: '', resources: [secrets]}]\n"
    reads = "- level: None\n  verbs: [watch]\n  userGroups: ['system:nodes']\n"
    assert proofs(secrets + reads + ALL) == []
    assert proofs(secrets.replace("Metadata", "Request") + reads + ALL) == []
    assert len(proofs(secrets + reads + "  resources: [{group: '', resources: [secrets, nodes]}]\n" + ALL)) == 1
    whole = "- level: Request\n  resources: [{group: example.com}]\n"
    assert proofs(whole + reads + ALL) == []
    both = "  resources: [{group: example.com, resources: [widgets]}, {group: '', resources: [nodes]}]\n"
    assert len(proofs(whole + reads + both + ALL)) == 1


def test_users_and_namespaces_that_are_watched_are_kept_on_purpose() -> None:
    system = "- level: None\n  verbs: [get]\n  resources: [{group: '', resources: [pods]}]\n"
    for limit in ("users: [ci]", "userGroups: [ops]", "namespaces: [payments]"):
        assert proofs(f"- level: Request\n  {limit}\n" + system + ALL) == []
    everywhere = system + "  namespaces: [payments, shop]\n"
    assert len(proofs("- level: Request\n  namespaces: [payments]\n" + everywhere + ALL)) == 1


def test_some_of_it_is() -> None:
    ((line, request),) = proofs(WRITES + LEASES + ALL)
    assert line == 6
    assert "lease" in request
    assert request.startswith(("PUT", "kubectl create", "kubectl apply"))


def test_a_rule_for_urls() -> None:
    rules = "- level: Metadata\n  verbs: [get]\n  nonResourceURLs: ['/healthz/ping']\n" + HEALTH + ALL
    ((line, request),) = proofs(rules)
    assert line == 7
    assert "/healthz/ping" in request


def test_a_rule_for_everything_is_another_finding() -> None:
    assert proofs(WRITES + "- level: None\n") == []
