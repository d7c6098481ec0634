"""Feeds mistakes in audit configuration to several linters, and writes down which of them noticed.

    python benchmarks/comparison/compare.py [--tools DIR] [--write]

Each folder below `bad/` is the control plane of `good/base` with one mistake, each folder below `good/` one without.
Every tool is run on each folder by itself. It noticed a mistake when it says something about the bad folder
that it does not say about `good/base`, line numbers aside, and that is about the matter: see `MISTAKES`.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from peers import TOOLS, Said, Tool, UnavailableError

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent))

from blocks import put  # noqa: E402 (beside the other benchmarks)

BASE = HERE / "good" / "base"

MISTAKES = {
    "v1beta1": ("`audit.k8s.io/v1beta1` in Kubernetes 1.30", "v1beta1|api.?version"),
    "misspelt-level": ("`level: Reqeust`", "level"),
    "lower-case-stage": ("`requestReceived` as a stage", "stage"),
    "tab-indentation": ("A tab as indentation", "tab|token|syntax|parse"),
    "verb-for-verbs": ("`verb:` for `verbs:`", r"\bverbs?\b"),
    "resources-as-strings": ("`resources: [endpoints]`", "resources"),
    "no-rules": ("`rules: []`", "rules"),
    "secrets-behind-broader-rule": ("Secrets in full, by a broader rule above theirs", "secret"),
    "catch-all-in-the-middle": ("A catch-all above two other rules", "reach|never|order"),
    "all-groups-before-1.36": ('`group: "*"` in Kubernetes 1.30', r"group|\*"),
    "maxage-behind-a-blank": ("`--audit-log-maxage 30` as one argument", "maxage"),
    "maxage-with-a-unit": ("`--audit-log-maxage=30d`", "maxage|30d"),
    "maxage-of-a-week": ("`--audit-log-maxage=7`, where standards require 30", "maxage"),
    "no-audit-flags": ("No audit flag at all", "audit-(?:log|policy)|no audit policy"),
    "misspelt-mount-path": ("`mountpath:` for `mountPath:`", "mount"),
    "policy-not-mounted": ("The policy is not mounted", r"(?:polic|volume).*mount|mount.*(?:polic|volume)"),
    "log-mounted-read-only": ("The log lies in a read-only mount", "read-?only"),
}
"""The bad folders: what is wrong in each, and what a message has to say to be about it."""

GOOD = {
    "base": "The control plane that the others differ from",
    "everything-at-metadata": "A policy of one rule",
    "all-groups-in-1.36": '`group: "*"` in Kubernetes 1.36',
    "arguments-apart": "Flags in `args`, the program by its path",
    "whole-folder-mounted": "The policy's folder mounted, other numbers",
}
"""The good folders: what is to be accepted in each."""

NOTICED, SILENT, ALARM, CRASHED = "yes", "-", "false alarm", "**crashed**"


def main() -> None:
    """Compares and prints."""
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        tools, missing = _install(Path(options.tools or Path(folder) / "tools"))
        columns = {tool: _Column(tool, Path(folder) / "control-plane") for tool in tools}
    short, whole = _short(columns), _whole(columns, missing)
    print(f"{whole}\n\n{short}")
    if options.write:
        put(ROOT / "docs" / "comparison.md", "comparison", whole)
        put(ROOT / "README.md", "comparison", short)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Feeds mistakes to several linters.")
    parser.add_argument("--tools", metavar="DIR", help="where to install them, and to find them the next time")
    parser.add_argument("--write", action="store_true", help="put the tables into README.md and docs/comparison.md")
    return parser.parse_args()


def _install(folder: Path) -> tuple[list[Tool], list[str]]:
    """The tools that could be installed, and the names of the others."""
    tools, missing = [], []
    for tool in TOOLS:
        print(f"installing: {tool.name}", file=sys.stderr, flush=True)
        try:
            tool.install(folder)
            tools.append(tool)
        except (UnavailableError, subprocess.SubprocessError) as error:
            print(f"  {error}", file=sys.stderr)
            missing.append(tool.name)
    return tools, missing


class _Column:
    """What one tool says of every folder."""

    def __init__(self, tool: Tool, place: Path) -> None:
        print(f"running: {tool.name}", file=sys.stderr, flush=True)
        self.cells: dict[str, str] = {}
        self.words: dict[str, str] = {}
        usual = _of(tool, BASE, place)
        for name, (_, matter) in MISTAKES.items():
            said = _of(tool, HERE / "bad" / name, place)
            new = sorted(text for text in said.texts - usual.texts if re.search(matter, text, re.IGNORECASE))
            self.cells[name] = CRASHED if said.crashed else NOTICED if new else SILENT
            self.words[name] = said.crashed or (new[0] if new else "")
        for name in GOOD:
            said = _of(tool, HERE / "good" / name, place)
            about = sorted(text for text in said.texts if tool.only_auditing or "audit" in text.lower())
            self.cells[name] = CRASHED if said.crashed else ALARM if about else "accepted"
            self.words[name] = said.crashed or (about[0] if about else "")

    def count(self, names: dict[str, object] | dict[str, str], wanted: str) -> int:
        """How many of the folders have this cell."""
        return sum(self.cells[name] == wanted for name in names)


def _of(tool: Tool, source: Path, place: Path) -> Said:
    """What the tool says of a folder, which always stands at the same place so that paths are no difference."""
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(BASE, place)
    shutil.copytree(source, place, dirs_exist_ok=True)
    return tool.run(place)


def _short(columns: dict[Tool, _Column]) -> str:
    """How many each tool noticed, in a few lines."""
    lines = [
        f"| | of {len(MISTAKES)} mistakes noticed | crashed on | false alarms on {len(GOOD)} good ones |",
        "|---|--:|--:|--:|",
    ]
    every = {**MISTAKES, **GOOD}
    for tool, column in columns.items():
        noticed, alarms = column.count(MISTAKES, NOTICED), column.count(GOOD, ALARM)
        lines.append(f"| {tool.name} | {noticed} | {column.count(every, CRASHED)} | {alarms} |")
    return "\n".join(lines)


def _whole(columns: dict[Tool, _Column], missing: list[str]) -> str:
    """Versions, commands, every cell, and the words by which a mistake was noticed."""
    parts = [_tools(columns)]
    if missing:
        parts.append(f"Not installed, and so not measured: {', '.join(missing)}.")
    rows = [(name, title) for name, (title, _) in MISTAKES.items()]
    parts.append("Mistakes, and who noticed them:\n\n" + _cells("mistake", "bad", rows, columns))
    parts.append("Good ones:\n\n" + _cells("good", "good", list(GOOD.items()), columns))
    parts.append("The words by which they were noticed, each shortened to its beginning:\n\n" + _words(columns))
    return "\n\n".join(parts)


def _tools(columns: dict[Tool, _Column]) -> str:
    lines = ["| tool | version | command, in the folder |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| {one.name} | {one.version()} | `{one.shown}` |" for one in columns)])


def _cells(what: str, folder: str, rows: list[tuple[str, str]], columns: dict[Tool, _Column]) -> str:
    lines = [
        f"| {what} | {' | '.join(tool.name for tool in columns)} |",
        f"|---|{'---|' * len(columns)}",
    ]
    for name, title in rows:
        link = f"[{title}](../benchmarks/comparison/{folder}/{name})"
        lines.append(f"| {link} | {' | '.join(column.cells[name] for column in columns.values())} |")
    return "\n".join(lines)


def _words(columns: dict[Tool, _Column]) -> str:
    lines = []
    for name, (title, _) in MISTAKES.items():
        said = [(tool.name, column.words[name]) for tool, column in columns.items() if column.words[name]]
        lines += [f"- {title}", *(f"  - {who}: `{_begin(words)}`" for who, words in said)]
    for name, title in GOOD.items():
        said = [(tool.name, column.words[name]) for tool, column in columns.items() if column.words[name]]
        lines += [f"- {title} (good)"] * bool(said) + [f"  - {who}: `{_begin(words)}`" for who, words in said]
    return "\n".join(lines)


def _begin(text: str) -> str:
    text = text.replace("`", "'")
    return text if len(text) <= 110 else text[:109] + "…"


if __name__ == "__main__":
    main()
