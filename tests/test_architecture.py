"""Imports go one way: read from the syntax of the files, lazy imports included."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "lint" / "kube_audit_lint"
NAME = "kube_audit_lint"

BELOW = (
    "errors",
    "syntax",
    "model",
    "discovery",
    "kubernetes",
    "forms",
    "analysis",
    "checks",
    "catalogue",
    "report",
    "pipeline",
    "commands",
    "cli",
    "__main__",
)
"""The parts of the package from the ground up: a module imports from its own part and from those before it."""

ABOVE = {part: BELOW[index + 1 :] for index, part in enumerate(BELOW)}
ABOVE["analysis"] += ("forms",)
ABOVE["checks"] += ("forms",)
ABOVE["report"] += ("forms", "checks", "analysis")
"""What the modules of a part never import; `""` is everything of the package."""

MODULES = sorted(PACKAGE.rglob("*.py"))


def _part(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def _imported(path: Path) -> set[str]:
    """The parts of the package that a module imports, by any spelling."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        found |= {name.split(".")[1] for name in names if name.startswith(f"{NAME}.")}
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_one_way(path: Path) -> None:
    forbidden = ABOVE.get(_part(path), ())
    imported = _imported(path)
    assert not imported if "" in forbidden else not imported & set(forbidden)
    if _part(path) != "__main__":
        assert "cli" not in imported


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_name_the_package(path: Path) -> None:
    relative = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.ImportFrom)]
    assert all(node.level == 0 for node in relative)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_the_slow_ones_are_imported_only_where_they_are_needed(path: Path) -> None:
    """At the top of a module, and so in every run, none of these."""
    slow = {
        "jsonschema",
        "pathlib",
        "fnmatch",
        "glob",
        "importlib.resources",
        "importlib.metadata",
        "dataclasses",
        "tempfile",
    }
    tops = set()
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.Import):
            tops |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            tops.add(node.module or "")
    assert not tops & slow


def test_every_module_and_package_is_in_the_overview() -> None:
    page = (Path(__file__).resolve().parents[1] / "docs" / "architecture.md").read_text("utf-8")
    names = {path.name for path in PACKAGE.glob("*.py") if not path.name.startswith("__")}
    names |= {f"{path.parent.name}/" for path in PACKAGE.glob("*/__init__.py")}
    assert {name for name in names if f"`{name}" not in page} == set()
