"""`kube-audit-lint init`: what it refuses, what it leaves alone, what it prints."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kube_audit_lint.cli import main
from kube_audit_lint.model.version import NEWEST

VERSION = ("--kubernetes-version", "1.31")
KUBEADM = (*VERSION, "--form", "kubeadm")


def init(folder: Path, *words: str) -> int:
    return main(["init", *words, "--output", str(folder)])


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_files_and_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert init(tmp_path / "a" / "b", *KUBEADM, "--webhook") == 0
    assert files(tmp_path / "a" / "b") == ["audit-policy.yaml", "audit-webhook.yaml", "kubeadm-config.yaml"]
    out, err = capsys.readouterr()
    assert err == ""
    assert out.startswith(f"wrote {tmp_path}/a/b/audit-policy.yaml\n")
    assert "\n 1. Copy audit-policy.yaml to /etc/kubernetes/audit-policy.yaml" in out
    assert out.endswith("shows an event:\n    sudo tail -n 1 /var/log/kubernetes/audit/audit.log\n")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((*VERSION, "--form", "kubeadn"), "--form: 'kubeadn' is none of capi, "),
        ((*VERSION, "--form", "kubeadn"), "; did you mean kubeadm?"),
        ((*VERSION, "--form", "x"), "systemd, talos\n"),
        ((*KUBEADM, "--profile", "ci"), "--profile: 'ci' is none of default, cis, stig, ack; did you mean cis?"),
        ((*KUBEADM, "--detections", "falco,sigmar"), "'sigmar' is none of falco, sigma; did you mean sigma?"),
        (("--form", "kubeadm", "--kubernetes-version", "1.9"), "1.9 is older than 1.10"),
        (("--form", "kubeadm", "--kubernetes-version", "1.23"), "init writes for 1.24 and later, not for 1.23"),
        (("--form", "kubeadm", "--kubernetes-version", "1.29-1.31"), "init writes for one version"),
        (("--form", "kubeadm", "--kubernetes-version", "newest"), "takes a version such as 1.30"),
        ((*KUBEADM, "--noise", "kube_system"), "--noise: 'kube_system' is not the name of a namespace"),
        ((*KUBEADM, "--profile", "stig", "--noise", "kube-system"), "--noise does not go with the profile stig"),
        ((*KUBEADM, "--webhook", "a b"), "--webhook: 'a b' is not a URL"),
        ((*KUBEADM, "--webhook", "https://@url@/"), "is not a URL"),
        ((*KUBEADM, "--cluster-id", "c1"), "--cluster-id goes with --profile ack"),
        ((*KUBEADM, "--profile", "ack", "--cluster-id", "${id}"), "'${id}' is not the id of a cluster"),
        ((*VERSION, "--form", "openshift", "--webhook"), "--webhook: OpenShift has no setting for an audit webhook"),
    ],
)
def test_refused(tmp_path: Path, words: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert init(tmp_path / "out", *words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert not (tmp_path / "out").exists()


def test_a_newer_version_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert init(tmp_path, "--form", "kubeadm", "--kubernetes-version", f"1.{NEWEST + 1}") == 0
    assert f"the newest known version is 1.{NEWEST}" in capsys.readouterr().err


def test_the_patch_level_stays(tmp_path: Path) -> None:
    assert init(tmp_path, "--form", "kind", "--kubernetes-version", "v1.31.4") == 0
    assert "kindest/node:v1.31.4\n" in (tmp_path / "kind.yaml").read_text()


@pytest.mark.parametrize("there", ["audit-policy.yaml", "kubeadm-config.yaml"])
def test_nothing_is_overwritten(tmp_path: Path, there: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / there).write_text("mine")
    assert init(tmp_path, *KUBEADM) == 2
    assert "is there already, and nothing was written; --force replaces it" in capsys.readouterr().err
    assert files(tmp_path) == [there]
    assert (tmp_path / there).read_text() == "mine"
    assert init(tmp_path, *KUBEADM, "--force") == 0
    assert (tmp_path / there).read_text() != "mine"
    assert files(tmp_path) == ["audit-policy.yaml", "kubeadm-config.yaml"]


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "out" / "audit-policy.yaml").symlink_to(tmp_path / "mine")
    (tmp_path / "out" / "kubeadm-config.yaml").symlink_to(tmp_path / "nowhere")
    assert init(tmp_path / "out", *KUBEADM) == 2
    assert init(tmp_path / "out", *KUBEADM, "--force") == 0
    assert (tmp_path / "mine").read_text() == "mine"
    assert not (tmp_path / "nowhere").exists()


def test_a_folder_in_the_place_of_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "kubeadm-config.yaml").mkdir()
    assert init(tmp_path, *KUBEADM, "--force") == 2
    assert "a folder is there, and nothing was written" in capsys.readouterr().err
    assert files(tmp_path) == []


@pytest.mark.parametrize("call", [0, 1])
def test_nothing_half_written(
    tmp_path: Path, call: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = iter(range(10))
    link = os.link

    def full(source: str, target: str) -> None:
        if next(calls) == call:
            raise OSError(28, "No space left on device", source, None, target)
        link(source, target)

    monkeypatch.setattr(os, "link", full)
    assert init(tmp_path / "new" / "out", *KUBEADM) == 2
    assert "No space left on device; nothing was written" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_disk_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(source: str, target: str) -> None:
        raise OSError(1, "Operation not permitted", source, None, target)

    monkeypatch.setattr(os, "link", refused)
    assert init(tmp_path, *KUBEADM) == 0
    assert files(tmp_path) == ["audit-policy.yaml", "kubeadm-config.yaml"]


def test_a_file_in_the_place_of_the_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "out").write_text("mine")
    assert init(tmp_path / "out" / "deep", *KUBEADM) == 2
    assert "nothing was written" in capsys.readouterr().err


def test_names_are_escaped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert init(tmp_path / "a\x1b[31m\nb", *KUBEADM) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert f"wrote {tmp_path}/a\\x1b[31m\\nb/audit-policy.yaml\n" in out


def test_the_cluster_of_ack(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = (*VERSION, "--form", "static-pod", "--profile", "ack", "--cluster-id", "c1f2e3")
    assert init(tmp_path, *words) == 0
    assert "name: aliyun_logs_audit-c1f2e3_tags\n" in (tmp_path / "kube-apiserver.yaml").read_text()
    out = capsys.readouterr().out
    assert "registered cluster of ACK, c1f2e3" in out
    assert "Put your own" not in out


def test_what_stands_in_for_something_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert init(tmp_path, *VERSION, "--form", "static-pod", "--profile", "ack", "--webhook") == 0
    out = capsys.readouterr().out
    assert "Put your own in the place of https://audit.example.com/events" in out
    assert "Put your own in the place of your-cluster-id" in out
    assert init(tmp_path / "b", *KUBEADM, "--profile", "ack", "--webhook", "https://falco:9765/k8s-audit") == 0
    assert "example.com" not in capsys.readouterr().out


def test_a_check_imports_nothing_of_it(tmp_path: Path) -> None:
    program = (
        "import sys\nfrom kube_audit_lint.cli import main\n"
        f"main(['check', {str(tmp_path)!r}])\n"
        "print([name for name in sys.modules if 'starter' in name or name.endswith('.init')])"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.endswith("\n[]\n")
