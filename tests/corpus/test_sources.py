"""The policies that two providers' documents tell their readers to write: each finding is a fact about them.

The documents stay outside of the repository; without them there is nothing to test. What else they tell to write
(flags, mounts, variables of the collector) is in `examples/ack` and `examples/daocloud`, in our own words.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kube_audit_lint.cli import main

SOURCES = Path(__file__).resolve().parents[3] / "shared" / "sources"
_MISSING = ("blind-spot", "failed-authentication-unlogged", "stage-omitted")
DOCUMENTS = {
    "ack-registered-cluster-auditing.txt": (
        "apiVersion: audit.k8s.io/v1beta1",
        "\nStep 2:",
        # The document itself says that v1beta1 is for clusters older than 1.24.
        {"1.20": {"tokens-above-metadata"}, "1.30": {"tokens-above-metadata", "unsupported-api-version"}},
    ),
    "daocloud-generate-k8s-audit-logs.txt": (
        "apiVersion: audit.k8s.io/v1\n",
        "\nPut the above",
        # The last: kube-admin's writes are to be recorded behind the rule that drops all that kube-admin does.
        {version: {*_MISSING, "tokens-above-metadata", "unreachable-rule"} for version in ("1.20", "1.30")},
    ),
}


@pytest.mark.skipif(not SOURCES.exists(), reason="the documents are not here")
@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_policy_of_a_document(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    start, end, expected = DOCUMENTS[name]
    text = (SOURCES / name).read_text("utf-8")
    at = text.index(start)
    Path("audit-policy.yaml").write_text(text[at : text.index(end, at)])
    for version, rules in expected.items():
        main(["check", "--kubernetes-version", version, "--format", "json", "audit-policy.yaml"])
        found = json.loads(capsys.readouterr().out)["findings"]
        assert {one["rule"] for one in found if one["severity"] != "info"} == rules
