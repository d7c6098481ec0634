"""Settings of API servers are put right in the keys and in the style of their file, whatever the form."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kube_audit_lint.catalogue.shipped import shipped
from kube_audit_lint.pipeline.config import load_config
from kube_audit_lint.pipeline.fixing import fixed
from kube_audit_lint.pipeline.options import Options

ROTATION = ("log-maxage", "log-maxbackup", "log-maxsize")
MOUNTED = ("policy-not-mounted", "log-directory-not-mounted")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The working directory is an empty repository."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)


def fix(name: str, text: str, rules: tuple[str, ...], unsafe: bool = False) -> str:
    """The file with what the rules find put right."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    found = fixed(Options((name,), select=rules), load_config(), shipped(), lambda count: None, unsafe)
    assert [one.rule for one in found.outcome.report.findings if one.severity != "info"] == []
    return found.changes[0].after.decode() if found.changes else text


def with_lines(text: str, behind: str, *new: str) -> str:
    """The text with lines behind the one that holds a word."""
    lines = text.split("\n")
    at = next(number for number, line in enumerate(lines) if behind in line) + 1
    return "\n".join([*lines[:at], *new, *lines[at:]])


KUBEADM_MAP = """apiVersion: kubeadm.k8s.io/v1beta3
kind: ClusterConfiguration
apiServer:
  extraArgs:
    audit-log-path: /var/log/kubernetes/audit/audit.log  # here
    audit-log-maxage: '30'
  extraVolumes:
  - {name: audit, hostPath: /var/log/kubernetes/audit, mountPath: /var/log/kubernetes/audit}
"""
KUBEADM_LIST = """apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
apiServer:
    extraArgs:
        - name: audit-log-path
          value: /var/log/kubernetes/audit/audit.log
        - name: audit-log-maxage
          value: "30"
    extraVolumes:
        - name: audit
          hostPath: /var/log/kubernetes/audit
          mountPath: /var/log/kubernetes/audit
"""
KIND = """kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
nodes:
- role: control-plane
  kubeadmConfigPatches:
  - |
    kind: ClusterConfiguration
    apiServer:
        extraArgs:
          audit-log-path: /var/log/kubernetes/audit.log
          audit-log-maxage: "30"
        extraVolumes:
          - name: audit
            hostPath: /var/log/kubernetes
            mountPath: /var/log/kubernetes
"""
CAPI = """apiVersion: controlplane.cluster.x-k8s.io/v1beta1
kind: KubeadmControlPlane
metadata: {name: plane}
spec:
  version: v1.30.0
  kubeadmConfigSpec:
    clusterConfiguration:
      apiServer:
        extraArgs:
          audit-log-maxage: "30"
          audit-log-path: /var/log/kubernetes/audit.log
        extraVolumes:
        - name: audit
          hostPath: /var/log/kubernetes
          mountPath: /var/log/kubernetes
"""
KOPS = """apiVersion: kops.k8s.io/v1alpha2
kind: Cluster
metadata: {name: a.example.com}
spec:
  kubeAPIServer:
    auditLogPath: /var/log/kubernetes/audit.log
    auditLogMaxAge: 30
    auditPolicyFile: /srv/kubernetes/audit.yaml
"""
K3S = """kube-apiserver-arg:
  - "audit-log-path=/var/lib/rancher/k3s/server/logs/audit.log"
  - 'audit-log-maxage=30'
"""
UNIT = """[Unit]
Description=Kubernetes API Server

[Service]
ExecStart=/usr/local/bin/kube-apiserver \\
  --audit-log-path=/var/log/audit.log \\
  --audit-log-maxage=30 \\
  --v=2
Restart=on-failure
"""
POD = """apiVersion: v1
kind: Pod
metadata: {name: kube-apiserver}
spec:
  containers:
  - name: kube-apiserver
    command: [kube-apiserver, --audit-log-path=/var/log/kubernetes/audit.log, "--audit-log-maxage=30"]
    volumeMounts: [{name: log, mountPath: /var/log/kubernetes}]
  volumes: [{name: log, hostPath: {path: /var/log/kubernetes}}]
"""
SHELL = """apiVersion: v1
kind: Pod
metadata: {name: kube-apiserver}
spec:
  containers:
  - name: kube-apiserver
    command:
    - /bin/sh
    - -c
    - exec kube-apiserver --audit-log-path=/var/log/kubernetes/audit.log --audit-log-maxage=30 2>&1
    volumeMounts: [{name: log, mountPath: /var/log/kubernetes}]
  volumes: [{name: log, hostPath: {path: /var/log/kubernetes}}]
"""


@pytest.mark.parametrize(
    ("name", "text", "behind", "new"),
    [
        (
            "kubeadm.yaml",
            KUBEADM_MAP,
            "maxage",
            ("    audit-log-maxbackup: '10'", "    audit-log-maxsize: '100'"),
        ),
        (
            "kubeadm.yaml",
            KUBEADM_LIST,
            'value: "30"',
            (
                "        - name: audit-log-maxbackup",
                '          value: "10"',
                "        - name: audit-log-maxsize",
                '          value: "100"',
            ),
        ),
        ("kind.yaml", KIND, "maxage", ('          audit-log-maxbackup: "10"', '          audit-log-maxsize: "100"')),
        ("kcp.yaml", CAPI, "maxage", ('          audit-log-maxbackup: "10"', '          audit-log-maxsize: "100"')),
        ("cluster.yaml", KOPS, "MaxAge", ("    auditLogMaxBackups: 10", "    auditLogMaxSize: 100")),
        ("etc/rancher/k3s/config.yaml", K3S, "maxage", ("  - 'audit-log-maxbackup=10'", "  - 'audit-log-maxsize=100'")),
        (
            "kube-apiserver.service",
            UNIT,
            "maxage",
            ("  --audit-log-maxbackup=10 \\", "  --audit-log-maxsize=100 \\"),
        ),
    ],
    ids=["kubeadm map", "kubeadm list", "kind", "capi", "kops", "k3s", "systemd"],
)
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_flag_more_is_written_as_those_beside_it(
    name: str, text: str, behind: str, new: tuple[str, ...], ends: str
) -> None:
    wanted = with_lines(text, behind, *new)
    assert fix(name, text.replace("\n", ends), ROTATION) == wanted.replace("\n", ends)


def test_a_flag_more_on_the_same_line() -> None:
    flags = '"--audit-log-maxage=30"'
    more = f'{flags}, "--audit-log-maxbackup=10", "--audit-log-maxsize=100"'
    assert fix("kube-apiserver.yaml", POD, ROTATION) == POD.replace(flags, more)
    flags = "--audit-log-maxage=30"
    more = f"{flags} --audit-log-maxbackup=10 --audit-log-maxsize=100"
    assert fix("kube-apiserver.yaml", SHELL, ROTATION) == SHELL.replace(flags, more)


@pytest.mark.parametrize("indent", [None, 2])
def test_a_pod_in_json(indent: int | None) -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "kube-apiserver"},
        "spec": {
            "containers": [
                {
                    "name": "kube-apiserver",
                    "command": [
                        "kube-apiserver",
                        "--audit-log-path=/var/log/kubernetes/audit.log",
                        "--audit-log-maxage=30",
                        "--audit-log-maxbackup=10",
                        "--audit-policy-file=/etc/kubernetes/audit-policy.yaml",
                    ],
                }
            ]
        },
    }
    text = json.dumps(pod, indent=indent)
    got = json.loads(fix("kube-apiserver.json", text, (*ROTATION, *MOUNTED)))
    container = got["spec"]["containers"][0]
    assert "--audit-log-maxsize=100" in container["command"]
    assert container["volumeMounts"] == [
        {"mountPath": "/var/log/kubernetes", "name": "audit-log"},
        {"mountPath": "/etc/kubernetes/audit-policy.yaml", "name": "audit-policy", "readOnly": True},
    ] or container["volumeMounts"][::-1] == [
        {"mountPath": "/var/log/kubernetes", "name": "audit-log"},
        {"mountPath": "/etc/kubernetes/audit-policy.yaml", "name": "audit-policy", "readOnly": True},
    ]
    volumes = {one["name"]: one["hostPath"] for one in got["spec"]["volumes"]}
    assert volumes == {
        "audit-log": {"path": "/var/log/kubernetes", "type": "DirectoryOrCreate"},
        "audit-policy": {"path": "/etc/kubernetes/audit-policy.yaml", "type": "File"},
    }


BARE = """apiVersion: v1
kind: Pod
metadata:
  name: kube-apiserver
spec:
  containers:
  - command:
    - kube-apiserver
    - --audit-policy-file=/etc/kubernetes/audit-policy.yaml
    - --audit-log-path=/var/log/kubernetes/audit.log
    image: registry.k8s.io/kube-apiserver:v1.30.0
    name: kube-apiserver
    volumeMounts:
    - mountPath: /etc/kubernetes/pki
      name: k8s-certs
      readOnly: true
  hostNetwork: true
  volumes:
  - hostPath:
      path: /etc/kubernetes/pki
      type: DirectoryOrCreate
    name: k8s-certs
status: {}
"""
MOUNTS = """    - mountPath: /etc/kubernetes/audit-policy.yaml
      name: audit-policy
      readOnly: true
"""
VOLUMES = """  - hostPath:
      path: /etc/kubernetes/audit-policy.yaml
      type: File
    name: audit-policy
"""


def test_a_mount_more_of_a_pod() -> None:
    wanted = BARE.replace("  hostNetwork", f"{MOUNTS}  hostNetwork").replace("status:", f"{VOLUMES}status:")
    assert fix("kube-apiserver.yaml", BARE, ("policy-not-mounted",)) == wanted


def test_the_first_mount_of_a_pod() -> None:
    start, end = BARE.index("    volumeMounts"), BARE.index("  hostNetwork")
    bare = BARE[:start] + BARE[end:]
    bare = bare[: bare.index("  volumes")] + "status: {}\n"
    got = fix("kube-apiserver.yaml", bare, ("policy-not-mounted",))
    assert f"    volumeMounts:\n{MOUNTS}    image:" in got
    assert (
        f"    name: kube-apiserver\n  volumes:\n{VOLUMES.replace('  - hostPath', '  - hostPath')}  hostNetwork" in got
    )


@pytest.mark.parametrize(
    ("name", "text", "indent", "dash"),
    [
        ("kubeadm.yaml", KUBEADM_MAP, "  ", ""),
        ("kubeadm.yaml", KUBEADM_LIST, "    ", "    "),
        ("kind.yaml", KIND, "        ", ""),
        ("kcp.yaml", CAPI, "        ", ""),
    ],
    ids=["kubeadm map", "kubeadm list", "kind", "capi"],
)
def test_the_first_volume_of_kubeadm(name: str, text: str, indent: str, dash: str) -> None:
    text = text[: text.index(f"{indent}extraVolumes")]
    folder = "/var/log/kubernetes/audit" if "/audit/" in text else "/var/log/kubernetes"
    got = fix(name, text, ("log-directory-not-mounted",))
    assert got.startswith(text)
    lines = [line.strip() for line in got[len(text) :].splitlines()]
    assert lines == [
        "extraVolumes:",
        "- name: audit-log",
        f"hostPath: {folder}",
        f"mountPath: {folder}",
        "pathType: DirectoryOrCreate",
    ]
    assert got[len(text) :].startswith(f"{indent}extraVolumes:\n{indent}{dash}- name")


def test_a_volume_more_of_kubeadm_has_the_style_of_its_neighbours() -> None:
    text = KUBEADM_MAP.replace("/var/log/kubernetes/audit/audit.log", "/var/log/apiserver/x/audit.log")
    at = "/var/log/apiserver/x"
    new = f"{{name: audit-log, hostPath: {at}, mountPath: {at}, pathType: DirectoryOrCreate}}"
    assert fix("kubeadm.yaml", text, ("log-directory-not-mounted",)) == f"{text}  - {new}\n"


@pytest.mark.parametrize(
    ("old", "new"),
    [("readOnly: false", "readOnly: true"), ("readonly: true", "readOnly: true"), ("", "readOnly: true")],
)
def test_a_policy_becomes_read_only(old: str, new: str) -> None:
    mounted = BARE.replace("  hostNetwork", f"{MOUNTS}  hostNetwork").replace("status:", f"{VOLUMES}status:")
    place = "audit-policy.yaml\n      name: audit-policy\n      readOnly: true\n"
    text = mounted.replace(place, place.replace("      readOnly: true\n", f"      {old}\n" if old else ""))
    got = fix("kube-apiserver.yaml", text, ("policy-mount-writable",))
    if old:
        assert got == text.replace(f"      {old}\n  host", f"      {new}\n  host")
    else:
        assert got == text.replace("audit-policy.yaml\n      name", f"audit-policy.yaml\n      {new}\n      name")


def test_a_flag_is_spelt_right_in_a_map_and_in_a_list() -> None:
    for text in (KUBEADM_MAP, KUBEADM_LIST):
        bad = text.replace("audit-log-maxage", "audit-log-max-age")
        assert fix("kubeadm.yaml", bad, ("unknown-audit-flag",)) == text


def test_a_repeated_flag_goes_where_it_does_not_count() -> None:
    for name, text, twice in (
        ("etc/rancher/k3s/config.yaml", K3S, "  - 'audit-log-maxage=30'\n"),
        ("kube-apiserver.service", UNIT, "  --audit-log-maxage=30 \\\n"),
        ("kubeadm.yaml", KUBEADM_LIST, '        - name: audit-log-maxage\n          value: "30"\n'),
    ):
        assert fix(name, text.replace(twice, twice * 2), ("repeated-flag",)) == text
