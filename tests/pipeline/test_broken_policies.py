"""What its name, the configuration or a server makes a policy is one, whatever stands in it."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from kube_audit_lint import cli

GOOD = "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n- level: Metadata\n"
POD = """apiVersion: v1
kind: Pod
metadata: {name: kube-apiserver}
spec:
  containers:
  - name: kube-apiserver
    command: [kube-apiserver, --audit-policy-file=/etc/kubernetes/policy.yaml, --etcd-servers=x]
    volumeMounts: [{name: p, mountPath: /etc/kubernetes/policy.yaml, readOnly: true}]
  volumes: [{name: p, hostPath: {path: /etc/kubernetes/policy.yaml, type: File}}]
"""
BROKEN: dict[str, str | bytes] = {
    "a colon missing behind apiVersion": GOOD.replace("apiVersion:", "apiVersion"),
    "a colon missing behind kind": GOOD.replace("kind:", "kind"),
    "a colon missing behind rules": GOOD.replace("rules:", "rules"),
    "a colon missing behind level": GOOD.replace("level:", "level"),
    "merge marks": f"<<<<<<< HEAD\n{GOOD}=======\n{GOOD}>>>>>>> other\n",
    "a merge mark in the middle": GOOD.replace("rules:", "<<<<<<< HEAD\nrules:"),
    "a fence on top": f"```yaml\n{GOOD}```\n",
    "prose on top": f"The policy of the cluster.\n{GOOD}",
    "the words of an event": "# kind: Event\n" + GOOD.replace("apiVersion:", "apiVersion"),
    "a difference": "--- a/x\n+++ b/x\n@@ -1 +1 @@\n" + "".join(f"+{line}\n" for line in GOOD.splitlines()),
    "a page that was not found": "<html><body>404</body></html>\n",
    "nothing": "",
    "a word": "hello\n",
    "a tab": GOOD.replace("- level", "\t- level"),
    "JSON without a comma": '{"apiVersion": "audit.k8s.io/v1", "kind": "Policy" "rules": []}',
    "UTF-16 without a mark": GOOD.encode("utf-16-le"),
    "UTF-16, big end first": GOOD.encode("utf-16-be"),
    "UTF-32 without a mark": GOOD.encode("utf-32-le"),
    "UTF-32": GOOD.encode("utf-32"),
    "gzip": gzip.compress(GOOD.encode()),
    "NULs": b"\0" * 100,
    "Latin-1": GOOD.replace("Metadata", "Métadata").encode("latin-1"),
}


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)


def errors(capsys: pytest.CaptureFixture[str], path: str) -> list[tuple[str, str]]:
    code = cli.main(["check", "--format", "json", path])
    found = json.loads(capsys.readouterr().out)["findings"]
    told = [(one["rule"], one["path"]) for one in found if one["severity"] == "error"]
    assert code == bool(told)
    return told


def write(path: str, content: str | bytes) -> None:
    Path(path).write_bytes(content.encode() if isinstance(content, str) else content)


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
class TestWhatDoesNotLoad:
    def test_by_its_name(self, content: str | bytes, capsys: pytest.CaptureFixture[str]) -> None:
        write("audit-policy.yaml", content)
        assert [path for _, path in errors(capsys, ".")] == ["audit-policy.yaml"]
        assert errors(capsys, "audit-policy.yaml") == errors(capsys, ".")

    def test_by_the_configuration(self, content: str | bytes, capsys: pytest.CaptureFixture[str]) -> None:
        write("p", content)
        write(".kube-audit-lint.yaml", "policies: [p]\n")
        assert [path for _, path in errors(capsys, ".")] == ["p"]

    @pytest.mark.parametrize("named", [".", "kube-apiserver.yaml"])
    def test_by_the_server(self, named: str, content: str | bytes, capsys: pytest.CaptureFixture[str]) -> None:
        write("policy.yaml", content)
        write("kube-apiserver.yaml", POD)
        assert "policy.yaml" in [path for _, path in errors(capsys, named)]


def test_utf_16_with_a_mark_is_what_the_server_reads(capsys: pytest.CaptureFixture[str]) -> None:
    write("audit-policy.yaml", GOOD.encode("utf-16"))
    assert errors(capsys, ".") == []


def test_a_policy_too_large_to_check_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    """It says itself that it is one, whatever its name."""
    write("p.yaml", GOOD + "- level: Metadata\n" * 50_000)
    assert cli.main(["check", "."]) == 2
    assert "p.yaml: error: more than 40,000 lines and values: not checked" in capsys.readouterr().out
