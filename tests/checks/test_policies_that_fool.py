"""Policies that fool a reader, or a linter that compares names: what the rules about first match and records say.

Every rule of a policy is one line, the first one line 5, so that a finding's line names its rule; line 4 is
`rules`, and line 3 what the policy omits. Expectations were written down before the first run.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import NamedTuple

import pytest

from kube_audit_lint.catalogue.rule import Rule
from kube_audit_lint.catalogue.shipped import shipped
from kube_audit_lint.checks._subject import PolicySubject
from kube_audit_lint.forms import policy
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.model.advice import in_words
from kube_audit_lint.model.version import DEFAULT, NEWEST, Versions, parse_versions
from kube_audit_lint.syntax.reader import read_file

RULES = [
    rule
    for rule in shipped().rules.values()
    if rule.category in ("first-match", "recorded")
    and rule.check != "internal"
    and not rule.pedantic
    and not rule.id.startswith("stig-")
]
HEAD = "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n"
READS = "verbs: [get, list, watch]"
WRITES = "verbs: [create, update, patch, delete, deletecollection]"
METADATA = "level: Metadata"


def core(*resources: str) -> str:
    """A `resources` of the core group."""
    return f"resources: [{{group: '', resources: [{', '.join(map(repr, resources))}]}}]"


SENSITIVE = (
    "level: Metadata, resources: [{group: '', resources: [secrets, configmaps, serviceaccounts/token]}, "
    "{group: authentication.k8s.io, resources: [tokenreviews]}]"
)
BUILT_IN = (
    *(
        "admissionregistration.k8s.io",
        "apiextensions.k8s.io",
        "apiregistration.k8s.io",
        "apps",
        "authentication.k8s.io",
    ),
    *("authorization.k8s.io", "autoscaling", "batch", "certificates.k8s.io", "coordination.k8s.io"),
    *("discovery.k8s.io", "events.k8s.io", "flowcontrol.apiserver.k8s.io", "networking.k8s.io", "node.k8s.io"),
    *("policy", "rbac.authorization.k8s.io", "resource.k8s.io", "scheduling.k8s.io", "storage.k8s.io"),
)


class Said(NamedTuple):
    """One finding, without `Rule` and file."""

    id: str
    line: int
    severity: str
    message: str
    help: str
    versions: Versions | None

    def __str__(self) -> str:
        return f"{self.severity[0].upper()} {self.id} {self.line}"


def subject_of(text: str, versions: str) -> PolicySubject:
    source, documents = read_file("audit-policy.yaml", text.encode())
    found = policy.read(documents[0], Context(source, tuple(documents), "policy"))
    judged = parse_versions(versions) if versions else DEFAULT
    assert found is not None
    assert judged is not None
    return PolicySubject(found.policies[0], judged)


def said_by(rule: Rule, subject: PolicySubject) -> Iterable[Said]:
    for hit in import_module(f"kube_audit_lint.checks.{rule.check.replace('-', '_')}").check(subject, rule.params):
        line = hit.place.source.position(hit.place.start)[0]
        if not hit.pedantic:
            yield Said(rule.id, line, hit.severity or rule.severity, hit.message, hit.help or rule.help, hit.versions)


def said(rules: Iterable[str], versions: str = "", head: str = HEAD) -> list[Said]:
    subject = subject_of(head + "".join(f"- {{{rule}}}\n" for rule in rules), versions)
    return sorted(one for rule in RULES for one in said_by(rule, subject))


class Case(NamedTuple):
    """What is said, as `E blind-spot 5`, of rules in a range of versions (the default when empty)."""

    name: str
    rules: tuple[str, ...]
    expected: tuple[str, ...] = ()
    versions: str = ""


NOBODY = "[view, edit, 'system:node-proxier', 'system:kubelet-api-admin', cluster-reader, 'kubeadm:cluster-admins']"
LEAKS = ("E secrets-above-metadata {}", "E tokens-above-metadata {}", "W configmaps-above-metadata {}")


def leaks(line: int) -> tuple[str, ...]:
    return tuple(one.format(line) for one in LEAKS)


NARROW = [
    Case(
        "none first",
        ("level: None", f"level: Metadata, {core('secrets')}"),
        ("E nothing-recorded 5", "E unreachable-rule 5"),
    ),
    Case("one verb", ("level: None, verbs: [list]", METADATA), ("E blind-spot 5",)),
    Case("one user", ("level: None, users: [jane]", METADATA), ("E blind-spot 5",)),
    Case("one group", ("level: None, userGroups: [devs]", METADATA), ("E blind-spot 5",)),
    Case("one namespace", ("level: None, namespaces: [shop]", METADATA), ("E blind-spot 5",)),
    Case(
        "one name",
        ("level: None, resources: [{group: '', resources: [secrets], resourceNames: [db]}]", METADATA),
        ("E blind-spot 5",),
    ),
    Case(
        "a name that nobody fears for",
        (
            "level: None, resources: [{group: '', resources: [configmaps], resourceNames: [controller-leader]}]",
            METADATA,
        ),
    ),
    Case(
        "the wrong group keeps nothing back",
        ("level: Metadata, resources: [{group: apps, resources: [secrets, configmaps]}]", "level: RequestResponse"),
        leaks(6),
    ),
    Case(
        "a rule that omits every stage",
        (f"level: Metadata, {core('secrets')}, omitStages: [ResponseStarted, ResponseComplete, Panic]", METADATA),
        ("E blind-spot 5",),
    ),
    Case("anonymous", ("level: None, users: ['system:anonymous']", METADATA), ("E blind-spot 5",)),
    Case("nodes", ("level: None, userGroups: ['system:nodes']", METADATA), ("W blind-spot 5",)),
    # From 1.20 on nobody is called so, as nobody is called system:nodes: `removed-user` reports it.
    Case("the old insecure port", ("level: None, users: ['system:unsecured']", METADATA), ()),
    Case("it in its time", ("level: None, users: ['system:unsecured']", METADATA), ("E blind-spot 5",), "1.18"),
    Case("nobody is called so", ("level: None, users: ['*']", METADATA)),
    Case("nobody is called as a role or a group is", (f"level: None, users: {NOBODY}", METADATA)),
    Case("somebody may be", ("level: None, users: [admin]", METADATA), ("E blind-spot 5",)),
    Case("no group is", ("level: None, userGroups: ['*']", METADATA)),
    Case("no namespace is", ("level: None, namespaces: ['*']", METADATA)),
    Case("no verb is", ("level: None, verbs: ['*']", METADATA)),
    Case("only wildcards", ("level: Metadata, users: ['*']",), ("E nothing-recorded 5",)),
    Case("cluster-scoped and over all namespaces", ("level: None, namespaces: ['']", METADATA), ("E blind-spot 5",)),
    Case(
        "empty conditions are none",
        ("level: None, users: [], verbs: []", METADATA),
        ("E nothing-recorded 5", "E unreachable-rule 5"),
    ),
]
BODIES = [
    Case("bodies kept back by an earlier rule", (SENSITIVE, "level: RequestResponse")),
    Case("and by a later one", ("level: RequestResponse", SENSITIVE), (*leaks(5), "E unreachable-rule 5")),
    Case("one user's", ("level: RequestResponse, users: [backup]", METADATA), leaks(5)),
    Case("in one namespace", ("level: Request, namespaces: [dev]", METADATA), LEAKS[0:1] + LEAKS[2:]),
    Case("by one verb", ("level: RequestResponse, verbs: [get]", METADATA), LEAKS[0:1] + LEAKS[2:]),
    Case(
        "of one name",
        ("level: RequestResponse, resources: [{group: '', resources: [secrets], resourceNames: [db]}]", METADATA),
        LEAKS[0:1],
    ),
    Case("reads at Request", (f"level: Request, {READS}", METADATA), ("W secrets-above-metadata 5",)),
    Case("writes at Request", (f"level: Request, {WRITES}", METADATA), leaks(5)),
    Case("what is sent to delete", ("level: Request, verbs: [delete, deletecollection]", METADATA)),
    Case(
        "all that was deleted", ("level: RequestResponse, verbs: [deletecollection]", METADATA), LEAKS[0:1] + LEAKS[2:]
    ),
    Case(
        "that one was deleted", ("level: RequestResponse, verbs: [delete]", METADATA), ("W secrets-above-metadata 5",)
    ),
    Case("watches have no body", ("level: RequestResponse, verbs: [watch]", METADATA), ("W secrets-above-metadata 5",)),
    Case(
        "bodies of a stage that is omitted",
        ("level: RequestResponse, resources: [{group: ''}], omitStages: [ResponseComplete]", METADATA),
        ("E stage-omitted 5", "W secrets-above-metadata 5", "W tokens-above-metadata 5"),
    ),
    Case(
        "the subresource is another",
        (
            f"level: Metadata, {core('serviceaccounts')}",
            f"level: RequestResponse, {core('serviceaccounts/*')}",
            METADATA,
        ),
        ("E tokens-above-metadata 6",),
    ),
    Case(
        "secrets/* takes secrets",
        (f"level: Metadata, {core('secrets/*')}", f"level: RequestResponse, {core('secrets', 'nodes')}", METADATA),
        ("W unreachable-entry 6",),
    ),
    Case(
        "bodies for nobody",
        ("level: Metadata, userGroups: ['system:authenticated', 'system:unauthenticated']", "level: Request"),
        (),
        "1.29-",
    ),
    Case(
        "and for the server itself",
        ("level: Metadata, userGroups: ['system:authenticated', 'system:unauthenticated']", "level: Request"),
        leaks(6),
        "1.28",
    ),
]
ORDER = [
    Case(
        "pods/* takes pods",
        (f"level: Metadata, {core('pods/*')}", f"level: Request, {core('pods')}", METADATA),
        ("E unreachable-rule 6",),
    ),
    Case(
        "pods takes no subresource",
        (f"level: Metadata, {core('pods')}", f"level: Request, {core('pods/status')}", METADATA),
    ),
    Case(
        "two that together shadow a third",
        (
            f"level: Metadata, {READS}, {core('pods')}",
            f"level: Metadata, {WRITES}, {core('pods')}",
            f"level: Request, {core('pods')}",
            METADATA,
        ),
        ("E unreachable-rule 7",),
    ),
    Case(
        "all but one verb",
        (
            f"level: Metadata, {READS}, {core('pods')}",
            f"level: Metadata, verbs: [create, update, patch, delete], {core('pods')}",
            f"level: Request, {core('pods')}",
            METADATA,
        ),
    ),
    Case(
        "a twin behind what takes a part of both",
        (
            f"level: None, users: [jane], {core('pods/log')}",
            f"level: Metadata, {core('pods/log')}",
            f"level: Metadata, {core('pods/log')}",
            "level: Request, resources: [{group: apps}]",
            METADATA,
        ),
        ("W unreachable-rule 7",),
    ),
    Case(
        "everybody's groups leave those without a user",
        (
            f"level: Metadata, userGroups: ['system:authenticated'], {core('pods')}",
            f"level: Metadata, userGroups: ['system:unauthenticated'], {core('pods')}",
            f"level: Request, {core('pods')}",
            METADATA,
        ),
        (),
        "1.29-",
    ),
    Case(
        "who is in a group by name",
        (
            "level: Metadata, userGroups: ['system:serviceaccounts:ci']",
            "level: None, users: ['system:serviceaccount:ci:runner']",
            METADATA,
        ),
        ("E unreachable-rule 6",),
    ),
    Case(
        "who may be in a group",
        (
            "level: Metadata, userGroups: [admins]",
            "level: Request, users: [jane], resources: [{group: apps}]",
            METADATA,
        ),
    ),
    Case(
        "a URL that is a prefix",
        (
            "level: None, nonResourceURLs: ['/api*']",
            "level: Metadata, nonResourceURLs: ['/apis', '/version']",
            METADATA,
        ),
        ("W unreachable-entry 6",),
    ),
    Case(
        "URLs do not stand for resources",
        ("level: None, nonResourceURLs: ['*']", "level: Request, resources: [{group: apps}]", METADATA),
    ),
    Case(
        "a namespace is its own name",
        (
            "level: Metadata, namespaces: [prod]",
            "level: Request, verbs: [delete], resources: [{group: '', resources: [namespaces], resourceNames: [prod]}]",
            METADATA,
        ),
        ("E unreachable-rule 6",),
    ),
]
REST = [
    Case(
        "a group of which all is named before",
        (
            "level: Metadata, resources: [{group: batch, resources: [jobs, cronjobs, 'jobs/*', 'cronjobs/*']}]",
            "level: Request, resources: [{group: apps}, {group: batch}]",
            METADATA,
        ),
    ),
    Case(
        "a group that is taken whole",
        (
            "level: None, resources: [{group: batch}]",
            "level: Request, resources: [{group: apps}, {group: batch}]",
            METADATA,
        ),
        ("E blind-spot 5", "W unreachable-entry 6"),
    ),
]
MISSING = [
    Case(
        "exec by GET",
        (f"level: None, {READS}", f"level: RequestResponse, {core('pods/exec')}", METADATA),
        ("E blind-spot 5",),
    ),
    Case("reads of what does not matter", (f"level: None, {READS}, {core('pods', 'services', 'pods/log')}", METADATA)),
    Case(
        "exec as a subresource of pods", (f"level: None, verbs: [get], {core('pods/*')}", METADATA), ("E blind-spot 5",)
    ),
    Case(
        "no deletecollection",
        ("level: Metadata, verbs: [get, list, watch, create, update, patch, delete]",),
        ("E blind-spot 4", "W no-catch-all 4"),
    ),
    Case(
        "built-in groups are not all",
        (f"level: Metadata, resources: [{{group: ''}}, {', '.join(f'{{group: {one}}}' for one in BUILT_IN)}]",),
        ("W no-catch-all 4",),
    ),
    Case(
        "the rule for everything else",
        ("level: Metadata, resources: [{group: ''}]", "level: None"),
        ("E blind-spot 6", "W catch-all-none 6"),
    ),
    Case(
        "after reads are gone",
        (f"level: None, {READS}", f"level: Metadata, {core('secrets')}", "level: None"),
        ("E blind-spot 5", "E blind-spot 7", "W catch-all-none 7"),
    ),
    Case("reads alone are gone", (f"level: Metadata, {WRITES}", "level: None"), ("E blind-spot 6",)),
    Case(
        "one who fails to log in has no group",
        ("level: Metadata, userGroups: ['system:authenticated', 'system:unauthenticated']",),
        ("W failed-authentication-unlogged 4",),
        "1.29-",
    ),
    Case(
        "nor has system:apiserver of old",
        ("level: Metadata, userGroups: ['system:authenticated', 'system:unauthenticated']",),
        ("W failed-authentication-unlogged 4", "W no-catch-all 4"),
        "1.28",
    ),
    Case(
        "a catch-all for those without a user",
        (
            "level: Metadata, userGroups: ['system:authenticated']",
            "level: Metadata, userGroups: ['system:unauthenticated']",
            "level: None",
        ),
        ("W failed-authentication-unlogged 7",),
        "1.29-",
    ),
]
VERSIONS = [
    Case(
        "authenticated from 1.29",
        ("level: Metadata, userGroups: ['system:authenticated']", "level: None, users: ['system:apiserver']", METADATA),
        ("E unreachable-rule 6", "W blind-spot 6"),
    ),
    Case(
        "served from 1.34",
        (METADATA, "level: Request, resources: [{group: resource.k8s.io, resources: [deviceclasses]}]"),
        ("E unreachable-rule 5",),
    ),
    Case(
        "not served yet",
        (METADATA, "level: Request, resources: [{group: resource.k8s.io, resources: [deviceclasses]}]"),
        (),
        "1.24-1.28",
    ),
    Case(
        "not served any more",
        (
            "level: Metadata, resources: [{group: policy}]",
            "level: Request, resources: [{group: policy, resources: [podsecuritypolicies]}]",
            METADATA,
        ),
        (),
        "1.25-",
    ),
    Case(
        "still served",
        (
            "level: Metadata, resources: [{group: policy}]",
            "level: Request, resources: [{group: policy, resources: [podsecuritypolicies]}]",
            METADATA,
        ),
        ("E unreachable-rule 6",),
    ),
    Case("every group", ("level: RequestResponse, resources: [{group: '*'}]", METADATA), leaks(5), "1.36-"),
]


@pytest.mark.parametrize("case", [*NARROW, *BODIES, *ORDER, *REST, *MISSING, *VERSIONS], ids=lambda case: case.name)
def test_is_said(case: Case) -> None:
    expected = sorted(one.format(5) for one in case.expected)
    assert sorted(map(str, said(case.rules, case.versions))) == expected


DOCUMENTATION = """\
- level: RequestResponse
  resources: [{group: "", resources: ["pods"]}]
- level: Metadata
  resources: [{group: "", resources: ["pods/log", "pods/status"]}]
- level: None
  resources: [{group: "", resources: ["configmaps"], resourceNames: ["controller-leader"]}]
- level: None
  users: ["system:kube-proxy"]
  verbs: ["watch"]
  resources: [{group: "", resources: ["endpoints", "services"]}]
- level: None
  userGroups: ["system:authenticated"]
  nonResourceURLs: ["/api*", "/version"]
- level: Metadata
  resources: [{group: "", resources: ["secrets", "configmaps"]}]
- level: Request
  resources: [{group: ""}, {group: "extensions"}]
- level: Metadata
"""
"""The sample of the Kubernetes documentation, without the rule that records config maps of kube-system."""
KNOWN_APIS = ", ".join(f"{{group: {one}}}" for one in ("''", *BUILT_IN, "metrics.k8s.io"))
CLOUD = f"""\
- level: None
  users: ["system:kube-proxy"]
  verbs: ["watch"]
  resources: [{{group: "", resources: ["endpoints", "services", "services/status"]}}]
- level: None
  users: ["system:unsecured"]
  namespaces: ["kube-system"]
  verbs: ["get"]
  resources: [{{group: "", resources: ["configmaps"]}}]
- level: None
  users: ["kubelet"]
  verbs: ["get"]
  resources: [{{group: "", resources: ["nodes", "nodes/status"]}}]
- level: None
  userGroups: ["system:nodes"]
  verbs: ["get"]
  resources: [{{group: "", resources: ["nodes", "nodes/status"]}}]
- level: None
  users:
  - system:kube-controller-manager
  - system:kube-scheduler
  - system:serviceaccount:kube-system:endpoint-controller
  verbs: ["get", "update"]
  namespaces: ["kube-system"]
  resources: [{{group: "", resources: ["endpoints"]}}]
- level: None
  users: ["system:apiserver"]
  verbs: ["get"]
  resources: [{{group: "", resources: ["namespaces", "namespaces/status", "namespaces/finalize"]}}]
- level: None
  users: ["cluster-autoscaler"]
  verbs: ["get", "update"]
  namespaces: ["kube-system"]
  resources: [{{group: "", resources: ["configmaps", "endpoints"]}}]
- level: None
  users: ["system:kube-controller-manager"]
  verbs: ["get", "list"]
  resources: [{{group: "metrics.k8s.io"}}]
- level: None
  nonResourceURLs: ["/healthz*", "/version", "/swagger*"]
- level: None
  resources: [{{group: "", resources: ["events"]}}]
- level: Request
  users: ["kubelet", "system:node-problem-detector", "system:serviceaccount:kube-system:node-problem-detector"]
  verbs: ["update", "patch"]
  resources: [{{group: "", resources: ["nodes/status", "pods/status"]}}]
- level: Request
  userGroups: ["system:nodes"]
  verbs: ["update", "patch"]
  resources: [{{group: "", resources: ["nodes/status", "pods/status"]}}]
- level: Request
  users: ["system:serviceaccount:kube-system:namespace-controller"]
  verbs: ["deletecollection"]
- {{{SENSITIVE}}}
- level: Request
  verbs: ["get", "list", "watch"]
  resources: [{KNOWN_APIS}]
- level: RequestResponse
  resources: [{KNOWN_APIS}]
- level: Metadata
"""
"""The list of noise that most clouds' policies are made from, with TokenRequests at Metadata."""
HARDENED = f"""\
- level: None
  users: ["system:kube-proxy"]
  verbs: ["watch"]
  resources: [{{group: "", resources: ["endpoints", "services"]}}]
- level: None
  userGroups: ["system:nodes"]
  verbs: ["get"]
  resources: [{{group: "", resources: ["nodes"]}}]
- level: None
  nonResourceURLs: ["/healthz*", "/livez*", "/readyz*", "/version"]
- {{{SENSITIVE}}}
- level: RequestResponse
  verbs: ["create", "update", "patch", "delete"]
  resources: [{{group: "rbac.authorization.k8s.io"}}]
- level: Request
  resources: [{{group: "", resources: ["pods/exec", "pods/attach", "pods/portforward"]}}]
- level: Metadata
  omitStages: ["RequestReceived"]
"""
RUNTIME_SECURITY = """\
- level: RequestResponse
  resources: [{group: "", resources: ["pods"]}, {group: apps, resources: ["deployments"]}]
- level: RequestResponse
  resources: [{group: "rbac.authorization.k8s.io", resources: ["clusterroles", "clusterrolebindings"]}]
- level: Metadata
  resources: [{group: "", resources: ["pods/log", "pods/status"]}]
- level: None
  resources: [{group: "", resources: ["configmaps"], resourceNames: ["controller-leader"]}]
- level: None
  users: ["system:kube-proxy"]
  verbs: ["watch"]
  resources: [{group: "", resources: ["endpoints", "services"]}]
- level: Metadata
  resources: [{group: "", resources: ["secrets", "configmaps"]}]
- level: Request
  resources: [{group: ""}, {group: "extensions"}]
- level: Metadata
"""
BENCHMARK = """\
- level: Metadata
  resources:
  - {group: "", resources: ["secrets", "configmaps"]}
  - {group: authentication.k8s.io, resources: ["tokenreviews"]}
- level: Request
  verbs: ["create", "update", "patch", "delete"]
  resources: [{group: "", resources: ["pods"]}, {group: apps, resources: ["deployments"]}]
- level: Metadata
  resources: [{group: "", resources: ["pods/exec", "pods/portforward", "pods/proxy", "services/proxy"]}]
- level: Metadata
"""


@pytest.mark.parametrize(
    "rules",
    [DOCUMENTATION, CLOUD, HARDENED, RUNTIME_SECURITY, BENCHMARK, "- level: Metadata\n"],
    ids=["documentation", "cloud", "hardened", "runtime-security", "benchmark", "metadata"],
)
@pytest.mark.parametrize("versions", ["", "1.24", "1.30", "1.36-"])
def test_a_good_policy_is_left_alone(rules: str, versions: str) -> None:
    subject = subject_of(HEAD + rules, versions)
    found = [str(one) for rule in RULES for one in said_by(rule, subject)]
    assert found == (["I events-in-one-group 45"] if rules is CLOUD else [])  # the scheduler's events stay in the log


def one(rules: Iterable[str], id: str, versions: str = "", head: str = HEAD) -> Said:
    (found,) = (one for one in said(rules, versions, head) if one.id == id)
    return found


def test_hidden_verbs_are_named_where_others_are_seen() -> None:
    found = one((f"level: None, {READS}", METADATA), "blind-spot")
    assert "secrets (get, list and watch); exec into pods" in found.message
    assert "proxy connections (get)" in found.message
    assert "Put a rule that records `secrets`, `pods/exec`" in found.help
    assert "(all but get)" in one(("level: Metadata, verbs: [get]", "level: None"), "blind-spot").message


def test_whose_requests_are_hidden_is_said() -> None:
    assert "for `jane` and 1 more" in one(("level: None, users: [jane, bob]", METADATA), "blind-spot").message
    assert "for members of `devs`" in one(("level: None, userGroups: [devs]", METADATA), "blind-spot").message
    found = one(("level: None, userGroups: ['system:unauthenticated']", METADATA), "blind-spot")
    assert "for requests without credentials" in found.message
    found = one(("level: Metadata, userGroups: ['system:authenticated']",), "blind-spot")
    assert found.message.startswith("Not recorded for requests without credentials (`system:anonymous`): secrets")
    assert "in the namespace `shop`" in one(("level: None, namespaces: [shop]", METADATA), "blind-spot").message


def test_a_long_list_of_classes_is_cut() -> None:
    found = one(("level: None, users: [jane]", METADATA), "blind-spot")
    assert "and 13 more kinds of requests" in found.message
    assert len(found.message) < 250


def test_advice_fits_the_rule() -> None:
    for rules, start in (
        ((f"level: Metadata, {core('pods')}",), "End the rules with"),
        ((f"level: Metadata, {core('pods')}", "level: None"), "Write `level: Metadata`"),
    ):
        assert in_words(one(rules, "blind-spot").help)[0].startswith(start)
    first = "Move rule 1 (line 5), which takes every request, to the end."
    assert one((METADATA, f"level: None, {core('events')}"), "unreachable-rule").help == first
    assert one((METADATA, METADATA), "unreachable-rule").help == "Remove rule 2 (line 6)."
    twice = (
        "Remove rule 1 (line 5): rule 2 (line 6) takes every request that is left. "
        "A rule that keeps secrets at Metadata has to stand in front."
    )
    assert one((METADATA, "level: Request"), "unreachable-rule").help == twice
    assert (
        "A rule that keeps secrets at Metadata"
        in one(
            ("level: None, users: [jane]", "level: Request, users: [jane], verbs: [create]", METADATA),
            "unreachable-rule",
        ).help
    )
    secrets = "secrets-above-metadata"
    assert (
        one((f"level: Request, {core('secrets')}", METADATA), secrets).help == "Write `level: Metadata` in this rule."
    )
    assert one((f"level: Request, {core('secrets', 'pods')}", METADATA), secrets).help.startswith("Move `secrets`")
    assert one(("level: Request",), secrets).help.startswith("Put a rule with `level: Metadata` for `secrets`")


def test_what_records_nothing_is_not_mended_by_a_rule_that_is_never_reached() -> None:
    assert one(("level: None",), "nothing-recorded").help == "Write `level: Metadata` in the last rule."
    found = one(("level: None", METADATA), "nothing-recorded")
    assert "rule 1 (line 5) takes every request with the level None" in found.message
    head = HEAD.replace("[RequestReceived]", "[RequestReceived, ResponseStarted, ResponseComplete, Panic]")
    found = one((METADATA, f"level: None, {core('events')}"), "nothing-recorded", head=head)
    assert "omits every stage" in found.message


def test_names_that_nobody_has_are_not_counted() -> None:
    assert "for `jane`:" in one(("level: None, users: [cluster-admin, jane, edit]", METADATA), "blind-spot").message
    found = one(("level: None, users: [jane, 'system:monitoring', joe]", METADATA), "blind-spot")
    assert found.message.startswith("Not recorded for `jane` and 1 more:")


def test_the_tokens_that_leak_are_named() -> None:
    found = one(
        (f"level: Metadata, {core('serviceaccounts/token')}", "level: RequestResponse"), "tokens-above-metadata"
    )
    assert found.message.startswith("Token reviews are recorded at RequestResponse")
    assert "serviceaccounts" not in found.help


def test_versions_are_told_where_they_matter() -> None:
    rules = (
        "level: Metadata, userGroups: ['system:authenticated']",
        "level: None, users: ['system:apiserver']",
        METADATA,
    )
    assert one(rules, "unreachable-rule").versions == Versions(29, NEWEST)
    assert one(rules, "blind-spot").versions == Versions(24, 28)


def test_urls_alone_are_told_apart() -> None:
    groups = "level: Metadata, resources: [{group: '*'}]"
    assert "URLs that are not resources, such as `/version`" in one((groups,), "no-catch-all", "1.36-").message
    known = f"level: Metadata, resources: [{{group: ''}}, {', '.join(f'{{group: {one}}}' for one in BUILT_IN)}]"
    assert (
        "custom or aggregated APIs"
        in one((known, "level: None, nonResourceURLs: ['*']"), "no-catch-all", "1.30").message
    )


EIGHT = "verbs: [get, list, watch, create, update, patch, delete, deletecollection]"


def test_options_on_proxies_is_in_no_list_of_the_other_verbs() -> None:
    rules = (f"level: Metadata, {EIGHT}", "level: Metadata, nonResourceURLs: ['*']")
    assert (
        "OPTIONS to the proxies of pods, services and nodes, whose verb is empty" in one(rules, "no-catch-all").message
    )
    hidden = one(rules, "blind-spot")
    assert (hidden.severity, "OPTIONS is served by the proxies" in hidden.message) == ("warning", True)
    assert not said((f"level: Metadata, {EIGHT[:-1]}, '']", rules[1]))
    assert "OPTIONS" not in one((f"level: Metadata, {EIGHT}",), "no-catch-all").message


@pytest.mark.parametrize(
    ("stages", "words"), [("", "whether it was allowed"), ("RequestReceived, ", "no event at all")]
)
def test_what_is_lost_with_a_stage(stages: str, words: str) -> None:
    head = HEAD.replace("[RequestReceived]", f"[{stages}ResponseComplete]")
    assert words in one((METADATA,), "stage-omitted", head=head).message


def pedantic(id: str, *rules: str) -> list[int]:
    """The lines of which a rule speaks that is silent by default."""
    subject = subject_of(HEAD + "".join(f"- {{{rule}}}\n" for rule in rules), "")
    return [one.line for one in said_by(shipped().rules[id], subject)]


def test_of_two_twins_one_is_to_go() -> None:
    """A rule that makes another unreachable is not said to be redundant, too: without both it would be otherwise."""
    pods = core("pods")
    assert pedantic("redundant-rule", f"level: Request, {pods}", f"level: Request, {pods}", METADATA) == []
    assert pedantic("redundant-rule", f"level: Metadata, {core('secrets')}", METADATA) == [5]
    assert pedantic("redundant-rule", f"level: Metadata, {pods}", "level: None") == []
    assert pedantic("redundant-rule", "level: None") == []


def test_only_what_is_frequent_is_noise() -> None:
    rbac = "resources: [{group: rbac.authorization.k8s.io}]"
    assert pedantic("noisy-bodies", f"level: RequestResponse, {rbac}", METADATA) == []
    assert pedantic("noisy-bodies", f"level: RequestResponse, {WRITES}, {core('pods', 'configmaps')}", METADATA) == []
    assert pedantic("noisy-bodies", f"level: RequestResponse, {core('pods')}", METADATA) == [5]


def test_who_creates_an_object_sends_no_managed_fields() -> None:
    pods = core("pods")
    assert pedantic("managed-fields-recorded", f"level: Request, verbs: [create, patch], {pods}", METADATA) == []
    assert pedantic("managed-fields-recorded", f"level: Request, verbs: [update], {pods}", METADATA) == [5]
    assert pedantic("managed-fields-recorded", f"level: RequestResponse, verbs: [create], {pods}", METADATA) == [5]
