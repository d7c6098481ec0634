"""What tools write into an API server's files: data URLs, Ansible's edits, kops --set, overlays, kubeadm's patches."""

from __future__ import annotations

import gzip
from base64 import b64encode
from pathlib import Path
from urllib.parse import quote

import pytest
from form_samples import flags, found_in, notes, server_in

from kube_audit_lint.catalogue.shipped import shipped
from kube_audit_lint.pipeline.config import load_config
from kube_audit_lint.pipeline.options import Options
from kube_audit_lint.pipeline.run import run

POLICY = "apiVersion: audit.k8s.io/v1\nkind: Policy\n# ü: äöü\nrules:\n- level: Verbose\n- level: Metadata\n"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def rules(*paths: str, embedded: bool = False) -> list[str]:
    report = run(Options(paths, embedded=embedded), load_config(), shipped()).report
    return [one.rule for one in report.findings if one.severity == "error"]


def ignition(source: str) -> str:
    return f'{{"storage": {{"files": [{{"path": "/etc/audit-policy.yaml", "contents": {{"source": "{source}"}}}}]}}}}'


@pytest.mark.parametrize("safe", ["/", "/: \n-", ""])
def test_percent_encoded(safe: str) -> None:
    text = ignition("data:," + quote(POLICY, safe.replace("\n", "")))
    (policy,) = found_in(text, "a.ign").policies
    assert policy.names == ("/etc/audit-policy.yaml",)
    assert policy.at("rules", 0, "level").text == "Verbose"
    assert policy.at("rules", 1, "level").text == "Metadata"


def test_base64() -> None:
    encoded = b64encode(POLICY.encode()).decode()
    for head in ("data:;base64,", "data:text/plain;charset=utf-8;base64,"):
        text = ignition(head + encoded)
        (policy,) = found_in(text, "a.ign").policies
        place = policy.at("rules", 0, "level")
        at = text.index(encoded) + len(POLICY.encode()[: POLICY.encode().index(b"Verbose")]) * 4 // 3
        assert place.start == at
    assert found_in(ignition("data:;base64,%%%"), "a.ign").policies == ()
    assert found_in(ignition("data:;base64," + b64encode(b"\xff\xfeaudit.k8s.io").decode()), "a.ign").policies == ()


def test_compressed() -> None:
    packed = "data:;base64," + b64encode(gzip.compress(POLICY.encode())).decode()
    text = ignition(packed).replace('"source"', '"compression": "gzip", "source"')
    (policy,) = found_in(text, "a.ign").policies
    assert policy.names == ("/etc/audit-policy.yaml",)
    assert policy.at("rules", 0, "level").text == f'"{packed}"'
    plain = text.replace("gzip", "").replace(packed, "data:," + quote(POLICY))
    assert len(found_in(plain, "a.ign").policies) == 1
    for other in ("data:;base64,AAAA", "data:,a"):
        assert not found_in(text.replace(packed, other), "a.ign").policies
        assert notes(text.replace(packed, other), "a.ign") == ["/etc/audit-policy.yaml: its content is not gzip"]


def test_a_loop_of_ansible() -> None:
    task = "- lineinfile: {path: /etc/kubernetes/manifests/kube-apiserver.yaml, line: '    - {{ item }}'}\n"
    task += "  loop:\n  - --audit-log-maxage=30d\n  - --v=2\n"
    assert flags(server_in(task, "tasks.yml")) == {"audit-log-maxage": "30d"}
    assert not found_in(task.replace("/etc/kubernetes/manifests/kube-apiserver.yaml", "/etc/issue")).servers


def test_lines_of_a_configuration_file() -> None:
    text = 'rke2_server_options:\n- "kube-apiserver-arg:"\n- "  - audit-log-maxage=30d"\n- profile: cis\n'
    server = server_in(text, "group_vars/all.yml")
    assert flags(server) == {"audit-log-maxage": "30d"}


def test_lines_that_ansible_writes() -> None:
    task = "- lineinfile:\n    path: {}\n    line: '    - --audit-log-maxage=30d'\n    state: {}\n"
    server = server_in(task.format("/etc/kubernetes/manifests/kube-apiserver.yaml", "present"), "tasks.yml")
    assert server.partial
    assert flags(server) == {"audit-log-maxage": "30d"}
    assert not found_in(task.format("/etc/kubernetes/manifests/kube-apiserver.yaml", "absent")).servers
    assert not found_in(task.format("/etc/issue", "present")).servers
    block = "- blockinfile:\n    dest: /etc/rancher/k3s/config.yaml\n    block: |\n      kube-apiserver-arg:\n"
    block += "      - audit-log-maxage=7\n      - audit-log-mode=x\n"
    assert flags(server_in(block)) == {"audit-log-maxage": "7", "audit-log-mode": "x"}


def test_settings_that_kops_is_told() -> None:
    text = (
        "kops create cluster --set spec.kubeAPIServer.auditLogMaxAge=30d \\\n"
        "  --set 'cluster.spec.kubeAPIServer.auditLogPath=$LOG'\n"
        "# kops edit cluster --set spec.kubeAPIServer.auditLogMaxSize=5\n"
        "kops edit cluster --set=spec.kubeAPIServer.auditLogMaxBackup=5\n"
    )
    Path("up.sh").write_text(text)
    assert rules("up.sh", embedded=True) == ["invalid-flag-value", "unknown-setting"]


CONTROL_PLANE = (
    "apiVersion: controlplane.cluster.x-k8s.io/v1beta1\nkind: KubeadmControlPlane\nmetadata: {name: a}\n"
    "spec:\n  version: v1.30.0\n  machineTemplate: {}\n  kubeadmConfigSpec:\n    clusterConfiguration:\n"
    "      apiServer: {certSANs: [a]}\n"
)
PATCH = CONTROL_PLANE.partition("spec:")[0] + (
    "spec:\n  kubeadmConfigSpec:\n    clusterConfiguration:\n      apiServer:\n"
    "        extraArgs: {%s: /var/log/a.log}\n"
)
IN_PLACE = "patches:\n- target: {kind: KubeadmControlPlane}\n  patch: |\n    - {op: add, path: /spec/%s, value: {}}\n"


@pytest.mark.parametrize(
    "resources", ["resources: [../base]\n", "resources:\n- ../base\n", "bases:\n  - ../base # the base\n"]
)
@pytest.mark.parametrize("listed", ["patches:\n- path: patch.yaml\n", "patchesStrategicMerge: [patch.yaml]\n"])
@pytest.mark.parametrize("about", ["audit-log-path", "feature-gates"])
def test_a_base_is_not_all_there_is(resources: str, listed: str, about: str) -> None:
    for folder in (".git", "base", "overlay"):
        Path(folder).mkdir()
    Path("base/kustomization.yaml").write_text("resources:\n- plane.yaml\n")
    Path("base/plane.yaml").write_text(CONTROL_PLANE)
    Path("overlay/kustomization.yaml").write_text(resources + listed)
    Path("overlay/patch.yaml").write_text(PATCH % about)
    if "audit" in about:  # the patch brings a log that is nowhere mounted, and no policy
        assert rules("base/plane.yaml") == []
        assert rules(".") == rules("overlay/patch.yaml") == ["no-audit-policy", "log-directory-not-mounted"]
    else:
        assert rules(".") == rules("base/plane.yaml") == ["no-audit-policy"]


def test_a_patch_in_place() -> None:
    for folder in (".git", "base", "overlay"):
        Path(folder).mkdir()
    Path("base/kustomization.yaml").write_text("resources: [plane.yaml]\n")
    Path("base/plane.yaml").write_text(CONTROL_PLANE)
    for about, expected in (("auditing", []), ("replicas", ["no-audit-policy"])):
        Path("overlay/kustomization.yaml").write_text("resources: [../base, ../overlay]\n" + IN_PLACE % about)
        assert rules("base") == expected


KUBEADM = (
    "apiVersion: kubeadm.k8s.io/v1beta3\nkind: InitConfiguration\npatches: {directory: patches}\n---\n"
    "apiVersion: kubeadm.k8s.io/v1beta3\nkind: ClusterConfiguration\nkubernetesVersion: v1.30.0\napiServer:\n"
    "  extraArgs: {audit-policy-file: /etc/audit/p.yaml, audit-log-path: '-'}\n"
)


def test_patches_of_kubeadm_may_mount() -> None:
    Path("kubeadm.yaml").write_text(KUBEADM)
    assert rules("kubeadm.yaml") == []  # the folder lies on the host
    Path("patches").mkdir()
    mounts = "spec: {containers: [{name: kube-apiserver, volumeMounts: [{name: a, mountPath: /etc/audit}]}], "
    mounts += "volumes: [{name: a, hostPath: {path: /etc/audit}}]}\n"
    not_mounted = ["policy-not-mounted"]
    for text, expected in (
        ("metadata: {labels: {a: b}}\n", not_mounted),
        ("spec: {volumes: []}\n", not_mounted),
        (mounts, []),
    ):
        Path("patches/kube-apiserver+strategic.yaml").write_text(text)
        assert rules("kubeadm.yaml") == expected


def test_a_variable_of_a_topology() -> None:
    text = (
        "apiVersion: cluster.x-k8s.io/v1beta1\nkind: Cluster\nspec:\n  topology:\n    variables:\n"
        "    - name: apiServerExtraArgs\n      value: {audit-log-maxage: '7'}\n"
        "    - name: labels\n      value: {audit-log-mode: x}\n"
    )
    server = server_in(text)
    assert server.partial
    assert flags(server) == {"audit-log-maxage": "7"}


def test_the_names_of_localkube() -> None:
    Path("up.sh").write_text("minikube start --extra-config=apiserver.Audit.LogOptions.MaxAge=7\n")
    report = run(Options(("up.sh",), embedded=True), load_config(), shipped()).report
    (finding,) = (one for one in report.findings if one.rule == "unknown-audit-flag")
    assert "audit-log-maxage" in finding.help


@pytest.mark.parametrize(
    ("file", "flag", "refused"),
    [
        ("kubelite", "--audit-log-maxage=30", True),
        ("kubelite", "--v=2", False),
        ("kube-apiserver", "--audit-log-maxage=30", False),
    ],
)
def test_what_the_daemon_of_microk8s_does_not_take(file: str, flag: str, refused: bool) -> None:
    task = f"- lineinfile:\n    path: /var/snap/microk8s/current/args/{file}\n    line: {flag}\n"
    found = found_in(task, "tasks/main.yml").misshapes
    assert [(one.kind, one.place.text) for one in found] == [("unknown-key", flag.removeprefix("--"))] * refused
