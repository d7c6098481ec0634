"""The checks of directories: copies and policies among static pods, and servers that drift apart."""

from __future__ import annotations

from pathlib import Path

import pytest
from server_pods import LOG, POLICY, ROTATION, hits, pod, subject

from kube_audit_lint.checks._manifests import is_backup, is_certain, is_hidden, is_put_away
from kube_audit_lint.checks._subject import DirectorySubject, PolicySubject, ServerSubject
from kube_audit_lint.forms import policy
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.model.version import DEFAULT
from kube_audit_lint.pipeline.clusters import clusters, pattern
from kube_audit_lint.syntax.reader import read_documents
from kube_audit_lint.syntax.source import Source

TEXT = pod([POLICY, LOG, *ROTATION])


def directory(path: str, *names: str, text: str = TEXT, policies: tuple[PolicySubject, ...] = ()) -> DirectorySubject:
    servers = tuple(subject(text, path=f"{path}/{name}" if path else name) for name in names)
    return DirectorySubject(path, servers, policies)


def policy_subject(path: str, level: str = "Metadata") -> PolicySubject:
    source = Source(path, f"apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: {level}\n")
    documents = tuple(read_documents(source))
    found = policy.read(documents[0], Context(source, documents))
    assert found is not None
    return PolicySubject(found.policies[0], DEFAULT)


@pytest.mark.parametrize(
    "name",
    [
        "kube-apiserver.yaml.bak",
        "kube-apiserver.yaml~",
        "kube-apiserver.yaml.orig",
        "kube-apiserver.yaml.old",
        "kube-apiserver-backup.yaml",
        "kube-apiserver.bak.yaml",
        "kube-apiserver_old.yml",
        "kube-apiserver.yaml.2024-01-31",
        "kube-apiserver.yaml-bak",
        "kube-apiserver.yaml.1",
        "kube-apiserver copy.yaml",
        "kube-apiserver (1).yaml",
        "backup-kube-apiserver.yaml",
        "kube-apiserver-bak2.yaml",
        "kube-apiserver.yaml.rpmsave",
        "kube-apiserver.yaml.save",
        "kube-apiserver-20260131.yaml",
        "kube-apiserver_2026-01-31T12:00.yml",
        "kube-apiserver (copy).yaml",
        "#kube-apiserver.yaml#",
    ],
)
def test_names_of_copies(name: str) -> None:
    assert is_backup(name)


@pytest.mark.parametrize(
    "name",
    [
        "kube-apiserver.yaml",
        "kube-apiserver.yml",
        "kube-apiserver.json",
        "kube-apiserver-1.yaml",
        "apiserver-master-2.yaml",
        "kube-apiserver.yaml.j2",
        "kube-apiserver.yaml.tpl",
        "kube-apiserver-threshold.yaml",
        "etcd-backup-restore.yaml",
        "kube-apiserver.manifest",
        "kube-apiserver-10.20.30.40.yaml",
        "kube-apiserver-20269999.yaml",
    ],
)
def test_names_that_are_no_copies(name: str) -> None:
    assert not is_backup(name)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("kube-apiserver.yaml.bak", True),
        ("backup/kube-apiserver.yaml", True),
        ("backups/2026-01-31/kube-apiserver.yaml", True),
        ("etc/kubernetes/tmp/kubeadm-backup-manifests-2026-01-31-12-00-00/kube-apiserver.yaml", True),
        ("manifests.old/kube-apiserver.yaml", True),
        ("etc/kubernetes/manifests/backup/kube-apiserver.yaml", True),  # the kubelet reads no folders in it
        ("etc/kubernetes/manifests/kube-apiserver.yaml.bak", False),
        ("backups/etc/kubernetes/manifests/kube-apiserver.yaml", False),
        ("etcd-backup/kube-apiserver.yaml", False),
        ("backup/prod/kube-apiserver.yaml", False),
        ("base/kube-apiserver.yaml", False),
    ],
)
def test_what_is_put_away(path: str, expected: bool) -> None:
    assert is_put_away(path) is expected


def test_what_is_old_where_something_replaced_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`clusters/old/` may be a cluster; what lies in `old/` below a file of the same name was replaced by that."""
    monkeypatch.chdir(tmp_path)
    for path in (
        "a/x.yaml",
        "a/old/x.yaml",
        "a/Archive/x.yaml",
        "a/old/y.yaml",
        "a/blue/x.yaml",
        "clusters/old/x.yaml",
    ):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).touch()
    assert [is_put_away(path) for path in ("a/old/x.yaml", "a/Archive/x.yaml")] == [True, True]
    assert not any(map(is_put_away, ("a/x.yaml", "a/old/y.yaml", "a/blue/x.yaml", "clusters/old/x.yaml")))
    monkeypatch.chdir("a/old")
    assert is_put_away("x.yaml")


def test_what_the_kubelet_passes_over() -> None:
    assert is_hidden("etc/kubernetes/manifests/.kube-apiserver.yaml")
    assert not is_hidden("etc/kubernetes/manifests/kube-apiserver.yaml")
    assert not is_hidden("x/.kube-apiserver.yaml")


@pytest.mark.parametrize(
    ("path", "names", "expected"),
    [
        ("etc/kubernetes/manifests", ("kube-apiserver.yaml", "kube-apiserver.yaml.bak"), ["kube-apiserver.yaml.bak"]),
        ("etc/kubernetes/manifests", ("a.yaml", "kube-apiserver.yaml"), ["kube-apiserver.yaml"]),
        ("manifests", ("kube-apiserver.yaml", "kube-apiserver.yaml.bak"), ["kube-apiserver.yaml.bak"]),
        ("x/kubelet.d", ("kube-apiserver.yaml~", "kube-apiserver.yaml"), ["kube-apiserver.yaml~"]),
        ("x/static-pods", ("kube-apiserver.yaml~", "kube-apiserver.yaml"), ["kube-apiserver.yaml~"]),
        ("manifests", ("master-1.yaml", "master-2.yaml"), []),
        ("docs", ("kube-apiserver.yaml", "kube-apiserver.yaml.bak"), []),
        ("etc/kubernetes/manifests", ("kube-apiserver.yaml", ".kube-apiserver.yaml.bak"), []),
        ("etc/kubernetes/manifests", ("kube-apiserver.yaml",), []),
    ],
)
def test_copies(path: str, names: tuple[str, ...], expected: list[str]) -> None:
    found = hits("manifest_backup", directory(path, *names))
    assert [hit.place.source.path for hit in found] == [f"{path}/{name}" for name in expected]


def test_a_directory_is_known_by_the_rest_of_the_control_plane(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = ("kube-apiserver.yaml", "kube-apiserver.yaml.bak")
    (tmp_path / "pods").mkdir()
    assert hits("manifest_backup", directory("pods", *names)) == []
    (tmp_path / "pods" / "etcd.yaml").write_text("")
    assert len(hits("manifest_backup", directory("pods", *names))) == 1


def test_a_collection_of_examples_is_no_static_pod_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tips").mkdir()
    policies = (policy_subject("tips/Audit-policy.yaml"),)
    for name in ("etcd.yaml", "api-server.yaml", "Audit-policy.yaml"):
        (tmp_path / "tips" / name).write_text("")
    given = directory("tips", "api-server.yaml", policies=policies)
    assert len(hits("manifest_policy", given)) == 1
    for name in ("network-egress.yaml", "trivy.yml", "runtimeClass.yaml", "Dockerfile.yaml"):
        (tmp_path / "tips" / name).write_text("")
    assert hits("manifest_policy", given) == []


@pytest.mark.parametrize(
    ("path", "servers", "count"),
    [
        ("etc/kubernetes/manifests", (), 1),
        ("/etc/kubernetes/manifests", ("kube-apiserver.yaml",), 1),
        ("etc/kubernetes", (), 0),
        ("manifests", ("kube-apiserver.yaml",), 0),
    ],
)
def test_policies_among_static_pods(path: str, servers: tuple[str, ...], count: int) -> None:
    given = directory(path, *servers, policies=(policy_subject(f"{path}/audit-policy.yaml"),))
    assert len(hits("manifest_policy", given)) == count


def test_a_run_within_the_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "etc" / "kubernetes" / "manifests"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    assert len(hits("manifest_backup", directory("", "a.yaml", "b.yaml"))) == 1
    monkeypatch.chdir(tmp_path)
    assert hits("manifest_backup", directory("", "a.yaml", "b.yaml")) == []


def test_a_server_told_to_read_its_policy_there() -> None:
    text = pod(
        ["--audit-policy-file=/policy/audit.yaml"],
        ["name: p, mountPath: /policy"],
        ["name: p, hostPath: {path: /etc/kubernetes/manifests/}"],
    )
    (hit,) = hits("manifest_policy", directory("x", "kube-apiserver.yaml", text=text))
    assert hit.place.text == "/policy/audit.yaml"


@pytest.mark.parametrize(
    ("path", "expected"),
    [("etc/kubernetes/manifests", True), ("roles/x/files/etc/kubernetes/manifests", True), ("manifests", False)],
)
def test_certain_directories(path: str, expected: bool) -> None:
    assert is_certain(path) is expected


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("master-1/kube-apiserver.yaml", "master-2/kube-apiserver.yaml"),
        ("hosts/master1/apiserver.yaml", "hosts/master12/apiserver.yaml"),
        ("kube-apiserver-master1.yaml", "kube-apiserver-master2.yaml"),
        ("10.0.0.1/kube-apiserver.yaml", "10.0.0.2/kube-apiserver.yaml"),
        ("ip-10-0-0-1/kube-apiserver.yaml", "ip-10-0-0-2/kube-apiserver.yaml"),
        ("control-plane-a/x.yaml", "control-plane-b/x.yaml"),
        ("cp1/x.yaml", "cp2/x.yaml"),
        ("master-1/apiserver-1.yaml", "master-2/apiserver-2.yaml"),
    ],
)
def test_siblings(one: str, two: str) -> None:
    assert pattern(one) is not None
    assert pattern(one) == pattern(two)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("v1.29/kube-apiserver.yaml", "v1.30/kube-apiserver.yaml"),
        ("kube-apiserver-1.29.yaml", "kube-apiserver-1.30.yaml"),
        ("step1/kube-apiserver.yaml", "step2/kube-apiserver.yaml"),
        ("cluster-1/master-1/x.yaml", "cluster-2/master-1/x.yaml"),
        ("prod/kube-apiserver.yaml", "test/kube-apiserver.yaml"),
        ("kube-apiserver.yaml", "kube-apiserver.yaml.bak"),
        ("master-v1/x.yaml", "master-v2/x.yaml"),
    ],
)
def test_no_siblings(one: str, two: str) -> None:
    assert pattern(one) is None or pattern(one) != pattern(two)


def test_a_configured_cluster() -> None:
    servers = [subject(TEXT, path=path) for path in ("a.yaml", "b.yaml", "c.yaml")]
    (group,) = clusters(servers, {"a.yaml": "prod", "b.yaml": "prod"}.get)
    assert [server.server.source.path for server in group] == ["a.yaml", "b.yaml"]


def drift(*texts: str) -> list[tuple[str, str]]:
    servers = tuple(subject(text, "1.30", f"master-{at}/x.yaml") for at, text in enumerate(texts, 1))
    found = hits("drift", DirectorySubject("master-1", servers[:1], (), (servers,)))
    return [(hit.place.source.path, hit.place.text) for hit in found]


def test_drift() -> None:
    other = pod([POLICY, LOG, "--audit-log-maxage=90", *ROTATION[1:]])
    assert drift(TEXT, TEXT) == []
    assert drift(TEXT, other) == [("master-2/x.yaml", "90")]
    assert drift(other, TEXT, TEXT) == [("master-1/x.yaml", "90")]
    assert drift(TEXT, pod([POLICY, LOG, *ROTATION[1:]])) == [("master-2/x.yaml", "kube-apiserver")]
    assert drift(pod([POLICY, LOG, *ROTATION[1:]]), TEXT, TEXT) == [("master-1/x.yaml", "kube-apiserver")]


def test_what_comes_to_the_same_is_no_drift() -> None:
    assert drift(TEXT, pod([*ROTATION, LOG, "--audit-log-mode=blocking", POLICY, "--etcd-servers=x"])) == []
    assert drift(TEXT, pod([POLICY, LOG, "--audit-log-maxage=0x1e", *ROTATION[1:]])) == []


def test_policies_that_differ() -> None:
    servers: list[ServerSubject] = []
    for at, level in enumerate(("Metadata", "Metadata", "Request"), 1):
        server = subject(TEXT, path=f"master-{at}/x.yaml")
        server.policy = policy_subject(f"master-{at}/audit-policy.yaml", level)
        servers.append(server)
    found = hits("drift", DirectorySubject("", tuple(servers), (), (tuple(servers),)))
    assert [(hit.place.source.path, hit.place.text) for hit in found] == [
        ("master-3/x.yaml", "/etc/kubernetes/audit-policy.yaml")
    ]
