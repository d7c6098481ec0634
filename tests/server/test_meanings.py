"""What hovers tell of single values, flags and rules."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from buffers import MANIFEST, POLICY, Workspace

from kube_audit_lint.kubernetes import flags
from kube_audit_lint.kubernetes.flags import FlagSpec
from kube_audit_lint.model.version import DEFAULT, Versions
from kube_audit_lint.server.deciding import ENTANGLED, counts, told
from kube_audit_lint.server.diagnostics import NOT_CHECKED, diagnostics
from kube_audit_lint.server.hover import hover, of_flag, of_group, of_resource

HEAD = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n"


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.chdir(tmp_path)
    return Workspace(tmp_path)


@pytest.mark.parametrize(
    ("group", "minors", "words"),
    [
        ("", (24, 37), "the core group with bindings"),
        ("batch", (24, 37), "a group with cronjobs, jobs"),
        ("extensions", (24, 37), "does not serve; served to 1.21"),
        ("example.com", (24, 37), "no group that Kubernetes builds in"),
        ("*", (36, 37), "every group"),
    ],
)
def test_groups(group: str, minors: tuple[int, int], words: str) -> None:
    assert words in of_group(group, Versions(*minors))


@pytest.mark.parametrize(
    ("group", "item", "words"),
    [
        ("", "*", "every resource and subresource of the core group"),
        ("", "*/status", "the subresource `status` of every resource"),
        ("", "pods", "Not its subresources: pods/attach"),
        ("", "pods/*", "Its subresources too: attach"),
        ("", "pods/exec", "served with get, create"),
        ("", "pods/exek", "pods has no subresource exek"),
        ("", "nodes", "not in namespaces"),
        ("", "podz", "the core group has no podz in Kubernetes 1.24-1.37."),
        ("apps", "pods", "apps has no pods in Kubernetes 1.24-1.37; it is in the core group."),
        ("example.com", "widgets", "which Kubernetes does not build in"),
    ],
)
def test_resources(group: str, item: str, words: str) -> None:
    assert words in of_resource(group, item, DEFAULT)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("users", "system:serviceaccount:shop:web", "the service account web of the namespace shop"),
        ("users", "system:node:worker-1", "the kubelet of the node worker-1"),
        ("users", "cluster-admin", "that of a role"),
        ("users", "jane*", "no wildcards"),
        ("users", "system:apiserver", "kube-apiserver itself"),
        ("users", "jane", "that authentication gives"),
        ("userGroups", "system:serviceaccounts:shop", "of the namespace shop"),
        ("userGroups", "system:anonymous", "it is that of a user"),
        ("userGroups", "system:masters", "no authorization holds back"),
        ("namespaces", "", "without a namespace"),
        ("namespaces", "shop", "one namespace"),
        ("nonResourceURLs", "/healthz*", "begins with `/healthz`"),
        ("nonResourceURLs", "/version", "this path alone"),
        ("nonResourceURLs", "*", "every path"),
        ("verbs", "read", "There is none of this name"),
    ],
)
def test_values(workspace: Workspace, field: str, value: str, words: str) -> None:
    text = f'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: None\n  {field}: ["^{value}"]\n'
    found = hover(*workspace.at(text))
    assert found is not None
    assert words in found.text.partition("\n")[0]


def test_flags_by_version() -> None:
    assert "does not have it, and does not start with it: from 1.13 to 1.18" in of_flag(
        "audit-dynamic-configuration", DEFAULT
    )
    assert "use `--audit-webhook-initial-backoff`" in of_flag("audit-webhook-batch-initial-backoff", DEFAULT)
    assert "`0` in 1.24-1.35, `366` in 1.36-1.37" in of_flag("audit-log-maxage", DEFAULT)
    assert "Values: `batch`, `blocking`, `blocking-strict`" in of_flag("audit-log-mode", DEFAULT)
    assert "Default: not set." in of_flag("audit-log-path", DEFAULT)
    assert of_flag("v", DEFAULT) == ""
    for name in flags.all_names():
        spec = flags.spec(name)
        assert isinstance(spec, FlagSpec)
        assert spec.type in of_flag(name, Versions(30, 30))


def test_a_rule_that_nothing_meets_names_the_conditions(workspace: Workspace) -> None:
    text = POLICY.replace("verbs: [watch]", "verbs: [read]")
    (policy,) = workspace.open(text).policies
    assert counts(policy)[0] == "decides nothing"
    assert "No request that these versions serve has such verbs." in told(policy, 0)


def test_a_policy_that_is_too_entangled_is_not_tried_rule_by_rule(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kube_audit_lint.analysis import UndecidedError
    from kube_audit_lint.server import deciding

    tried = []

    def undecided(analysis: object) -> object:
        tried.append(analysis)
        raise UndecidedError

    monkeypatch.setattr(deciding, "kinds", undecided)
    (policy,) = workspace.open(POLICY.replace("secrets", "configmaps")).policies
    assert counts(policy) == [ENTANGLED] * 4
    assert told(policy, 1) == [f"Rule 2 is {ENTANGLED}."]
    assert len(tried) == 1


@pytest.mark.parametrize("field", ["users", "userGroups", "verbs", "namespaces", "nonResourceURLs", "group", "names"])
def test_text_from_a_file_is_nothing_but_text(workspace: Workspace, field: str) -> None:
    hostile = r"/^[a](command:x) ![b](https://example.com/c.png) <img src=d> `e` \n# f \u202e"
    if field in ("group", "names"):
        shape = '[{group: "%s"}]' if field == "group" else '[{group: example.com, resources: ["%s"]}]'
        text = f"{HEAD}- level: Metadata\n  resources: {shape % hostile}\n"
    else:
        text = f'{HEAD}- level: Metadata\n  {field}: ["{hostile}"]\n'
    found = hover(*workspace.at(text))
    assert found is not None
    assert "a" in found.text
    outside = re.sub(r"(?<!\\)`[^`]*`", "", found.text)
    assert re.search(r"(?<!\\)[\[<]", outside) is None, outside
    assert "\n# f" not in found.text
    assert "\u202e" not in found.text


def test_what_was_not_checked_is_a_hint(workspace: Workspace) -> None:
    (workspace.folder / "audit-policy.yaml").unlink()
    shown = diagnostics(workspace.open(MANIFEST, "kube-apiserver.yaml"))
    (note,) = (one for one in shown if one.code == NOT_CHECKED)
    assert note.severity == ""
    assert note.place.text == "/etc/kubernetes/audit-policy.yaml"
