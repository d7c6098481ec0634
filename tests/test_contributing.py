"""CONTRIBUTING.md followed in a copy of the repository: each addition takes one place and the scripts that it names."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from kube_audit_lint.model.version import DEFAULT_FIRST, NEWEST, RELEASES

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[1]
POLICY = """apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: None
  resources: [{resources: [podss]}]
- level: Metadata
"""
MANIFEST = """apiVersion: v1
kind: Pod
metadata: {name: kube-apiserver, namespace: kube-system}
spec:
  containers:
  - name: kube-apiserver
    command: [kube-apiserver, --audit-log-compress=true, --audit-log-path=-]
"""


class Copy:
    """A copy of what a contributor changes, and an empty folder to run the command in."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "repository"
        self.work = folder / "work"
        self.work.mkdir()
        for name in ("lint", "rules", "scripts"):
            shutil.copytree(ROOT / name, self.root / name, ignore=shutil.ignore_patterns("*.egg-info"))
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
        "def render(report, rules, style):\n    yield from (f'{one.rule}\\n' for one in report.findings)\n",
    )
    last = '    "rdjson": Format("rdjson", shows_fixes=True),\n'
    copy.replace("lint/kube_audit_lint/report/__init__.py", last, f'{last}    "ids": Format("ids"),\n')
    assert "unknown-resource" in copy.lint("check", "--format", "ids").splitlines()
    assert ", ids (default: text)" in " ".join(copy.lint("check", "--help").split())


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


def _client(path: Path, resources: tuple[str, ...]) -> None:
    """A wheel of the Python client, with a few resources of the core group."""
    calls = (f"call_api('/api/v1/namespaces/{{namespace}}/{one}', 'GET')\n" for one in resources)
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("kubernetes/client/apis/__init__.py", "from .core_v1_api import CoreV1Api\n")
        wheel.writestr("kubernetes/client/apis/core_v1_api.py", "".join(calls))


_WITHOUT_COMPRESS = """import sys
import generate_flags

class Probe:
    \"\"\"In place of the program that Go builds: the flags of now in all minors, but one in the newest.\"\"\"

    def ask(self, questions):
        from kube_audit_lint.kubernetes.flag_table import FLAGS as names

        for minor in (question["minor"] for question in questions):
            left_out = "audit-log-compress" if minor == int(sys.argv[1]) else ""
            flags = [{"name": one, "type": "string", "default": "", "deprecated": ""} for one in names]
            yield {"flags": [one for one in flags if one["name"] != left_out], "allowed": {}}

generate_flags.flags_probe.Probe = Probe
generate_flags.main([])
"""


def test_a_kubernetes_version(copy: Copy) -> None:
    new = NEWEST + 1
    (copy.work / "audit-policy.yaml").write_text(POLICY.replace("podss", "widgets"))
    (copy.work / "kube-apiserver.yaml").write_text(MANIFEST)
    line = re.search(rf"    {NEWEST}: \(.*\n", (copy.package / "model" / "version.py").read_text("utf-8"))
    assert line is not None
    copy.replace(
        "lint/kube_audit_lint/model/version.py", line[0], f'{line[0]}    {new}: ("v0.{new}.0", "{new}.0.0"),\n'
    )
    for minor, (_, client) in {**RELEASES, new: ("", f"{new}.0.0")}.items():
        if client is not None:
            path = copy.work / f"kubernetes-{client}-py3-none-any.whl"
            _client(path, ("componentstatuses", "pods", "serviceaccounts", *(["widgets"] if minor == new else [])))
    scripts = copy.root / "scripts"
    done = copy.python(str(scripts / "generate_resources.py"), "--cache", str(copy.work))
    assert done.returncode == 0, done.stderr
    done = copy.python("-c", f"import sys; sys.path.insert(0, {str(scripts)!r})\n{_WITHOUT_COMPRESS}", str(new))
    assert done.returncode == 0, done.stderr
    found = {
        minor: copy.lint("check", "--format", "json", "--kubernetes-version", f"1.{minor}") for minor in (NEWEST, new)
    }
    assert '"rule": "unknown-resource"' in found[NEWEST]
    assert '"rule": "unknown-flag"' not in found[NEWEST]
    assert '"rule": "unknown-resource"' not in found[new]
    assert '"rule": "flag-not-in-version"' in found[new]
    assert f'"kubernetes": "1.{DEFAULT_FIRST}-1.{new}"' in copy.lint("check", "--format", "json")
