"""logrotate's paths held against the logs of the API servers of a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from kube_audit_lint.catalogue.shipped import shipped
from kube_audit_lint.pipeline.config import load_config
from kube_audit_lint.pipeline.options import Options
from kube_audit_lint.pipeline.run import run

SERVER = """apiVersion: v1
kind: Pod
metadata: {name: kube-apiserver, namespace: kube-system}
spec:
  containers:
  - name: kube-apiserver
    image: registry.k8s.io/kube-apiserver:v1.31.2
    command:
    - kube-apiserver
    - --audit-log-path=/var/log/kubernetes/audit.log
    - --audit-log-maxsize=100
    volumeMounts:
    - {name: log, mountPath: /var/log/kubernetes}
  volumes:
  - {name: log, hostPath: {path: /var/log/kubernetes, type: DirectoryOrCreate}}
"""
EMPTIED, RENAMED = "rotate 5\n  copytruncate\n", "rotate 5\n"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def told(text: str, server: str = SERVER, path: str = "etc/logrotate.d/x") -> list[str]:
    """The paths that are reported when both files are linted."""
    for name, content in ((path, text), ("kube-apiserver.yaml", server)):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(content)
    report = run(Options((".",), None, "", ("log-rotated-twice",)), load_config(), shipped()).report
    return [one.place.text for one in report.findings]


@pytest.mark.parametrize(
    ("paths", "reported"),
    [
        ("/var/log/kubernetes/*.log", "/var/log/kubernetes/*.log"),
        ("/var/log/syslog /var/log/kubernetes/a*", "/var/log/kubernetes/a*"),
        ("/var/log/syslog\n/var/log/kube*/audit.log\n", "/var/log/kube*/audit.log"),
        ("/var/log/*.log", ""),
        ("/var/log/*", ""),
        ("/var/log/pods/*.log", ""),
        ("/var/log/kubernetes/audit-*.log", ""),
    ],
)
def test_wildcards(paths: str, reported: str) -> None:
    assert told(f"{paths} {{\n  {EMPTIED}}}\n") == [reported] * bool(reported)


def test_the_path_on_the_host_counts() -> None:
    moved = SERVER.replace("hostPath: {path: /var/log/kubernetes", "hostPath: {path: /data/k8s")
    assert told(f"/var/log/kubernetes/*.log {{\n  {EMPTIED}}}\n", moved) == []
    assert told(f"/data/k8s/*.log {{\n  {EMPTIED}}}\n", moved) == ["/data/k8s/*.log"]
    inside = SERVER.replace("hostPath: {path: /var/log/kubernetes, type: DirectoryOrCreate}", "emptyDir: {}")
    assert told(f"/var/log/kubernetes/*.log {{\n  {EMPTIED}}}\n", inside) == []
    stream = SERVER.replace("/var/log/kubernetes/audit.log", "-")
    assert told(f"/var/log/kubernetes/*.log {{\n  {EMPTIED}}}\n", stream) == []


@pytest.mark.parametrize("path", ["/var/log/kubernetes/*.log", "/var/log/kubernetes/audit.log"])
def test_a_server_that_never_rotates(path: str) -> None:
    """As cluster/gce of Kubernetes has it. 0 is 100 MB, and a file that is renamed is written on."""
    never = SERVER.replace("maxsize=100", "maxsize=2000000000")
    assert told(f"{path} {{\n  {EMPTIED}}}\n", never) == []
    assert told(f"{path} {{\n  {RENAMED}}}\n", never) == [path]
    assert told(f"{path} {{\n  {EMPTIED}}}\n", SERVER.replace("maxsize=100", "maxsize=0")) == [path]


def test_where_ansible_and_cloud_init_bring_it() -> None:
    block = "/var/log/kubernetes/*.log {\n        rotate 5\n        copytruncate\n      }\n"
    task = f"- copy:\n    dest: /etc/logrotate.d/kube\n    content: |\n      {block}"
    files = f"#cloud-config\nwrite_files:\n- path: /etc/logrotate.d/kube\n  content: |\n      {block}"
    assert told(task, path="tasks/main.yml") == ["/var/log/kubernetes/*.log"]
    Path("tasks/main.yml").unlink()
    assert told(files, path="user-data.yaml") == ["/var/log/kubernetes/*.log"]
