"""`replay` beside others that read the same log: a varied one of 200,000 events, 1.2 kB each."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from measure import Case, Group, command

EVENTS = 200_000
SCRIPT = Path(__file__).resolve().parents[1] / "scripts" / "make_audit_log.py"
POLICY = Path(__file__).with_name("thirty-rules.yaml")
LOADS = "import json, sys\nfor line in open(sys.argv[1], encoding='utf-8'): json.loads(line)"
"""The quickest way to have the standard library decode each line: from text it need not guess the encoding."""


def groups(lint: str, fast: str, python: str, folder: Path) -> Iterator[Group]:
    """lint, fast: the program without and with the extra; python: of the first one's environment."""
    folder.mkdir()
    log = str(folder / "audit.log")
    with open(log, "wb") as file:
        subprocess.run([sys.executable, str(SCRIPT), str(EVENTS)], stdout=file, check=True)
    policy = str(shutil.copy(POLICY, folder))
    cases = [
        Case("`json.loads` of each line", command([python, "-c", LOADS, log])),
        Case("kube-audit-lint", command([lint, "replay", policy, log])),
        Case("kube-audit-lint with `[fast]`", command([fast, "replay", policy, log])),
    ]
    if (os.cpu_count() or 1) > 1:
        cases.append(Case("the same, `--jobs 0`", command([fast, "replay", policy, log, "--jobs", "0"])))
    if jq := shutil.which("jq"):
        cases.append(Case("`jq -c .verb`", command([jq, "-c", ".verb", log])))
    yield Group(f"An audit log of {EVENTS:,} varied events, 1.2 kB each, through thirty rules", cases, 5, 1)
