"""The configuration: where it is found, what it says of a file, and what it says of mistakes in itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from kube_audit_lint.catalogue.rule import Catalogue, Profile, Rule
from kube_audit_lint.cli import main
from kube_audit_lint.errors import OwnFileError
from kube_audit_lint.model.version import Versions
from kube_audit_lint.pipeline.config import Config, load_config

NAME = ".kube-audit-lint.yaml"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _config(text: str) -> Config:
    Path(NAME).write_text(text)
    return load_config()


def _error(text: str) -> str:
    with pytest.raises(OwnFileError) as caught:
        _config(text)
    return str(caught.value).removeprefix(f"{NAME}:")


class TestFound:
    def test_nothing_is_a_configuration_that_says_nothing(self) -> None:
        config = load_config()
        assert config.path == ""
        assert config.for_path("a.yaml").versions is None
        assert config.hint("a.yaml") is None
        assert not config.exclude
        assert config.rule_folders == ()

    def test_upwards_to_the_root_of_the_repository(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        Path(NAME).write_text("profile: cis\n")
        os.makedirs("repo/.git")
        os.makedirs("repo/deep/er")
        monkeypatch.chdir("repo/deep/er")
        assert load_config().path == ""
        (folder / "repo" / NAME).write_text("profile: stig\nexclude: /deep/er/drop.yaml\n")
        config = load_config()
        assert config.path == f"../../{NAME}"
        assert config.for_path("a.yaml").profile == "stig"
        assert config.folder == str(folder / "repo")
        assert config.exclude.matches("deep/er/drop.yaml")

    def test_the_nearest_counts(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        os.makedirs(".git")
        os.makedirs("a")
        Path(NAME).write_text("profile: cis\n")
        Path("a", NAME).write_text("profile: stig\n")
        monkeypatch.chdir("a")
        assert load_config().for_path("x").profile == "stig"

    def test_outside_of_a_repository_only_here(self, monkeypatch: pytest.MonkeyPatch) -> None:
        Path(NAME).write_text("profile: cis\n")
        os.makedirs("a")
        monkeypatch.chdir("a")
        assert load_config().path == ""

    def test_a_named_one(self) -> None:
        os.makedirs("ci")
        Path("ci/lint.yaml").write_text("exclude: drop.yaml\nrule-directories: own\n")
        config = load_config("ci/lint.yaml")
        assert config.path == "ci/lint.yaml"
        assert config.rule_folders == (os.path.realpath("ci/own"),)
        with pytest.raises(OwnFileError, match=r"gone\.yaml: No such file or directory"):
            load_config("gone.yaml")

    @pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "{}", "null\n"])
    def test_an_empty_one(self, text: str) -> None:
        assert _config(text).for_path("x").profile == ""


class TestSays:
    def test_everything_once(self) -> None:
        config = _config(
            """
kubernetes-version: "1.29-1.34"
profile: cis
rules:
  log-maxage: {severity: warning, at-least: 90}
  no-catch-all: off
  blocking-strict: on
  blind-spot: info
rule-directories: [lint-rules/, more]
exclude: ["*.bak", "!keep.bak"]
policies: policies/
servers: ["servers/*.conf"]
links:
  clusters/*/kube-apiserver.yaml: policies/default.yaml
  clusters/prod/: policies/prod.yaml
clusters:
  prod: clusters/prod/
overrides: []
require-reason: true
pedantic: true
embedded: true
fail-on: error
log-rate: 5
"""
        )
        settings = config.for_path("a.yaml")
        assert settings.versions == Versions(29, 34)
        assert settings.profile == "cis"
        assert settings.rules == {
            "log-maxage": {"severity": "warning", "at-least": 90},
            "no-catch-all": {"severity": "off"},
            "blocking-strict": {"severity": "on"},
            "blind-spot": {"severity": "info"},
            "retention-too-short": {"log-rate": 5},
        }
        assert settings.pedantic
        assert config.rule_folders == (os.path.realpath("lint-rules"), os.path.realpath("more"))
        assert config.exclude.matches("a/x.bak")
        assert not config.exclude.matches("keep.bak")
        assert [config.hint(path) for path in ("policies/a", "servers/a.conf", "servers/a.yaml")] == [
            "policy",
            "server",
            None,
        ]
        assert config.cluster_of("clusters/prod/a/b.yaml") == f"{NAME}:prod"
        assert config.cluster_of("clusters/test/a.yaml") is None
        assert (config.for_path("x").require_reason, config.for_path("x").embedded, config.for_path("x").fail_on) == (
            True,
            True,
            "error",
        )

    @pytest.mark.parametrize(
        ("path", "policy"),
        [
            ("clusters/prod/kube-apiserver.yaml", "policies/prod.yaml"),
            ("clusters/test/kube-apiserver.yaml", "policies/default.yaml"),
            ("kube-apiserver.yaml", None),
        ],
    )
    def test_links(self, path: str, policy: str | None) -> None:
        config = _config(
            "links:\n  clusters/*/kube-apiserver.yaml: policies/default.yaml\n  clusters/prod/: policies/prod.yaml\n"
        )
        assert config.linked_policy(path) == policy

    def test_links_from_a_folder_below(self, monkeypatch: pytest.MonkeyPatch) -> None:
        os.makedirs(".git")
        os.makedirs("clusters/prod")
        Path(NAME).write_text("links: {clusters/prod/a.yaml: policies/prod.yaml}\n")
        monkeypatch.chdir("clusters/prod")
        config = load_config()
        assert config.linked_policy("a.yaml") == "../../policies/prod.yaml"
        assert config.linked_policy("../prod/a.yaml") == "../../policies/prod.yaml"

    @pytest.mark.parametrize("written", ["1.30", "'1.30'", "v1.30.4", "1.30 "])
    def test_a_version_without_quotes_keeps_its_nought(self, written: str) -> None:
        assert _config(f"kubernetes-version: {written}\n").for_path("x").versions == Versions(30, 30)

    @pytest.mark.parametrize("rules", ["own", "[own]"])
    def test_rules_may_be_folders(self, rules: str) -> None:
        assert _config(f"rules: {rules}\n").rule_folders == (os.path.realpath("own"),)


class TestOverrides:
    TEXT = """
kubernetes-version: 1.30
profile: cis
rules: {log-maxage: {severity: warning, at-least: 90}, blind-spot: off, no-catch-all: info}
overrides:
- paths: clusters/old/
  kubernetes-version: 1.20
  rules: {log-maxage: {at-least: 30}, blind-spot: {from: 3}}
- paths: ["*-ack.yaml", "!not-ack.yaml"]
  profile: ack
  pedantic: true
  rules: {no-catch-all: off}
"""

    def test_later_ones_over_earlier_ones(self) -> None:
        config = _config(self.TEXT)
        plain, old = config.for_path("a.yaml"), config.for_path("clusters/old/a.yaml")
        both = config.for_path("clusters/old/x-ack.yaml")
        assert plain.rules["blind-spot"] == {"severity": "off"}
        assert (old.versions, old.profile, old.pedantic) == (Versions(20, 20), "cis", False)
        assert old.rules["log-maxage"] == {"severity": "warning", "at-least": 30}
        assert old.rules["blind-spot"] == {"from": 3}
        assert (both.versions, both.profile, both.pedantic) == (Versions(20, 20), "ack", True)
        assert both.rules["no-catch-all"] == {"severity": "off"}
        assert config.for_path("not-ack.yaml") is plain

    def test_equal_settings_are_one_object(self) -> None:
        config = _config(self.TEXT)
        assert config.for_path("clusters/old/a") is config.for_path("./clusters/old/b")


class TestMistakes:
    @pytest.mark.parametrize(
        ("text", "error"),
        [
            ("profil: cis\n", "1:1: profil: unknown key; did you mean profile?"),
            ("a: 1\nprofile: 3\n", "1:1: a: unknown key; known are kubernetes-version, profile, rules,"),
            ("exclude: [a]\npedantic: 'yes'\n", "2:11: pedantic: must be true or false, not 'yes'"),
            ("exclude: [a, 3]\n", "1:14: exclude.1: must be a text, not 3"),
            ("exclude: {a: b}\n", "1:10: exclude: must be a text or a list of texts, not a mapping"),
            (
                "fail-on: errors\n",
                "1:10: fail-on: must be one of error, warning, info, never, not errors; did you mean",
            ),
            ("fail-on: on\n", "1:10: fail-on: must be one of error, warning, info, never, not on"),
            (
                "kubernetes-version: latest\n",
                "1:21: kubernetes-version: must be a version such as 1.30, or a range such as 1.29-1.34, not latest",
            ),
            ("kubernetes-version: 1.34-1.29\n", "1:21: kubernetes-version: 1.34-1.29 is no version such as 1.30"),
            ("kubernetes-version: 30\n", "1:21: kubernetes-version: must be at most 2, not 30"),
            ("rules:\n  log-maxage: wrn\n", "2:15: rules.log-maxage: must be off, on, error, warning or info, not wrn"),
            ("rules:\n  log-maxage: {severity: fatal}\n", "2:26: rules.log-maxage.severity: must be one of error,"),
            ("rules:\n  log-maxage: [error]\n", "2:15: rules.log-maxage: must be off, on, a severity"),
            ("overrides:\n- profile: cis\n", "2:3: overrides.0: lacks paths"),
            ("overrides:\n- paths: a\n  exclude: b\n", "3:3: overrides.0.exclude: unknown key"),
            ("log-rate: 0\n", "1:11: log-rate: must be more than 0, not 0"),
            ("profile: ''\n", "1:10: profile: must be not empty, not ''"),
            ("profile: cis\nprofile: ack\n", "2:1: profile: stands twice in one mapping"),
            ("- a\n", "1:1: must be a mapping, not a list"),
            ("a\n", "1:1: must be a mapping, not a"),
            ("profile: cis\n---\nprofile: ack\n", "2:"),
            ("profile: [cis\n", "2:1: "),
        ],
    )
    def test_names_line_column_and_key(self, text: str, error: str) -> None:
        assert _error(text).startswith(error)

    def test_a_folder(self) -> None:
        os.mkdir(NAME)
        with pytest.raises(OwnFileError, match="is a folder, not a file"):
            load_config()


class TestAgainstTheCatalogue:
    @pytest.fixture(autouse=True)
    def check(self, monkeypatch: pytest.MonkeyPatch) -> None:
        module = ModuleType("kube_audit_lint.checks.some_check")
        module.PARAMS = {  # type: ignore[attr-defined]
            "type": "object",
            "properties": {"at-least": {"type": "integer", "minimum": 1}},
            "required": ["at-least"],
            "additionalProperties": False,
        }
        monkeypatch.setitem(sys.modules, module.__name__, module)

    CATALOGUE = Catalogue(
        {"log-maxage": Rule("log-maxage", "Title", "error", "server", "server", "some-check", {"at-least": 30})},
        {"cis": Profile("cis", "CIS", {})},
    )

    def _error(self, text: str) -> str:
        with pytest.raises(OwnFileError) as caught:
            _config(text).check_against(self.CATALOGUE)
        return str(caught.value).removeprefix(f"{NAME}:")

    def test_fine(self) -> None:
        Config().check_against(self.CATALOGUE)
        _config("profile: cis\nrules: {log-maxage: {severity: info, at-least: 3}}\n").check_against(self.CATALOGUE)
        _config("rules: own\n").check_against(self.CATALOGUE)

    @pytest.mark.parametrize(
        ("text", "error"),
        [
            (
                "rules:\n  log-maxagee: off\n",
                "2:3: rules.log-maxagee: there is no rule log-maxagee; did you mean log-maxage?",
            ),
            ("rules: {log-maxage: {severity: warn}}\n", "1:32: rules.log-maxage.severity: must be one of error,"),
            ("rules: {xyz: off}\n", "1:9: rules.xyz: there is no rule xyz; `kube-audit-lint rules` lists them"),
            ("profile: ciss\n", "1:10: profile: there is no profile ciss; did you mean cis?"),
            ("profile: gdpr\n", "1:10: profile: there is no profile gdpr; there are cis"),
            (
                "rules: {log-maxage: {atleast: 3}}\n",
                "1:22: rules.log-maxage.atleast: unknown key; did you mean at-least?",
            ),
            ("rules: {log-maxage: {at-least: x}}\n", "1:32: rules.log-maxage.at-least: must be a whole number, not x"),
            ("overrides: [{paths: a, rules: {nope: off}}]\n", "1:32: overrides.0.rules.nope: there is no rule nope"),
        ],
    )
    def test_names_what_does_not_exist(self, text: str, error: str) -> None:
        assert self._error(text).startswith(error)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("rule-directories: [own, owm]\n", "1:19: rule-directories: owm: there is no such folder"),
        ("rules: [log-maxage]\n", "1:8: rules: log-maxage: there is no such folder; rules by their ids are a mapping"),
    ],
)
def test_folders_of_rules_that_are_not_there(text: str, error: str, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkdir("own")
    Path(NAME).write_text(text)
    assert main(["check", "."]) == 2
    assert f"{NAME}:{error}" in capsys.readouterr().err
    os.mkdir("below")
    os.rename(NAME, os.path.join("below", NAME))
    os.rename("own", os.path.join("below", "own"))
    Path("below", "audit-policy.yaml").write_text("apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: []\n")
    assert main(["check", "."]) == 2
    assert f"below/{NAME}:{error}" in capsys.readouterr().err


def test_a_run_without_one_imports_neither_library() -> None:
    code = (
        "import sys; from kube_audit_lint.cli import main; "
        "main(['check', '.']); print({'jsonschema', 'yaml'} & sys.modules.keys(), file=sys.stderr)"
    )
    Path("audit-policy.yaml").write_text("apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata}]\n")
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "1 policy" in run.stdout
    assert run.stderr == "set()\n"


def test_the_documented_one_is_right() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text("utf-8")
    config = _config(guide.split("```yaml\n")[1].split("```")[0])
    assert config.for_path("x").fail_on == "warning"
    assert config.for_path("clusters/old/a.yaml").versions == Versions(20, 20)
    assert config.for_path("clusters/ack-1/a.yaml").profile == "ack"
