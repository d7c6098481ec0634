"""Objects that carry other objects: each is read as if it stood alone."""

from __future__ import annotations

from textwrap import indent

import pytest
from form_samples import found_in, misshapes

API_SERVER = (
    "apiVersion: config.openshift.io/v1\nkind: APIServer\nmetadata: {name: cluster}\nspec: {audit: {profile: Non}}\n"
)
EKS = (
    "apiVersion: eks.aws.upbound.io/v1beta1\nkind: Cluster\nspec:\n  forProvider:\n    region: a\n"
    "    enabledClusterLogTypes: [api]\n"
)
CONTROL_PLANE = (
    "apiVersion: controlplane.cluster.x-k8s.io/v1beta1\nkind: KubeadmControlPlane\nspec:\n  version: v1.31.0\n"
    "  machineTemplate: {}\n  kubeadmConfigSpec:\n    clusterConfiguration:\n      apiServer:\n"
    "        extraArgs: {audit-log-maxage: '7'}\n"
)
COMPOSITION = "apiVersion: apiextensions.crossplane.io/v1\nkind: Composition\nspec:\n"
ACM = "apiVersion: policy.open-cluster-management.io/v1\nkind: ConfigurationPolicy\nspec:\n  object-templates:\n"


def under(text: str, key: str, width: int) -> str:
    """An object below a key of an item of a list."""
    return " " * width + f"- name: a\n{' ' * width}  {key}:\n" + indent(text, " " * (width + 4))


CARRIED = {
    COMPOSITION + "  resources:\n" + under(EKS, "base", 2): [("control-plane-logging-off", "enabledClusterLogTypes")],
    COMPOSITION
    + "  pipeline:\n  - input:\n      apiVersion: pt.fn.crossplane.io/v1beta1\n      kind: Resources\n"
    + "      resources:\n"
    + under(EKS, "base", 6): [("control-plane-logging-off", "enabledClusterLogTypes")],
    COMPOSITION
    + "  resources:\n"
    + under(EKS, "base", 2)
    + "    patches: [{fromFieldPath: spec.types, toFieldPath: spec.forProvider.enabledClusterLogTypes}]\n": [],
    ACM + under(API_SERVER, "objectDefinition", 2): [("wrong-shape", "Non")],
    ACM + under(API_SERVER, "objectDefinition", 2) + "    complianceType: mustNotHave\n": [],
    "apiVersion: hive.openshift.io/v1\nkind: SelectorSyncSet\nspec:\n  resources:\n  - "
    + indent(API_SERVER, "    ").lstrip(): [("wrong-shape", "Non")],
    "apiVersion: work.open-cluster-management.io/v1\nkind: ManifestWork\nspec:\n  workload:\n    manifests:\n    - "
    + indent(API_SERVER, "      ").lstrip(): [("wrong-shape", "Non")],
    "apiVersion: template.openshift.io/v1\nkind: Template\nobjects:\n- " + indent(API_SERVER, "  ").lstrip(): [
        ("wrong-shape", "Non")
    ],
    "apiVersion: kro.run/v1alpha1\nkind: ResourceGraphDefinition\nspec:\n  resources:\n"
    + under(EKS.replace("[api]", "'${schema.spec.types}'"), "template", 2): [],
}


@pytest.mark.parametrize(("text", "expected"), CARRIED.items())
def test_what_an_object_carries(text: str, expected: list[tuple[str, str]]) -> None:
    assert misshapes(text, "a.yaml") == expected


def test_a_carried_control_plane_is_a_part() -> None:
    """Patches may add to it, so that nothing is missed in it."""
    (server,) = found_in(COMPOSITION + "  resources:\n" + under(CONTROL_PLANE, "base", 2)).servers
    assert (server.form, server.value("audit-log-maxage"), server.partial) == ("cluster-api", "7", True)


def test_others_carry_nothing() -> None:
    assert not found_in("apiVersion: example.com/v1\nkind: Bundle\nspec:\n  resources:\n" + under(EKS, "base", 2))
