"""EKS Anywhere clusters."""

from __future__ import annotations

from textwrap import indent

import pytest
from form_samples import POLICY, found_in, linked, misshapes, policy_in, server_in

HEAD = "apiVersion: anywhere.eks.amazonaws.com/v1alpha1\nkind: Cluster\nspec:\n  kubernetesVersion: '1.30'\n"


def cluster(section: str, datacenter: str = "VSphereDatacenterConfig") -> str:
    rest = f"  datacenterRef: {{kind: {datacenter}, name: a}}\n  controlPlaneConfiguration:\n    count: 1\n"
    return HEAD + rest + indent(section, "    ")


CONTENT = "auditPolicyContent: |\n" + indent(POLICY, "  ")


def test_the_inline_policy() -> None:
    text = cluster(CONTENT)
    server = server_in(text)
    found = found_in(text)
    assert found.servers[0].policy is found.policies[0]
    policy = linked(("a.yaml", text), ("audit-policy.yaml", POLICY))
    assert policy is not None
    assert policy.source.path == "a.yaml"
    assert server.place.text == "auditPolicyContent"
    assert policy_in(text).at("rules", 0, "level").text == "Metadata"
    assert str(server.versions) == "1.30"


def test_what_eks_anywhere_sets_itself() -> None:
    server = server_in(cluster(CONTENT))
    assert server.value("audit-log-path") == "/var/log/kubernetes/api-audit.log"
    assert [server.value(f"audit-log-max{name}") for name in ("age", "backup", "size")] == ["30", "10", "512"]
    assert server.mounts is None


def test_extra_arguments() -> None:
    server = server_in(cluster("apiServerExtraArgs: {audit-log-maxage: '60'}\n"))
    assert server.value("audit-log-maxage") == "60"
    assert server.value("audit-log-maxbackup") == "10"
    assert server.value("audit-policy-file") == "/etc/kubernetes/audit-policy.yaml"


def test_whatever_it_says_it_is_loaded_as_a_policy() -> None:
    assert policy_in(cluster("auditPolicyContent: |\n  rules: [{level: Bad}]\n")).at("rules", 0, "level").text == "Bad"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (cluster(CONTENT.replace("Content", "")), ("unknown-setting", "auditPolicy")),
        (cluster(CONTENT.replace("Content", "Contents")), ("unknown-setting", "auditPolicyContents")),
        (cluster(CONTENT, "DockerDatacenterConfig"), ("unknown-setting", "auditPolicyContent")),
        (cluster("apiServerExtraArgs: {audit-log-maxage: 60}\n"), ("wrong-shape", "60")),
        (cluster(CONTENT.replace(" |", "")), ("wrong-shape", "auditPolicyContent")),
        (cluster("auditPolicyContent: [a]\n"), ("wrong-shape", "auditPolicyContent")),
    ],
)
def test_wrong_shapes(text: str, expected: tuple[str, str]) -> None:
    assert misshapes(text) == [expected]


@pytest.mark.parametrize("section", ["labels: {a: audit-log}\n", "apiServerExtraArgs: {v: '4'}\n", ""])
def test_clusters_that_take_the_defaults_are_passed_over(section: str) -> None:
    assert not found_in(cluster(section))


def test_a_policy_that_is_no_text_is_checked_all_the_same() -> None:
    found = found_in(cluster(CONTENT.replace(" |", "").replace("Metadata", "Bad")))
    assert found.servers[0].policy is found.policies[0]
    assert found.policies[0].at("rules", 0, "level").text == "Bad"
    (misshape,) = found.misshapes
    assert (
        "ControlPlaneConfiguration.spec.controlPlaneConfiguration.auditPolicyContent of type string" in misshape.message
    )
