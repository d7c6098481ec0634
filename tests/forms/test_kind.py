"""kind clusters: patches laid over one another, mounts onto the nodes, what kind refuses or leaves out."""

from __future__ import annotations

from textwrap import indent

import pytest
from form_samples import POLICY, flags, found_in, linked, misshapes, mounts, server_in

PATCH = """kind: ClusterConfiguration
apiServer:
  extraArgs:
    audit-policy-file: /etc/audit/policy.yaml
    audit-log-maxage: "30"
  extraVolumes:
  - {name: a, hostPath: /audit, mountPath: /etc/audit, readOnly: true}
"""
MOUNTS = "extraMounts:\n- hostPath: ./files/policy.yaml\n  containerPath: /audit/policy.yaml\n"
HEAD = "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\n"


def patches(*texts: str) -> str:
    return "kubeadmConfigPatches:\n" + "".join("- |\n" + indent(text, "  ") for text in texts)


def cluster(node: str = MOUNTS, top: str = "", image: str = "") -> str:
    image = f"image: kindest/node:{image}\n" if image else ""
    return HEAD + top + "nodes:\n- role: control-plane\n" + indent(image + node, "  ") + "- role: worker\n"


@pytest.mark.parametrize("text", [cluster(MOUNTS + patches(PATCH)), cluster(MOUNTS, patches(PATCH))])
def test_a_patch(text: str) -> None:
    server = server_in(text)
    assert flags(server) == {"audit-log-maxage": "30", "audit-policy-file": "/etc/audit/policy.yaml"}
    assert mounts(server) == {"/etc/audit": "/audit"}
    assert server.place.text == "extraArgs"
    assert server.versions is None
    assert not misshapes(text)


def test_linked_through_the_node_to_the_authors_file() -> None:
    text = cluster(MOUNTS + patches(PATCH))
    policy = linked(("kind/cluster.yaml", text), ("kind/files/policy.yaml", POLICY), ("other/policy.yaml", POLICY))
    assert policy is not None
    assert policy.source.path == "kind/files/policy.yaml"


def test_the_nodes_patches_are_laid_over_the_clusters() -> None:
    own = (
        "kind: ClusterConfiguration\napiServer:\n  extraArgs:\n    audit-log-maxage: '60'\n    audit-policy-file:\n"
        "  extraVolumes:\n  - {name: b, hostPath: /b, mountPath: /b}\n"
    )
    server = server_in(cluster(MOUNTS + patches(own), patches(PATCH)))
    assert flags(server) == {"audit-log-maxage": "60"}
    assert mounts(server) == {"/b": "/b"}


def test_several_documents_in_one_patch() -> None:
    text = cluster(MOUNTS + patches("kind: InitConfiguration\n---\n" + PATCH))
    assert flags(server_in(text))["audit-log-maxage"] == "30"


def test_the_version_of_the_node_image() -> None:
    server = server_in(cluster(MOUNTS + patches(PATCH), image="v1.32.2@sha256:00"))
    assert str(server.versions) == "1.32"
    assert server.version_place is not None
    assert server.version_place.text == "kindest/node:v1.32.2@sha256:00"


def test_the_version_of_the_patch_counts_more() -> None:
    text = cluster(MOUNTS + patches(PATCH + "kubernetesVersion: v1.29.1\n"), image="v1.32.2")
    assert str(server_in(text).versions) == "1.29"


JSON_PATCH = """kubeadmConfigPatchesJSON6902:
- group: kubeadm.k8s.io
  version: v1beta3
  kind: ClusterConfiguration
  patch: |
    - op: add
      path: /apiServer/extraArgs/audit-log-maxage
      value: "30"
    - op: add
      path: /apiServer/extraVolumes/-
      value: {name: a, hostPath: /a, mountPath: /b}
    - op: remove
      path: /apiServer/extraArgs/audit-log-path
"""


def test_json_patches() -> None:
    server = server_in(cluster(MOUNTS, JSON_PATCH))
    assert flags(server) == {"audit-log-maxage": "30"}
    assert mounts(server) == {"/b": "/a"}


def test_a_cluster_without_nodes() -> None:
    text = HEAD + patches(PATCH)
    assert flags(server_in(text))["audit-log-maxage"] == "30"
    assert misshapes(text) == [("policy-not-mounted", "/etc/audit/policy.yaml")]


def test_nothing_brings_the_policy_onto_the_node() -> None:
    text = cluster("extraMounts:\n- {hostPath: ./p.yaml, containerPath: /etc/audit/policy.yaml}\n" + patches(PATCH))
    assert misshapes(text) == [("policy-not-mounted", "/etc/audit/policy.yaml")]
    assert not misshapes(cluster("image: mine/node:v1.30.1\n" + patches(PATCH)))


def test_every_control_plane_node_needs_it() -> None:
    text = cluster(MOUNTS + patches(PATCH)) + "- role: control-plane\n"
    assert misshapes(text) == [("policy-not-mounted", "control-plane")]
    assert not misshapes(cluster(MOUNTS + patches(PATCH)) + "- role: control-plane\n" + indent(MOUNTS, "  "))


def test_read_only_on_the_node_is_read_only_in_the_pod() -> None:
    patch = PATCH.replace(", readOnly: true", "")
    server = server_in(cluster(MOUNTS + "  readOnly: true\n" + patches(patch)))
    assert not next(mount for mount in server.mounts or () if mount.path.text == "/etc/audit").read_only
    server = server_in(
        cluster("extraMounts:\n- {hostPath: ./a, containerPath: /audit, readOnly: true}\n" + patches(patch))
    )
    assert next(mount for mount in server.mounts or () if mount.path.text == "/etc/audit").read_only


AS_LIST = PATCH.replace(
    '    audit-policy-file: /etc/audit/policy.yaml\n    audit-log-maxage: "30"\n',
    '  - {name: audit-policy-file, value: /etc/audit/policy.yaml}\n  - {name: audit-log-maxage, value: "30"}\n',
)


@pytest.mark.parametrize(
    ("patch", "image", "expected"),
    [
        (AS_LIST, "v1.32.2", [("wrong-shape", "name")]),
        (AS_LIST, "v1.36.0", []),
        (AS_LIST, "", []),
        (PATCH, "v1.37.0", []),
        (PATCH, "v1.22.0", []),
        ("apiVersion: kubeadm.k8s.io/v1beta3\n" + PATCH, "v1.32.2", []),
        ("apiVersion: kubeadm.k8s.io/v1beta2\n" + PATCH, "v1.32.2", [("wrong-shape", "kubeadm.k8s.io/v1beta2")]),
        ("apiVersion: kubeadm.k8s.io/v1beta4\n" + AS_LIST, "v1.32.2", [("wrong-shape", "kubeadm.k8s.io/v1beta4")]),
        ("apiVersion: kubeadm.k8s.io/v1beta4\n" + AS_LIST, "v1.37.0", []),
        ("apiVersion: kubeadm.k8s.io/v1beta4\n" + PATCH, "", [("wrong-shape", "audit-policy-file")]),
        (PATCH.replace('"30"', "30"), "", [("wrong-shape", "30")]),
        (PATCH.replace("extraArgs", "extraargs"), "", [("unknown-setting", "extraargs")]),
    ],
)
def test_shapes_by_the_version_of_the_node(patch: str, image: str, expected: list[tuple[str, str]]) -> None:
    assert misshapes(cluster(MOUNTS + patches(patch), image=image)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            cluster(MOUNTS + patches(PATCH)).replace("kubeadmConfigPatches", "kubeadmConfigPatch"),
            ("unknown-setting", "kubeadmConfigPatch"),
        ),
        (cluster(MOUNTS.replace("extraMounts", "extraMount") + patches(PATCH)), ("unknown-setting", "extraMount")),
        (cluster(MOUNTS + patches(PATCH) + "extraMounts: []\n"), ("wrong-shape", "extraMounts")),
        (
            cluster(MOUNTS + patches(PATCH.replace("kind: Cluster", "kind: Kluster"))),
            ("wrong-shape", "KlusterConfiguration"),
        ),
        (cluster(MOUNTS + patches(PATCH.replace("kind: ClusterConfiguration\n", ""))), ("wrong-shape", "apiServer")),
        (cluster(MOUNTS + "kubeadmConfigPatches: |\n" + indent(PATCH, "  ")), ("wrong-shape", "kubeadmConfigPatches")),
        (cluster(MOUNTS + "kubeadmConfigPatches:\n-\n" + indent(PATCH, "  ")), ("wrong-shape", "kind")),
        (cluster(MOUNTS) + indent(patches(PATCH), "  "), ("wrong-shape", "extraArgs")),
    ],
)
def test_what_kind_refuses_or_leaves_out(text: str, expected: tuple[str, str]) -> None:
    assert expected in misshapes(text)


def test_a_key_in_place_of_a_merged_one_stands_once() -> None:
    node = "- &a\n  role: control-plane\n" + indent(MOUNTS + patches(PATCH), "  ")
    assert misshapes(f"{HEAD}nodes:\n{node}- <<: *a\n  role: worker\n  kubeadmConfigPatches: []\n") == []


@pytest.mark.parametrize(
    "text",
    [
        HEAD,
        HEAD + "# audit-log-path: /x\n" + patches("kind: ClusterConfiguration\napiServer: {extraArgs: {v: '4'}}\n"),
        HEAD + "nodes:\n- role: control-plane\n  extraMounts: [{hostPath: ./audit-log, containerPath: /audit-log}]\n",
        "kind: Cluster\napiVersion: cluster.x-k8s.io/v1beta1\nspec: {audit-log-path: a}\n",
    ],
)
def test_others_are_passed_over(text: str) -> None:
    assert not found_in(text)


@pytest.mark.parametrize("wrong", ["{}", "[{}]"])
def test_an_empty_mapping_for_a_patch(wrong: str) -> None:
    text = cluster(f"{MOUNTS}kubeadmConfigPatches: {wrong}\n", patches(PATCH))
    assert misshapes(text) == [("wrong-shape", "{}")]


@pytest.mark.parametrize(
    ("patch", "found"),
    [
        # A flag that has nothing to do with auditing, and a mistake that has none either.
        ("kind: ClusterConfiguration\napiServer:\n  extraArgs: {v: '4'}\n", False),
        ("kind: ClusterConfiguration\napiServer:\n  extraArgs: {v: 4}\n", False),
        ("kind: ClusterConfiguration\napiServer:\n  extraArgs: {v: '4', audit-log-path: '-'}\n", True),
        ("kind: ClusterConfiguration\napiServer:\n  auditLogPath: x\n", True),
    ],
)
def test_only_clusters_with_audit_settings_are_read(patch: str, found: bool) -> None:
    text = cluster(f"{MOUNTS}# audit\n{patches(patch)}")
    assert bool(found_in(text).servers) == found


def test_a_cluster_inside_a_config_map() -> None:
    text = "kind: ConfigMap\nmetadata: {name: a}\ndata:\n  kind.yaml: |\n" + indent(cluster(patches(PATCH)), "    ")
    assert flags(server_in(text))["audit-log-maxage"] == "30"
    assert misshapes(text) == [("policy-not-mounted", "/etc/audit/policy.yaml")]


@pytest.mark.parametrize(
    ("pointer", "name"),
    [
        ("audit-log-maxage", "audit-log-maxage"),
        ("audit~1log", "audit/log"),
        ("audit~0log", "audit~log"),
        ("audit~01log", "audit~1log"),  # RFC 6901: first `~1`, then `~0`, so that this is no slash
    ],
)
def test_escapes_of_a_json_pointer(pointer: str, name: str) -> None:
    text = cluster(MOUNTS, JSON_PATCH.replace("extraArgs/audit-log-maxage", f"extraArgs/{pointer}"))
    assert list(flags(server_in(text))) == [name]


@pytest.mark.parametrize(
    ("operation", "given"),
    [
        ("{op: add, path: /apiServer, value: {extraArgs: {audit-log-maxage: '30'}}}", {"audit-log-maxage": "30"}),
        ("{op: replace, path: /apiServer/extraArgs, value: {audit-log-maxage: '30'}}", {"audit-log-maxage": "30"}),
        (
            "{op: add, path: /apiServer/extraArgs/-, value: {name: audit-log-maxage, value: '30'}}",
            {"audit-log-maxage": "30"},
        ),
        (
            "{op: add, path: /apiServer/extraArgs/0, value: {name: audit-log-maxage, value: '30'}}",
            {"audit-log-maxage": "30"},
        ),
        ("{op: test, path: /apiServer/extraArgs/audit-log-maxage, value: '30'}", {}),
        ("{op: add, path: /controllerManager/extraArgs/audit-log-maxage, value: '30'}", {}),
    ],
)
def test_operations_that_set_flags(operation: str, given: dict[str, str]) -> None:
    head, _, _ = JSON_PATCH.partition("    - op: add")
    more = "    - {op: add, path: /apiServer/extraArgs/audit-log-path, value: /a}\n"
    server = server_in(cluster(MOUNTS, f"{head}    - {operation}\n{more}"))
    assert flags(server) == {**given, "audit-log-path": "/a"}
