"""Links and special files: a change request reads nothing that lies outside of the repository."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from running import run_here
from sampling import one_in

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links and pipes of POSIX")

POLICY = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: metadata\n"
POD = """apiVersion: v1
kind: Pod
metadata: {name: kube-apiserver}
spec:
  containers:
  - name: kube-apiserver
    command: [kube-apiserver, --audit-policy-file=/etc/kubernetes/policy.yaml, --etcd-servers=x]
    volumeMounts: [{name: p, mountPath: /etc/kubernetes/policy.yaml}]
  volumes: [{name: p, hostPath: {path: /etc/kubernetes/policy.yaml, type: File}}]
"""
SECRET = "s3cr3t-of-the-runner"


def check(folder: Path, *arguments: str, alone: bool = False) -> subprocess.CompletedProcess[str]:
    """A run of the command. alone: in a process of its own, which may be waiting for a pipe for ever."""
    command = [sys.executable, "-m", "kube_audit_lint", "check", *arguments]
    ended = (
        subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
        if alone
        else run_here(["check", *arguments], folder)
    )
    assert "Traceback" not in ended.stderr
    assert SECRET not in ended.stdout + ended.stderr
    return ended


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository, beside it a file that no report may show."""
    (tmp_path / "token").write_text(f"apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{{level: {SECRET}}}]\n")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "audit-policy.yaml").write_text((tmp_path / "token").read_text())
    folder = tmp_path / "repository"
    (folder / ".git").mkdir(parents=True)
    (folder / "audit.yaml").write_text(POLICY)
    return folder


@pytest.mark.parametrize("arguments", [(".",), ("audit.yaml", "policy.yaml")])
@pytest.mark.parametrize("format", ["text", "json", "sarif", "github", "gitlab"])
def test_a_linked_policy_is_noted_and_not_quoted(arguments: tuple[str, ...], format: str, repository: Path) -> None:
    (repository / "kube-apiserver.yaml").write_text(POD)
    (repository / "policy.yaml").symlink_to(repository.parent / "token")
    ended = check(repository, "--format", format, *arguments)
    assert ended.returncode == 1
    assert "invalid-level" in ended.stdout
    assert "policy.yaml:1:1: note: it leads out of the repository" in ended.stderr


def test_a_linked_policy_beside_the_manifest_that_the_command_names(repository: Path) -> None:
    (repository / "kube-apiserver.yaml").write_text(POD)
    (repository / "policy.yaml").symlink_to(repository.parent / "token")
    ended = check(repository, "kube-apiserver.yaml")
    assert "note: the policy /etc/kubernetes/policy.yaml is in no file of this run" in ended.stderr


def test_notes_are_in_the_json_report(repository: Path) -> None:
    (repository / "policy.yaml").symlink_to(repository.parent / "token")
    data = json.loads(check(repository, "--format", "json").stdout)
    assert [note["path"] for note in data["notes"]] == ["policy.yaml"]


def test_links_within_the_repository_are_followed(repository: Path) -> None:
    (repository / "sub").mkdir()
    (repository / "sub" / "link.yaml").symlink_to("../audit.yaml")
    ended = check(repository, "sub")
    assert "sub/link.yaml:4:10: error[invalid-level]" in ended.stdout


def test_a_linked_folder_that_the_command_names(repository: Path) -> None:
    (repository / "deploy").symlink_to(repository.parent / "elsewhere")
    ended = check(repository, "deploy")
    assert "deploy:1:1: note: it leads out of the repository" in ended.stderr
    assert ended.returncode == 0


def test_a_file_elsewhere_that_the_command_names_is_read(repository: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(POLICY)
    assert "error[invalid-level]" in check(repository, str(other)).stdout
    assert "error[invalid-level]" in check(repository, "../other.yaml").stdout


@pytest.mark.parametrize("name", [".kube-audit-lint.yaml", ".kube-audit-lint.yml"])
def test_a_linked_configuration_is_refused(name: str, repository: Path) -> None:
    (repository / name).symlink_to(repository.parent / "token")
    ended = check(repository)
    assert ended.returncode == 2
    assert ended.stderr.startswith(f"kube-audit-lint: {name}: it leads out of the repository")


def test_a_policy_that_the_configuration_names(repository: Path) -> None:
    (repository / ".kube-audit-lint.yaml").write_text("policies: [p]\n")
    (repository / "p").symlink_to("/proc/self/environ")
    ended = check(repository)
    assert "p:1:1: note: it leads out of the repository" in ended.stderr
    assert "audit.yaml:4:10: error[invalid-level]" in ended.stdout


def test_rules_from_elsewhere(repository: Path) -> None:
    (repository / "rules").mkdir()
    (repository / ".kube-audit-lint.yaml").write_text("rule-directories: [rules]\n")
    (repository / "rules" / "own.yaml").symlink_to(repository.parent / "token")
    ended = check(repository)
    assert ended.returncode == 2
    assert "own.yaml: it leads out of the repository" in ended.stderr
    (repository / ".kube-audit-lint.yaml").write_text("rule-directories: [../elsewhere]\n")
    ended = check(repository)
    assert ended.returncode == 2
    assert "it leads out of the repository" in ended.stderr


@pytest.mark.parametrize("name", [".kube-audit-lint.yaml", "rules/own.yaml"])
@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_pipes_and_devices_as_own_files_are_refused(name: str, kind: str, repository: Path) -> None:
    (repository / "rules").mkdir()
    (repository / ".kube-audit-lint.yaml").write_text("rule-directories: [rules]\n")
    path = repository / name
    path.unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    ended = check(repository, alone=True)
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1


def test_bad_links_nearby_end_nothing(repository: Path) -> None:
    """A link to itself, one to a name too long, one through a file: beside and above the named file."""
    (repository / "sub").mkdir()
    (repository / "sub" / "audit.yaml").write_text(POLICY)
    for folder in (repository, repository / "sub"):
        (folder / "self").symlink_to("self")
        (folder / "long").symlink_to("a" * 300)
        (folder / "through").symlink_to("audit.yaml/below")
        (folder / "gone").symlink_to("nowhere")
        (folder / "deep").symlink_to("/".join(["b" * 200] * 20))
    for arguments in (("sub/audit.yaml",), (".",), ("sub",)):
        ended = check(repository, *arguments)
        assert ended.returncode == 1
        assert "sub/audit.yaml:4:10: error[invalid-level]" in ended.stdout
    ended = check(repository, "self", "long", "audit.yaml")
    assert ended.returncode == 2
    assert "self: error: Too many levels of symbolic links" in ended.stdout
    assert "error[invalid-level]" in ended.stdout


@pytest.mark.parametrize("declares", one_in(3, ["policies: [p]\n", "servers: [p]\n", ""]))
def test_what_the_configuration_names_and_is_no_file_is_noted(declares: str, repository: Path) -> None:
    name = "p" if declares else "audit-policy.yaml"
    (repository / ".kube-audit-lint.yaml").write_text(declares)
    for make, says in (
        (lambda path: os.mkfifo(path), "is a named pipe, not a file"),
        (lambda path: path.symlink_to("/dev/zero"), "is a device, not a file"),
        (lambda path: path.symlink_to("nowhere"), "No such file or directory"),
        (lambda path: path.symlink_to(name), "Too many levels of symbolic links"),
    ):
        make(repository / name)
        ended = check(repository, ".", alone=says.startswith("is a"))
        assert f"{name}:1:1: note: {says}" in ended.stderr
        assert "audit.yaml:4:10: error[invalid-level]" in ended.stdout
        (repository / name).unlink()


def test_pipes_that_nobody_names_are_no_ones_business(repository: Path) -> None:
    os.mkfifo(repository / "pipe")
    (repository / "gone.yaml").symlink_to("nowhere")
    assert check(repository, ".", alone=True).stderr == ""


PLAY = "- copy:\n    src: {}\n    dest: /etc/kubernetes/manifests/x.yaml\n"
KUSTOMIZATION = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [{}]\n"
NAMING = {"tasks/main.yml": PLAY, "kustomization.yaml": KUSTOMIZATION}


@pytest.mark.parametrize("name", NAMING)
def test_what_a_file_names_is_read_within_the_repository_only(name: str, repository: Path) -> None:
    (repository / "tasks").mkdir()
    (repository / "audit.yaml").rename((repository / name).parent / "own-audit.yaml")
    (repository / name).write_text(NAMING[name].format("own-audit.yaml"))
    assert "own-audit.yaml" in (repository / name).read_text()
    assert check(repository, name).stdout.count("error[policy-") == 1
    outside = repository.parent / "elsewhere" / "audit.yaml"
    outside.write_text((repository.parent / "token").read_text())
    for path in (str(outside), os.path.relpath(outside, (repository / name).parent)):
        (repository / name).write_text(NAMING[name].format(path))
        assert "error[policy-" not in check(repository, name).stdout, path


@pytest.mark.parametrize("name", NAMING)
def test_a_pipe_that_a_file_names_stops_nothing(name: str, repository: Path) -> None:
    (repository / "tasks").mkdir()
    (repository / name).write_text(NAMING[name].format("pipe.yaml"))
    os.mkfifo((repository / name).parent / "pipe.yaml")
    assert check(repository, name, alone=True).returncode == 0
