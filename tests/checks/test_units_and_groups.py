"""Waits that are written in another unit, and events of a group as a whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from kube_audit_lint.catalogue.shipped import shipped
from kube_audit_lint.model.version import parse_versions
from kube_audit_lint.pipeline.config import load_config
from kube_audit_lint.pipeline.options import Options
from kube_audit_lint.pipeline.run import run

POD = """apiVersion: v1
kind: Pod
metadata: {name: kube-apiserver}
spec:
  containers:
  - name: kube-apiserver
    command: [kube-apiserver, --audit-webhook-config-file=/etc/a.yaml, --audit-webhook-initial-backoff=WAIT]
"""
POLICY = (
    "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: None\n  resources: [RESOURCES]\n- level: Metadata\n"
)


def told(rule: str, text: str, tmp_path: Path) -> list[str]:
    (tmp_path / "a.yaml").write_text(text)
    report = run(Options((str(tmp_path / "a.yaml"),), select=(rule,)), load_config(), shipped()).report
    return [one.severity for one in report.findings]


@pytest.mark.parametrize(("wait", "wrong"), [("10m", 1), ("1h", 1), ("120s", 1), ("10s", 0), ("500ms", 0), ("1m", 0)])
def test_a_wait_before_the_first_retry(wait: str, wrong: int, tmp_path: Path) -> None:
    assert told("number-in-another-unit", POD.replace("WAIT", wait), tmp_path) == ["warning"] * wrong


@pytest.mark.parametrize(
    ("resources", "wrong"),
    [
        ("{group: events.k8s.io}", 1),
        ("{group: events.k8s.io, resources: ['*']}", 1),
        ("{group: events.k8s.io, resources: [events]}", 1),
        ("{group: events.k8s.io}, {group: '', resources: [events]}", 0),
        ("{group: ''}", 0),
        ("{group: '', resources: ['*']}", 0),
    ],
)
def test_events_of_a_whole_group(resources: str, wrong: int, tmp_path: Path) -> None:
    text = POLICY.replace("RESOURCES", resources)
    assert told("events-in-one-group", text, tmp_path) == ["warning"] * wrong


@pytest.mark.parametrize(
    ("rule", "version", "wrong"),
    [
        ("{level: None, resources: [{group: '', resources: [events]}]}", None, 1),
        ("{level: None, verbs: [create, patch], resources: [{group: '', resources: [events]}]}", None, 1),
        ("{level: None, verbs: [get, list], resources: [{group: '', resources: [events]}]}", None, 0),
        ("{level: None, resources: [{group: '', resources: [events]}, {group: events.k8s.io}]}", None, 0),
        ("{level: None, users: [a], resources: [{group: '', resources: [events]}]}", None, 0),
        ("{level: None, resources: [{group: '', resources: [events]}]}", "1.18", 0),
        ("{level: None, resources: [{group: '', resources: [events]}]}", "1.19", 1),
    ],
)
def test_events_of_the_core_group_alone(rule: str, version: str | None, wrong: int, tmp_path: Path) -> None:
    text = f"apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- {rule}\n- level: Metadata\n"
    (tmp_path / "a.yaml").write_text(text)
    versions = parse_versions(version) if version else None
    options = Options((str(tmp_path / "a.yaml"),), versions, select=("events-in-one-group",))
    assert [one.severity for one in run(options, load_config(), shipped()).report.findings] == ["info"] * wrong
