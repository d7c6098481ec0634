"""Puts a version wherever it is written: in the package, and in what readers copy from the pages.

python scripts/set_version.py 0.2.0      writes it
python scripts/set_version.py --check    fails where two places differ
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "lint" / "kube_audit_lint" / "__init__.py"
PLACES = (
    (r'__version__ = "([^"]+)"', [PACKAGE]),
    (r'^  "version": "([^"]+)"', [ROOT / "editors" / "vscode" / "package.json"]),
    (
        r"(?:lies>@|rev: |kube-audit-lint@<commit>  # )v(\d+\.\d+\.\d+)\b",
        [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))],
    ),
)
"""What the version stands in, and the files that have it. The package is where all others look it up."""


def written() -> Iterator[tuple[Path, str]]:
    """Every place with what it says."""
    for pattern, paths in PLACES:
        for path in paths:
            yield from ((path, found) for found in re.findall(pattern, path.read_text("utf-8"), re.M))


def check() -> int:
    """Names the places that differ from the package; returns the exit code."""
    wanted = next(written())[1]
    wrong = [(path, found) for path, found in written() if found != wanted]
    for path, found in wrong:
        print(f"{path.relative_to(ROOT)} says {found}, the package {wanted}", file=sys.stderr)
    return 1 if wrong else 0


def put(version: str) -> None:
    """Writes a version to every place, and the generated pages anew."""
    for pattern, paths in PLACES:
        for path in paths:
            text = path.read_text("utf-8")
            new = re.sub(pattern, lambda found: found[0].replace(found[1], version), text, flags=re.M)
            if new != text:
                path.write_text(new, "utf-8", newline="\n")
    subprocess.run([sys.executable, str(ROOT / "scripts" / "build_docs.py")], check=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("version", nargs="?", metavar="VERSION")
    parser.add_argument("--check", action="store_true", help="write nothing; fail where two places differ")
    arguments = parser.parse_args()
    if arguments.check or not arguments.version:
        raise SystemExit(check())
    if not re.fullmatch(r"\d+\.\d+\.\d+", arguments.version):
        raise SystemExit(f"{arguments.version} is no version such as 0.2.0")
    put(arguments.version)
