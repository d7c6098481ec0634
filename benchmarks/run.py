"""Measures the linter beside other programs on this machine, and writes the table down.

    python benchmarks/run.py [--peers] [--write]

Builds the wheel and installs it into an environment of its own, as users have it. Analysis benchmarks are
taken from `benchmarks/analysis.py` when it is there: `groups()` returns `measure.Group`s.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from measure import Case, Group, Row, command, measure, table
from tree import grow

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "benchmarks.md"
START, END = "<!-- benchmarks: start -->", "<!-- benchmarks: end -->"
EXAMPLES = ROOT / "examples" / "ack" / "good"
PAIR = (str(EXAMPLES / "audit-policy.yaml"), str(EXAMPLES / "kube-apiserver.yaml"))
FOUND = (0, 1)
FILES, OURS = 10_000, 100


def main() -> None:
    """Measures and prints."""
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        groups = list(_groups(Path(folder), options))
        rows: list[Row] = []
        for group in groups:
            print(f"measuring: {group.title}", file=sys.stderr, flush=True)
            rows.extend(measure(group))
    text = f"{_machine()}\n\n{table(rows)}"
    print(text)
    if options.write:
        _write(text)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measures the linter beside other programs.")
    parser.add_argument("--peers", action="store_true", help="also Checkov, which is large and slow to install")
    parser.add_argument("--no-analysis", action="store_true", help="without benchmarks/analysis.py")
    parser.add_argument("--write", action="store_true", help=f"put the table into {PAGE.relative_to(ROOT)}")
    return parser.parse_args()


def _groups(folder: Path, options: argparse.Namespace) -> Iterator[Group]:
    wheel = _wheel(folder)
    ours = _environment(folder / "ours", str(wheel))
    lint = str(ours / "kube-audit-lint")
    python = str(ours / "python")
    check = Case("kube-audit-lint", command([lint, "check", *PAIR], FOUND))
    imports = command([python, "-c", "import yaml, argparse, json, re, dataclasses"])
    yield Group(
        "A policy and the manifest that loads it",
        [check, Case("Python, importing yaml, argparse, json, re, dataclasses", imports)],
        repeats=21,
    )
    yamllint = _environment(folder / "yamllint", "yamllint") / "yamllint"
    yield Group(
        "The policy alone",
        [
            Case("kube-audit-lint", command([lint, "check", PAIR[0]], FOUND)),
            Case("yamllint", command([str(yamllint), PAIR[0]], FOUND)),
        ],
        repeats=21,
    )
    tree = folder / "tree"
    grow(tree, FILES, OURS, EXAMPLES)
    yield Group(
        f"{FILES} YAML files, {OURS} of them about auditing",
        [
            Case("kube-audit-lint", command([lint, "check", str(tree)], FOUND)),
            Case("`grep -rl audit.k8s.io`", command(["grep", "-rl", "audit.k8s.io", str(tree)])),
        ],
        repeats=7,
        warm_ups=1,
    )
    if options.peers:
        yield _peers(folder, check)
    if not options.no_analysis:
        yield from _analysis()


def _peers(folder: Path, check: Case) -> Group:
    checkov = _environment(folder / "checkov", "checkov") / "checkov"
    argv = [str(checkov), "--quiet", "--compact", "--framework", "kubernetes"]
    for path in PAIR:
        argv += ["--file", path]
    return Group(
        "The same with a linter for all of Kubernetes",
        [check, Case("Checkov", command(argv, FOUND))],
        repeats=5,
        warm_ups=1,
    )


def _analysis() -> Iterator[Group]:
    if importlib.util.find_spec("analysis") is None:
        return
    import analysis  # type: ignore[import-not-found,unused-ignore]

    yield from analysis.groups()


def _wheel(folder: Path) -> Path:
    """Built from a copy, for setuptools keeps what it built and would put files of yesterday into it."""
    source = folder / "source"
    for name in ("lint", "rules"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("*.egg-info", "__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    _pip(sys.executable, "wheel", "--no-deps", "--wheel-dir", str(folder / "wheel"), str(source))
    (wheel,) = (folder / "wheel").glob("*.whl")
    return wheel


def _environment(folder: Path, package: str) -> Path:
    """The programs of a new environment with the package in it."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    _pip(str(programs / "python"), "install", package)
    return programs


def _pip(python: str, *arguments: str) -> None:
    subprocess.run([python, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments], check=True)


def _machine() -> str:
    kind = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    return f"Python {platform.python_version()} on {kind}; medians of interleaved runs after a warm-up."


def _write(text: str) -> None:
    page = PAGE.read_text("utf-8")
    before, _, rest = page.partition(START)
    _, found, after = rest.partition(END)
    if not found:
        sys.exit(f"{PAGE}: the markers {START} and {END} are missing")
    PAGE.write_text(f"{before}{START}\n{text}\n{END}{after}", "utf-8")


if __name__ == "__main__":
    main()
