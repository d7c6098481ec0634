"""Failed authentications that leave no event, where those of other requests do."""

from __future__ import annotations

import pytest

from kube_audit_lint.catalogue.shipped import shipped
from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._subject import PolicySubject
from kube_audit_lint.checks.failed_authentication import check
from kube_audit_lint.forms import policy
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.model.version import DEFAULT
from kube_audit_lint.syntax.reader import read_file

HEAD = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n"
EVERYBODY = "{level: Metadata, userGroups: ['system:authenticated', 'system:unauthenticated']}"
EVENTS = "{level: Metadata, resources: [{group: '', resources: [events]}]}"


def hits(*rules: str) -> list[Hit]:
    source, documents = read_file("policy.yaml", (HEAD + "".join(f"- {rule}\n" for rule in rules)).encode())
    found = policy.read(documents[0], Context(source, documents))
    assert found is not None
    params = shipped().rules["failed-authentication-unlogged"].params
    return list(check(PolicySubject(found.policies[0], DEFAULT), params))


@pytest.mark.parametrize(
    ("rules", "what"),
    [
        ((EVERYBODY,), "A request that fails"),
        ((EVENTS, EVERYBODY), "for secrets, configmaps, pods, pods/exec, clusterrolebindings and `/api` that fails"),
        (
            ("{level: Metadata, resources: [{group: ''}]}", EVERYBODY),
            "for clusterrolebindings and `/api` that fails",
        ),
        (
            ("{level: Request, verbs: [get, list, watch]}", EVERYBODY),
            "for secrets, pods, pods/exec and clusterrolebindings that fails",
        ),
        (
            ("{level: Metadata, resources: [{resources: [secrets]}], omitStages: [ResponseStarted]}",
             "{level: Metadata}"),
            "for secrets that fails authentication (401) leaves no event: its one event is at the stage",
        ),
        (
            (EVENTS, "{level: Metadata, userGroups: ['system:authenticated'], resources: [{resources: [pods]}]}",
             "{level: None}"),
            "for pods that fails authentication (401) leaves no event: rule 3 decides it, with None",
        ),
    ],
)  # fmt: skip
def test_what_leaves_no_event_is_named(rules: tuple[str, ...], what: str) -> None:
    (hit,) = hits(*rules)
    assert what in hit.message
    assert hit.witness["user"] is None


@pytest.mark.parametrize(
    "rules",
    [
        ("{level: Metadata}",),
        # What is recorded of nobody is noise to its author.
        ("{level: None, nonResourceURLs: ['/api*', /version]}", "{level: Metadata}"),
        ("{level: None, verbs: [get, list, watch]}", "{level: Metadata}"),
        ("{level: None, resources: [{resources: [pods, configmaps]}]}", "{level: Metadata}"),
        ("{level: Metadata, resources: [{group: '*'}]}",),
        ("{level: Metadata, verbs: [create, delete]}",),
        ("{level: None, users: ['system:kube-proxy']}", "{level: Request}"),
        # A more detailed rule for users, in front of one for all.
        ("{level: Request, userGroups: ['system:authenticated'], verbs: [create]}", "{level: Metadata}"),
    ],
)  # fmt: skip
def test_no_word_where_no_user_is_recorded_either(rules: tuple[str, ...]) -> None:
    assert not hits(*rules)
