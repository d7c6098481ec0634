"""The mutation run itself: what it changes, that a seed repeats it, and how it tells what was killed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

import mutate  # noqa: E402 (scripts are no package)

CODE = '''"""Docstring."""
KINDS = ("one", "two")


def f(a: str = "x") -> bool:
    """Docstring."""
    if a and not a.startswith("k"):
        return len(a) + 1 < 3
    print(f"words {a}")
    return True
'''


def test_each_change_is_one_and_is_python() -> None:
    found = mutate.mutants_of("a.py", CODE)
    assert {(one.line, one.change) for one in found} == {
        (2, 'item "one" removed'),
        (2, 'item "two" removed'),
        (5, "'x' changed"),
        (7, "and -> or"),
        (7, "not removed"),
        (7, "'k' changed"),
        (8, "< -> <="),
        (8, "+ -> -"),
        (8, "1 -> 2"),
        (8, "3 -> 4"),
        (9, "statement removed"),
        (10, "True -> False"),
    }
    for one in found:
        changed = mutate.mutated(CODE, one).splitlines()
        assert [at for at, (old, new) in enumerate(zip(CODE.splitlines(), changed, strict=True), 1) if old != new] == [
            one.line
        ]


def test_a_seed_repeats_its_mutants(monkeypatch: pytest.MonkeyPatch) -> None:
    areas = ["linking", "selection", "checks"]
    monkeypatch.setattr(mutate, "mutants_of", cache(mutate.mutants_of))
    first = mutate.chosen(areas, 50, 3)
    assert first == mutate.chosen(areas, 50, 3)
    assert first != mutate.chosen(areas, 50, 4)
    assert len({(one.path, one.line) for one in first}) == 50


def test_every_area_has_files_and_each_file_one_area() -> None:
    files = mutate.files_of()
    assert all(files.values())
    everything = [path for paths in files.values() for path in paths]
    assert len(everything) == len(set(everything))


def test_what_is_listed_as_equivalent_is_in_the_code() -> None:
    for one in mutate.known_as_equivalent():
        assert one["reason"]
        lines = (ROOT / one["file"]).read_text("utf-8").splitlines()
        assert one["code"] in map(str.strip, lines), one


@pytest.mark.slow
def test_what_is_noticed_and_what_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mutate, "ROOT", tmp_path)
    monkeypatch.setattr(mutate, "TESTS", ("tests",))
    monkeypatch.setattr(mutate, "AREAS", {"checks": ("checks/*.py",)})
    package = tmp_path / mutate.PACKAGE
    (package / "checks").mkdir(parents=True)
    (tmp_path / "tests").mkdir()
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (package / "__init__.py").write_text("")
    (package / "checks" / "__init__.py").write_text("")
    (package / "checks" / "one.py").write_text("def both(a, b):\n    return a > 1 and b > 5\n")
    test = "from kube_audit_lint.checks.one import both\ndef test_both():\n    assert both(2, 9) and not both(1, 9)\n"
    (tmp_path / "tests" / "test_one.py").write_text(test)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    mutants = mutate.mutants_of(f"{mutate.PACKAGE}/checks/one.py", "def both(a, b):\n    return a > 1 and b > 5\n")
    killed = {one.mutant.change: one.killed for one in mutate.test_all(mutants, 1, None)}
    assert killed == {"and -> or": True, "> -> >=": False, "1 -> 2": True, "5 -> 6": False}
