"""Measures the linter beside other programs on this machine, and writes the table down.

    python benchmarks/run.py [--peers] [--write]

Builds the wheel and installs it into an environment of its own, as users have it.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import analysis
import replay
from blocks import put
from measure import Case, Group, Row, command, measure, short_table, table
from tree import grow, grow_clusters, grow_operators

ROOT = Path(__file__).resolve().parents[1]
PAGE, README = ROOT / "docs" / "benchmarks.md", ROOT / "README.md"
EXAMPLES = ROOT / "examples" / "ack" / "good"
FOUND = (0, 1)
OURS = "kube-audit-lint"
FILES, AUDITING = 10_000, 100


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
    if options.write and options.replay:
        put(PAGE, "replay", text)
    elif options.write:
        put(PAGE, "benchmarks", text)
        put(README, "benchmarks", short_table(rows))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measures the linter beside other programs.")
    parser.add_argument("--peers", action="store_true", help="also Checkov, which is large and slow to install")
    parser.add_argument("--no-analysis", action="store_true", help="without those of the analysis")
    parser.add_argument("--replay", action="store_true", help="nothing but a large audit log")
    parser.add_argument("--write", action="store_true", help="put the table into docs/benchmarks.md and README.md")
    return parser.parse_args()


def _groups(folder: Path, options: argparse.Namespace) -> Iterator[Group]:
    wheel = str(_wheel(folder))
    programs = _environment(folder / "ours", wheel)
    lint, python = str(programs / "kube-audit-lint"), str(programs / "python")
    if options.replay:
        fast = _environment(folder / "fast", wheel, "msgspec")
        yield from replay.groups(lint, str(fast / "kube-audit-lint"), python, folder / "replay")
        return
    yamllint = str(_environment(folder / "yamllint", "yamllint") / "yamllint")
    policy, manifest = _pair(folder / "pair")
    check = Case(OURS, command([lint, "check", policy, manifest], FOUND))
    imports = command([python, "-c", "import argparse, yaml"])
    yield Group(
        "A policy and the manifest that loads it",
        [
            check,
            Case("yamllint", command([yamllint, policy, manifest], FOUND)),
            Case("Python, importing argparse and yaml", imports),
        ],
        repeats=21,
    )
    if options.peers:
        yield _peers(folder, check, policy, manifest)
    yield from _tree(folder / "tree", lint, yamllint)
    yield _operators(folder / "operators", lint)
    yield _clusters(folder / "clusters", lint)
    yield _hostile(folder / "hostile", lint)
    if not options.no_analysis:
        yield from analysis.groups(lint, folder / "analysis")


def _pair(folder: Path) -> tuple[str, str]:
    folder.mkdir()
    names = ("audit-policy.yaml", "kube-apiserver.yaml")
    policy, manifest = (str(shutil.copy(EXAMPLES / name, folder)) for name in names)
    return policy, manifest


def _tree(folder: Path, lint: str, yamllint: str) -> Iterator[Group]:
    grow(folder, FILES, AUDITING, EXAMPLES)
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
    yield Group(
        f"A repository of {FILES:,} YAML files, {AUDITING} of them about auditing",
        [
            Case(OURS, command([lint, "check", str(folder)], FOUND)),
            Case("`grep -rl audit.k8s.io`", command(["grep", "-rl", "audit.k8s.io", str(folder)])),
        ],
        repeats=7,
        warm_ups=1,
    )
    policy = str(folder / "clusters" / "cluster-7" / "audit-policy.yaml")
    (folder.parent / "alone").mkdir()
    alone = str(shutil.copy(policy, folder.parent / "alone"))
    yield Group(
        "One policy of it, as when only that is committed",
        [
            Case(f"{OURS}, the same policy alone in a folder", command([lint, "check", alone], FOUND)),
            Case(OURS, command([lint, "check", policy], FOUND)),
            Case("yamllint", command([yamllint, policy], FOUND)),
        ],
        repeats=21,
    )


def _clusters(folder: Path, lint: str) -> Group:
    """Every cluster with a manifest and a policy of the same names."""
    sizes = (400, 1_600, 6_400)
    for size in sizes:
        grow_clusters(folder / str(size), size)
    cases = [Case(f"{size:,} clusters", command([lint, "check", str(folder / str(size))], FOUND)) for size in sizes]
    policies = [str(path) for path in sorted((folder / "1600").rglob("policy.yaml"))[:1_000]]
    cases.append(Case("1,000 policies of the 1,600, by their names", command([lint, "check", *policies], FOUND)))
    return Group("A folder for each cluster, in which its API server finds its policy", cases, repeats=3, warm_ups=1)


def _operators(folder: Path, lint: str) -> Group:
    grow_operators(folder, 2_000)
    words = command(["grep", "-rlE", "audit|apiserver", str(folder)])
    return Group(
        "2,000 files of installers and operators, full of the words of auditing and none about it",
        [Case(OURS, command([lint, "check", str(folder)], FOUND)), Case("`grep -rlE 'audit|apiserver'`", words)],
        repeats=5,
        warm_ups=1,
    )


def _hostile(folder: Path, lint: str) -> Group:
    """Files made to keep a reader busy, each of 1 MB; docs/security.md says what limits hold."""
    folder.mkdir()
    head = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n"
    units = {"braces": "{", "brackets": "[", "dashes": "- ", "anchors": "&a ", "quotes": "'' ", "templates": "{{"}
    cases = []
    for name, unit in units.items():
        path = folder / f"{name}.yaml"
        path.write_text(head + unit * (1_000_000 // len(unit)))
        cases.append(Case(f"{name}: `{unit.strip()}` again and again", command([lint, "check", str(path)], FOUND)))
    return Group("1 MB made to hurt", cases, repeats=5, warm_ups=1)


def _peers(folder: Path, check: Case, policy: str, manifest: str) -> Group:
    checkov = _environment(folder / "checkov", "checkov") / "checkov"
    argv = [str(checkov), "--quiet", "--compact", "--framework", "kubernetes", "--file", policy, "--file", manifest]
    return Group(
        "The same with a linter for all of Kubernetes",
        [check, Case("Checkov", command(argv, FOUND))],
        repeats=5,
        warm_ups=1,
    )


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


def _environment(folder: Path, *packages: str) -> Path:
    """The programs of a new environment with the packages in it."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    # PyYAML is no part of any of them, but of the bare imports that they are held against.
    _pip(str(programs / "python"), "install", *packages, "PyYAML")
    return programs


def _pip(python: str, *arguments: str) -> None:
    subprocess.run([python, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments], check=True)


def _machine() -> str:
    kind = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    return f"Python {platform.python_version()} on {kind}; medians of interleaved runs after a warm-up."


if __name__ == "__main__":
    main()
