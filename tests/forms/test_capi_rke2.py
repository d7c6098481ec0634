"""RKE2ControlPlane and KThreesControlPlane: arguments, what RKE2 sets itself, files and the Secret with the policy."""

from __future__ import annotations

import pytest
from form_samples import found_in, misshapes

POLICY = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: Metadata\n"
HEAD = "apiVersion: controlplane.cluster.x-k8s.io/v1beta1\nkind: RKE2ControlPlane\nspec:\n  version: v1.31.4+rke2r1\n"
SECRET = "  serverConfig: {auditPolicySecret: {name: audit, namespace: a}}\n"
ARGUMENTS = "  serverConfig: {kubeAPIServer: {extraArgs: [%s]}}\n"
FILE = "  files:\n  - path: /etc/rancher/rke2/%s\n    content: |\n" + "".join(
    f"      {line}\n" for line in POLICY.splitlines()
)
K3S = (
    "apiVersion: controlplane.cluster.x-k8s.io/v1beta2\nkind: KThreesControlPlane\nspec:\n  version: v1.31.4+k3s1\n"
    "  kthreesConfigSpec:\n    serverConfig: {kubeAPIServerArg: [%s]}\n"
)


def test_a_secret_with_the_policy() -> None:
    """With audit-policy-file RKE2 sets the rest itself (rke2/settings.py)."""
    (server,) = found_in(HEAD + SECRET).servers
    assert server.value("audit-policy-file") == "/etc/rancher/rke2/audit-policy.yaml"
    assert server.value("audit-log-maxage") == "30"
    assert [file.local.text for file in server.files if file.local] == ["Secret:audit/audit-policy.yaml"]
    assert not server.partial
    assert str(server.versions) == "1.31"


def test_arguments_alone_are_a_part() -> None:
    (server,) = found_in(HEAD + ARGUMENTS % "audit-log-maxage=7").servers
    assert server.partial
    assert server.value("audit-log-path") is None


def test_a_profile_brings_a_policy() -> None:
    found = found_in(HEAD + "  agentConfig: {cisProfile: cis}\n")
    assert found.servers[0].value("audit-log-maxbackup") == "10"
    assert found.notes


@pytest.mark.parametrize(("name", "loaded"), [("p.yaml", True), ("p.yml", False)])
def test_files(name: str, loaded: bool) -> None:
    text = HEAD + ARGUMENTS % "audit-policy-file=/etc/rancher/rke2/p.yaml" + FILE % name
    found = found_in(text)
    (server,), (policy,) = found.servers, found.policies
    assert (server.files[0].path == "/etc/rancher/rke2/p.yaml") is loaded
    assert server.files[0].content == policy


def test_k3s_is_whole() -> None:
    (server,) = found_in(K3S % "audit-log-path=/a").servers
    assert not server.partial
    assert server.defaults == {}


def test_shapes() -> None:
    assert misshapes(HEAD + ARGUMENTS % "{audit-log-maxage: '7'}") == [("wrong-shape", "audit-log-maxage")]
    assert misshapes(K3S % "audit-log-maxage 7") == [("wrong-shape", "audit-log-maxage 7")]


@pytest.mark.parametrize(
    "text",
    [
        HEAD,
        HEAD + ARGUMENTS % "v=4",
        HEAD.replace("controlplane.cluster.x-k8s.io", "example.com") + SECRET,
        HEAD.replace("RKE2ControlPlane", "RKE2ConfigTemplate") + "  agentConfig: {}\n",
    ],
)
def test_nothing_about_auditing(text: str) -> None:
    assert not found_in(text)
