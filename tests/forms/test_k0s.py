"""k0s: ClusterConfig alone and carried by k0sctl, k0smotron and Cluster API."""

from __future__ import annotations

from textwrap import indent

import pytest
from form_samples import POLICY, flags, found_in, linked, misshapes, server_in

SPEC = """spec:
  api:
    extraArgs:
      audit-policy-file: /var/lib/k0s/audit-policy.yaml
      audit-log-path: /var/log/k0s/audit.log
      audit-log-maxage: "30"
    rawArgs: [--audit-log-mode=batch]
"""
CONFIG = "apiVersion: k0s.k0sproject.io/v1beta1\nkind: ClusterConfig\nmetadata: {name: k0s}\n" + SPEC


def test_a_cluster_config() -> None:
    server = server_in(CONFIG)
    assert flags(server) == {
        "audit-policy-file": "/var/lib/k0s/audit-policy.yaml",
        "audit-log-path": "/var/log/k0s/audit.log",
        "audit-log-maxage": "30",
        "audit-log-mode": "batch",
    }
    assert server.place.text == "extraArgs"
    assert server.mounts is None
    assert not server.partial
    assert not misshapes(CONFIG)
    assert linked(("k0s.yaml", CONFIG), ("files/audit-policy.yaml", POLICY)) is not None


def test_without_a_setting() -> None:
    text = "apiVersion: k0s.k0sproject.io/v1beta1\nkind: ClusterConfig\nspec: {storage: {type: etcd}}\n"
    assert not server_in(text).partial
    assert server_in(text.replace("spec", "metadata: {namespace: kube-system}\nspec")).partial


def test_a_fragment_is_a_part() -> None:
    assert server_in(SPEC).partial
    assert not found_in("spec:\n  api:\n    extraArgs: {v: '2'}\n")


def k0sctl(file: str) -> str:
    return (
        "apiVersion: k0sctl.k0sproject.io/v1beta1\nkind: Cluster\nspec:\n  hosts:\n  - role: controller\n    files:\n"
        + indent(file, "    ")
        + "  k0s:\n    version: v1.31.2+k0s.0\n    config:\n"
        + indent(CONFIG, "      ")
    )


def test_k0sctl() -> None:
    text = k0sctl("- {src: files/audit.yaml, dstDir: /var/lib/k0s, dst: audit-policy.yaml}\n")
    assert str(server_in(text).versions) == "1.31"
    policy = linked(("k0sctl.yaml", text), ("files/audit.yaml", POLICY), ("other/audit-policy.yaml", POLICY))
    assert policy is not None
    assert policy.source.path == "files/audit.yaml"


def test_a_policy_in_k0sctl() -> None:
    text = k0sctl("- dst: /var/lib/k0s/audit-policy.yaml\n  data: |\n" + indent(POLICY, "    "))
    policy = linked(("k0sctl.yaml", text))
    assert policy is not None
    assert policy.at("rules", 0, "level").text == "Metadata"
    assert str(policy.versions) == "1.31"


@pytest.mark.parametrize("ref", ["secretRef", "configMapRef"])
def test_a_control_plane_of_cluster_api(ref: str) -> None:
    text = (
        "apiVersion: controlplane.cluster.x-k8s.io/v1beta1\nkind: K0sControlPlane\nspec:\n  version: v1.30.1+k0s.0\n"
        "  k0sConfigSpec:\n    k0s:\n" + indent(CONFIG, "      ") + "    files:\n"
        f"    - path: /var/lib/k0s/audit-policy.yaml\n      contentFrom: {{{ref}: {{name: audit, key: policy}}}}\n"
    )
    kind = "Secret" if ref == "secretRef" else "ConfigMap"
    field = "stringData" if kind == "Secret" else "data"
    held = f"apiVersion: v1\nkind: {kind}\nmetadata: {{name: audit}}\n{field}:\n  policy: |\n" + indent(POLICY, "    ")
    assert str(server_in(text).versions) == "1.30"
    assert linked(("a.yaml", text), ("b.yaml", held)) is not None


def test_an_overlay_is_a_part() -> None:
    text = (
        "apiVersion: controlplane.cluster.x-k8s.io/v1beta1\nkind: K0sControlPlane\nspec:\n  k0sConfigSpec:\n    k0s:\n"
        "      apiVersion: k0s.k0sproject.io/v1beta1\n      kind: ClusterConfig\n"
        "      spec: {telemetry: {enabled: false}}\n"
    )
    assert server_in(text).partial
    assert not server_in(text.replace("spec:\n  k0s", "spec:\n  version: v1.31.1+k0s.0\n  k0s")).partial


def test_a_hosted_control_plane() -> None:
    text = (
        "apiVersion: k0smotron.io/v1beta1\nkind: Cluster\nspec:\n  version: v1.29.4-k0s.0\n  mounts:\n"
        "  - path: /var/lib/k0s\n    configMap: {name: audit, items: [{key: policy, path: audit-policy.yaml}]}\n"
        "  k0sConfig:\n" + indent(CONFIG, "    ")
    )
    held = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: audit}\ndata:\n  policy: |\n" + indent(POLICY, "    ")
    assert str(server_in(text).versions) == "1.29"
    assert linked(("a.yaml", text), ("b.yaml", held)) is not None


@pytest.mark.parametrize(
    ("old", "new", "rule", "text"),
    [
        ('"30"', "30", "wrong-shape", "30"),
        ("audit-log-maxage", "--audit-log-maxage", "wrong-shape", "--audit-log-maxage"),
        ("extraArgs:", "extraargs: {}\n    auditPolicy: {}\n    extraArgs:", "unknown-setting", "auditPolicy"),
    ],
)
def test_wrong_shapes(old: str, new: str, rule: str, text: str) -> None:
    assert (rule, text) in misshapes(CONFIG.replace(old, new))


def test_a_misspelt_section() -> None:
    assert misshapes(CONFIG.replace("extraArgs:", "extraArg:")) == [("unknown-setting", "extraArg")]


@pytest.mark.parametrize(
    "text",
    [
        CONFIG.replace("k0s.k0sproject.io", "example.com").replace("extraArgs:", "labels:"),
        "apiVersion: k0s.k0sproject.io/v1beta1\nkind: Stack\n",
        "apiVersion: controlplane.cluster.x-k8s.io/v1beta1\nkind: Other\nspec: {}\n# audit-log\n",
    ],
)
def test_passed_over(text: str) -> None:
    assert not found_in(text)


@pytest.mark.parametrize(
    ("path", "more", "reported"),
    [
        ("/etc/audit/policy.yaml", "", True),
        ("/etc/audit/policy.yaml", "  mounts: [{path: /etc/audits, configMap: {name: a}}]\n", True),
        ("/etc/audit/policy.yaml", "  mounts: [{path: /etc/audit/, configMap: {name: a}}]\n", False),
        ("/etc/audit/policy.yaml", "  mounts: [{path: /etc/audit/policy.yaml, secret: {secretName: a}}]\n", False),
        ("/etc/audit/policy.yaml", "  image: registry.example.com/k0s\n", False),
        ("/var/lib/k0s/policy.yaml", "", False),
    ],
)
def test_what_nothing_mounts_into_the_pod_of_k0smotron(path: str, more: str, reported: bool) -> None:
    inner = CONFIG.replace("/var/lib/k0s/audit-policy.yaml", f'"{path}"')
    text = "apiVersion: k0smotron.io/v1beta1\nkind: Cluster\nspec:\n  version: v1.31.1-k0s.0\n" + more
    text += "  k0sConfig:\n" + indent(inner, "    ")
    assert misshapes(text) == ([("policy-not-mounted", path)] if reported else [])
    assert misshapes(text.replace("  version: v1.31.1-k0s.0\n", "")) == []  # a part
