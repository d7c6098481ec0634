"""Rules whose conditions exclude each other are found exactly where the analysis finds no served request for them."""

from __future__ import annotations

import pytest

from kube_audit_lint.analysis.analysis import Analysis
from kube_audit_lint.analysis.query import Query
from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._subject import PolicySubject
from kube_audit_lint.checks.never_matches import check
from kube_audit_lint.forms import policy
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.model.policy import GroupResources, Policy, PolicyRule
from kube_audit_lint.model.version import NEWEST, Versions
from kube_audit_lint.syntax.reader import read_documents
from kube_audit_lint.syntax.source import Source

HEAD = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n"
VERSIONS = Versions(24, NEWEST)
ITEMS = [
    ("", "pods"),
    ("", "pods/*"),
    ("", "pods/log"),
    ("", "nodes"),
    ("", "*/status"),
    ("", "namespaces"),
    ("", "namespaces/finalize"),
    ("rbac.authorization.k8s.io", "clusterroles"),
    ("certificates.k8s.io", "*"),
    ("authentication.k8s.io", "tokenreviews"),
    ("policy", "podsecuritypolicies"),
    ("example.com", "widgets"),
]
SPACES = ([], ["shop"], [""], ["shop", ""])
VERBS = ([], ["create"], ["get"], ["list"], ["watch"], ["update", "delete"], ["deletecollection"])


def hits(rules: str) -> list[Hit]:
    source = Source("audit-policy.yaml", HEAD + rules)
    documents = read_documents(source)
    found = policy.read(documents[0], Context(source, tuple(documents), "policy"))
    assert found is not None
    return list(check(PolicySubject(found.policies[0], VERSIONS), {}))


@pytest.mark.parametrize("spaces", SPACES)
def test_exactly_what_the_analysis_finds(spaces: list[str]) -> None:
    every = Analysis(Policy((PolicyRule("Metadata"),)), VERSIONS)
    for verbs in VERBS:
        rules = [
            f"- level: Metadata\n  namespaces: {spaces}\n  verbs: {verbs}\n"
            f'  resources: [{{group: "{group}", resources: ["{item}"]}}]\n'
            for group, item in ITEMS
        ]
        lines = {one.place.source.position(one.place.start)[0] for one in hits("".join(rules))}
        found = [not lines.isdisjoint(range(4 + 4 * at, 8 + 4 * at)) for at in range(len(ITEMS))]
        none = [
            not every.levels(Query((GroupResources(group, (item,)),), tuple(verbs), tuple(spaces)))
            for group, item in ITEMS
        ]
        assert found == none, (spaces, verbs)


@pytest.mark.parametrize(
    ("users", "groups", "shown"),
    [
        (["system:serviceaccount:a:b"], ["system:serviceaccounts:c"], "`system:serviceaccount:a:b` is in none"),
        (["system:serviceaccount:a:b", "jane"], ["system:serviceaccounts"], "`jane` is in none"),
        (["system:anonymous"], ["system:authenticated"], "`system:anonymous` is in none"),
        (["system:serviceaccount:a:b"], ["system:serviceaccounts:a", "system:serviceaccounts:c"], ""),
        (["jane", "system:node:a"], ["system:masters"], ""),
        (["system:anonymous"], ["system:authenticated", "system:unauthenticated"], ""),
        (["jane"], ["system:serviceaccount:a:b"], ""),  # rule user-is-a-group
    ],
)
def test_users_and_groups(users: list[str], groups: list[str], shown: str) -> None:
    found = hits(f"- level: Metadata\n  users: {users}\n  userGroups: {groups}\n")
    assert [one.message[: len(shown)] for one in found] == [shown] * bool(shown)


def test_what_a_template_or_another_rule_decides_is_left_alone() -> None:
    item = '  resources: [{group: "", resources: [nodes]}]\n'
    assert not hits(f"- level: Metadata\n  verbs: [GET]\n{item}")
    assert not hits("- level: Metadata\n  namespaces: [shop]\n  resources: [{group: apps, resources: [nodes]}]\n")


def test_a_rule_that_is_to_exclude_is_not_told_how_to_exclude_more() -> None:
    (found,) = hits('- level: None\n  namespaces: [shop]\n  resources: [{group: "", resources: [nodes]}]\n')
    assert found.help == "Remove the rule: it excludes nothing as it stands."
    (found,) = hits('- level: \ue000\n  namespaces: [shop]\n  resources: [{group: "", resources: [nodes]}]\n')
    assert found.help.startswith("Remove the rule")
