"""`check --fix`, `--diff` and `--unsafe-fixes` as a user runs them."""

from __future__ import annotations

import io
import os
import shutil
import stat
import subprocess
import sys
import time
from base64 import b64encode
from pathlib import Path
from types import FrameType

import pytest

from kube_audit_lint.cli import main
from kube_audit_lint.pipeline import replacing
from kube_audit_lint.pipeline.replacing import edited, replace

BAD = b"""apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: ["RequestReceived"]
rules:
- level: metadata # everything
"""
GOOD = BAD.replace(b"metadata", b"Metadata")
OPEN = b"""apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: ["RequestReceived"]
rules:
- level: Metadata
  resources: [{group: "", resources: [pods]}]
"""
CLOSED = OPEN + b"- level: Metadata\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory: a repository below a folder that is none."""
    repository = tmp_path / "repository"
    (repository / ".git").mkdir(parents=True)
    monkeypatch.chdir(repository)
    return repository


def test_fix_changes_the_file_and_reports_what_is_left(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "audit-policy.yaml").write_bytes(BAD)
    assert main(["check", "--fix", "audit-policy.yaml"]) == 0
    assert (folder / "audit-policy.yaml").read_bytes() == GOOD
    shown = capsys.readouterr()
    assert "audit-policy.yaml:5: fixed invalid-level: Write `level: Metadata`" in shown.err
    assert "fixed 1 finding in 1 file" in shown.err
    assert "invalid-level" not in shown.out


def test_the_exit_status_is_that_of_what_is_left(folder: Path) -> None:
    (folder / "audit-policy.yaml").write_bytes(OPEN.replace(b"level: Metadata", b"level: metadata"))
    assert main(["check", "--fix", "audit-policy.yaml"]) == 1
    assert (folder / "audit-policy.yaml").read_bytes() == OPEN


def test_unsafe_fixes_show_which_requests_are_recorded_otherwise(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "audit-policy.yaml"
    path.write_bytes(OPEN)
    assert main(["check", "--fix", "audit-policy.yaml"]) == 1
    assert path.read_bytes() == OPEN
    assert "1 more fix with --unsafe-fixes" in capsys.readouterr().err
    assert main(["check", "--unsafe-fixes", "audit-policy.yaml"]) == 0
    assert path.read_bytes() == CLOSED
    shown = capsys.readouterr().err
    assert "(unsafe)" in shown
    assert ": not recorded -> Metadata" in shown


BROKEN = b"""apiVersion: audit.k8s.io/v1
kind: Policy
rules:
- level: RequestResponse
  verbs: [create, Patch]
  resources:
  - group: ""
- level: Metadata
"""
WHOLE = b"""apiVersion: audit.k8s.io/v1
kind: Policy
rules:
- level: Metadata
  verbs: [create, patch]
  resources:
  - group: ""
    resources: [secrets, serviceaccounts/token, configmaps]
- level: RequestResponse
  verbs: [create, patch]
  resources:
  - group: ""
- level: Metadata
"""


def test_what_is_safe_comes_before_what_is_unsafe(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else the verb is put right first, which records more secrets, and rules are put in twice."""
    (folder / "audit-policy.yaml").write_bytes(BROKEN)
    assert main(["check", "--unsafe-fixes", "audit-policy.yaml"]) == 0
    assert (folder / "audit-policy.yaml").read_bytes() == WHOLE
    assert "(unsafe)" not in capsys.readouterr().err


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
@pytest.mark.parametrize("ends", [b"\n", b"\r\n", b""])
def test_diff_shows_what_git_can_apply_and_changes_nothing(
    folder: Path, ends: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    bad, good = BAD, GOOD
    if ends != b"\n":
        bad, good = (one.rstrip(b"\n").replace(b"\n", ends or b"\n") for one in (BAD, GOOD))
    path = folder / "sub" / "audit-policy.yaml"
    path.parent.mkdir()
    path.write_bytes(bad)
    assert main(["check", "--diff", "sub"]) == 1
    assert path.read_bytes() == bad
    (folder / "the.diff").write_bytes(capsys.readouterr().out.encode())
    subprocess.run(["git", "init", "-q", "."], cwd=folder, check=True)
    subprocess.run(["git", "apply", "the.diff"], cwd=folder, check=True)
    assert path.read_bytes() == good
    assert main(["check", "--diff", "sub"]) == 0
    assert capsys.readouterr().out == ""


def test_diff_beats_fix(folder: Path) -> None:
    (folder / "audit-policy.yaml").write_bytes(BAD)
    assert main(["check", "--fix", "--diff", "audit-policy.yaml"]) == 1
    assert (folder / "audit-policy.yaml").read_bytes() == BAD


def test_standard_input_is_shown_and_not_fixed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for option, status in (("--diff", 1), ("--fix", 2)):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(BAD)))
        assert main(["check", option, "-", "--stdin-filename", "audit-policy.yaml"]) == status
    shown = capsys.readouterr()
    assert "+- level: Metadata # everything" in shown.out
    assert "standard input is none" in shown.err


def test_only_what_was_named_is_changed(folder: Path) -> None:
    manifest = MANIFEST.replace("@", "30")
    (folder / "kube-apiserver.yaml").write_text(manifest)
    (folder / "audit-policy.yaml").write_bytes(BAD)
    main(["check", "--fix", "kube-apiserver.yaml"])
    assert (folder / "audit-policy.yaml").read_bytes() == BAD


def test_what_is_suppressed_is_not_fixed(folder: Path) -> None:
    text = BAD.replace(b"# everything", b"# kube-audit-lint: ignore[invalid-level] as it is")
    (folder / "audit-policy.yaml").write_bytes(text)
    assert main(["check", "--fix", "audit-policy.yaml"]) == 0
    assert (folder / "audit-policy.yaml").read_bytes() == text


def test_base64_is_told_and_left_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    packed = b64encode(BAD).decode()
    head = "#cloud-config\nwrite_files:\n- path: /etc/kubernetes/audit-policy.yaml\n  encoding: b64\n"
    text = f"{head}  content: {packed}\n"
    path = folder / "user-data.yaml"
    path.write_text(text)
    assert main(["check", "--fix", "user-data.yaml"]) == 1
    assert path.read_text() == text
    assert "invalid-level is not fixed: " in capsys.readouterr().err
    assert main(["check", "--diff", "user-data.yaml"]) == 0
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "user-data.yaml:5: note: invalid-level is not fixed: " in shown.err


def test_a_template_is_edited_where_it_decides_nothing(folder: Path) -> None:
    text = BAD + b"- level: None\n  users: [{{ users }}]\n"
    path = folder / "audit-policy.yaml.j2"
    path.write_bytes(text)
    main(["check", "--fix", "audit-policy.yaml.j2"])
    assert path.read_bytes() == text.replace(b"metadata", b"Metadata")


MANIFEST = """apiVersion: v1
kind: Pod
metadata: {name: kube-apiserver, namespace: kube-system}
spec:
  containers:
  - name: kube-apiserver
    command:
    - kube-apiserver
    - --audit-log-maxage=@
    - --audit-log-maxbackup=10
    - --audit-log-maxsize=100
    - --audit-log-path=/var/log/kubernetes/audit.log
    - --audit-policy-file=/etc/kubernetes/audit-policy.yaml
    volumeMounts:
    - {name: policy, mountPath: /etc/kubernetes/audit-policy.yaml, readOnly: true}
    - {name: log, mountPath: /var/log/kubernetes}
  volumes:
  - {name: policy, hostPath: {path: /etc/kubernetes/audit-policy.yaml, type: File}}
  - {name: log, hostPath: {path: /var/log/kubernetes, type: DirectoryOrCreate}}
"""


@pytest.mark.parametrize("option", ["--fix", "--unsafe-fixes", "--diff"])
def test_an_option_behind_the_dashes_is_a_path(option: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "audit-policy.yaml"
    path.write_bytes(BAD)
    assert main(["check", "--", option, "audit-policy.yaml"]) == 2
    assert f"{option}: error: No such file or directory" in capsys.readouterr().out
    assert path.read_bytes() == BAD


def test_with_pre_commit_the_first_words_are_options_where_no_file_has_the_name(folder: Path) -> None:
    path = folder / "audit-policy.yaml"
    path.write_bytes(BAD)
    (folder / "--fix").write_text("nothing of ours\n")
    assert main(["check", "--pre-commit", "--", "--fix", "audit-policy.yaml"]) == 1
    (folder / "--fix").unlink()
    assert main(["check", "--pre-commit", "--", "audit-policy.yaml", "--fix"]) == 2
    assert path.read_bytes() == BAD
    assert main(["check", "--pre-commit", "--", "--fix", "audit-policy.yaml"]) == 0
    assert path.read_bytes() == GOOD


@pytest.mark.parametrize("more", [("--output", "x"), ("--format", "json"), ("--statistics",)])
def test_diff_writes_no_report_and_refuses_what_is_about_one(
    more: tuple[str, ...], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "audit-policy.yaml").write_bytes(BAD)
    assert main(["check", "--diff", *more, "."]) == 2
    shown = capsys.readouterr()
    assert "--diff shows changes in place of the report" in shown.err
    assert shown.out == ""
    assert not (folder / "x").exists()


@pytest.mark.parametrize("output", ["m/audit-policy.yaml", "json=./m/../m/audit-policy.yaml"])
@pytest.mark.parametrize("fix", [(), ("--fix",)])
def test_a_report_replaces_no_file_that_is_checked(
    output: str, fix: tuple[str, ...], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "m").mkdir()
    (folder / "m" / "audit-policy.yaml").write_bytes(BAD)
    assert main(["check", *fix, "m", "--output", output]) == 2
    assert "the report would replace a file that this run reads or writes" in capsys.readouterr().err
    assert (folder / "m" / "audit-policy.yaml").read_bytes() == BAD


class TestReplace:
    def test_the_mode_stays_and_nothing_is_left_beside(self, folder: Path) -> None:
        path = folder / "a.yaml"
        path.write_bytes(b"old")
        path.chmod(0o640)
        assert replace("a.yaml", b"old", b"new") == ""
        assert path.read_bytes() == b"new"
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        assert sorted(one.name for one in folder.iterdir()) == [".git", "a.yaml"]

    def test_a_file_that_changed_is_left_alone(self, folder: Path) -> None:
        (folder / "a.yaml").write_bytes(b"changed")
        assert "has changed" in replace("a.yaml", b"old", b"new")
        assert (folder / "a.yaml").read_bytes() == b"changed"
        assert sorted(one.name for one in folder.iterdir()) == [".git", "a.yaml"]

    def test_a_run_whose_file_changed_meanwhile_fails(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = folder / "audit-policy.yaml"
        path.write_bytes(BAD)
        real = replacing.replace

        def late(name: str, before: bytes, after: bytes) -> str:
            path.write_bytes(OPEN)
            return real(name, before, after)

        monkeypatch.setattr("kube_audit_lint.commands._fixing.replace", late)
        assert main(["check", "--fix", "audit-policy.yaml"]) == 2
        assert path.read_bytes() == OPEN
        shown = capsys.readouterr()
        assert "not fixed: it has changed since it was read" in shown.out + shown.err
        assert "fixed 1 finding" not in shown.err

    @pytest.mark.skipif(not hasattr(os, "symlink"), reason="needs links")
    def test_links_are_followed_inside_the_repository_alone(self, folder: Path) -> None:
        (folder / "real.yaml").write_bytes(b"old")
        (folder / "link.yaml").symlink_to("real.yaml")
        assert replace("link.yaml", b"old", b"new") == ""
        assert (folder / "link.yaml").is_symlink()
        assert (folder / "real.yaml").read_bytes() == b"new"
        outside = folder.parent / "outside.yaml"
        outside.write_bytes(b"old")
        (folder / "out.yaml").symlink_to(outside)
        assert "leads out of the repository" in replace("out.yaml", b"old", b"new")
        assert outside.read_bytes() == b"old"

    def test_what_cannot_be_told_from_its_text_is_not_edited(self) -> None:
        from kube_audit_lint.fixes import Edit, NotEditable
        from kube_audit_lint.syntax.decode import decode

        for data in ("a\ue000b".encode(), "\ufeffé".encode("utf-16-le")[:-1]):
            with pytest.raises(NotEditable):
                edited(data, decode(data)[0], [Edit(0, 1, "x")])
        data = b"\xef\xbb\xbfa\xff\r\nb"
        assert edited(data, decode(data)[0], [Edit(0, 1, "xy")]) == b"\xef\xbb\xbfxy\xff\r\nb"


def test_a_plain_check_imports_nothing_of_fixes(folder: Path) -> None:
    (folder / "audit-policy.yaml").write_bytes(BAD)
    script = (
        "import sys; from kube_audit_lint.cli import main; main(['check', 'audit-policy.yaml']);"
        "print([name for name in sys.modules if 'fix' in name and name.startswith('kube_audit_lint')], file=sys.stderr)"
    )
    ended = subprocess.run([sys.executable, "-c", script], cwd=folder, capture_output=True, text=True)
    assert ended.stderr.splitlines()[-1] == "[]"


@pytest.mark.parametrize("fault", ["fixes", "proof"])
def test_a_fault_of_a_fix_hides_no_finding(
    folder: Path, fault: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*arguments: object) -> None:
        raise ZeroDivisionError("of the test")

    name = "kube_audit_lint.fixes.advice.fixes" if fault == "fixes" else "kube_audit_lint.pipeline.round.verdict"
    monkeypatch.setattr(name, broken)
    path = folder / "audit-policy.yaml"
    path.write_bytes(BAD)
    for options in (["--fix"], ["--format", "json"]):
        assert main(["check", *options, "audit-policy.yaml"]) == 1
        shown = capsys.readouterr()
        assert "invalid-level" in shown.out
        assert path.read_bytes() == BAD


def test_what_an_anchor_stands_for_is_changed_once(folder: Path) -> None:
    text = BAD.replace(b"level: metadata # everything", b"level: &all metadata\n  users: [jane]\n- level: *all")
    path = folder / "audit-policy.yaml"
    path.write_bytes(text)
    main(["check", "--fix", "audit-policy.yaml"])
    assert path.read_bytes() in (text, text.replace(b"&all metadata", b"&all Metadata"))
    assert main(["check", "--fix", "--select", "invalid-level", "audit-policy.yaml"]) in (0, 1)


def test_a_policy_in_a_flow_mapping_over_lines(folder: Path) -> None:
    text = b"""apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules: [
  {level: RequestResponse, # bodies
   verbs: [create, update]},
  {level: Metadata},
]
"""
    path = folder / "audit-policy.yaml"
    path.write_bytes(text)
    assert main(["check", "--fix", "audit-policy.yaml"]) == 0
    got = path.read_text()
    assert "# bodies\n" in got
    assert '{level: Metadata, verbs: [create, update], resources: [{group: "", resources: [secrets' in got


@pytest.mark.slow
def test_a_large_policy_ends_in_time(folder: Path) -> None:
    """Hundreds of findings with fixes that are not proven: each would be tried by itself."""
    rules = "".join(
        f"- level: Request\n  users: [user-{number}]\n  verbs: [post, edit]\n"
        "  resources: [{group: '', resources: [secrets, pod]}]\n"
        for number in range(200)
    )
    (folder / "audit-policy.yaml").write_text(f"apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n{rules}")
    start = time.process_time()
    main(["check", "--diff", "audit-policy.yaml"])
    assert time.process_time() - start < 90


@pytest.mark.slow
def test_a_key_written_many_times_is_fixed_in_one_pass(folder: Path) -> None:
    """All entries were put in order again for each that is taken out: 40 kB took 7 seconds."""

    def steps(number: int) -> int:
        written = "rules:\n# kube-audit-lint: ignore[duplicate-key] meant\n- level: None\n  level: Metadata\n" * number
        (folder / "audit-policy.yaml").write_text(f"apiVersion: audit.k8s.io/v1\nkind: Policy\n{written}")
        taken = 0

        def count(frame: FrameType, event: str, argument: object) -> None:
            nonlocal taken
            taken += 1

        sys.setprofile(count)
        try:
            main(["check", "--format", "json", "audit-policy.yaml"])
        finally:
            sys.setprofile(None)
        return taken

    steps(120)  # what is imported and compiled once is not counted
    assert steps(480) < 4.5 * steps(120)
