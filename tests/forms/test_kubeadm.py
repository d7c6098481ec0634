"""kubeadm's ClusterConfiguration: flags, mounts, versions, and what kubeadm refuses or drops."""

from __future__ import annotations

from textwrap import indent

import pytest
from form_samples import POLICY, flags, found_in, linked, misshapes, mounts, notes, server_in

from kube_audit_lint.checks._subject import ServerSubject
from kube_audit_lint.checks.mount_path_twice import check
from kube_audit_lint.model.version import DEFAULT, NEWEST


def cluster(api_server: str, version: str = "v1beta3", more: str = "") -> str:
    head = f"apiVersion: kubeadm.k8s.io/{version}\nkind: ClusterConfiguration\n{more}apiServer:\n"
    return head + indent(api_server, "  ")


MAP = 'extraArgs:\n  audit-log-path: /var/log/audit/audit.log\n  audit-log-maxage: "30"\n'
LIST = (
    'extraArgs:\n- name: audit-log-path\n  value: /var/log/audit/audit.log\n- {name: audit-log-maxage, value: "30"}\n'
)
FLAGS = {"audit-log-maxage": "30", "audit-log-path": "/var/log/audit/audit.log"}


@pytest.mark.parametrize("version", ["v1beta1", "v1beta2", "v1beta3"])
def test_a_map_of_arguments(version: str) -> None:
    text = cluster(MAP, version)
    assert flags(server_in(text)) == FLAGS
    assert not misshapes(text)
    assert server_in(text).place.text == "extraArgs"


def test_a_list_of_arguments() -> None:
    text = cluster(LIST, "v1beta4")
    assert flags(server_in(text)) == FLAGS
    assert not misshapes(text)


def test_v1alpha3_has_its_settings_at_the_top() -> None:
    text = (
        "apiVersion: kubeadm.k8s.io/v1alpha3\nkind: ClusterConfiguration\nkubernetesVersion: v1.12.2\n"
        'apiServerExtraArgs:\n  audit-log-maxage: "30"\n'
        "apiServerExtraVolumes:\n- {name: a, hostPath: /a, mountPath: /b, writable: true, pathType: File}\n"
    )
    assert flags(server_in(text)) == {"audit-log-maxage": "30"}
    assert mounts(server_in(text)) == {"/b": "/a"}
    assert str(server_in(text).versions) == "1.12"
    assert not misshapes(text)


def test_the_greatest_of_equal_names_is_the_last() -> None:
    text = cluster(
        "extraArgs:\n- {name: audit-log-maxage, value: '30'}\n- {name: audit-log-maxage, value: '1'}\n", "v1beta4"
    )
    server = server_in(text)
    assert [flag.value for flag in server.flags] == ["1", "30"]
    assert server.value("audit-log-maxage") == "30"


def test_an_empty_value() -> None:
    assert server_in(cluster("extraArgs: {audit-log-path: }\n")).value("audit-log-path") == ""


VOLUMES = """extraVolumes:
- name: policy
  hostPath: /etc/kubernetes/audit-policy.yaml
  mountPath: /etc/audit/policy.yaml
  readOnly: true
  pathType: File
- {name: log, hostPath: /var/log/a, mountPath: /var/log/b}
"""


def test_mounts() -> None:
    server = server_in(cluster(VOLUMES))
    assert mounts(server) == {
        "/etc/audit/policy.yaml": "/etc/kubernetes/audit-policy.yaml",
        "/var/log/b": "/var/log/a",
    }
    by_path = {mount.path.text: mount for mount in server.mounts or ()}
    policy = by_path["/etc/audit/policy.yaml"]
    assert policy.read_only
    assert policy.volume is not None
    assert policy.volume.type is not None
    assert policy.volume.type.place.text == "File"
    assert not by_path["/var/log/b"].read_only
    assert by_path["/etc/kubernetes/pki"].read_only


def test_of_volumes_with_one_name_the_first_is_reported() -> None:
    """And no finding about what it was to mount."""
    text = cluster(
        "extraVolumes:\n- {name: a, hostPath: /1, mountPath: /x}\n- {name: a, hostPath: /2, mountPath: /y}\n"
    )
    assert mounts(server_in(text)) == {"/x": "/1", "/y": "/2"}
    assert "kubeadm keeps the last volume of a name" in found_in(text).misshapes[0].message


def test_the_folder_of_certificates_is_mounted() -> None:
    server = server_in(cluster(VOLUMES, more="certificatesDir: /pki\n"))
    assert {"/pki", "/etc/ssl/certs"} <= {mount.path.text for mount in server.mounts or ()}
    assert "/etc/kubernetes/pki" not in {mount.path.text for mount in server.mounts or ()}


@pytest.mark.parametrize(
    ("name", "path", "more", "wrong"),
    [
        ("log", "/etc/ssl/certs", "", True),
        ("log", "/etc/kubernetes/pki", "", True),
        ("log", "/etc/kubernetes/pki", "certificatesDir: /etc/pki/kubernetes\n", False),
        ("log", "/etc/pki/kubernetes", "certificatesDir: /etc/pki/kubernetes\n", True),
        ("ca-certs", "/etc/ssl/certs", "", False),  # kubeadm keeps one volume of a name
        ("k8s-certs", "/etc/ssl/certs", "", True),
        ("log", "/etc/ca-certificates", "", False),  # where the host has it
        ("log", "/etc/ssl/certs/audit", "", False),
    ],
)
def test_a_volume_at_a_path_that_kubeadm_mounts_itself(name: str, path: str, more: str, wrong: bool) -> None:
    volume = f"extraArgs: {{audit-log-path: /a/b}}\nextraVolumes: [{{name: {name}, hostPath: /a, mountPath: {path}}}]\n"
    hits = list(check(ServerSubject(server_in(cluster(volume, more=more)), DEFAULT), {}))
    assert [one.place.text for one in hits] == [path] * wrong


def test_linked_to_the_file_on_the_host() -> None:
    text = cluster("extraArgs: {audit-policy-file: /etc/audit/policy.yaml}\n" + VOLUMES)
    policy = linked(("kubeadm.yaml", text), ("audit-policy.yaml", POLICY))
    assert policy is not None
    assert policy.source.path == "audit-policy.yaml"


@pytest.mark.parametrize(
    ("version", "written", "versions", "place"),
    [
        ("v1beta3", "v1.30.3", "1.30", "v1.30.3"),
        ("v1beta3", '"1.28"', "1.28", '"1.28"'),
        ("v1beta3", "1.28", "1.28", "1.28"),
        ("v1beta3", "stable-1.29", "1.29", "stable-1.29"),
        ("v1beta3", "stable", "None", None),
        ("v1beta3", "v1.30.1+build", "1.30", "v1.30.1+build"),
        ("v1beta4", "stable", f"1.30-1.{NEWEST}", "kubeadm.k8s.io/v1beta4"),
        ("v1beta4", "$VERSION", f"1.30-1.{NEWEST}", "kubeadm.k8s.io/v1beta4"),
        ("v1beta2", "latest", "1.24-1.26", "kubeadm.k8s.io/v1beta2"),
        ("v1beta1", "latest", "1.12-1.21", "kubeadm.k8s.io/v1beta1"),
        ("v9", "latest", "None", None),
    ],
)
def test_versions(version: str, written: str, versions: str, place: str | None) -> None:
    server = server_in(cluster("certSANs: []\n", version, f"kubernetesVersion: {written}\n"))
    assert str(server.versions) == versions
    assert (server.version_place.text if server.version_place else None) == place


@pytest.mark.parametrize(
    ("version", "kubernetes", "wrong"),
    [
        ("v1beta4", "v1.30.0", False),
        ("v1beta4", "v1.29.0", True),
        ("v1beta3", "v1.36.0", False),
        ("v1beta3", "v1.20.0", True),
        ("v1beta2", "v1.26.1", False),
        ("v1beta2", "v1.27.1", True),
        ("v1beta1", "v1.22.0", True),
    ],
)
def test_no_kubeadm_that_reads_it_makes_that_cluster(version: str, kubernetes: str, wrong: bool) -> None:
    text = cluster("certSANs: []\n", version, f"kubernetesVersion: {kubernetes}\n")
    assert misshapes(text) == ([("wrong-shape", f"kubeadm.k8s.io/{version}")] if wrong else [])


@pytest.mark.parametrize(
    ("api_server", "version", "expected"),
    [
        (LIST, "v1beta3", ("wrong-shape", "name")),
        (MAP, "v1beta4", ("wrong-shape", "audit-log-path")),
        ("extraArgs: {audit-log-maxage: 30}\n", "v1beta3", ("wrong-shape", "30")),
        ("extraArgs: {audit-log-compress: true}\n", "v1beta2", ("wrong-shape", "true")),
        ("extraArgs: [{name: audit-log-maxage, value: 30}]\n", "v1beta4", ("wrong-shape", "30")),
        ("extraArgs: [{audit-log-maxage: '30'}]\n", "v1beta4", ("wrong-shape", "audit-log-maxage")),
        ("extraArgs: [audit-log-maxage=30]\n", "v1beta4", ("wrong-shape", "audit-log-maxage=30")),
        ("extraArgs: [--audit-log-maxage=30]\n", "v1beta4", ("wrong-shape", "--audit-log-maxage=30")),
        ("extraArgs: {--audit-log-maxage: '30'}\n", "v1beta3", ("wrong-shape", "--audit-log-maxage")),
        ("extraargs: {audit-log-maxage: '30'}\n", "v1beta3", ("unknown-setting", "extraargs")),
        ("extraArg: {audit-log-maxage: '30'}\n", "v1beta3", ("unknown-setting", "extraArg")),
        ("auditPolicy: {path: /x}\n", "v1beta3", ("unknown-setting", "auditPolicy")),
        ("audit-log-maxage: '30'\n", "v1beta3", ("unknown-setting", "audit-log-maxage")),
        ("extraVolumes: {name: a, hostPath: /a}\n", "v1beta3", ("wrong-shape", "name")),
        ("extraVolumes: [{name: a, hostPath: /a, mountpath: /b}]\n", "v1beta3", ("unknown-setting", "mountpath")),
        (
            "extraVolumes: [{name: a, hostPath: /a, mountPath: /b, readonly: true}]\n",
            "v1beta3",
            ("unknown-setting", "readonly"),
        ),
    ],
)
def test_wrong_shapes(api_server: str, version: str, expected: tuple[str, str]) -> None:
    text = cluster(api_server, version)
    assert misshapes(text) == [expected]
    server = server_in(text)
    if "30" in api_server and api_server.startswith("extra"):
        assert server.value("audit-log-maxage") == "30"  # judged as it was meant


@pytest.mark.parametrize("key", ["apiserver", "apiServers", "apiServerExtraArgs", "auditPolicy"])
def test_wrong_keys_at_the_top(key: str) -> None:
    text = f"apiVersion: kubeadm.k8s.io/v1beta3\nkind: ClusterConfiguration\n{key}:\n  x: {{audit: '1'}}\n"
    assert misshapes(text)[0] == ("unknown-setting", key)


@pytest.mark.parametrize(
    "api_server",
    [
        "extraEnvs: [{name: A, value: b}]\ncertSANs: [a]\n",
        "timeoutForControlPlane: 4m0s\nsomethingNew: 1\n",
        "extraArgs: {}\nextraVolumes: []\n",
        "extraArgs:\nextraVolumes:\n",
    ],
)
@pytest.mark.parametrize("version", ["v1beta3", "v1beta4", "v1beta9"])
def test_nothing_is_wrong_with_what_is_right_or_unknown(api_server: str, version: str) -> None:
    assert not misshapes(cluster(api_server, version))


INIT = "apiVersion: kubeadm.k8s.io/v1beta3\nkind: InitConfiguration\npatches: {directory: /etc/patches}\n---\n"


def test_patches_may_say_what_the_configuration_does_not() -> None:
    text = INIT + cluster("certSANs: [a]\n")
    assert server_in(text).partial
    (note,) = notes(text)
    assert "/etc/patches" in note
    assert not server_in(INIT + cluster(MAP)).partial
    assert not server_in(cluster("certSANs: [a]\n")).partial


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: kubeadm.k8s.io/v1beta3\nkind: JoinConfiguration\nnodeRegistration: {name: audit-log}\n",
        "apiVersion: kubeadm.k8s.io/v1beta3\nkind: InitConfiguration\nnodeRegistration: {name: audit-log}\n",
        "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n# audit-log kubeadm.k8s.io/\n",
        "kind: ClusterConfiguration\napiVersion: eksctl.io/v1alpha5\napiServer: {audit-log-path: a}\n",
    ],
)
def test_others_are_passed_over(text: str) -> None:
    assert not found_in(text)


def test_a_patch_without_an_api_version_is_a_part() -> None:
    server = server_in('kind: ClusterConfiguration\napiServer:\n  extraArgs: {audit-log-maxage: "30"}\n')
    assert flags(server) == {"audit-log-maxage": "30"}
    assert server.partial


def test_json_patches_of_the_manifest() -> None:
    text = "- {op: add, path: /spec/containers/0/command/-, value: --audit-log-maxage=30}\n- {op: test, path: /a}\n"
    server = server_in(text, "patches/kube-apiserver0+json.yaml")
    assert flags(server) == {"audit-log-maxage": "30"}
    assert server.partial
    assert not found_in("- {op: add, path: /spec/containers/0/command/-, value: --v=3}  # --audit-log-path\n")
    assert not found_in("- {op: add, path: /spec/x, value: --audit-log-maxage=3}  # /containers/ kube-apiserver\n")


def test_advice_is_spelled_as_the_version_takes_it() -> None:
    for version, arguments, expected in (
        ("v1beta3", LIST, 'audit-log-maxage: "30"'),
        ("v1beta4", MAP, '- {name: audit-log-maxage, value: "30"}'),
        ("v1beta9", LIST, '- {name: audit-log-maxage, value: "30"}'),
    ):
        server = server_in(cluster(arguments, version))
        assert server.spelling is not None
        assert server.spelling("audit-log-maxage", "30") == expected


def test_a_file_for_hosts_of_etcd_says_nothing_of_a_server() -> None:
    text = (
        "apiVersion: kubeadm.k8s.io/v1beta3\nkind: ClusterConfiguration\n"
        "etcd:\n  local:\n    serverCertSANs: [10.0.0.7]\n    peerCertSANs: [10.0.0.7]\n"
    )
    assert server_in(text).partial
    assert not server_in(text + "networking:\n  podSubnet: 10.244.0.0/16\n").partial


@pytest.mark.parametrize("other", ["apps.sealos.io/v1beta1", "sealer.cloud/v2", "example.com/v1"])
def test_a_clusterfile_is_laid_over_what_its_tool_has(other: str) -> None:
    text = f"apiVersion: {other}\nkind: Cluster\nmetadata: {{name: default}}\n---\n{cluster(MAP)}"
    assert server_in(text).partial is not other.startswith("example")


@pytest.mark.parametrize("version", ["v1beta3", "v1beta4"])
def test_a_kubeadm_of_which_nothing_is_known_may_read_it(version: str) -> None:
    """What has no known end ends nowhere, and not with the newest version that is known."""
    assert not misshapes(cluster(MAP if version == "v1beta3" else LIST, version, "kubernetesVersion: v1.99.0\n"))
