"""Generate the table of audit flags: `lint/kube_audit_lint/kubernetes/flag_table.py`.

Sources: what kube-apiserver's own declarations say for each minor that is known (flags_probe.py: names,
types, defaults, deprecations, allowed values), and for what no declaration says, flags_supplement.json: in
which minor before 1.10 a flag appeared, and the limits that Validate() sets. Final releases were
read for every minor.

Format: one object, flag name without dashes to

    type        int, int64, bool, string, path, duration or float32
    since       the first minor that has the flag; 0 for 1.6 or older
    until       the last minor that has it; null while the newest has it
    defaults    [[first minor, value], ...]; durations as Go prints them ("30s"). The first value is taken to
                hold since the flag exists
    allowed     [[first minor, [value, ...]], ...], when the values are a closed list
    min, above  the least allowed value, or the value it must exceed, when there is a limit
    deprecated  the first minor that calls it deprecated, and replacement: the flag to use instead
    backend     log or webhook when the flag is validated and used only with that backend on, else null
    mode        batch when the flag is validated and used only in that mode of its backend

Usage: python scripts/generate_flags.py [--check]
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any

import flags_probe
from tables import table_module

from kube_audit_lint.model.version import RELEASES

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "lint/kube_audit_lint/kubernetes/flag_table.py"
SUPPLEMENT = Path(__file__).with_name("flags_supplement.json")
SWITCHES = {"audit-log-path", "audit-webhook-config-file"}  # what switches a backend on, so never under it

Table = dict[str, dict[str, Any]]


def main(argv: list[str] | None = None) -> int:
    """Write the table, or with --check say by exit status 1 that it is stale."""
    parser = argparse.ArgumentParser(description="Generate the table of audit flags.")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    options = parser.parse_args(argv)
    minors = sorted(RELEASES)
    answers = flags_probe.Probe().ask({"minor": minor} for minor in minors)
    text = render(table(dict(zip(minors, answers, strict=True))))
    if options.check:
        return 0 if TARGET.read_text(encoding="utf-8") == text else 1
    TARGET.write_text(text, encoding="utf-8")
    print(f"{TARGET}: {len(text)} bytes")
    return 0


def table(answers: dict[int, dict[str, Any]]) -> Table:
    """All flags of all minors folded into one entry a flag, and the supplement laid over it."""
    flags: Table = {}
    for minor, answer in answers.items():
        for found in answer["flags"]:
            flag = flags.setdefault(found["name"], new_flag(found, minor))
            flag["until"] = minor
            step(flag["defaults"], minor, value(found))
            if found["deprecated"]:
                flag.setdefault("deprecated", minor)
                flag["replacement"] = re.sub(r".*--([a-z-]+).*", r"\1", found["deprecated"])
            if (allowed := allowed_values(found["name"], answer["allowed"])) is not None:
                step(flag.setdefault("allowed", []), minor, allowed)
    return finish(flags, max(answers))


def finish(flags: Table, newest: int) -> Table:
    """Open ends instead of the newest minor, and the supplement."""
    for name, extra in json.loads(SUPPLEMENT.read_text(encoding="utf-8"))["flags"].items():
        flags[name].update(extra)
    for flag in flags.values():
        if flag["until"] == newest:
            flag["until"] = None
        for steps in (flag["defaults"], flag.get("allowed", [[0]])):
            steps[0][0] = min(steps[0][0], flag["since"])
    return flags


def new_flag(found: dict[str, str], minor: int) -> dict[str, Any]:
    """The entry of a flag that appears for the first time."""
    name = found["name"]
    part = re.match(r"audit-(log|webhook)-", name)
    backend = part[1] if part and name not in SWITCHES else None
    flag: dict[str, Any] = {"type": found["type"], "since": minor, "until": minor, "defaults": []}
    flag["backend"] = backend
    if "-batch-" in name and not name.endswith("initial-backoff") and "truncate" not in name:
        flag["mode"] = "batch"
    return flag


def step(steps: list[list[Any]], minor: int, now: Any) -> None:
    """Note the value of a minor when it differs from the one before."""
    if not steps or steps[-1][1] != now:
        steps.append([minor, now])


def value(found: dict[str, str]) -> Any:
    """A default as JSON: numbers and booleans as such, everything else as the text that pflag shows."""
    numeric = found["type"] in ("int", "int64", "float32", "bool")
    return json.loads(found["default"]) if numeric else found["default"]


def allowed_values(name: str, allowed: dict[str, Any]) -> list[str] | None:
    """The closed list of values of a flag, or None."""
    listed = allowed.get(name.rsplit("-", 1)[-1]) if name.count("-") == 2 else None
    if not listed:
        return None
    return [entry if isinstance(entry, str) else f"{entry['Group']}/{entry['Version']}" for entry in listed]


def render(flags: Table) -> str:
    """One line a flag, in the order of their names."""
    by_name = {name: flags[name] for name in sorted(flags)}
    doc = "The audit flags of kube-apiserver by version, made by scripts/generate_flags.py."
    return table_module(doc, FLAGS=("dict[str, dict[str, Any]]", by_name, 1))


if __name__ == "__main__":
    raise SystemExit(main())
