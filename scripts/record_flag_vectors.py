"""Record what kube-apiserver's own code says to flag values, in `tests/data/pflag_values.json`.

The file is question and answer: the questions in it are asked again and the answers written anew. To add
one, add a line with any answer and run this. The answers come from flags_probe.py: pflag parsing and
AuditOptions.Validate() of each minor, compiled with the Go at hand, so that number literals and quoted
durations are those of a recent Go whatever the minor.

Format: {"values": {TYPE: [[text, error or null], ...]}, "validate": [CASE, ...]} where CASE is
[[first, last], {flag: text}, [message, ...]]: first and last are minors, both included, that give one and the
same answer. Minors that do not have one of the flags give none.

Usage: python scripts/record_flag_vectors.py [--check] [--pflag VERSION]
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import flags_probe

from kube_audit_lint.model.version import RELEASES

TARGET = Path(__file__).parents[1] / "tests/data/pflag_values.json"
# The flag that stands for each type.
FLAGS = {
    "int": "audit-log-maxage",
    "int64": "audit-log-truncate-max-batch-size",
    "bool": "audit-log-compress",
    "float32": "audit-log-batch-throttle-qps",
    "duration": "audit-webhook-batch-max-wait",
    "string": "audit-log-mode",
}


def main(argv: list[str] | None = None) -> int:
    """Ask every question again; with --check say by exit status 1 that an answer is not the recorded one."""
    parser = argparse.ArgumentParser(description="Record what kube-apiserver says to flag values.")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    parser.add_argument("--pflag", default=flags_probe.PFLAG, help="version of the pflag module")
    options = parser.parse_args(argv)
    asked = json.loads(TARGET.read_text(encoding="utf-8"))
    probe = flags_probe.Probe(options.pflag)
    text = render(
        {
            "values": {kind: record_values(probe, kind, rows) for kind, rows in asked["values"].items()},
            "validate": record_validate(probe, cases(asked["validate"])),
        }
    )
    if options.check:
        return 0 if TARGET.read_text(encoding="utf-8") == text else 1
    TARGET.write_text(text, encoding="utf-8")
    return 0


def cases(rows: list[Any]) -> list[dict[str, str]]:
    """The different sets of flags among the recorded answers."""
    return list({json.dumps(flags): flags for _, flags, _ in rows}.values())


def record_values(probe: flags_probe.Probe, kind: str, rows: list[Any]) -> list[list[Any]]:
    """[text, parse error or None] for each text of one type, by the newest minor."""
    newest = max(RELEASES)
    answers = probe.ask({"minor": newest, "args": [f"--{FLAGS[kind]}={text}"]} for text, _ in rows)
    return [[row[0], answer["parse"]] for row, answer in zip(rows, answers, strict=True)]


def record_validate(probe: flags_probe.Probe, asked: list[dict[str, str]]) -> list[list[Any]]:
    """[[first minor, last minor], flags, messages] for each run of minors that answer a case alike."""
    recorded: list[list[Any]] = []
    minors = sorted(RELEASES)
    for case in asked:
        arguments = [f"--{name}={text}" for name, text in case.items()]
        answers = probe.ask({"minor": minor, "args": arguments} for minor in minors)
        runs: list[list[Any]] = []
        for minor, answer in zip(minors, answers, strict=True):
            if answer["parse"] is None:
                extend(runs, minor, answer["errors"])
            elif not answer["parse"].startswith("unknown flag"):
                raise ValueError(answer["parse"])
        recorded += [[span, case, errors] for span, errors in runs]
    return recorded


def extend(runs: list[list[Any]], minor: int, errors: list[str]) -> None:
    """Count the minor to the last run when it follows on and answers alike, else begin a new one."""
    if runs and runs[-1][0][1] == minor - 1 and runs[-1][1] == errors:
        runs[-1][0][1] = minor
    else:
        runs.append([[minor, minor], errors])


def render(recorded: dict[str, Any]) -> str:
    """JSON with a line for each answer."""

    def lines(rows: list[Any]) -> str:
        return ",\n".join(json.dumps(row) for row in rows)

    values = ",\n".join(f'"{kind}": [\n{lines(rows)}\n]' for kind, rows in recorded["values"].items())
    return f'{{\n"values": {{\n{values}\n}},\n"validate": [\n{lines(recorded["validate"])}\n]\n}}\n'


if __name__ == "__main__":
    raise SystemExit(main())
