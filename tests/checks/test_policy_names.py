"""What the checks on names take for a slip, and what they leave alone."""

from __future__ import annotations

from importlib import import_module

import pytest

from kube_audit_lint.checks._subject import PolicySubject
from kube_audit_lint.checks.literal_wildcard import is_pattern
from kube_audit_lint.checks.unknown_group import meant_group
from kube_audit_lint.checks.user_is_a_group import instead
from kube_audit_lint.forms import policy
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.kubernetes import resources
from kube_audit_lint.kubernetes.names import group_meant
from kube_audit_lint.model.advice import in_words
from kube_audit_lint.model.version import NEWEST, Versions
from kube_audit_lint.syntax.reader import read_documents
from kube_audit_lint.syntax.source import Source
from kube_audit_lint.syntax.unknown import UNKNOWN

CORE = {
    "cm": "configmaps",
    "cs": "componentstatuses",
    "ep": "endpoints",
    "ev": "events",
    "limits": "limitranges",
    "ns": "namespaces",
    "no": "nodes",
    "pvc": "persistentvolumeclaims",
    "pv": "persistentvolumes",
    "po": "pods",
    "rc": "replicationcontrollers",
    "quota": "resourcequotas",
    "sa": "serviceaccounts",
    "svc": "services",
}
APPS = {"ds": "daemonsets", "deploy": "deployments", "rs": "replicasets", "sts": "statefulsets"}
VALIDATING = ("validatingwebhooks", "validatingadmissionwebhooks", "validatingwebhookconfigs")
MUTATING = ("mutatingwebhooks", "mutatingadmissionwebhooks", "mutatingwebhookconfigs")
HEAD = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n"
TEMPLATES = (
    "literal_wildcard",
    "unknown_verb",
    "unknown_group",
    "unknown_resource",
    "name_never_sent",
    "user_is_a_group",
    "body_level_on_urls",
    "redundant_omit_stages",
    "ignored_document",
)


def said(rules: str, first: int = 24, last: int = NEWEST) -> list[tuple[str, str, str]]:
    """The template, the characters and the help of each hit."""
    source = Source("audit-policy.yaml", HEAD + rules)
    documents = read_documents(source)
    found = policy.read(documents[0], Context(source, tuple(documents), "policy"))
    assert found is not None
    subject = PolicySubject(found.policies[0], Versions(first, last))
    return [
        (name, hit.place.text, in_words(hit.help)[0])
        for name in TEMPLATES
        for hit in import_module(f"kube_audit_lint.checks.{name}").check(subject, {})
    ]


@pytest.mark.parametrize("group", [*resources.groups(), *sorted(resources.WELL_KNOWN_OPEN_GROUPS)])
def test_known_groups_are_known(group: str) -> None:
    assert not group or meant_group(group) is None


@pytest.mark.parametrize(
    "group",
    [
        "app.k8s.io",
        "cluster.x-k8s.io",
        "argoproj.io",
        "cert-manager.io",
        "networking.istio.io",
        "security.istio.io",
        "route.openshift.io",
        "apps.openshift.io",
        "oauth.openshift.io",
        "monitoring.coreos.com",
        "tekton.dev",
        "serving.knative.dev",
        "kyverno.io",
        "constraints.gatekeeper.sh",
        "velero.io",
        "longhorn.io",
        "projectcalico.org",
        "crd.projectcalico.org",
        "cilium.io",
        "helm.cattle.io",
        "k3s.cattle.io",
        "policies.kyverno.io",
        "kubevirt.io",
        "node.openshift.io",
        "storage.cnrm.cloud.google.com",
        "apps.kruise.io",
        "batch.volcano.sh",
        "batch.tutorial.example",
        "policy.networking.k8s.io",
        "csi.storage.k8s.io",
        "scheduling.sigs.k8s.io",
        "topology.node.k8s.io",
        "nfd.k8s-sigs.io",
        "kueue.x-k8s.io",
        "jobset.x-k8s.io",
        "external-secrets.io",
        "eventing.knative.dev",
        "config.openshift.io",
    ],
)
def test_groups_of_custom_resources_are_left_alone(group: str) -> None:
    assert meant_group(group) is None


@pytest.mark.parametrize(
    ("group", "meant"),
    [
        ("core", "core"),
        ("v1", "core"),
        ("rbac.authorization.k8s", "rbac.authorization.k8s.io"),
        ("rbac.authorization", "rbac.authorization.k8s.io"),
        ("rbac.k8s.io", "rbac.authorization.k8s.io"),
        ("rbac", "rbac.authorization.k8s.io"),
        ("networking.k8.io", "networking.k8s.io"),
        ("networking", "networking.k8s.io"),
        ("apps.k8s.io", "apps"),
        ("app", "apps"),
        ("storage.kubernetes.io", "storage.k8s.io"),
        ("secrets", ""),
    ],
)
def test_slips_of_groups(group: str, meant: str) -> None:
    assert meant_group(group) == meant


@pytest.mark.parametrize("text", ["*", "*/scale", "pods/*"])
def test_patterns(text: str) -> None:
    assert is_pattern(text)


@pytest.mark.parametrize("text", ["*/*", "po*", "pods/e*", "*s/exec", "/*", "*/", "**", ""])
def test_no_patterns(text: str) -> None:
    assert not is_pattern(text)


@pytest.mark.parametrize(
    "name", ["system:kube-proxy", "alice", "system:node:a", "system:serviceaccount:a:b", "system:admin"]
)
def test_users_are_users(name: str) -> None:
    assert group_meant(name) == ""


@pytest.mark.parametrize(
    ("resource", "help"),
    [
        ("pod", "Write `pods`."),
        ("Secrets", "Write `secrets`."),
        ("cm", "Write `configmaps`."),
        ("exec", "Write `pods/exec`."),
        ("pods/logs", "Write `pods/log`."),
        ("deployments", 'Move it to an item with `group: "apps"`.'),
        ("deployments/*", 'Move it to an item with `group: "apps"`.'),
        ("NetworkPolicy", 'Write `networkpolicies` in an item with `group: "networking.k8s.io"`.'),
        ("nodes/metrics", "Write `nodes/proxy`."),
        ("*/exce", "Write `*/exec`."),
    ],
)
def test_slips_of_resources(resource: str, help: str) -> None:
    text = f'- level: Metadata\n  resources: [{{group: "", resources: ["{resource}"]}}]\n'
    assert said(text) == [("unknown_resource", f'"{resource}"', help)]


@pytest.mark.parametrize(
    "rule",
    [
        "users: [a-{0}, '{0}*']",
        "verbs: ['{0}']",
        "resources: [{{group: '{0}', resources: [foo]}}]",
        "resources: [{{group: '', resources: ['{0}', 'x{0}/*']}}]",
        "resources: [{{group: '', resources: [pods], resourceNames: ['{0}*']}}]",
    ],
)
def test_nothing_is_said_of_what_a_template_fills(rule: str) -> None:
    assert said(f"- level: Metadata\n  {rule.format(UNKNOWN)}\n") == []


@pytest.mark.parametrize(
    ("name", "group", "help"),
    [
        # The short names of `kubectl api-resources`.
        *[(short, "", f"Write `{name}`.") for short, name in CORE.items()],
        *[(short, "apps", f"Write `{name}`.") for short, name in APPS.items()],
        ("hpa", "autoscaling", "Write `horizontalpodautoscalers`."),
        ("cj", "batch", "Write `cronjobs`."),
        ("csr", "certificates.k8s.io", "Write `certificatesigningrequests`."),
        ("ing", "networking.k8s.io", "Write `ingresses`."),
        ("netpol", "networking.k8s.io", "Write `networkpolicies`."),
        ("pdb", "policy", "Write `poddisruptionbudgets`."),
        ("pc", "scheduling.k8s.io", "Write `priorityclasses`."),
        ("sc", "storage.k8s.io", "Write `storageclasses`."),
        ("crd", "apiextensions.k8s.io", "Write `customresourcedefinitions`."),
        ("crds", "apiextensions.k8s.io", "Write `customresourcedefinitions`."),
        # In the wrong group too, and the singular.
        ("deploy", "", 'Write `deployments` in an item with `group: "apps"`.'),
        ("Pod", "", "Write `pods`."),
        ("networkpolicy", "networking.k8s.io", "Write `networkpolicies`."),
        ("ingress", "networking.k8s.io", "Write `ingresses`."),
        ("cronjob", "batch", "Write `cronjobs`."),
        ("csrs", "certificates.k8s.io", "Write `certificatesigningrequests`."),
        ("cr", "rbac.authorization.k8s.io", "Write `clusterroles`."),
        ("psp", "policy", "Write `podsecuritypolicies`."),
        ("deploys", "apps", "Write `deployments`."),
        ("customresources", "apiextensions.k8s.io", "Write `customresourcedefinitions`."),
        *[(one, "admissionregistration.k8s.io", "Write `validatingwebhookconfigurations`.") for one in VALIDATING],
        *[(one, "admissionregistration.k8s.io", "Write `mutatingwebhookconfigurations`.") for one in MUTATING],
    ],
)
def test_a_short_name(name: str, group: str, help: str) -> None:
    rule = f"- level: Metadata\n  resources: [{{group: '{group}', resources: [{name}]}}]\n"
    assert said(rule) == [("unknown_resource", name, help)]


@pytest.mark.parametrize(
    ("name", "help"),
    [
        ("exec", "Write `pods/exec`."),
        ("attach", "Write `pods/attach`."),
        ("portforward", "Write `pods/portforward`."),
        ("log", "Write `pods/log`."),
        ("logs", "Write `pods/log`."),
        ("eviction", "Write `pods/eviction`."),
        ("ephemeralcontainers", "Write `pods/ephemeralcontainers`."),
        ("token", "Write `serviceaccounts/token`."),
        ("tokens", "Write `serviceaccounts/token`."),
        ("approval", 'Write `certificatesigningrequests/approval` in an item with `group: "certificates.k8s.io"`.'),
        *[
            (f"nodes/{one}", "Write `nodes/proxy`.")
            for one in ("stats", "metrics", "log", "spec", "healthz", "configz")
        ],
        *[(f"nodes/{one}", "Write `nodes/proxy`.") for one in ("pods", "checkpoint")],
        ("pods/logs", "Write `pods/log`."),
        ("pods/exe", "Write `pods/exec`."),
        ("'*/statuss'", "Write `*/status`."),
        ("''", "Leave it out; a list of `resources` that is left out means all of the group."),
        ("pods/", "Write `resource` or `resource/subresource`."),
        ("pods/exec/x", "Write `resource` or `resource/subresource`."),
        ("/exec", "Write `resource` or `resource/subresource`."),
    ],
)
def test_a_subresource_that_is_not_there(name: str, help: str) -> None:
    rule = f"- level: Metadata\n  resources: [{{group: '', resources: [{name}]}}]\n"
    assert said(rule) == [("unknown_resource", name, help)]


def test_several_verbs_in_one_string() -> None:
    assert said('- level: Metadata\n  verbs: ["get,list"]\n  namespaces: [a]\n') == [
        ("unknown_verb", '"get,list"', "Make an item of each: `[get, list]`.")
    ]


@pytest.mark.parametrize(
    ("verb", "help"), [("scale", "Write `update`, `patch`."), ("port-forward", "Write `create`, `get`.")]
)
def test_verbs_of_kubectl(verb: str, help: str) -> None:
    assert said(f"- level: Metadata\n  verbs: [{verb}]\n") == [("unknown_verb", verb, help)]


def test_every_verb_is_offered_once() -> None:
    ((_, _, help),) = said("- level: Metadata\n  verbs: [teleport]\n")
    offered = help.removeprefix("Write one of ").removesuffix(".").split(", ")
    assert len(offered) == len(set(offered))


def test_names_of_nameless_requests() -> None:
    entry = '{{group: "{0}", resources: [{1}], resourceNames: [a]}}'
    core = "- level: Metadata\n  verbs: [create]\n  resources: [" + entry + "]\n"
    assert [one[0] for one in said(core.format("", "pods"))] == ["name_never_sent"]
    assert said(core.format("", "pods/exec")) == []
    assert said(core.format("", '"*"')) == []
    assert said(core.format("example.com", "widgets")) == []


@pytest.mark.parametrize(("first", "last", "count"), [(12, 21, 0), (21, 22, 0), (22, NEWEST, 1)])
def test_removed_resources_are_told_where_no_version_serves_them(first: int, last: int, count: int) -> None:
    text = "- level: Metadata\n  resources: [{group: extensions, resources: [ingresses]}]\n"
    assert len(said(text, first, last)) == count


def test_a_version_older_than_the_catalogue_is_taken_for_its_oldest() -> None:
    assert not said("- level: Metadata\n  resources: [{group: '', resources: [nodes, pods]}]\n", 10, 10)
    assert said("- level: Metadata\n  resources: [{group: node.k8s.io, resources: [runtimeclasses]}]\n", 10, 10)


@pytest.mark.parametrize("among_others", [False, True])
def test_a_group_is_not_to_be_written_under_a_second_key(among_others: bool) -> None:
    there = "the `userGroups` that is there"
    assert there in instead("system:masters", among_others, True).help
    assert there not in instead("system:masters", among_others, False).help
