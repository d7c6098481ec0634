"""CONTRIBUTING.md followed in a copy of the repository: each addition takes one place and the scripts that it names."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
POLICY = """apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: None
  resources: [{resources: [podss]}]
- level: Metadata
"""


class Copy:
    """A copy of what a contributor changes, and an empty folder to run the command in."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "repository"
        self.work = folder / "work"
        self.work.mkdir()
        for name in ("lint", "rules", "scripts"):
            shutil.copytree(ROOT / name, self.root / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        self.package = self.root / "lint" / "kube_audit_lint"

    def write(self, path: str, text: str) -> None:
        (self.root / path).write_text(text, "utf-8")

    def replace(self, path: str, old: str, new: str) -> None:
        text = (self.root / path).read_text("utf-8")
        assert text.count(old) == 1
        self.write(path, text.replace(old, new))

    def python(self, *words: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(self.root / "lint")}
        return subprocess.run(
            [sys.executable, *words], cwd=self.work, env=environment, capture_output=True, text=True, timeout=60
        )

    def build(self) -> None:
        done = self.python(str(self.root / "scripts" / "build_catalogue.py"))
        assert done.returncode == 0, done.stderr

    def lint(self, *words: str) -> str:
        done = self.python("-m", "kube_audit_lint", *words)
        assert done.returncode in (0, 1), done.stderr
        return done.stdout


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    made = Copy(tmp_path)
    (made.work / "audit-policy.yaml").write_text(POLICY)
    return made


def test_a_rule(copy: Copy) -> None:
    copy.write(
        "rules/widgets-recorded.yaml",
        """id: widgets-recorded
title: Widgets are recorded
severity: error
category: recorded
subject: policy
check: level
params: {what: requests for widgets, requests: [{group: widgets.example.com}], at-most: None}
why: Nobody reads them.
help: Put a rule with level None for them first.
examples:
- good: "a: b"
""",
    )
    assert "widgets-recorded" not in copy.lint("check")
    copy.build()
    assert "audit-policy.yaml:7:10: error[widgets-recorded]: " in copy.lint("check")
    assert "Widgets are recorded" in copy.lint("rules", "widgets-recorded")


def test_an_output(copy: Copy) -> None:
    copy.write(
        "lint/kube_audit_lint/report/ids.py",
        "def render(report, rules, color):\n    yield from (f'{one.rule}\\n' for one in report.findings)\n",
    )
    last = '    "gitlab": Format("gitlab"),\n'
    copy.replace("lint/kube_audit_lint/report/__init__.py", last, f'{last}    "ids": Format("ids"),\n')
    assert "unknown-resource" in copy.lint("check", "--format", "ids").splitlines()
    assert "ids}" in copy.lint("check", "--help").replace("\n", "").replace(" ", "")


def test_a_form(copy: Copy) -> None:
    (copy.work / "tool.yaml").write_text("api: tool.example.com/v1\nflags:\n  audit-log-maxage: -1\n")
    copy.write(
        "lint/kube_audit_lint/forms/tool.py",
        """from kube_audit_lint.forms.common.arguments import setting
from kube_audit_lint.forms.common.extra_args import value_of
from kube_audit_lint.model.found import Found
from kube_audit_lint.model.server import ApiServer
from kube_audit_lint.model.value import Value

MARKS = ("tool.example.com/",)
LOOK = (("tool.example.com", r"/"),)


def read(document, context):
    root = document.mapping
    if root is None or "api" not in root.entries:
        return None
    entries = root.mapping("flags").entries.items()
    flags = tuple(setting(Value(name, entry.key.place), value_of(entry.value)) for name, entry in entries)
    return Found(servers=(ApiServer("tool", root.place, flags, partial=True),))
""",
    )
    copy.build()
    out = copy.lint("check")
    assert "tool.yaml:3:21: error[invalid-flag-value]: " in out
    assert "(1 policy, 1 API server)" in out


def _extended(value: Any, newest: int) -> Any:
    """The data of the resources, with all ranges that end at the newest minor one minor longer."""
    if isinstance(value, dict):
        return {key: _extended(one, newest) for key, one in value.items()}
    if isinstance(value, list):
        ranged = len(value) > 1 and value[1] == newest
        return [newest + 1 if ranged and index == 1 else _extended(one, newest) for index, one in enumerate(value)]
    return value


def test_a_kubernetes_version(copy: Copy) -> None:
    from kube_audit_lint.model.version import DEFAULT_FIRST, NEWEST

    assert f'"kubernetes": "1.{DEFAULT_FIRST}-1.{NEWEST}"' in copy.lint("check", "--format", "json")
    copy.replace("lint/kube_audit_lint/model/version.py", f"NEWEST = {NEWEST}\n", f"NEWEST = {NEWEST + 1}\n")
    data = copy.package / "kubernetes" / "data" / "resources.json"  # as generate_resources.py would write it
    data.write_text(json.dumps(_extended(json.loads(data.read_text("utf-8")), NEWEST)), "utf-8")
    assert f'"kubernetes": "1.{DEFAULT_FIRST}-1.{NEWEST + 1}"' in copy.lint("check", "--format", "json")
    one = copy.lint("check", "--format", "json", "--kubernetes-version", f"1.{NEWEST + 1}")
    assert '"rule": "unknown-resource"' in one
    assert f'"kubernetes": "1.{NEWEST + 1}"' in one
