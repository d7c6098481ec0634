"""Compiles rules/*.yaml and rules/profiles/*.yaml into rules/index.json, which is all that a run reads of them.

python scripts/build_catalogue.py            writes the file
python scripts/build_catalogue.py --check    fails when it is stale
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from catalogue_files import RULES, bring_up_to_date, profiles, rules

INDEX = RULES / "index.json"
# Examples are for the documentation and the tests; `kube-audit-lint rules ID` reads them from the rule's own file.
KEYS = ("id", "title", "severity", "category", "subject", "check", "params", "kubernetes", "pedantic")
TEXTS = ("standards", "why", "search", "help")


def index() -> str:
    """The text of the file: small enough to read in a millisecond, one line a key to read in a review."""
    data = {
        "rules": [_of(rule, KEYS + TEXTS) for rule in rules()],
        "profiles": [_of(profile, ("id", "title", "rules")) for profile in profiles()],
    }
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


def _of(data: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    return {key: _bare(data[key]) for key in keys if data.get(key)}


def _bare(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def wanted() -> dict[Path, str]:
    """The files that this script writes."""
    return {INDEX: index()}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when the file is stale")
    raise SystemExit(bring_up_to_date(wanted(), "build_catalogue.py", parser.parse_args().check))
