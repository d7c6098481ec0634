"""Walking: against git on generated trees, and everything that a folder can hold besides files."""

from __future__ import annotations

import os
import random
import socket
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest
from sampling import diagonal, one_in

from kube_audit_lint.discovery.globs import Globs
from kube_audit_lint.discovery.walk import walk
from kube_audit_lint.model.finding import FileError


class Scope:
    def __init__(self, exclude: Iterable[str] = (), folder: str = ".") -> None:
        self._excluding = [(Globs(exclude), os.path.realpath(folder))]

    def excluding(self, folder: str, names: Sequence[str] | None = None) -> list[tuple[Globs, str]]:
        return self._excluding


def _walk(*paths: str, exclude: Iterable[str] = (), folder: str = ".", embedded: bool = False) -> list[str]:
    errors: list[FileError] = []
    found = list(walk(paths, Scope(exclude, folder), errors.append, embedded))
    assert errors == []
    return found


def _errors(*paths: str) -> list[tuple[str, str]]:
    errors: list[FileError] = []
    list(walk(paths, Scope(), errors.append))
    return [(error.path, error.message) for error in errors]


def _write(*paths: str, content: str = "x") -> None:
    for path in paths:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(content)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def repository(folder: Path) -> Path:
    subprocess.run(["git", "init", "-q"], check=True)
    return folder


class TestIgnored:
    PATTERNS = (
        *("a", "/a", "a/", "/a/", "!a", "*.yaml", "!*.yaml", "b/*", "b/**", "**/b", "a/**/b", "!a/", "*", "!*/"),
        *("[ab]", "a?", "/*", "!/a", "b/a", "!b/a", "**/a/*.yaml", ".*", "a*/", "# a", "", "b  ", "\\!x", "ab*"),
        "!b.yaml",
    )
    NAMES = ("a", "b", "ab", "a.yaml", "b.yaml", "!x", ".x", "ü.yaml")

    def _grow(self, rng: random.Random, folder: str, depth: int) -> None:
        os.makedirs(folder, exist_ok=True)
        if rng.random() < 0.5:
            patterns = rng.choices(self.PATTERNS, k=rng.randint(1, 4))
            Path(folder, ".gitignore").write_text(rng.choice(("\n", "\r\n")).join(patterns))
        for name in rng.sample(self.NAMES, k=rng.randint(2, 6)):
            if depth and rng.random() < 0.55:
                self._grow(rng, f"{folder}/{name}", depth - 1)
            else:
                _write(f"{folder}/{name}")

    @pytest.mark.parametrize("seed", one_in(3, range(60)))
    def test_as_git_lists_them(self, repository: Path, seed: int) -> None:
        rng = random.Random(seed)
        self._grow(rng, "tree", 3)
        if rng.random() < 0.5:
            (repository / ".git/info/exclude").write_text("\n".join(rng.choices(self.PATTERNS, k=2)))
        git = ["git", "-c", "core.excludesFile=", "ls-files", "-z", "--others", "--exclude-standard", "--", "tree"]
        listed = subprocess.run(git, check=True, capture_output=True).stdout.decode().split("\0")
        expected = set(filter(None, listed))
        assert set(_walk(".")) == expected
        assert set(_walk("tree")) == expected or not expected  # a named folder is walked though it is ignored

    @pytest.mark.parametrize(("index", "seed"), diagonal(["2", "3", "4", "split", "sha256"], range(4)))
    def test_what_is_tracked_is_not_ignored(self, folder: Path, index: str, seed: int) -> None:
        rng = random.Random(seed)
        subprocess.run(
            ["git", "init", "-q", f"--object-format={'sha256' if index == 'sha256' else 'sha1'}"], check=True
        )
        self._grow(rng, "tree", 3)
        files = [str(path.relative_to(folder)) for path in (folder / "tree").rglob("*") if path.is_file()]
        tracked = rng.sample(sorted(files), k=len(files) // 4)
        for added in (tracked[::2], tracked[1::2]):
            subprocess.run(["git", "update-index", "--add", "--", *added], check=True)
            if index == "split":
                subprocess.run(["git", "update-index", "--split-index"], check=True)
        if index == "3":  # what is only meant to be added needs the longer flags
            subprocess.run(["git", "add", "-fN", "tree"], check=True)
        elif index.isdigit():
            subprocess.run(["git", "update-index", "--index-version", index], check=True)
        git = ["git", "-c", "core.excludesFile=", "ls-files", "-zco", "--exclude-standard", "--", "tree"]
        listed = subprocess.run(git, check=True, capture_output=True).stdout.decode().split("\0")
        assert set(_walk(".")) == set(filter(None, listed))

    def test_what_is_tracked_below_an_ignored_folder(self, repository: Path) -> None:
        _write("m/a.yaml", "m/in/b.yaml")
        subprocess.run(["git", "add", "m"], check=True)
        _write(".gitignore", content="m/")
        _write("m/.gitignore", content="*\n!c.yaml")
        _write("m/c.yaml", "m/other/d.yaml")
        assert _walk(".") == [".gitignore", "m/a.yaml", "m/in/b.yaml"]
        assert set(_walk("m")) == {"m/a.yaml", "m/in/b.yaml", "m/c.yaml"}

    def test_a_submodule_below_an_ignored_folder(self, repository: Path) -> None:
        subprocess.run(["git", "init", "-q", "m/sub"], check=True)
        commit = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-qm", "a"]
        _write("m/sub/a.yaml")
        subprocess.run(["git", "-C", "m/sub", "add", "."], check=True)
        subprocess.run([*commit[:1], "-C", "m/sub", *commit[1:]], check=True)
        subprocess.run(["git", "-c", "advice.addEmbeddedRepo=false", "add", "m/sub"], check=True)
        _write(".gitignore", content="m/")
        assert _walk(".") == [".gitignore", "m/sub/a.yaml"]

    @pytest.mark.parametrize("size", [0, 7, 20, 60, 90, 110, -1])
    def test_a_broken_index_stops_nothing(self, repository: Path, size: int) -> None:
        _write("m/a.yaml", "b.yaml")
        subprocess.run(["git", "add", "m"], check=True)
        index = repository / ".git/index"
        index.write_bytes(index.read_bytes()[:size])
        _write(".gitignore", content="m/")
        assert set(_walk(".")) - {"m/a.yaml"} == {".gitignore", "b.yaml"}

    def test_a_named_file_is_read_all_the_same(self, repository: Path) -> None:
        _write("a.yaml", ".gitignore", content="*.yaml")
        assert _walk("a.yaml") == ["a.yaml"]

    def test_a_named_folder_is_walked_all_the_same(self, repository: Path) -> None:
        _write(".gitignore", content="build/\n*.tmp")
        _write("build/a.yaml", "build/b.tmp", "build/in/a.yaml")
        assert _walk("build") == ["build/a.yaml", "build/b.tmp", "build/in/a.yaml"]

    def test_files_above_the_named_folder_count(self, repository: Path) -> None:
        _write(".gitignore", content="in/drop.yaml\n*.tmp")
        _write("in/drop.yaml", "in/keep.yaml", "in/deep/x.tmp", "in/deep/y.yaml")
        assert _walk("in") == ["in/keep.yaml", "in/deep/y.yaml"]
        assert _walk("in/deep") == ["in/deep/y.yaml"]

    def test_a_nested_repository_begins_anew(self, repository: Path) -> None:
        _write(".gitignore", content="*.yaml")
        subprocess.run(["git", "init", "-q", "nested"], check=True)
        _write("nested/a.yaml", "b.yaml")
        assert _walk(".") == [".gitignore", "nested/a.yaml"]

    def test_a_worktree_shares_info_exclude(self, repository: Path) -> None:
        _write("a")
        commit = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-qm", "a"]
        subprocess.run(["git", "add", "a"], check=True)
        subprocess.run(commit, check=True)
        subprocess.run(["git", "worktree", "add", "-q", "tree"], check=True)
        _write(".git/info/exclude", content="*.tmp")
        _write("tree/b.tmp", "tree/b.yaml")
        assert _walk("tree") == ["tree/.git", "tree/a", "tree/b.yaml"]

    def test_gitignore_counts_without_a_repository(self) -> None:
        _write(".gitignore", content="drop")
        _write("drop", "keep")
        assert _walk(".") == [".gitignore", "keep"]


class TestExclude:
    def test_holds_for_files_below_folders_and_named_ones(self) -> None:
        _write("vendor/a.yaml", "keep/a.yaml", "keep/a.bak")
        exclude = ["vendor/", "*.bak"]
        assert _walk(".", exclude=exclude) == ["keep/a.yaml"]
        assert _walk("vendor/a.yaml", "keep/a.bak", "keep/a.yaml", exclude=exclude) == ["keep/a.yaml"]
        assert _walk("vendor", exclude=exclude) == []

    def test_is_relative_to_the_folder_of_the_configuration(
        self, monkeypatch: pytest.MonkeyPatch, folder: Path
    ) -> None:
        _write("in/a.yaml", "in/b.yaml", "in/in/a.yaml")
        monkeypatch.chdir("in")
        assert _walk(".", exclude=["/in/a.yaml"], folder=str(folder)) == ["b.yaml", "in/a.yaml"]

    def test_takes_back_in(self) -> None:
        _write("a.yaml", "b.yaml")
        assert _walk("a.yaml", "b.yaml", exclude=["*.yaml", "!b.yaml"]) == ["b.yaml"]


class TestOddThings:
    def test_each_file_once_and_in_order(self) -> None:
        _write("b/x", "a/y", "a/x", "c", "a/z/deep")
        assert _walk("b/x", ".", "./b", "a/../a/x") == ["b/x", "c", "a/x", "a/y", "a/z/deep"]

    def test_names_are_shown_relative_to_the_working_directory(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _write("in/a", "out/b")
        assert _walk(f"{folder}/in", "./out/../out/b") == ["in/a", "out/b"]
        monkeypatch.chdir("in")
        assert _walk("../out", str(folder / "out/b")) == ["../out/b"]
        assert _walk(str(folder / "out")) == [f"{folder}/out/b"]

    def test_symlinks_to_files_come_last_and_to_folders_not_at_all(self, folder: Path) -> None:
        outside = folder.parent / f"{folder.name}-outside"
        outside.mkdir()
        (outside / "policy.yaml").write_text("x")
        _write("tree/z/real.yaml")
        for link, target in {
            "a-link.yaml": "z/real.yaml", "out.yaml": outside / "policy.yaml", "out": outside,
            "loop": "..", "self": "self", "broken": "nowhere",
        }.items():  # fmt: skip
            Path("tree", link).symlink_to(target)
        assert _walk("tree") == ["tree/z/real.yaml"]  # out.yaml leads out of the folder: test_outside.py
        assert _walk("tree", str(outside / "policy.yaml")) == ["tree/z/real.yaml", f"{outside}/policy.yaml"]
        assert _walk("tree/a-link.yaml", "tree") == ["tree/a-link.yaml"]
        assert _walk("tree/out") == ["tree/out/policy.yaml"]

    def test_pipes_and_sockets_are_passed_over_and_an_error_when_named(self, folder: Path) -> None:
        os.mkfifo("pipe")
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("sock")
            assert _walk(".") == []
            assert _errors("pipe", "sock", "gone", "/dev/null") == [
                ("pipe", "is a named pipe, not a file"),
                ("sock", "is a socket, not a file"),
                ("gone", "No such file or directory"),
                ("/dev/null", "is a device, not a file"),
            ]

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may enter every folder")
    def test_an_unreadable_folder_is_an_error_and_the_rest_goes_on(self) -> None:  # pragma: no cover
        _write("a/x", "b/x")
        os.chmod("a", 0)
        errors: list[FileError] = []
        assert list(walk(["."], Scope(), errors.append)) == ["b/x"]
        os.chmod("a", 0o755)
        assert errors == [FileError("a", "Permission denied")]

    def test_a_folder_that_cannot_be_read_is_an_error(self, monkeypatch: pytest.MonkeyPatch) -> None:
        _write("a/x", "b/x")
        scandir = os.scandir

        def refusing(path: str) -> object:
            if path.endswith("/a/"):
                raise PermissionError(13, "Permission denied")
            return scandir(path)

        monkeypatch.setattr(os, "scandir", refusing)
        errors: list[FileError] = []
        assert list(walk(["."], Scope(), errors.append)) == ["b/x"]
        assert errors == [FileError("a", "Permission denied")]

    def test_odd_names(self) -> None:
        names = sorted(
            ["a b.yaml", "new\nline.yaml", "-n.yaml", "ü.yaml", os.fsdecode(b"\xff.yaml"), "..yaml", "no.end."]
        )
        _write(*names)
        assert sorted(_walk(".")) == names

    def test_a_nul_in_a_name_is_an_error(self) -> None:
        assert [path for path, _ in _errors("a\0b")] == ["a\0b"]

    def test_no_files_in_git(self, repository: Path) -> None:
        assert _walk(".") == []

    def test_deep_trees(self) -> None:
        _write("/".join("d" * 400) + "/x")
        assert len(_walk(".")) == 1


def test_what_is_surely_something_else_is_not_read_below_folders() -> None:
    _write("a.go", "a.PNG", "a.md", "a.tf", "a.sh")
    _write("a.yaml", "a.yaml.bak", "kube-apiserver", "a.service", "a.j2", "a.tpl", "a.")
    assert _walk(".") == ["a.", "a.j2", "a.service", "a.tpl", "a.yaml", "a.yaml.bak", "kube-apiserver"]
    assert {"a.md", "a.tf", "a.sh"} < set(_walk(".", embedded=True))
    assert _walk("a.go", "a.md") == ["a.go", "a.md"]
