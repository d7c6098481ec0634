"""Imports go one way: read from the syntax of the files, lazy imports included."""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "lint" / "kube_audit_lint"
NAME = "kube_audit_lint"

BELOW = (
    "errors",
    "drafts",
    "syntax",
    "model",
    "discovery",
    "kubernetes",
    "forms",
    "analysis",
    "auditlog",
    "checks",
    "fixes",
    "catalogue",
    "report",
    "pipeline",
    "starter",
    "server",
    "library",
    "commands",
    "cli",
    "__main__",
)
"""The parts of the package from the ground up: a module imports from its own part and from those before it."""

ABOVE = {part: BELOW[index + 1 :] for index, part in enumerate(BELOW)}
ABOVE["analysis"] += ("forms",)
ABOVE["checks"] += ("forms",)
ABOVE["report"] += ("forms", "checks", "analysis", "auditlog")
ABOVE["starter"] += ("discovery", "analysis", "checks", "report")
"""What the modules of a part never import."""

MODULES = sorted(PACKAGE.rglob("*.py"))


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def _name(path: Path) -> str:
    """The dotted name of a module; of a package's `__init__.py` the package's."""
    return ".".join((NAME, *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")


@cache
def _imports(path: Path) -> list[ast.Import | ast.ImportFrom]:
    """The imports of a module, inside of functions too; they are statements, so no expression is looked into."""
    found: list[ast.Import | ast.ImportFrom] = []
    waiting: list[ast.AST] = [_tree(path)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            found.append(node)
        for name in ("body", "orelse", "finalbody", "handlers", "cases"):
            waiting += getattr(node, name, ())
    return found


NAMES = {_name(path): path for path in MODULES}


@cache
def _edges() -> dict[str, set[str]]:
    """The modules that each module imports, those for type checkers only among them."""
    found: dict[str, set[str]] = {}
    for name, path in NAMES.items():
        targets: set[str] = set()
        for node in _imports(path):
            if isinstance(node, ast.Import):
                targets |= {alias.name for alias in node.names}
            elif node.module:
                inner = {f"{node.module}.{alias.name}" for alias in node.names}
                targets |= {one if one in NAMES else node.module for one in inner}
        found[name] = {target for target in targets if target in NAMES and target != name}
    return found


def _in_circles(edges: dict[str, set[str]]) -> set[str]:
    """The names from which a way leads back to them."""
    left = {name: set(targets) for name, targets in edges.items()}
    while ends := {name for name, targets in left.items() if not targets}:  # what leads nowhere is in no circle
        left = {name: targets - ends for name, targets in left.items() if name not in ends}
    return {name for name in left if name in _reached(left, name)}


def _reached(edges: dict[str, set[str]], start: str) -> set[str]:
    reached: set[str] = set()
    waiting = set(edges[start])
    while waiting:
        name = waiting.pop()
        reached.add(name)
        waiting |= edges[name] - reached
    return reached


def _packages(edges: dict[str, set[str]]) -> dict[str, set[str]]:
    """The packages that each package imports from; at the top, modules stand for themselves."""

    def package(name: str) -> str:
        inside = NAMES[name].name != "__init__.py" and name.count(".") > 1
        return name.rpartition(".")[0] if inside else name

    found: dict[str, set[str]] = {}
    for name, targets in edges.items():
        found.setdefault(package(name), set()).update(package(target) for target in targets)
    return {name: targets - {name} for name, targets in found.items()}


def test_no_circles_of_modules() -> None:
    edges = _edges()
    assert len(edges) > 200
    assert _in_circles(edges) == set()


def test_no_circles_of_packages() -> None:
    packages = _packages(_edges())
    assert len(packages) > 20
    assert _in_circles(packages) == set()


def test_a_circle_would_be_seen() -> None:
    assert _in_circles({"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set()}) == {"b", "c"}


RULES = {path.stem for path in (PACKAGE.parents[1] / "rules").glob("*.yaml")}
OF_BOTH = {"wrong-shape"}
"""Names of rules that are kinds of misshapes, too."""


def test_forms_name_no_rule() -> None:
    assert len(RULES) > 50
    named = {path: _texts(path) & (RULES - OF_BOTH) for path in sorted((PACKAGE / "forms").rglob("*.py"))}
    assert {path: rules for path, rules in named.items() if rules} == {}


def _texts(path: Path) -> set[str]:
    """The texts that stand in a module by themselves."""
    return {
        node.value for node in ast.walk(_tree(path)) if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


@pytest.mark.parametrize("part", ["checks", "kubernetes", "analysis", "report"])
def test_nobody_asks_for_a_form(part: str) -> None:
    for path in sorted((PACKAGE / part).rglob("*.py")):
        nodes = ast.walk(_tree(path)) if re.search(r"\.\s*form\b", path.read_text("utf-8")) else ()
        assert [node.lineno for node in nodes if isinstance(node, ast.Attribute) and node.attr == "form"] == [], path


def _part(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def _imported(path: Path) -> set[str]:
    """The parts of the package that a module imports, by any spelling."""
    found = set()
    for node in _imports(path):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        found |= {name.split(".")[1] for name in names if name.startswith(f"{NAME}.")}
    return found


@pytest.mark.parametrize("part", [*BELOW, "__init__"])
def test_imports_go_one_way(part: str) -> None:
    modules = [path for path in MODULES if _part(path) == part]
    assert modules
    forbidden = {*ABOVE.get(part, ()), *({"cli"} if part != "__main__" else ())}
    assert {path: found for path in modules if (found := _imported(path) & forbidden)} == {}


def test_imports_name_the_package() -> None:
    relative = [path for path in MODULES for node in _imports(path) if getattr(node, "level", 0)]
    assert relative == []


def _tops(path: Path) -> set[str]:
    """What a module imports at its top, and so whenever it is imported."""
    tops: set[str] = set()
    for node in _tree(path).body:
        if isinstance(node, ast.Import):
            tops |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            tops.add(node.module or "")
    return tops


def test_the_slow_ones_are_imported_only_where_they_are_needed() -> None:
    """At the top of a module none of these."""
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
    assert {path: found for path in MODULES if (found := _tops(path) & slow)} == {}


EXTRAS = {"pygls": "server", "lsprotocol": "server", "tree_sitter": "", "tree_sitter_hcl": ""}
"""What only an extra brings, and the part that imports it at the top of a module; "" where none does."""


def test_extras_are_imported_only_where_they_are_needed() -> None:
    found = [
        (name, path)
        for path in MODULES
        for name in {name.partition(".")[0] for name in _tops(path)} & set(EXTRAS)
        if EXTRAS[name] != _part(path)
    ]
    assert found == []


def test_every_module_and_package_is_in_the_overview() -> None:
    page = (Path(__file__).resolve().parents[1] / "docs" / "architecture.md").read_text("utf-8")
    names = {path.name for path in PACKAGE.glob("*.py") if not path.name.startswith("__")}
    names |= {f"{path.parent.name}/" for path in PACKAGE.glob("*/__init__.py")}
    assert {name for name in names if f"`{name}" not in page} == set()


def test_files_of_tests_have_names_of_their_own() -> None:
    """Two of one name are a mistake to pytest, which only a run of the whole suite shows."""
    names = Counter(path.name for path in Path(__file__).parent.rglob("*.py") if path.name != "conftest.py")
    assert [name for name, count in names.items() if count > 1] == []
