"""Globs against git itself: the same patterns, the same paths, the same answers."""

from __future__ import annotations

import random
import subprocess
import time
from pathlib import Path

import pytest
from sampling import one_in

from kube_audit_lint.discovery.gitignore import NOTHING, below
from kube_audit_lint.discovery.globs import Globs

PIECES = (
    *("a", "b", "ab", "audit", "x y", "é", "-", ".", "]", "!", "#", "*", "**", "***", "?", "[ab]", "[!ab]", "[^a]"),
    *("[a-c]", "[c-a]", "[]a]", "[a-]", "[[:alpha:]]", "[[:digit:]-]", "[[:nope:]]", "[[:]", "[a", r"\*", r"\[", "\\ "),
    *(r"[\]]", r"[\a-c]", "\\"),
)
NAMES = (
    "a",
    "b",
    "ab",
    "abc",
    "audit",
    "x y",
    "é",
    "a*",
    "[a",
    "]",
    "-",
    "!a",
    "#a",
    ".a",
    "aa",
    "1",
    "ba",
    "\\",
    "= ",
    "a\nb",
)


def _pattern(rng: random.Random) -> str:
    parts = ["".join(rng.choices(PIECES, k=rng.randint(1, 3))) for _ in range(rng.choice((1, 1, 1, 2, 2, 3)))]
    pattern = "/".join(parts)
    start = rng.choice(("", "", "", "!")) + rng.choice(("", "", "/", "**/"))
    return start + pattern + rng.choice(("", "", "/", "/**", "/*", " "))


def _path(rng: random.Random) -> str:
    return "/".join(rng.choices(NAMES, k=rng.randint(1, 4)))


def _ignored_by_git(repository: Path, paths: list[str]) -> set[str]:
    run = subprocess.run(
        ["git", "-c", "core.excludesFile=", "check-ignore", "--no-index", "--stdin", "-z"],
        cwd=repository,
        input="\0".join(paths).encode() + b"\0",
        capture_output=True,
        check=False,
    )
    assert run.returncode in (0, 1), run.stderr
    return {path.decode() for path in run.stdout.split(b"\0") if path}


def _ignored_by_us(repository: Path, paths: list[str]) -> set[str]:
    ignores = below(NOTHING, f"{repository}/", "")

    def ignored(path: str) -> bool:
        ends = [at for at, char in enumerate(path) if char == "/"]
        return any(ignores.ignored(path[:at], folder=True) for at in ends) or ignores.ignored(path, folder=False)

    return {path for path in paths if ignored(path)}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    return tmp_path


@pytest.mark.parametrize("seed", one_in(3, range(100)))
def test_answers_as_git_does(repository: Path, seed: int) -> None:
    rng = random.Random(seed)
    patterns = [_pattern(rng) for _ in range(rng.choice((1, 1, 2, 6)))]
    paths = sorted({_path(rng) for _ in range(150)})
    (repository / ".gitignore").write_bytes("\n".join(patterns).encode())
    assert _ignored_by_us(repository, paths) == _ignored_by_git(repository, paths), patterns


@pytest.mark.parametrize(
    ("patterns", "ignored", "kept"),
    [
        ("*.bak", ["a.bak", "deep/er/a.bak"], ["a.bak.yaml"]),
        ("/build", ["build", "build/x.yaml"], ["deep/build"]),
        ("docs/*.yaml", ["docs/a.yaml"], ["a/docs/a.yaml", "docs/b/a.yaml"]),
        ("a/**/z", ["a/z", "a/b/z", "a/b/c/z"], ["z", "b/z"]),
        ("**/tmp", ["tmp", "a/tmp/x"], ["tmp2"]),
        ("tmp/**", ["tmp/x", "tmp/y/x"], ["tmp"]),
        ("*.yaml\n!keep.yaml", ["a.yaml"], ["keep.yaml", "a/keep.yaml"]),
        ("out\n!out/keep.yaml", ["out/keep.yaml"], []),
        ("only/", ["only/x"], ["only"]),
        (r"\#a" + "\n" + r"\!b", ["#a", "!b"], ["a", "b"]),
        ("# comment\n\n   \na", ["a"], ["# comment", "b"]),
        ("a\r\nb\r\n", ["a", "b"], ["c"]),
        ("\ufeffa", ["a"], []),
        ("trail   \nkept\\ ", ["trail", "kept "], ["trail   ", "kept"]),
        ("?.yaml", ["a.yaml"], ["é.yaml"]),
    ],
)
def test_documented_forms(repository: Path, patterns: str, ignored: list[str], kept: list[str]) -> None:
    (repository / ".gitignore").write_bytes(patterns.encode())
    assert _ignored_by_us(repository, ignored + kept) == set(ignored)
    assert _ignored_by_git(repository, ignored + kept) == set(ignored)


def test_a_pattern_made_to_be_slow_is_not() -> None:
    globs = Globs(["*a" * 30 + "b", "[ab]*" * 30 + "c/d", "**/a*a*a*a*a*a*a*a*a*a*b"])
    started = time.process_time()
    assert not globs.matches("a" * 250)
    assert time.process_time() - started < 1


def test_a_glob_of_the_configuration_counts_characters() -> None:
    assert Globs(["?.yaml"]).matches("é.yaml")


def test_no_patterns_are_false() -> None:
    assert not Globs(["", "# only a comment"])
    assert Globs(["a"])
