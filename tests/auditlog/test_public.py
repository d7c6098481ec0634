"""Deciding events from a program, and part by part on many machines."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from golden import POLICY, documented, made_up, sent
from golden import expected as sums
from make_audit_log import line

from kube_audit_lint import Policy
from kube_audit_lint.analysis.evaluate import evaluate
from kube_audit_lint.auditlog.public import count_events, merge, sums_by_rule
from kube_audit_lint.cli import main
from kube_audit_lint.errors import UsageError
from kube_audit_lint.pipeline.requests import OpenedPolicy, open_policy

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def opened(tmp_path: Path) -> OpenedPolicy:
    """The golden policy."""
    (tmp_path / "policy.yaml").write_text(POLICY, "utf-8")
    return open_policy(str(tmp_path / "policy.yaml"))


def test_the_library_decides_and_counts(opened: OpenedPolicy, capsys: pytest.CaptureFixture[str]) -> None:
    policy = Policy.read(opened.path)
    events = [event for _, event in documented()]
    expected = [evaluate(opened.policy, sent(event)) for event in events]
    assert [(one.rule, one.level) for one in policy.decide_many(events)] == [
        (one.rule + 1 or None, one.level) for one in expected
    ]
    parts = [pickle.loads(pickle.dumps(policy)).count(part) for part in (events[:100], map(line, events[100:]), ["x"])]
    whole = pickle.loads(pickle.dumps(parts[2] + parts[0])) + parts[1]
    assert whole.no_events == 1
    assert {rule or 0: one[:4] for rule, one in whole.rules.items()} == sums(opened.policy, events)
    with pytest.raises(UsageError, match="two policies"):
        _ = whole + Policy.load(POLICY.replace("[shop]", "[else]")).count([])


def test_parts_make_the_whole(opened: OpenedPolicy) -> None:
    lines = [line(event) for event in made_up(900)]
    policy = pickle.loads(pickle.dumps(opened.policy))
    whole = count_events([policy], lines)
    parts = [pickle.loads(pickle.dumps(count_events([policy], lines[start::3]))) for start in range(3)]
    both = merge(merge(parts[2], parts[0]), parts[1])
    assert both.cells == whole.cells
    assert sums_by_rule(both, policy) == sums_by_rule(whole, policy)
    assert sum(now.events for now, _ in sums_by_rule(whole, policy).values()) == 900
    # Merging has not changed what was given.
    assert sum(sums[0] for users in parts[0].cells.values() for sums in users.values()) == 300


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("java") is None, reason="Spark runs on Java")
def test_spark_gives_the_same_sums(opened: OpenedPolicy, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("pyspark")
    logs = tmp_path / "logs"
    logs.mkdir()
    for number in range(3):
        text = "".join(map(line, made_up(400, seed=number))) + "nonsense\n"
        (logs / f"audit-{number}.log").write_text(text, "utf-8")
    job = ROOT / "examples" / "spark" / "replay_job.py"
    ended = subprocess.run(
        [sys.executable, str(job), opened.path, f"{logs}/*.log"],
        env={**os.environ, "SPARK_MASTER": "local[2]", "PYSPARK_PYTHON": sys.executable},
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    assert "3 lines are not audit events" in ended.stderr
    found = json.loads(ended.stdout.splitlines()[-1])
    assert main(["replay", opened.path, str(logs), "--format", "json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["log"]["noEvents"]["count"] == 3
    assert found["rules"] == {
        str(row["rule"] or 0): {
            "events": row["now"]["events"],
            "bytes": row["now"]["bytes"],
            "kept": row["under"]["events"],
            "kept_bytes": row["under"]["bytes"],
            "estimated": row["under"]["estimated"],
            "unknown": row["under"]["unknown"],
        }
        for row in data["rules"]
    }
