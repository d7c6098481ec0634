"""ClusterAuditPolicy of k0rdent: the fields of a policy, to which the controller puts apiVersion and kind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from form_samples import found_in

from kube_audit_lint.cli import main

HEAD = "apiVersion: k0rdent.mirantis.com/v1beta1\nkind: ClusterAuditPolicy\nmetadata: {name: a}\nspec:\n  policy:\n"


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ("[{level: Metadata}]", []),
        ("[{level: Metadat}]", ["invalid-level"]),
        ("[{level: None}]", ["nothing-recorded"]),
        (
            "[{level: Request, resources: [{group: '', resources: [secrets]}]}, {level: Metadata}]",
            ["secrets-above-metadata"],
        ),
    ],
)
def test_the_policy(rules: str, expected: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.yaml").write_text(f"{HEAD}    omitStages: [RequestReceived]\n    rules: {rules}\n")
    main(["check", "--format", "json", str(tmp_path)])
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert [one["rule"] for one in findings if one["severity"] == "error"] == expected


def test_others() -> None:
    assert not found_in(HEAD.replace("k0rdent.mirantis.com", "example.com") + "    rules: [{level: Metadata}]\n")
