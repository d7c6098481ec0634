"""Cluster API's control planes, templates, classes and fragments, and the files they write onto the host."""

from __future__ import annotations

import gzip
from base64 import b64encode
from textwrap import indent

import pytest
from form_samples import POLICY, flags, found_in, linked, misshapes, mounts, notes, policy_in, server_in

CONFIGURATION = """clusterConfiguration:
  apiServer:
    extraArgs:
      audit-policy-file: /etc/kubernetes/audit-policy.yaml
      audit-log-maxage: "30"
    extraVolumes:
    - name: policy
      hostPath: /etc/kubernetes/audit-policy.yaml
      mountPath: /etc/kubernetes/audit-policy.yaml
"""
LIST = """clusterConfiguration:
  apiServer:
    extraArgs:
    - {name: audit-log-maxage, value: "30"}
"""
FILES = "files:\n- path: /etc/kubernetes/audit-policy.yaml\n  content: |\n" + indent(POLICY, "    ")


def control_plane(spec: str, version: str = "v1beta1", more: str = "  version: v1.30.2\n") -> str:
    head = f"apiVersion: controlplane.cluster.x-k8s.io/{version}\nkind: KubeadmControlPlane\nspec:\n{more}"
    return head + "  machineTemplate: {}\n  kubeadmConfigSpec:\n" + indent(spec, "    ")


def test_a_control_plane() -> None:
    text = control_plane(CONFIGURATION + FILES)
    server = server_in(text)
    assert flags(server) == {
        "audit-log-maxage": "30",
        "audit-policy-file": "/etc/kubernetes/audit-policy.yaml",
    }
    assert mounts(server) == {"/etc/kubernetes/audit-policy.yaml": "/etc/kubernetes/audit-policy.yaml"}
    assert str(server.versions) == "1.30"
    assert server.version_place is not None
    assert server.version_place.text == "v1.30.2"
    assert not server.partial
    assert not misshapes(text)


@pytest.mark.parametrize("encoding", ["", "base64", "gzip+base64"])
def test_the_policy_among_its_files(encoding: str) -> None:
    data = POLICY.encode()
    packed = b64encode(gzip.compress(data) if "gzip" in encoding else data).decode()
    files = f"files:\n- path: /etc/kubernetes/audit-policy.yaml\n  encoding: {encoding}\n  content: {packed}\n"
    text = control_plane(CONFIGURATION + (files if encoding else FILES))
    policy = linked(("kcp.yaml", text), ("audit-policy.yaml", POLICY))
    assert policy is not None
    assert policy.source.path == "kcp.yaml"
    assert str(policy.versions) == "1.30"
    place = policy.at("rules", 0, "level")
    assert place.text == "Metadata" if not encoding else place.text in packed


def test_what_is_loaded_is_a_policy_whatever_it_says() -> None:
    text = control_plane(CONFIGURATION + FILES.replace(indent(POLICY, "    "), "    rules:\n    - level: Bad\n"))
    assert policy_in(text).at("rules", 0, "level").text == "Bad"


def test_bottlerocket_writes_elsewhere() -> None:
    spec = "format: bottlerocket\n" + CONFIGURATION.replace("hostPath: /etc/kubernetes", "hostPath: /var/lib/kubeadm")
    assert linked(("kcp.yaml", control_plane(spec + FILES))) is not None


def test_a_policy_from_a_secret() -> None:
    spec = CONFIGURATION + (
        "files:\n- path: /etc/kubernetes/audit-policy.yaml\n  contentFrom: {secret: {name: s, key: policy}}\n"
    )
    secret = "kind: Secret\nmetadata: {name: s}\nstringData:\n  policy: |\n" + indent(POLICY, "    ")
    policy = linked(("kcp.yaml", control_plane(spec)), ("secret.yaml", secret))
    assert policy is not None
    assert policy.source.path == "secret.yaml"
    assert "taken from elsewhere" in notes(control_plane(spec))[0]


@pytest.mark.parametrize(
    ("head", "partial"),
    [
        ("apiVersion: bootstrap.cluster.x-k8s.io/v1beta1\nkind: KubeadmConfig\nspec:\n", True),
        (
            "apiVersion: bootstrap.cluster.x-k8s.io/v1beta1\nkind: KubeadmConfigTemplate\nspec: {template: {spec: @}}",
            False,
        ),
        (
            "apiVersion: controlplane.cluster.x-k8s.io/v1beta1\nkind: KubeadmControlPlaneTemplate\n"
            "spec: {template: {spec: {kubeadmConfigSpec: @}}}",
            False,
        ),
        ("kubeadmConfigSpec:\n", True),
        ("spec:\n  kubeadmConfigSpec: @\n", True),
    ],
)
def test_other_kinds_and_fragments(head: str, partial: bool) -> None:
    flow = '{clusterConfiguration: {apiServer: {extraArgs: {audit-log-maxage: "30"}}}}'
    text = head.replace("@", flow) if "@" in head else head + indent(CONFIGURATION, "  ")
    server = server_in(text)
    assert server.value("audit-log-maxage") == "30"
    assert server.partial == partial


def test_an_overlay_says_only_a_part() -> None:
    text = control_plane(CONFIGURATION, more="").replace("  machineTemplate: {}\n", "")
    assert server_in(text).partial


def test_the_version_of_the_topology() -> None:
    text = (
        "kind: Cluster\napiVersion: cluster.x-k8s.io/v1beta1\nspec: {topology: {version: v1.29.0}}\n---\n"
        + control_plane(CONFIGURATION, more="")
    )
    assert str(server_in(text).versions) == "1.29"


@pytest.mark.parametrize(
    ("spec", "version", "expected"),
    [
        (CONFIGURATION, "v1beta1", []),
        (LIST, "v1beta2", []),
        (LIST, "v1beta1", [("wrong-shape", "name")]),
        (LIST, "v1alpha4", [("wrong-shape", "name")]),
        (CONFIGURATION, "v1beta2", [("wrong-shape", "audit-policy-file")]),
        (CONFIGURATION.replace('"30"', "30"), "v1beta1", [("wrong-shape", "30")]),
        (CONFIGURATION.replace("clusterConf", "clusterconf"), "v1beta1", [("unknown-setting", "clusterconfiguration")]),
        (CONFIGURATION + FILES.replace("content:", "contents:"), "v1beta1", [("unknown-setting", "contents")]),
        (CONFIGURATION + FILES + "  encoding: base64\n", "v1beta1", [("wrong-shape", "base64")]),
    ],
)
def test_shapes(spec: str, version: str, expected: list[tuple[str, str]]) -> None:
    assert misshapes(control_plane(spec, version)) == expected


def test_base64_that_nothing_says_is_base64() -> None:
    packed = b64encode(POLICY.encode()).decode()
    spec = f"{CONFIGURATION}files:\n- {{path: /etc/kubernetes/audit-policy.yaml, content: {packed}}}\n"
    assert misshapes(control_plane(spec)) == [("wrong-shape", packed)]


def test_the_schema_speaks_of_wrong_types() -> None:
    (shape,) = found_in(control_plane(LIST)).misshapes
    assert "spec.kubeadmConfigSpec.clusterConfiguration.apiServer.extraArgs: Invalid value" in shape.message
    assert "must be of type object" in shape.message


def test_a_class_and_its_patches() -> None:
    text = """apiVersion: cluster.x-k8s.io/v1beta1
kind: ClusterClass
spec:
  patches:
  - name: audit
    definitions:
    - selector: {kind: KubeadmControlPlaneTemplate}
      jsonPatches:
      - op: add
        path: /spec/template/spec/kubeadmConfigSpec/clusterConfiguration/apiServer/extraArgs/audit-policy-file
        value: /etc/kubernetes/p.yaml
      - op: add
        path: /spec/template/spec/kubeadmConfigSpec/clusterConfiguration/apiServer/extraVolumes/-
        value: {name: p, hostPath: /etc/kubernetes/p.yaml, mountPath: /etc/kubernetes/p.yaml}
      - op: add
        path: /spec/template/spec/kubeadmConfigSpec/files/-
        value:
          path: /etc/kubernetes/p.yaml
          content: |
""" + indent(POLICY, "            ")
    server = server_in(text)
    assert flags(server) == {"audit-policy-file": "/etc/kubernetes/p.yaml"}
    assert server.partial
    assert linked(("class.yaml", text)) is not None


CLASS = """apiVersion: cluster.x-k8s.io/v1beta1
kind: ClusterClass
spec:
  variables:
  - name: age
    schema: {openAPIV3Schema: {type: string, default: 30d}}
  - name: audit
    schema: {openAPIV3Schema: {type: object, default: {size: "0x", path: ""}}}
  patches:
  - name: audit
    ENABLEDdefinitions:
    - selector: {kind: KubeadmControlPlaneTemplate}
      jsonPatches:
      - op: add
        path: /spec/template/spec/kubeadmConfigSpec/clusterConfiguration/apiServer/extraArgs/audit-log-maxage
        valueFrom: {FROM}
"""


@pytest.mark.parametrize(
    ("source", "enabled", "value"),
    [
        ("variable: age", "", "30d"),
        ("variable: age", "enabledIf: '{{ .on }}'\n    ", "30d"),
        ("variable: audit.size", "", "0x"),
        ("variable: audit.path", "", ""),
        ("variable: audit.path", "enabledIf: '{{ .on }}'\n    ", None),
        ("variable: audit.none", "", None),
        ("variable: builtin.cluster.name", "", None),
        ("template: '31'", "", "31"),
    ],
)
def test_values_of_variables_and_templates(source: str, enabled: str, value: str | None) -> None:
    """What a class gives by itself; a template's placeholders stay unknown."""
    text = CLASS.replace("FROM", source).replace("ENABLED", enabled)
    servers = found_in(text).servers
    assert [flags(one) for one in servers] == ([] if value is None else [{"audit-log-maxage": value}])
    if value:
        assert value in servers[0].flags[0].value_place.text


def test_a_file_out_of_a_template() -> None:
    inside = "path: /etc/p.yaml\nowner: '{{ .owner }}'\ncontent: |\n" + indent(POLICY.replace("Metadata", "Bad"), "  ")
    text = CLASS.replace("clusterConfiguration/apiServer/extraArgs/audit-log-maxage", "files/-")
    text = text.replace(" {FROM}", "\n          template: |\n" + indent(inside, "            ")).replace("ENABLED", "")
    (policy,) = found_in(text).policies
    assert policy.at("rules", 0, "level").text == "Bad"


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: bootstrap.cluster.x-k8s.io/v1beta1\nkind: KubeadmConfigTemplate\n"
        "spec: {template: {spec: {joinConfiguration: {nodeRegistration: {name: audit-log}}}}}\n",
        "kind: KubeadmControlPlane\napiVersion: x.com/v1\nspec: {kubeadmConfigSpec: {files: [{path: audit-log}]}}\n",
        "apiVersion: cluster.x-k8s.io/v1beta1\nkind: ClusterClass\nspec: {patches: [{name: audit-log}]}\n",
        "kubeadmConfigSpec: audit-log\n",
    ],
)
def test_others_are_passed_over(text: str) -> None:
    assert not found_in(text)


@pytest.mark.parametrize("prefix", ["/spec", "/spec/template/spec"])
def test_a_patch_for_kustomize(prefix: str) -> None:
    path = f"{prefix}/kubeadmConfigSpec/clusterConfiguration/apiServer/extraArgs/audit-log-maxage"
    server = server_in(f'- op: add\n  path: {path}\n  value: "30"\n')
    assert flags(server) == {"audit-log-maxage": "30"}
    assert server.partial
