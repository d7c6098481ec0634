"""Commands of scripts that leave the audit log of a managed control plane off."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kube_audit_lint.cli import main

AWS = "aws eks %s --name a --logging %s\n"
JSON = """'{"clusterLogging":[{"types":["%s"],"enabled":%s}]}'"""
SHORT = "clusterLogging=[{types=[%s],enabled=%s}]"
MONITOR = 'az monitor diagnostic-settings create --name a --logs \'[{"category": "%s", "enabled": true}]\'\n'


@pytest.mark.parametrize(
    ("script", "wrong"),
    [
        (AWS % ("update-cluster-config", JSON % ("audit", "false")), 1),
        (AWS % ("update-cluster-config", SHORT % ("api,audit", "false")), 1),
        (AWS % ("create-cluster", JSON % ("api", "true")), 1),
        ("eksctl utils update-cluster-logging --cluster a --disable-types=audit,api --approve\n", 1),
        (MONITOR % "kube-apiserver", 1),
        (AWS % ("update-cluster-config", JSON % ("api", "true")), 0),  # audit stays as it is
        (AWS % ("create-cluster", JSON % ("audit", "true")), 0),
        (AWS % ("create-cluster", '"$LOGGING"'), 0),
        (AWS % ("create-cluster", JSON % ("$TYPE", "tru")), 0),
        ("eksctl utils update-cluster-logging --enable-types api --disable-types scheduler\n", 0),
        ("# " + AWS % ("create-cluster", JSON % ("api", "true")), 0),
        (MONITOR % "kube-audit-admin", 0),
        (MONITOR % "AuditEvent", 0),
        (MONITOR.replace("create", "list") % "kube-apiserver", 0),
    ],
)
def test_scripts(
    script: str, wrong: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.sh").write_text(f"#!/bin/sh\nset -e\n{script}")
    main(["check", "--embedded", "--format", "json", "."])
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert [one["rule"] for one in findings] == ["control-plane-logging-off"] * wrong
    assert main(["check", "."]) == 0  # scripts are read only where that is wanted
