"""Config objects of Clusterfiles, which bring a policy in place of the image's."""

from __future__ import annotations

from textwrap import indent

import pytest
from form_samples import POLICY, found_in, linked, misshapes

KUBEADM = (
    "apiVersion: kubeadm.k8s.io/v1beta3\nkind: ClusterConfiguration\napiServer:\n"
    "  extraArgs: {audit-policy-file: %s}\n---\n"
)
LOADED = "/etc/kubernetes/audit-policy.yml"
GROUPS = ["apps.sealos.io/v1beta1", "sealer.io/v1", "sealer.cloud/v2", "sealer.aliyun.com/v1alpha1"]


def config(path: str = "statics/audit-policy.yml", group: str = GROUPS[0], more: str = "", text: str = POLICY) -> str:
    head = f"apiVersion: {group}\nkind: Config\nmetadata: {{name: audit}}\nspec:\n  path: {path}\n{more}"
    return f"{head}  data: |\n{indent(text, '    ')}"


@pytest.mark.parametrize("group", GROUPS)
def test_the_policy_that_the_server_loads(group: str) -> None:
    text = KUBEADM % LOADED + config(group=group)
    policy = linked(("Clusterfile", text))
    assert policy is not None
    assert policy.names == (LOADED,)
    assert misshapes(text, "Clusterfile") == []
    assert found_in(config(text="rules: [{level: Bad}]\n")).policies[0].at("rules", 0, "level").text == "Bad"


def test_what_is_laid_over_the_images_policy_is_a_part() -> None:
    (policy,) = found_in(config(more="  strategy: merge\n")).policies
    assert policy.partial
    for whole in ("override", "overwrite"):
        assert not found_in(config(more=f"  strategy: {whole}\n")).policies[0].partial


@pytest.mark.parametrize(
    ("path", "server", "wrong"),
    [
        ("statics/audit-policy.yaml", LOADED, True),
        ("statics/policy.yml", "", True),
        ("./statics/audit-policy.yml", LOADED, False),
        ("etc/audit-policy.yaml", LOADED, False),  # the image's scripts may copy it
        ("statics/audit-policy.yaml", "/etc/kubernetes/audit-policy.yaml", False),
    ],
)
def test_a_policy_that_is_not_copied(path: str, server: str, wrong: bool) -> None:
    text = (KUBEADM % server if server else "") + config(path)
    assert misshapes(text, "Clusterfile") == [("policy-not-mounted", path)] * wrong


def test_others_are_read_as_before() -> None:
    assert not found_in(config("etc/values.yaml", text="a: b\n"))
    assert [one.names for one in found_in(config(group="example.com/v1")).policies] != [(LOADED,)]
    assert not found_in(config(group="example.com/v1", text="a: b\n"))
