"""The catalogue as scripts and tests read it: whole rule files, examples included."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "lint"))

from kube_audit_lint.catalogue.examples import whole_examples  # noqa: E402
from kube_audit_lint.catalogue.ownfile import read_own_file  # noqa: E402
from kube_audit_lint.catalogue.rule import CATEGORIES  # noqa: E402 (from the checkout, not from an installation)

__all__ = ["CATEGORIES", "ROOT", "RULES", "bring_up_to_date", "profiles", "rules", "text_of"]

RULES = ROOT / "rules"


@cache
def rules() -> list[dict[str, Any]]:
    """Every rule, by category as the catalogue shows them, then by id: the same objects whoever calls, read once."""
    order = {category: index for index, category in enumerate(CATEGORIES)}
    found = [_rule(path) for path in sorted(RULES.glob("*.yaml"))]
    return sorted(found, key=lambda rule: (order.get(rule.get("category", ""), len(order)), rule["id"]))


@cache
def profiles() -> list[dict[str, Any]]:
    """Every profile, by id: the same objects whoever calls."""
    return [_data(path) for path in sorted((RULES / "profiles").glob("*.yaml"))]


def _rule(path: Path) -> dict[str, Any]:
    data = _data(path)
    return {**data, "examples": whole_examples(data, str(path))}


def _data(path: Path) -> dict[str, Any]:
    data = read_own_file(str(path)).data
    if not isinstance(data, dict):
        raise SystemExit(f"{path}: is no mapping")
    return data


def bring_up_to_date(wanted: dict[Path, str], script: str, check: bool) -> int:
    """Writes the files that differ from what is wanted; with `check` only names them. Returns the exit code."""
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text("utf-8") != text]
    for path in stale:
        if check:
            print(f"{path.relative_to(ROOT)} is stale: run python scripts/{script}", file=sys.stderr)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text_of(wanted[path]), "utf-8", newline="\n")
            print(f"wrote {path.relative_to(ROOT)}")
    return 1 if check and stale else 0


def text_of(text: str) -> str:
    """The text with one line end at its end."""
    return text.rstrip("\n") + "\n"
