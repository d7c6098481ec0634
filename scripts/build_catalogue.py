"""Compiles what a run must know of rules and forms before it reads any of them.

rules/*.yaml and rules/profiles/*.yaml become lint/kube_audit_lint/catalogue/compiled.py, rules/standards/*.yaml become
rules/standards.json; the constants of the forms' modules become lint/kube_audit_lint/discovery/marks.py.

python scripts/build_catalogue.py            writes the file
python scripts/build_catalogue.py --check    fails when it is stale
"""

from __future__ import annotations

import argparse
import ast
import json
from pathlib import Path
from typing import Any

from catalogue_files import ROOT, RULES, bring_up_to_date, profiles, rules
from catalogue_standards import standards
from tables import table_module

STANDARDS = RULES / "standards.json"
PACKAGE = ROOT / "lint" / "kube_audit_lint"
COMPILED = PACKAGE / "catalogue" / "compiled.py"
# Examples are for the documentation and the tests; `kube-audit-lint rules ID` reads them from the rule's own file.
KEYS = (
    "id",
    "title",
    "severity",
    "category",
    "subject",
    "check",
    "params",
    "kubernetes",
    "pedantic",
    "opt-in",
    "yields-to",
)
TEXTS = ("standards", "why", "search", "help", "fix")


def compiled() -> str:
    """The text of the module with all rules and profiles, one line a key to read in a review."""
    return table_module(
        "All rules and profiles, compiled from rules/*.yaml by scripts/build_catalogue.py.",
        RULES=("list[dict[str, Any]]", [_of(rule, KEYS + TEXTS) for rule in rules()], 2),
        PROFILES=(
            "list[dict[str, Any]]",
            [_of(one, ("id", "title", "why", "extends", "rules")) for one in profiles()],
            3,
        ),
    )


def _of(data: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    return {key: _bare(data[key]) for key in keys if data.get(key)}


def _bare(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def marks() -> str:
    """The text of the module with the marks of all forms, in the order in which they are tried."""
    forms = sorted(_forms(), key=lambda form: (form.get("ORDER", 5), form["name"]))
    kinds = {kind: [form for form in forms if kind in form["functions"]] for kind in ("read", "read_text")}
    looks: dict[tuple[str, ...], list[str]] = {}
    for form in (_constants(PACKAGE / "discovery" / "look.py"), *forms):
        for word, rest, *others in form.get("LOOK", ()):
            looks.setdefault((word, *others), []).append(rest)
    lines = [
        '"""The marks of all forms, compiled from their modules by scripts/build_catalogue.py."""',
        "",
        "# fmt: off",
        "# ruff: noqa: E501",
    ]
    for title, kind in (("DOCUMENT_FORMS", "read"), ("TEXT_FORMS", "read_text")):
        lines += ["", f"{title}: dict[str, tuple[str, ...]] = {{"]
        lines += [f"    {form['name']!r}: {(*form['MARKS'], *form.get('ENCODED', ()))!r}," for form in kinds[kind]]
        lines += ["}"]
    lines += ["", "BYTES: tuple[tuple[bytes, bytes, tuple[bytes, ...]], ...] = ("]
    lines += [
        f"    ({word.encode()!r}, {_either(word, rest)!r}, {tuple(one.encode() for one in others)!r}),"
        for (word, *others), rest in looks.items()
    ]
    encoded = tuple(one.encode() for form in forms for one in form.get("ENCODED", ()))
    return "\n".join([*lines, ")", f"ENCODED = {encoded!r}"]) + "\n"


def _either(word: str, rest: list[str]) -> bytes:
    return f"{word}(?:{'|'.join(rest)})".encode()


def _forms() -> list[dict[str, Any]]:
    """The constants and functions of the modules that are forms."""
    folder = PACKAGE / "forms"
    paths = {path.stem: path for path in folder.glob("[a-z]*.py")}
    paths |= {path.parent.name: path for path in folder.glob("*/__init__.py") if path.parent.name != "common"}
    found = [{"name": name, **_constants(path)} for name, path in paths.items()]
    return [form for form in found if "MARKS" in form]


def _constants(path: Path) -> dict[str, Any]:
    """The constants about marks of a module, and the names of its `functions`, read without running it."""
    body = ast.parse(path.read_text("utf-8")).body
    found: dict[str, Any] = {"functions": [node.name for node in body if isinstance(node, ast.FunctionDef)]}
    for node in body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if name in ("MARKS", "LOOK", "ORDER", "ENCODED"):
                found[name] = ast.literal_eval(node.value)
    return found


def wanted() -> dict[Path, str]:
    """The files that this script writes."""
    controls = json.dumps(standards(), indent=1, ensure_ascii=False) + "\n"
    return {COMPILED: compiled(), STANDARDS: controls, PACKAGE / "discovery" / "marks.py": marks()}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when the file is stale")
    raise SystemExit(bring_up_to_date(wanted(), "build_catalogue.py", parser.parse_args().check))
