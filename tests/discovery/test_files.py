"""The cheap look, and reading."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import pytest

from kube_audit_lint.discovery.files import TooLarge, read_bytes
from kube_audit_lint.discovery.look import interesting, named_policy, worth_parsing

POLICY = b"apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: Metadata\n"


@pytest.mark.parametrize(
    "data",
    [
        POLICY,
        POLICY.decode().encode("utf-16"),
        b"\xfe\xff" + POLICY.decode().encode("utf-16-be"),
        b"\xef\xbb\xbf" + POLICY,
        *(base64.b64encode(b" " * shift + POLICY) for shift in range(3)),
        b"- --audit-policy-file=/etc/audit.yaml",
        b"kube-apiserver-arg:\n- audit-log-path=/x",
        b"  audit-log-path: /var/log/audit.log",
        b"kubernetes_audit: true",
        b"audit_log_maxage: 30",
        b"      auditPolicy:\n        enabled: true",
        b"spec:\n  kubeAPIServer:\n    auditLogPath: /x",
        b"services:\n  kube-api:\n    service_cluster_ip_range: 10.0.0.0/16",
        b"kind: ClusterConfiguration\nnetworking: {}",
        b"apiServer:\n  extraArgs: {}",
        b'{"apiServer": {"extraArgs": {}}}',
        b"  containers:\n  - command:\n    - kube-apiserver\n    - --etcd-servers=x",
        b"ExecStart=/usr/bin/kube-apiserver --etcd-servers=x",
        b'KUBE_API_ARGS="--etcd-servers=x"',
        b"apiVersion: config.openshift.io/v1\nkind: APIServer\n",
        b"apiVersion: config.openshift.io/v1\nkind: OAuth\nspec:\n  audit:\n    profile: Default",
    ],
)
def test_interesting(data: bytes) -> None:
    assert interesting(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"apiVersion: v1\nkind: ConfigMap\n",
        b"we audit our auditors",
        b'expr: apiserver_request_total{job="kube-apiserver"}',
        b"name: extension-apiserver-authentication",
        b'{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata"}\n',
        b"\x7fELF\0\0audit.k8s.io",
        b"\xff\xfe",
    ],
)
def test_not_interesting(data: bytes) -> None:
    assert not interesting(data)


def test_names_of_policies() -> None:
    assert named_policy("a/audit-policy.yaml")
    assert named_policy("policy_Audit.yaml")
    assert not named_policy("audit-policy/values.yaml")


def test_names_count_where_content_says_nothing() -> None:
    arguments = b"--cert-dir=/certs\n"
    assert not interesting(arguments)
    assert worth_parsing(arguments, "args/kube-apiserver")
    assert not worth_parsing(arguments, "kube-apiserver/args")
    assert not worth_parsing(b"\x7fELF\0\0", "bin/kube-apiserver")
    assert worth_parsing(b"", "audit-policy.yaml")


class TestReading:
    def test_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_bytes(POLICY)
        assert read_bytes(str(tmp_path / "a")) == POLICY

    def test_a_file_that_grows_and_has_no_size(self) -> None:
        if os.path.exists("/proc/self/status"):
            assert b"Name:" in read_bytes("/proc/self/status")

    def test_a_large_one_is_looked_through(self, tmp_path: Path) -> None:
        path = tmp_path / "large.yaml"
        path.write_bytes(b"x: y\n" * 1000 + POLICY)
        with pytest.raises(TooLarge, match=r"too large to be audit configuration \(0 MB\)"):
            read_bytes(str(path), limit=1000)
        path.write_bytes(b"x: y\n" * 1000)
        assert read_bytes(str(path), limit=1000) == b""
        with pytest.raises(TooLarge):
            read_bytes(str(path), limit=1000, always=True)

    def test_marks_across_chunks_are_seen(self, tmp_path: Path) -> None:
        path = tmp_path / "large.yaml"
        path.write_bytes(b"a" * ((1 << 20) - 7) + b"\n" + POLICY)
        with pytest.raises(TooLarge):
            read_bytes(str(path), limit=1000)

    def test_large_logs_and_binaries_are_nothing(self, tmp_path: Path) -> None:
        path = tmp_path / "large"
        path.write_bytes(b'{"level":"Metadata","apiVersion":"audit.k8s.io/v1"}\n' * 100)
        assert read_bytes(str(path), limit=1000) == b""
        path.write_bytes(b"\0\1" * 1000 + POLICY)
        assert read_bytes(str(path), limit=1000) == b""

    @pytest.mark.slow
    def test_200_mb_take_neither_long_nor_much(self, tmp_path: Path) -> None:
        path = tmp_path / "huge.yaml"
        line = b"key: value with words such as audit in them, over and over again\n"
        with path.open("wb") as file:
            for _ in range(200):
                file.write(line * (1_000_000 // len(line)))
        started = time.process_time()
        tracemalloc.start()
        assert read_bytes(str(path)) == b""
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 10_000_000
        assert time.process_time() - started < 10

    def test_what_is_no_file(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(OSError, match="is a named pipe, not a file"):
            read_bytes(str(tmp_path / "pipe"))
        with pytest.raises(OSError, match="is a folder, not a file"):
            read_bytes(str(tmp_path))
        with pytest.raises(FileNotFoundError):
            read_bytes(str(tmp_path / "gone"))


@pytest.mark.parametrize("head", ["$ANSIBLE_VAULT;1.1;AES256\n6162\n", "version https://git-lfs.github.com/spec/v1\n"])
@pytest.mark.parametrize(
    ("name", "configuration"), [("audit-policy.yaml", ""), ("prod.txt", "policies: [prod.txt]\n"), ("notes.txt", "")]
)
def test_what_is_encrypted_or_kept_elsewhere_is_noted(
    head: str, name: str, configuration: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_text(head)
    Path(".kube-audit-lint.yaml").write_text(configuration)
    ended = subprocess.run([sys.executable, "-m", "kube_audit_lint", "check", name], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout
    assert ("encrypted or kept elsewhere" in ended.stderr) == (name != "notes.txt")
