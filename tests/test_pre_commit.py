"""The hooks, run by pre-commit itself."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
IDS = ("kube-audit-lint", "kube-audit-lint-all")


def hooks() -> dict[str, Any]:
    text = (ROOT / ".pre-commit-hooks.yaml").read_text("utf-8")
    return {hook["id"]: hook for hook in yaml.safe_load(text)}


def test_the_manifest_is_valid() -> None:
    pytest.importorskip("pre_commit")
    run("validate-manifest", ".pre-commit-hooks.yaml", folder=ROOT)


def test_both_hooks_are_of_one_make() -> None:
    staged, all_files = (hooks()[id] for id in IDS)
    for key in ("entry", "language", "types", "files", "stages", "require_serial", "minimum_pre_commit_version"):
        assert staged[key] == all_files[key]
    assert staged["require_serial"] is True
    assert "pass_filenames" not in staged
    assert all_files["pass_filenames"] is False


@pytest.mark.parametrize(
    "name",
    [
        "audit-policy.yaml",
        "a/b/audit.yml",
        "policy.json",
        "manifests/kube-apiserver.yaml.bak",
        "manifests/kube-apiserver.yaml.bak-20240101",
        "manifests/kube-apiserver.yaml~",
        "manifests/kube-apiserver.yaml_old",
        "manifests/kube-apiserver.yaml-bak",
        "kube-apiserver.manifest",
        "kube-apiserver.service",
        "kube-apiserver.service.j2",
        "kube-apiserver.conf",
        "kube-apiserver.old",
        "kube-apiserver.bak.1",
        "Audit-Policy.YAML",
        "kube-apiserver.env",
        "etc/default/kube-apiserver",
        "var/snap/microk8s/current/args/kube-apiserver",
        "cluster.tf",
        "templates/kops.yaml.tpl",
        "bootstrap.sh",
    ],
)
def test_files_that_are_looked_at(name: str) -> None:
    assert re.search(hooks()[IDS[0]]["files"], name)


@pytest.mark.parametrize("name", ["main.go", "a/logo.png", "README.md", "kube-apiserver.py", "yaml.go", ".gitignore"])
def test_files_that_are_not(name: str) -> None:
    assert not re.search(hooks()[IDS[0]]["files"], name)


def test_copies_are_text_for_pre_commit(tmp_path: Path) -> None:
    identify = pytest.importorskip("identify.identify")
    for name in ("kube-apiserver.yaml.bak", "kube-apiserver", "kube-apiserver.service", "a.yaml"):
        path = tmp_path / name
        path.write_text("kind: Policy\n")
        assert "text" in identify.tags_from_path(str(path))


@pytest.mark.slow
@pytest.mark.parametrize("id", IDS)
def test_a_bad_commit_is_refused(id: str, tmp_path: Path) -> None:
    repository = new_repository(tmp_path, EXAMPLES / "daocloud" / "mistakes")
    output = try_repo(repository, id, expected=1)
    assert "apiserver-audit-policy.yaml:" in output
    assert "error[literal-wildcard]" in output
    assert "error[backup-in-manifest-directory]" in output


@pytest.mark.slow
def test_a_file_is_never_an_option(tmp_path: Path) -> None:
    repository = new_repository(tmp_path, EXAMPLES / "daocloud" / "mistakes")
    for name in ("--fail-on=never", "--output=kube-apiserver.yaml", "--config=none"):
        (repository / name).write_text("nothing of ours\n")
    git(repository, "add", ".")
    before = {path.name: path.read_bytes() for path in repository.iterdir() if path.is_file()}
    assert "error[literal-wildcard]" in try_repo(repository, IDS[0], expected=1)
    assert {path.name: path.read_bytes() for path in repository.iterdir() if path.is_file()} == before


@pytest.mark.parametrize("id", IDS)
def test_what_the_hook_runs_takes_no_file_for_an_option(id: str, tmp_path: Path) -> None:
    """As pre-commit runs it: the entry, then the names of the files."""
    (tmp_path / "audit-policy.yaml").write_text("apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: x}]\n")
    (tmp_path / "--fail-on=never").write_text("nothing of ours\n")
    words = hooks()[id]["entry"].split()
    assert words.pop(0) == "kube-audit-lint"
    command = [sys.executable, "-m", "kube_audit_lint", *words, "--fail-on=never", "audit-policy.yaml"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert ended.returncode == 1, ended.stderr
    assert "error[invalid-level]" in ended.stdout


@pytest.mark.slow
@pytest.mark.parametrize("id", IDS)
def test_a_good_commit_passes(id: str, tmp_path: Path) -> None:
    repository = new_repository(tmp_path, EXAMPLES / "daocloud" / "good")
    assert "Passed" in try_repo(repository, id, expected=0)


@pytest.mark.slow
def test_a_commit_of_the_policy_alone_is_judged_with_the_manifest_beside_it(tmp_path: Path) -> None:
    """The image of the good manifest does not load a v1beta1 policy; without it, some version might."""
    repository = new_repository(tmp_path, EXAMPLES / "ack" / "good")
    git(repository, "commit", "--quiet", "--message", "Good")
    policy = repository / "audit-policy.yaml"
    policy.write_text(policy.read_text("utf-8").replace("audit.k8s.io/v1\n", "audit.k8s.io/v1beta1\n"), "utf-8")
    git(repository, "add", ".")
    output = try_repo(repository, IDS[0], expected=1)
    assert "error[unsupported-api-version]" in output
    assert "1.30" in output


@pytest.mark.slow
def test_fix_in_args_changes_the_file_and_fails(tmp_path: Path) -> None:
    """As hooks do: the change is looked at, staged, and committed with the next try."""
    if not (ROOT / ".git").exists():
        pytest.skip("pre-commit installs hooks from a git repository, and this is none")
    head = ("git", "rev-parse", "HEAD")
    revision = subprocess.run(head, cwd=ROOT, env=environment(tmp_path), capture_output=True, text=True, check=True)
    content = tmp_path / "content"
    content.mkdir()
    bad = "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n- level: metadata  # all\n"
    (content / "audit-policy.yaml").write_text(bad)
    hook = {"id": IDS[0], "args": ["--fix"]}
    repositories = [{"repo": str(ROOT), "rev": revision.stdout.strip(), "hooks": [hook]}]
    (content / ".pre-commit-config.yaml").write_text(yaml.safe_dump({"repos": repositories}))
    repository = new_repository(tmp_path, content)
    output = run("run", "--color=never", folder=repository, expected=1)
    assert "files were modified by this hook" in output
    assert "fixed invalid-level" in output
    assert (repository / "audit-policy.yaml").read_text() == bad.replace("metadata", "Metadata")
    git(repository, "add", ".")
    assert "Passed" in run("run", "--color=never", folder=repository)


@pytest.mark.slow
def test_a_commit_that_records_less_needs_a_reason(tmp_path: Path) -> None:
    pytest.importorskip("pre_commit")
    content = tmp_path / "content"
    content.mkdir()
    good = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: Metadata\n"
    (content / "audit-policy.yaml").write_text(good)
    repositories = [{"repo": str(ROOT), "rev": _head(), "hooks": [{"id": "kube-audit-diff"}]}]
    (content / ".pre-commit-config.yaml").write_text(yaml.safe_dump({"repos": repositories}))
    repository = new_repository(tmp_path, content)
    run("install", "--hook-type", "commit-msg", folder=repository)
    git(repository, "commit", "--quiet", "--message", "The first")
    less = good.replace("- level", "- level: None\n  userGroups: [system:nodes]\n- level")
    (repository / "audit-policy.yaml").write_text(less)
    git(repository, "add", ".")
    with pytest.raises(subprocess.CalledProcessError):
        git(repository, "commit", "--quiet", "--message", "Less")
    git(repository, "commit", "--quiet", "--message", "Less\n\nAudit-Less: nodes are recorded elsewhere")
    (repository / "audit-policy.yaml").write_text(good)
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "--message", "More again")


def _head() -> str:
    command = ["git", "rev-parse", "HEAD"]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


def test_the_hook_for_messages_is_of_no_other_stage() -> None:
    hook = hooks()["kube-audit-diff"]
    assert hook["stages"] == ["commit-msg"]
    assert hook["entry"].split()[-1] == "--message"  # what pre-commit appends is the file of the message


def new_repository(tmp_path: Path, content: Path) -> Path:
    """A repository in which the content is staged."""
    folder = tmp_path / "repository"
    shutil.copytree(content, folder)
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    return folder


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *arguments], cwd=folder, env=environment(folder), check=True)


def try_repo(repository: Path, id: str, expected: int) -> str:
    """What a hook of this checkout says of what is staged; pre-commit installs it as it does for users."""
    if not (ROOT / ".git").exists():
        pytest.skip("pre-commit installs hooks from a git repository, and this is none")
    return run("try-repo", str(ROOT), id, "--verbose", "--color=never", folder=repository, expected=expected)


def run(*arguments: str, folder: Path, expected: int = 0) -> str:
    command = [sys.executable, "-m", "pre_commit", *arguments]
    process = subprocess.run(command, cwd=folder, env=environment(folder), capture_output=True, text=True)
    output = process.stdout + process.stderr
    assert process.returncode == expected, output
    return output


def environment(folder: Path) -> dict[str, str]:
    """Nothing of the caller's git and pre-commit; GIT_DIR is set when the tests themselves run in a hook."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "PRE_COMMIT"))}
    return {**kept, "PRE_COMMIT_HOME": str(folder.parent / "pre-commit"), "PYTHONPATH": ""}
