"""What configurations of folders say of the files below them, however a run is started."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from checking import Repository

from kube_audit_lint.pipeline.config import load_config

HEAD = "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n"
BAD = HEAD + "- level: metadata\n"
NAME = ".kube-audit-lint.yaml"
RULE = """id: {0}
title: Widgets are recorded
severity: {1}
subject: policy
check: level
params: {{what: widgets, requests: [{{group: widgets.example.com}}], at-most: None}}
"""


def config(folder: str, text: str) -> None:
    path = Path(folder, NAME)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def answers(here: Repository, *options: str) -> dict[str, list[str]]:
    """The rules by path: the same from the top, from each folder, and for each file by its name."""
    top = os.getcwd()
    whole: dict[str, list[str]] = {}
    for one in here.json(*options, ".")["findings"]:
        whole.setdefault(one["path"], []).append(f"{one['severity']} {one['rule']}")
    files = [os.path.relpath(os.path.join(at, name)) for at, _, names in os.walk(".") for name in names]
    for path in (one for one in files if one.endswith("policy.yaml")):
        for folder in (".", os.path.dirname(path), *next(os.walk("."))[1]):
            os.chdir(folder)
            named = here.json(*options, os.path.relpath(os.path.join(top, path)))["findings"]
            found = [f"{one['severity']} {one['rule']}" for one in named if "policy" in one["path"]]
            assert found == whole.get(path, []), (path, folder)
            os.chdir(top)
    return whole


def test_the_nearest_goes_before_those_above(here: Repository) -> None:
    here.write(a__audit_policy=BAD, a__deep__audit_policy=BAD, b__audit_policy=BAD, b__own__audit_policy=BAD)
    config(".", "rules: {invalid-level: warning}\noverrides: [{paths: [a/deep/], rules: {invalid-level: error}}]\n")
    config("a", "rules: {invalid-level: info}\n")
    config("b", "pedantic: false\n")
    config("b/own", "root: true\n")
    assert answers(here) == {
        "a/audit-policy.yaml": ["info invalid-level"],
        "a/deep/audit-policy.yaml": ["info invalid-level"],
        "b/audit-policy.yaml": ["warning invalid-level"],
        "b/own/audit-policy.yaml": ["error invalid-level"],
    }


def test_versions_and_profiles(here: Repository) -> None:
    config("old", "kubernetes-version: 1.20\nprofile: stig\n")
    config(".", "kubernetes-version: 1.30\nprofile: cis\n")
    settings = load_config()
    assert [str(settings.for_path(path).versions) for path in ("a.yaml", "old/a.yaml")] == ["1.30", "1.20"]
    assert [settings.for_path(path).profile for path in ("a.yaml", "old/a.yaml")] == ["cis", "stig"]
    assert settings.for_path("old/a.yaml") is settings.for_path("old/deeper/b.yaml")


def test_excluded_by_any_of_them(here: Repository) -> None:
    here.write(a__audit_policy=BAD, a__gen__audit_policy=BAD, b__gen__audit_policy=BAD, b__keep_policy=BAD)
    config(".", "exclude: [b/*-policy.yaml, /audit-policy.yaml]\n")
    config("a", "exclude: [gen/]\n")
    config("b", "exclude: ['!keep-policy.yaml']\n")
    assert set(answers(here)) == {"a/audit-policy.yaml", "b/gen/audit-policy.yaml", "b/keep-policy.yaml"}
    assert here.json()["hidden"]["excluded-paths"] == 1


def test_what_an_excluded_folder_says_does_not_count(here: Repository) -> None:
    here.write(vendor__audit_policy=BAD)
    config(".", "exclude: [vendor/]\n")
    config("vendor", "exclude: ['!audit-policy.yaml']\n")
    assert answers(here) == {}


def test_own_rules_are_for_the_files_below(here: Repository) -> None:
    here.write(a__audit_policy=HEAD + "- level: Metadata\n", b__audit_policy=HEAD + "- level: Metadata\n")
    for folder, severity in (("a", "warning"), ("b", "info")):
        Path(folder, "own").mkdir()
        Path(folder, "own", f"of-{folder}.yaml").write_text(RULE.format(f"of-{folder}", severity))
        config(folder, f"rule-directories: own\nrules: {{of-{folder}: error}}\n")
    assert answers(here) == {
        "a/audit-policy.yaml": ["error of-a"],
        "b/audit-policy.yaml": ["error of-b"],
    }
    assert here.rules("--select", "of-a", "a") == ["of-a"]
    assert "rules/of-a" not in here.check("--format", "sarif")
    Path("b/own/of-b.yaml").unlink()
    Path("b/own/of-a.yaml").write_text(RULE.format("of-a", "info"))
    config("b", "rule-directories: own\n")
    here.check()
    assert here.code == 2
    assert f"of-a.yaml: id: of-a is the name of a rule in {os.path.realpath('a/own')}" in here.error


def test_ignores_baselines_and_reasons(here: Repository) -> None:
    commented = BAD.rstrip() + "  # kube-audit-lint: ignore[invalid-level]\n"
    here.write(a__audit_policy=BAD, b__audit_policy=BAD, c__audit_policy=commented, d__audit_policy=commented)
    config("a", "ignores: [{paths: audit-policy.yaml, rule: invalid-level, reason: known}]\n")
    config("c", "require-reason: true\n")
    here.check("--write-baseline", "b/known.json", "b")
    config("b", "baseline: known.json\n")
    assert answers(here) == {"c/audit-policy.yaml": ["warning suppression-without-reason"]}
    hidden = here.json()["hidden"]
    assert (hidden["by-ignores"], hidden["by-baseline"], hidden["by-comments"]) == (1, 1, 2)


def test_what_fails_the_run(here: Repository) -> None:
    here.write(a__audit_policy=BAD, b__audit_policy=HEAD + "- level: Metadata\n")
    config("a", "fail-on: never\n")
    assert "hidden: failures of 1 file by fail-on: never" in here.check()
    assert here.code == 0
    here.write(b__audit_policy=BAD)
    here.check()
    assert here.code == 1
    here.check("--fail-on", "never")
    assert here.code == 0


def test_embedded_policies_and_names_of_clusters(here: Repository) -> None:
    for folder in ("a", "b"):
        Path(folder).mkdir()
        Path(folder, "README.md").write_text(f"```yaml\n{BAD}```\n")
    config("a", "embedded: true\nclusters: {prod: '*.yaml'}\n")
    config("b", "clusters: {prod: '*.yaml'}\n")
    assert [one["path"] for one in here.json()["findings"]] == ["a/README.md"]
    settings = load_config()
    assert settings.cluster_of("a/x.yaml") != settings.cluster_of("b/x.yaml")


def test_a_named_configuration_is_the_only_one(here: Repository) -> None:
    here.write(a__audit_policy=BAD)
    config("a", "rules: {invalid-level: off}\n")
    assert here.rules() == []
    Path("lint.yaml").write_text("rules: {invalid-level: info}\n")
    assert [one["severity"] for one in here.json("--config", "lint.yaml")["findings"]] == ["info"]
    assert here.rules("--no-config") == ["invalid-level"]


def test_one_from_outside_has_the_paths_of_the_repository(
    here: Repository, tmp_path_factory: pytest.TempPathFactory
) -> None:
    here.write(a__audit_policy=BAD, b__audit_policy=HEAD + "- level: Metadata\n")
    outside = tmp_path_factory.mktemp("base")
    (outside / "own").mkdir()
    (outside / "own" / "of-base.yaml").write_text(RULE.format("of-base", "warning"))
    (outside / "lint.yaml").write_text("exclude: /a/\nrule-directories: own\n")
    os.chdir("b")
    assert here.rules("--config", str(outside / "lint.yaml"), "..") == ["of-base"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("profle: cis\n", f"a/{NAME}:1:1: profle: unknown key; did you mean profile?"),
        ("profile: cis2\n", f"a/{NAME}:1:10: profile: there is no profile cis2; did you mean cis?"),
        ("rules: {no-catchall: off}\n", f"a/{NAME}:1:9: rules.no-catchall: there is no rule no-catchall; did you mean"),
        ("baseline: gone.json\n", "a/gone.json: No such file or directory"),
    ],
)
def test_a_broken_one_ends_the_run(text: str, says: str, here: Repository) -> None:
    here.write(a__audit_policy=BAD)
    config("a", text)
    for words in ([], ["a/audit-policy.yaml"]):
        here.check(*words)
        assert here.code == 2
        assert says in here.error


def test_folders_as_deep_as_there_can_be(here: Repository) -> None:
    config(".", "rules: {invalid-level: info}\n")
    deep = "/".join(["d"] * 1500)  # which are not there: what removes the folders of tests recurses
    assert load_config().for_path(f"{deep}/audit-policy.yaml").rules == {"invalid-level": {"severity": "info"}}
