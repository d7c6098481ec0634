"""A run: which files are read, by which version each is judged, and that one fault hides nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from types import ModuleType
from typing import Any

import jsonschema
import pytest
from writing import write_named

from kube_audit_lint.catalogue.shipped import shipped
from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._subject import _analysis_of
from kube_audit_lint.cli import main
from kube_audit_lint.model.finding import Finding
from kube_audit_lint.model.version import Versions
from kube_audit_lint.pipeline.config import load_config
from kube_audit_lint.pipeline.options import Options
from kube_audit_lint.pipeline.run import Outcome, run

ROOT = Path(__file__).resolve().parents[1]
SCHEMA = json.loads((files("kube_audit_lint") / "schemas" / "report.schema.json").read_text("utf-8"))
POLICY = """apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
"""
OLD = POLICY.replace("/v1", "/v1beta1")
VERSIONED = "registry.example.com/kube-apiserver:v1.30.4"
MANIFEST = """apiVersion: v1
kind: Pod
metadata: {name: kube-apiserver, namespace: kube-system}
spec:
  containers:
  - name: kube-apiserver
    image: registry.example.com/kube-apiserver:v1.30.4
    command:
    - kube-apiserver
    - --audit-log-maxage=90
    - --audit-log-maxbackup=100
    - --audit-log-maxsize=1000
    - --audit-log-path=/var/log/kubernetes/audit.log
    - --audit-policy-file=/etc/kubernetes/audit/policy.yaml
    volumeMounts:
    - {name: policy, mountPath: /etc/kubernetes/audit, readOnly: true}
    - {name: log, mountPath: /var/log/kubernetes}
  volumes:
  - {name: policy, hostPath: {path: /etc/kubernetes/audit, type: Directory}}
  - {name: log, hostPath: {path: /var/log/kubernetes, type: DirectoryOrCreate}}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory: a repository."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def lint(*paths: str, **options: Any) -> Outcome:
    """A run as the command line makes it."""
    config = load_config()
    catalogue = shipped()
    config.check_against(catalogue)
    return run(Options(paths or (".",), **options), config, catalogue)


def told(outcome: Outcome) -> list[tuple[str, str]]:
    """Who spoke about which file."""
    return [(one.rule, one.place.source.path) for one in outcome.report.findings]


def only(outcome: Outcome) -> Finding:
    """The one finding."""
    (finding,) = outcome.report.findings
    return finding


class TestAFaultyCheck:
    @pytest.fixture
    def faulty(self, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
        """A template that speaks once and then breaks."""

        def check(subject: Any, params: Any) -> Iterator[Hit]:
            yield Hit(subject.document.place, "half")
            raise ZeroDivisionError("of all things")

        from kube_audit_lint.checks import unknown_verb

        monkeypatch.setattr(unknown_verb, "check", check)
        return unknown_verb

    def test_is_a_finding_and_the_others_still_speak(self, faulty: ModuleType) -> None:
        write_named(p_yaml=POLICY.replace("Metadata", "metadata"))
        failed, other = lint().report.findings
        assert (failed.rule, failed.severity) == ("internal-error", "error")
        assert "The rule unknown-verb failed with ZeroDivisionError: of all things." in failed.message
        assert "--ignore unknown-verb" in failed.help
        assert other.rule == "invalid-level"

    def test_fails_the_run(self, faulty: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
        write_named(p_yaml=POLICY)
        assert main(["check"]) == 1
        assert "error[internal-error]" in capsys.readouterr().out
        assert main(["check", "--ignore", "unknown-verb"]) == 0

    def test_speaks_for_every_file(self, faulty: ModuleType) -> None:
        write_named(a_yaml=POLICY, b_yaml=POLICY)
        assert told(lint()) == [("internal-error", "a.yaml"), ("internal-error", "b.yaml")]


@pytest.mark.parametrize("budget", [0, 5, 20, 40, 60, 80, 100, 150, 200, 300, 500, 1000])
def test_what_is_not_said_for_lack_of_time_is_said_to_be_missing(budget: int, monkeypatch: pytest.MonkeyPatch) -> None:
    write_named(policy_yaml=(ROOT / "examples" / "ack" / "mistakes" / "audit-policy.yaml").read_text("utf-8"))
    _analysis_of.cache_clear()
    whole = set(told(lint()))
    assert ("undecided", "policy.yaml") not in whole
    monkeypatch.setattr("kube_audit_lint.analysis.budget.BUDGET", budget)
    _analysis_of.cache_clear()
    short = set(told(lint()))
    _analysis_of.cache_clear()
    assert short == whole or ("undecided", "policy.yaml") in short
    assert short - {("undecided", "policy.yaml")} <= whole


def test_a_file_whose_reading_breaks_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    from kube_audit_lint.pipeline import sources as gathering

    def collect(path: str, *arguments: Any, **options: Any) -> Any:
        if path == "a.yaml":
            raise RuntimeError("of all things")
        return whole(path, *arguments, **options)

    whole = gathering.collect
    monkeypatch.setattr(gathering, "collect", collect)
    write_named(a_yaml=POLICY, b_yaml=POLICY.replace("Metadata", "metadata"))
    outcome = lint()
    assert told(outcome) == [("invalid-level", "b.yaml")]
    (error,) = outcome.report.errors
    assert (error.path, error.message) == ("a.yaml", "internal error while reading: RuntimeError: of all things")


class TestAPairOfWhichOneIsNamed:
    def test_the_policy_is_judged_by_the_manifest_beside_it(self) -> None:
        write_named(etc__policy_yaml=OLD, etc__kube_yaml=MANIFEST)
        assert told(lint()) == [("unsupported-api-version", "etc/policy.yaml")]
        outcome = lint("etc/policy.yaml")
        assert told(outcome) == [("unsupported-api-version", "etc/policy.yaml")]
        assert only(outcome).kubernetes == "1.30"

    def test_what_is_wrong_with_the_manifest_is_not_reported(self) -> None:
        write_named(etc__policy_yaml=OLD, etc__kube_yaml=MANIFEST.replace("maxage=90", "maxage=9"))
        assert ("log-maxage", "etc/kube.yaml") in told(lint())
        outcome = lint("etc/policy.yaml")
        assert told(outcome) == [("unsupported-api-version", "etc/policy.yaml")]
        assert outcome.report.files == (1, 1, 0, 0)

    def test_what_is_wrong_with_the_policy_is_not_reported(self) -> None:
        wrong = POLICY.replace("- level: Metadata", "- level: Metadata\n  verbs: [gett]\n- level: Metadata")
        assert wrong != POLICY
        write_named(etc__policy_yaml=wrong, etc__kube_yaml=MANIFEST.replace("maxage=90", "maxage=9"))
        assert ("unknown-verb", "etc/policy.yaml") in told(lint())
        outcome = lint("etc/kube.yaml")
        assert told(outcome) == [("log-maxage", "etc/kube.yaml")]
        assert outcome.report.files == (1, 0, 1, 0)

    def test_that_the_policy_does_not_load_is(self) -> None:
        """The server of the manifest does not start."""
        write_named(etc__policy_yaml=POLICY.replace("Metadata", "metadata"), etc__kube_yaml=MANIFEST)
        finding = only(lint("etc/kube.yaml"))
        assert (finding.rule, finding.place.source.path) == ("invalid-level", "etc/policy.yaml")
        assert [one.place.source.path for one in finding.related] == ["etc/kube.yaml"]
        assert told(lint()) == [("invalid-level", "etc/policy.yaml")]

    def test_what_the_version_of_the_manifest_makes_wrong_is_reported_with_it(self) -> None:
        """A newer image is what breaks the policy: whoever changes the manifest has to know."""
        write_named(etc__policy_yaml=OLD, etc__kube_yaml=MANIFEST)
        finding = only(lint("etc/kube.yaml"))
        assert (finding.rule, finding.place.source.path) == ("unsupported-api-version", "etc/policy.yaml")
        (related,) = finding.related
        assert (related.place.source.path, related.place.text) == ("etc/kube.yaml", VERSIONED)

    def test_the_other_half_lies_elsewhere_in_the_repository(self) -> None:
        write_named(audit__policy_yaml=OLD, manifests__kube_yaml=MANIFEST)
        assert only(lint("audit/policy.yaml")).kubernetes == "1.30"
        assert told(lint("manifests/kube.yaml")) == [("unsupported-api-version", "audit/policy.yaml")]

    def test_a_policy_that_only_the_mount_makes_one(self) -> None:
        """An empty file does not say what it is."""
        write_named(audit__policy_yaml="", kube_yaml=MANIFEST)
        assert told(lint()) == [("unsupported-api-version", "audit/policy.yaml")]

    def test_without_the_other_half(self) -> None:
        write_named(kube_yaml=MANIFEST, policy_yaml=OLD)
        Path("kube.yaml").unlink()
        assert only(lint("policy.yaml")).kubernetes != "1.30"
        write_named(kube_yaml=MANIFEST)
        Path("policy.yaml").unlink()
        assert "unsupported-api-version" not in [rule for rule, _ in told(lint("kube.yaml"))]

    def test_nothing_is_read_twice(self) -> None:
        write_named(policy_yaml=OLD, kube_yaml=MANIFEST)
        assert lint("policy.yaml", "./policy.yaml", "kube.yaml", ".").report.files == (2, 1, 1, 0)


class TestVersions:
    """The command line goes before the configuration, that before the manifest, that before the default range."""

    def test_by_default_those_that_are_in_use(self) -> None:
        write_named(policy_yaml=OLD)
        assert only(lint()).kubernetes.startswith("1.24")

    def test_what_the_manifest_runs(self) -> None:
        write_named(policy_yaml=OLD, kube_yaml=MANIFEST)
        assert only(lint()).kubernetes == "1.30"
        write_named(kube_yaml=MANIFEST.replace("v1.30.4", "v1.20.4"))
        assert "unsupported-api-version" not in [rule for rule, _ in told(lint())]

    def test_the_span_of_all_that_load_it(self) -> None:
        write_named(policy_yaml=OLD, a__kube_yaml=MANIFEST, b__kube_yaml=MANIFEST.replace("v1.30.4", "v1.32.0"))
        found = [one for one in lint().report.findings if one.rule == "unsupported-api-version"]
        assert [one.kubernetes for one in found] == ["1.30-1.32"]

    def test_the_configuration(self) -> None:
        write_named(policy_yaml=OLD, kube_yaml=MANIFEST)
        Path(".kube-audit-lint.yaml").write_text("kubernetes-version: '1.28'\n")
        assert only(lint()).kubernetes == "1.28"

    def test_an_override(self) -> None:
        write_named(a__policy_yaml=OLD, b__policy_yaml=OLD)
        Path(".kube-audit-lint.yaml").write_text(
            "kubernetes-version: '1.28'\noverrides:\n- paths: [b/]\n  kubernetes-version: '1.33'\n"
        )
        assert [one.kubernetes for one in lint().report.findings] == ["1.28", "1.33"]

    def test_the_command_line(self) -> None:
        write_named(policy_yaml=OLD, kube_yaml=MANIFEST)
        Path(".kube-audit-lint.yaml").write_text("kubernetes-version: '1.28'\n")
        assert only(lint(versions=Versions(31, 31))).kubernetes == "1.31"
        assert told(lint(versions=Versions(20, 20))) == []

    def test_the_manifest_is_judged_by_the_same(self) -> None:
        """--audit-log-compress and the legacy format are of some versions only; so is a default of maxage."""
        write_named(kube_yaml=MANIFEST.replace("    - --audit-log-maxage=90\n", ""), policy_yaml=POLICY)
        assert "1.30" in only(lint()).message
        assert "1.28" in only(lint(versions=Versions(28, 28))).message


def test_the_rate_of_the_log_is_the_readers_own() -> None:
    """At a gigabyte a day these 101 GB hold 90 days; at ten they do not, in gigabytes by either name."""
    write_named(kube_yaml=MANIFEST, policy_yaml=POLICY)
    assert told(lint()) == []
    for setting in ("log-rate: 10\n", "rules: {retention-too-short: {log-rate: 10}}\n"):
        Path(".kube-audit-lint.yaml").write_text(setting)
        assert "At 10 GB a day that is 10 days, not 90 days" in only(lint()).message


class TestReport:
    def test_in_order_and_each_once(self) -> None:
        write_named(b_yaml=POLICY.replace("Metadata", "metadata"), a_yaml=POLICY.replace("[RequestReceived]", "[A, B]"))
        places = [(one.place.source.path, one.place.start) for one in lint("b.yaml", "a.yaml", ".").report.findings]
        assert places == sorted(set(places))
        assert len(places) == 3

    @pytest.mark.parametrize("paths", [["."], ["etc/policy.yaml"], ["gone.yaml", "etc"], ["empty"]])
    def test_as_json_it_fits_its_schema(self, paths: list[str], capsys: pytest.CaptureFixture[str]) -> None:
        Path("empty").mkdir()
        write_named(etc__policy_yaml=OLD + "- level: None\n", etc__kube_yaml=MANIFEST.replace("maxage=90", "maxage=9d"))
        main(["check", "--pedantic", "--format", "json", *paths])
        report = json.loads(capsys.readouterr().out)
        jsonschema.Draft202012Validator(SCHEMA).validate(report)
        assert bool(report["findings"]) == (paths != ["empty"])

    def test_a_witness_is_a_request(self, capsys: pytest.CaptureFixture[str]) -> None:
        write_named(policy_yaml=POLICY + "- level: None\n")
        main(["check", "--format", "json"])
        report = json.loads(capsys.readouterr().out)
        jsonschema.Draft202012Validator(SCHEMA).validate(report)
        (finding,) = report["findings"]
        assert finding["rule"] == "unreachable-rule"
        assert finding["witness"]["verb"]
        assert finding["related"][0]["start"] == {"line": 6, "column": 3}
