"""`kube-audit-lint report`, run as people run it."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from kube_audit_lint.catalogue.standards import standards
from kube_audit_lint.cli import main

SCHEMA = Path(__file__).parents[2] / "lint" / "kube_audit_lint" / "schemas" / "evidence.schema.json"
POLICY = """apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
"""
SECRETS = POLICY.replace("Metadata", "Request")
NOTHING = POLICY.replace("Metadata", "None")
GOOD = ["--audit-log-path=/var/log/audit.log", "--audit-log-maxage=30", "--audit-log-maxbackup=10"]
GOOD += ["--audit-log-maxsize=100", "--audit-policy-file=/etc/kubernetes/audit-policy.yaml"]
DATE = "2026-09-21T14:13:20Z"


def pod(flags: list[str], version: str = "1.30") -> str:
    """The manifest of a static pod with these flags."""
    listed = "\n".join(f"    - {json.dumps(flag)}" for flag in flags)
    return (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: kube-apiserver, namespace: kube-system}\nspec:\n  containers:\n"
        f"  - name: kube-apiserver\n    image: registry.k8s.io/kube-apiserver:v{version}.0\n    command:\n"
        f"    - kube-apiserver\n{listed}\n    volumeMounts:\n"
        "    - {name: policy, mountPath: /etc/kubernetes/audit-policy.yaml, readOnly: true}\n"
        "    - {name: log, mountPath: /var/log}\n  volumes:\n"
        "  - {name: policy, hostPath: {path: /etc/kubernetes/audit-policy.yaml, type: File}}\n"
        "  - {name: log, hostPath: {path: /var/log, type: DirectoryOrCreate}}\n"
    )


class Here:
    """A folder to write files into and to report about."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.status = 0
        self.errors = ""

    def report(self, *words: str) -> str:
        """What is printed."""
        self.status = main(["report", *words])
        out, self.errors = self._capsys.readouterr()
        return out

    def data(self, *words: str) -> dict[str, Any]:
        """The JSON report, held against its schema."""
        data = json.loads(self.report("--format", "json", *words))
        jsonschema.validate(data, json.loads(SCHEMA.read_text("utf-8")))
        return data

    def statuses(self, *words: str) -> dict[str, str]:
        """The status of each control."""
        return {one["id"]: one["status"] for one in self.data(*words)["controls"]}


Write = Callable[..., None]


@pytest.fixture
def here(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Here:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1790000000")
    (tmp_path / ".git").mkdir()
    return Here(capsys)


def write(**files: str) -> None:
    """YAML files by their names."""
    for name, text in files.items():
        Path(f"{name.replace('_', '-')}.yaml").write_text(text, "utf-8")


def test_all_of_cis_passes_on_good_files(here: Here) -> None:
    write(audit_policy=POLICY, kube_apiserver=pod(GOOD))
    data = here.data("--standard", "cis@1.11")
    found = [(one["id"], one["status"]) for one in data["controls"]]
    assert found == [(id, "passed") for id in ("1.2.16", "1.2.17", "1.2.18", "1.2.19", "3.2.1", "3.2.2")]
    assert data["date"] == DATE
    assert data["summary"] == {"failed": 0, "manual": 0, "passed": 6, "not-applicable": 0}
    assert [one["kind"] for one in data["subjects"]] == ["server", "policy"]
    assert [one["kubernetes"] for one in data["subjects"]] == ["1.30", "1.30"]
    maxage = data["controls"][1]["results"][0]
    assert maxage["values"] == ["--audit-log-maxage=30"]
    assert maxage["place"] == {"path": "kube-apiserver.yaml", "line": 11, "column": 27}
    assert here.status == 0


def test_a_control_has_the_gravest_status_of_its_results(here: Here) -> None:
    write(audit_policy=POLICY, one=pod(GOOD), two=pod([*GOOD[:1], "--audit-log-maxage=7", *GOOD[2:]]))
    (control,) = [one for one in here.data("--standard", "cis@1.11")["controls"] if one["id"] == "1.2.17"]
    assert control["status"] == "failed"
    assert [one["status"] for one in control["results"]] == ["passed", "failed"]
    assert "7; 30 or more" in control["results"][1]["proof"]
    assert [one["rule"] for one in control["results"][1]["findings"]] == ["log-maxage"]


def test_what_a_policy_records_fails_its_control_with_a_request(here: Here) -> None:
    write(audit_policy=SECRETS, kube_apiserver=pod(GOOD))
    data = here.data("--standard", "cis@1.11")
    concerns = data["controls"][-1]
    (result,) = concerns["results"]
    assert (concerns["id"], concerns["status"]) == ("3.2.2", "failed")
    assert {one["rule"] for one in result["findings"]} >= {"secrets-above-metadata", "tokens-above-metadata"}
    assert "kubectl" in result["findings"][0]["proof"]
    assert {one["recorded"] for one in result["requests"]} == {"Request"}
    assert result["requests"][0]["request"].startswith("kubectl get secret database -n payments by jane")


@pytest.mark.parametrize("policy", [NOTHING, POLICY.replace("/v1", "/v1beta1"), POLICY.replace("Metadata", "Meta")])
def test_a_flag_alone_is_no_policy(here: Here, policy: str) -> None:
    """kube-bench passes 3.2.1 for the flag; this server records nothing, or does not start."""
    write(audit_policy=policy, kube_apiserver=pod(GOOD))
    found = here.statuses("--standard", "cis@1.11")
    assert found["3.2.1"] == "failed"


@pytest.mark.parametrize("standard", ["cis", "nsa", "nist", "pci", "bsi"])
@pytest.mark.parametrize(
    "policy",
    [NOTHING, POLICY.replace("[RequestReceived]", "[RequestReceived, ResponseStarted, ResponseComplete, Panic]")],
    ids=["none", "every-stage-omitted"],
)
def test_a_policy_that_records_nothing_passes_nothing(here: Here, standard: str, policy: str) -> None:
    Path("audit-policy.yaml").write_text(policy)
    report = json.loads(here.report("--standard", standard, "--format", "json", "."))
    passed = [one["id"] for one in report["controls"] if one["status"] == "passed"]
    assert report["controls"]
    assert passed == []


def test_without_files_somebody_has_to_look(here: Here) -> None:
    write(audit_policy=POLICY)
    found = here.data("--standard", "cis@1.11")
    assert {one["status"] for one in found["controls"][:5]} == {"manual"}
    assert all("API server" in one["look"] for one in found["controls"][:5])
    assert found["controls"][5]["status"] == "passed"


def test_a_policy_that_is_not_there_is_looked_at_by_hand(here: Here) -> None:
    write(kube_apiserver=pod(GOOD))
    found = here.statuses("--standard", "cis@1.11")
    assert (found["3.2.1"], found["3.2.2"]) == ("passed", "manual")
    write(kube_apiserver=pod(GOOD[:4]))
    found = here.statuses("--standard", "cis@1.11")
    assert (found["3.2.1"], found["3.2.2"]) == ("failed", "failed")


def test_what_a_template_or_a_part_decides_is_manual(here: Here) -> None:
    write(kube_apiserver=pod([*GOOD[:1], "--audit-log-maxage={{ .Values.maxage }}", *GOOD[2:]]))
    control = here.data("--standard", "cis@1.11")["controls"][1]
    assert control["status"] == "manual"
    assert control["results"][0]["values"] == ["--audit-log-maxage={{ .Values.maxage }}"]


@pytest.mark.parametrize("path", ["-", "/proc/1/fd/1", "{{ .Values.log }}"])
def test_where_a_log_ends_up_that_is_no_known_file_is_looked_at_by_hand(here: Here, path: str) -> None:
    write(kube_apiserver=pod(GOOD))
    assert here.statuses("--standard", "bsi")["SYS.1.6.A7"] == "passed"
    write(kube_apiserver=pod([f"--audit-log-path={path}" if "log-path" in flag else flag for flag in GOOD]))
    (control,) = [one for one in here.data("--standard", "bsi")["controls"] if one["id"] == "SYS.1.6.A7"]
    assert control["status"] == "manual"
    assert f"{path} names no known directory" in control["results"][0]["proof"]


def test_a_webhook_that_is_not_there_is_not_judged(here: Here) -> None:
    write(audit_policy=POLICY, kube_apiserver=pod(GOOD))
    found = here.statuses("--standard", "nsa")
    assert found["Appendix N"] == "not-applicable"
    assert found["Appendix M"] == "passed"


def test_the_stig_and_cis_cannot_hold_together(here: Here) -> None:
    write(audit_policy=POLICY.replace("Metadata", "RequestResponse"), kube_apiserver=pod(GOOD))
    stig = here.statuses("--standard", "stig")
    assert stig["V-242403"] == "passed"
    assert {stig[id] for id in ("V-242402", "V-242461", "V-242462", "V-242463", "V-242464", "V-242465")} == {"passed"}
    assert here.statuses("--standard", "cis")["3.2.2"] == "failed"


def test_ignoring_passes_nothing_and_its_reason_is_shown(here: Here) -> None:
    flags = [*GOOD[:1], "--audit-log-maxage=7", *GOOD[2:]]
    comment = "# kube-audit-lint: ignore[log-maxage] the collector keeps a year\n"
    text = pod(flags).replace('    - "--audit-log-maxage=7"', f'    {comment}    - "--audit-log-maxage=7"')
    write(audit_policy=POLICY, kube_apiserver=text)
    Path(".kube-audit-lint.yaml").write_text("rules: {secrets-above-metadata: off, log-maxbackup: {at-least: 1}}\n")
    control = here.data("--standard", "cis@1.11")["controls"][1]
    assert control["status"] == "failed"
    assert control["results"][0]["waiver"] == "the collector keeps a year"
    write(audit_policy=SECRETS, kube_apiserver=pod([*GOOD[:2], "--audit-log-maxbackup=2", *GOOD[3:]]))
    found = here.statuses("--standard", "cis@1.11")
    assert (found["1.2.18"], found["3.2.2"]) == ("failed", "failed")


def test_a_version_that_is_not_for_the_server_is_noted(here: Here) -> None:
    write(audit_policy=POLICY, kube_apiserver=pod(GOOD))
    assert here.data("--standard", "cis@1.11")["subjects"][0]["notes"] == []
    (note,) = here.data("--standard", "cis@2.1")["subjects"][0]["notes"]
    assert "1.30" in note
    assert "1.36-1.37" in note


@pytest.mark.parametrize("standard", standards())
def test_every_standard_reports_in_every_format(here: Here, standard: str) -> None:
    write(audit_policy=POLICY, kube_apiserver=pod(GOOD))
    data = here.data("--standard", standard)
    assert "failed" not in {one["status"] for one in data["controls"]} - ({"failed"} if standard == "stig" else set())
    assert all(one["look"] for one in data["controls"] if one["status"] == "manual")
    assert all(result["proof"] for one in data["controls"] for result in one["results"])
    ids = {one["id"] for one in data["controls"]}
    rows = list(csv.DictReader(io.StringIO(here.report("--standard", standard, "--format", "csv"), newline="")))
    assert {row["control"] for row in rows} == ids
    assert {row["date"] for row in rows} == {DATE}
    for format in ("markdown", "html"):
        shown = here.report("--standard", standard, "--format", format)
        assert all(id.replace("&", "&amp;") in shown for id in ids)
        assert DATE in shown


def test_the_same_files_give_the_same_report(here: Here) -> None:
    write(audit_policy=SECRETS, kube_apiserver=pod(GOOD[:3]))
    for format in ("json", "html", "markdown", "csv", "text"):
        words = ("--standard", "cis", "--format", format)
        assert here.report(*words) == here.report(*words)


def test_on_a_terminal_it_is_text(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    write(audit_policy=SECRETS, kube_apiserver=pod(GOOD[:3]))
    assert here.report("--standard", "cis").startswith("# CIS")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "70")
    shown = here.report("--standard", "cis")
    lines = shown.splitlines()
    assert lines[0].startswith("CIS Kubernetes Benchmark")
    assert "<code>" not in shown
    assert max(len(line) for line in lines if " " in line.strip()) <= 70
    for control in here.data("--standard", "cis")["controls"]:
        assert sum(line.startswith(f"{control['id']} ") for line in lines) == 1
        for result in control["results"]:
            assert result["proof"] in " ".join(shown.split())


def test_output_gets_the_format_of_its_ending(here: Here) -> None:
    write(audit_policy=POLICY, kube_apiserver=pod(GOOD))
    assert here.report("--standard", "cis", "--output", "evidence.html") == ""
    assert Path("evidence.html").read_text("utf-8").startswith("<!DOCTYPE html>")
    here.report("--standard", "cis", "--output", "evidence.txt", "--format", "csv")
    assert Path("evidence.txt").read_bytes().startswith(b"standard,version,")
    assert here.report("--standard", "cis", "--output", "audit-policy.yaml/x.csv") == ""
    assert here.status == 2


def test_what_fails_the_run(here: Here) -> None:
    write(audit_policy=SECRETS, kube_apiserver=pod(GOOD))
    for fail_on, status in (("never", 0), ("failed", 1), ("manual", 1)):
        here.report("--standard", "cis@1.11", "--fail-on", fail_on)
        assert here.status == status
    write(audit_policy=POLICY)
    for fail_on, status in (("failed", 0), ("manual", 1)):
        here.report("--standard", "pci", "--fail-on", fail_on)
        assert here.status == status


@pytest.mark.parametrize("words", [["--standard", "cis@0.1"], ["--standard", "cos"], []])
def test_a_wrong_standard_ends_the_run(here: Here, words: list[str]) -> None:
    assert here.report(*words) == ""
    assert here.status == 2
    assert here.errors


def test_a_date_that_is_none_ends_the_run(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    assert here.report("--standard", "cis") == ""
    assert (here.status, "SOURCE_DATE_EPOCH" in here.errors) == (2, True)


def test_an_unreadable_path_is_told_and_the_others_reported(here: Here) -> None:
    write(audit_policy=POLICY)
    data = here.data("audit-policy.yaml", "gone.yaml", "--standard", "cis")
    assert [one["path"] for one in data["errors"]] == ["gone.yaml"]
    assert here.status == 2


HOSTILE = "=cmd|' /C calc'!A0 <script>alert(1)</script></code>|`x`[a](javascript:b) \u202ereversed"


def test_texts_of_files_are_data(here: Here) -> None:
    write(audit_policy=POLICY, kube_apiserver=pod([f"--audit-log-path={HOSTILE}", "--audit-log-maxage=@SUM(1)"]))
    Path("=2+5 <b>.yaml").write_text(pod(GOOD), "utf-8")
    page = here.report("--standard", "cis", "--format", "html")
    assert "<script>" not in page
    assert "<b>" not in page
    assert "\u202e" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "default-src 'none'" in page
    markdown = here.report("--standard", "cis", "--format", "markdown")
    assert not re.search(r"<script|<b>|\]\(|\u202e", markdown)
    shown = here.report("--standard", "cis", "--format", "text")
    assert not re.search(r"<code>|\x1b|\u202e", shown)
    table = here.report("--standard", "cis", "--format", "csv")
    cells = [cell for row in csv.reader(io.StringIO(table, newline="")) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    assert any(cell.startswith("'=2+5") for cell in cells)
    here.data("--standard", "cis")


def test_what_a_provider_delivers(here: Here) -> None:
    """Of managed clusters only findings tell anything: without one somebody has to look."""
    eks = "apiVersion: eks.cattle.io/v1\nkind: EKSClusterConfig\nspec: {loggingTypes: [api]}\n"
    assert here.statuses("--standard", "eks-cis") == {"2.1.1": "manual"}
    write(**{"eks.yaml": eks})
    data = here.data("--standard", "eks-cis")
    assert [one["kind"] for one in data["subjects"]] == ["cluster"]
    (result,) = data["controls"][0]["results"]
    assert (data["controls"][0]["status"], result["place"]["line"]) == ("failed", 3)
    assert here.statuses("--standard", "aks-cis") == {"2.1.1": "manual"}  # it is another provider's
