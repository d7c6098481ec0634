"""`configuration-weakened`: what a change does to the linter's own checks, in real repositories."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from test_diff import ALL, Here, here, repository  # noqa: F401 (fixtures)

from kube_audit_lint.model.version import DEFAULT

NAME = ".kube-audit-lint.yaml"
RULE = """id: widgets
title: Widgets are recorded
severity: {}
subject: policy
check: level
params: {{what: widgets, requests: [{{group: widgets.example.com}}], {}}}
"""
ENTRY = '{{"path": "a.yaml", "rule": "{}", "fingerprint": "{}:1"}}'


def baseline(*entries: tuple[str, str]) -> str:
    return '{"version": 1, "findings": [\n' + ",\n".join(ENTRY.format(*one) for one in entries) + "\n]}\n"


def found(here: Here, *words: str) -> list[str]:  # noqa: F811
    """Each weakening as `path:line message`."""
    data = here.data("--base", "HEAD", *words)
    return [f"{one['path']}:{one['line']} {one['message']}" for one in data["weakened"]]


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("", "rules:\n  no-catch-all: off\n", [":2 turns the rule no-catch-all off"]),
        (
            "rules: {no-catch-all: error}\n",
            "rules: {no-catch-all: info}\n",
            [":1 lowers no-catch-all from error to info"],
        ),
        ("rules: {no-catch-all: error}\n", None, [":0 lowers no-catch-all from error to warning"]),
        ("rules: {blocking-strict: on}\n", "{}\n", [":1 turns the rule blocking-strict off"]),
        (
            "rules: {log-maxage: {at-least: 90}}\n",
            "rules: {log-maxage: {at-least: 9}}\n",
            [":1 asks less of log-maxage: at-least 90 -> 9"],
        ),
        ("pedantic: true\n", "", [":0 reports no longer what only costs volume (pedantic)"]),
        ("exclude: [a]\n", "exclude: [a, b, '!c']\n", [":1 excludes b"]),
        ("exclude: [a, '!a/b']\n", "exclude: [a]\n", [":1 excludes what `!a/b` took back in"]),
        ("fail-on: info\n", "\nfail-on: never\n", [":2 fails a run later: fail-on info -> never"]),
        (
            "servers: [a, b]\npolicies: p\n",
            "servers: [b]\n",
            [
                ":1 a is no longer settings of an API server whatever it holds",
                ":1 p is no longer a policy whatever it holds",
            ],
        ),
        ("links: {a: p.yaml}\n", "links: {a: q.yaml}\n", [":1 links a with q.yaml, before with p.yaml"]),
        ("links: {a: p.yaml}\n", "", [":0 links a with nothing, before with p.yaml"]),
        (
            "kubernetes-version: 1.29-1.34\n",
            "kubernetes-version: 1.29\n",
            [":1 checks for Kubernetes 1.29, and no longer for 1.29-1.34"],
        ),
        (
            "",
            "pedantic: true\nkubernetes-version: 1.20\n",
            [f":2 checks for Kubernetes 1.20, and no longer for what manifests say, or {DEFAULT}"],
        ),
        ("require-reason: true\n", "require-reason: false\n", [":1 requires no reasons of comments any more"]),
        ("embedded: true\n", "", [":0 no longer looks into scripts and documentation (embedded)"]),
        (
            "overrides: [{paths: old/, rules: {no-catch-all: error}}]\n",
            "overrides:\n- paths: [old/]\n  rules:\n    no-catch-all: off\n- paths: new/\n  profile: cis\n",
            [":4 for old/: turns the rule no-catch-all off"],
        ),
        (
            "overrides: [{paths: old/, rules: {no-catch-all: error}}]\n",
            "overrides: []\n",
            [":1 for old/: lowers no-catch-all from error to warning"],
        ),
        (
            "ignores: [{paths: a, rule: wrong-kind, reason: x, until: 2030-01-01}]\n",
            "ignores: [{paths: a, rule: [wrong-kind, no-rules], reason: x, until: 2031-01-01}]\n",
            [":1 ignores no-rules in a up to 2031-01-01", ":1 ignores wrong-kind in a up to 2031-01-01"],
        ),
    ],
)
def test_a_configuration(before: str, after: str | None, says: list[str], repository: Here) -> None:  # noqa: F811
    if before:
        repository.write(NAME, before)
    repository.commit() if before else None
    if after:
        repository.write(NAME, after)
    else:
        os.unlink(NAME)
    assert found(repository) == [f"{NAME}{one}" for one in says]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("rules: {no-catch-all: off}\n", "{}\n"),
        ("rules: {no-catch-all: warning}\n", "# as it is\n"),
        ("profile: cis\n", "profile: cis\nrules: {no-catch-all: error, log-maxage: {at-least: 400}}\n"),
        ("exclude: [a, b]\nfail-on: never\n", "exclude: [b]\n"),
        (
            "ignores: [{paths: a, rule: wrong-kind, reason: x}]\n",
            "ignores: [{paths: [a], rule: [wrong-kind], reason: y, until: 2030-01-01}]\n",
        ),
        (
            "rules: {no-catch-all: error}\n",
            "overrides: [{paths: b/, rules: {no-rules: error}}]\nrules: {no-catch-all: error}\n",
        ),
        ("kubernetes-version: 1.30\n", "kubernetes-version: 1.31\npedantic: true\n"),
        ("", "kubernetes-version: 1.30\n"),
        ("kubernetes-version: 1.20\n", ""),
    ],
)
def test_what_weakens_nothing(before: str, after: str, repository: Here) -> None:  # noqa: F811
    repository.write(NAME, before)
    repository.commit()
    repository.write(NAME, after)
    assert found(repository) == []


def test_a_profile_that_asks_for_less(repository: Here) -> None:  # noqa: F811
    repository.write(NAME, "profile: cis\n")
    repository.commit()
    repository.write(NAME, "profile: default\n")
    rows = found(repository)
    assert f"{NAME}:1 lowers configmaps-above-metadata from error to warning" in rows
    assert f"{NAME}:1 asks less of log-maxage: explicit true -> false" in rows


def test_a_configuration_of_a_folder_against_what_held_there(repository: Here) -> None:  # noqa: F811
    repository.write(NAME, "rules: {no-catch-all: error}\n")
    repository.commit()
    repository.write(f"teams/a/{NAME}", "rules: {no-catch-all: warning}\n")
    repository.write(f"teams/b/{NAME}", "root: true\n")
    repository.write(f"teams/c/{NAME}", "rules: {no-catch-all: error}\n")
    expected = "lowers no-catch-all from error to warning"
    assert found(repository) == [f"teams/a/{NAME}:1 {expected}", f"teams/b/{NAME}:1 {expected}"]


def test_rules_and_profiles_of_the_own_folder(repository: Here) -> None:  # noqa: F811
    repository.write(NAME, "rule-directories: own\nprofile: team\n")
    repository.write("own/widgets.yaml", RULE.format("error", "at-most: None"))
    repository.write("own/profiles/team.yaml", "id: team\nrules: {no-catch-all: error}\n")
    repository.commit()
    repository.write("own/widgets.yaml", RULE.format("warning", "at-most: Metadata"))
    repository.write("own/profiles/team.yaml", "id: team\nrules: {no-catch-all: off}\n")
    assert found(repository) == [
        f"{NAME}:2 changes what widgets, a rule of your own, reports",
        f"{NAME}:2 lowers widgets from error to warning",
        f"{NAME}:2 turns the rule no-catch-all off",
    ]
    os.unlink("own/widgets.yaml")
    assert f"{NAME}:2 takes the rule widgets away" in found(repository)


def test_a_baseline(repository: Here) -> None:  # noqa: F811
    repository.write("known.json", baseline(("no-rules", "a")))
    repository.commit()
    repository.write("known.json", baseline(("no-rules", "a"), ("no-rules", "b"), ("wrong-kind", "c")))
    assert found(repository) == ["known.json:3 a baseline knows 2 more: no-rules 1, wrong-kind 1"]
    repository.write("known.json", baseline())
    assert found(repository) == []
    repository.commit()
    repository.write("known.json", '{"findings": [{"fingerprint": 3}]}')
    assert found(repository) == []


def test_a_baseline_that_the_configuration_names_newly(repository: Here) -> None:  # noqa: F811
    repository.write("known.json", baseline(("no-rules", "a")))
    repository.commit()
    repository.write(NAME, "baseline: known.json\n")
    assert found(repository) == ["known.json:2 a baseline knows 1 more: no-rules 1"]


def test_comments(repository: Here) -> None:  # noqa: F811
    repository.write("a.yaml", ALL + "  # kube-audit-lint: ignore[no-rules] until=2030-01-01\n")
    repository.commit()
    repository.write(
        "a.yaml",
        "# moved\n# kube-audit-lint: ignore-file[wrong-kind] x\n" + ALL + "  # kube-audit-lint: ignore[no-rules]\n",
    )
    repository.write("b.txt", "# kube-audit-lint: ignore-file[wrong-kind] no file of ours\n")
    assert found(repository) == [
        "a.yaml:2 a comment ignores wrong-kind in the whole file",
        "a.yaml:7 a comment ignores no-rules",
    ]
    repository.git("mv", "a.yaml", "moved.yaml")
    repository.write("moved.yaml", ALL + "  # kube-audit-lint: ignore[no-rules] until=2029-01-01\n")
    assert found(repository) == []


def test_what_is_staged_counts_with_staged(repository: Here) -> None:  # noqa: F811
    repository.write(NAME, "rules: {no-catch-all: off}\n")
    assert found(repository, "--staged") == []
    repository.git("add", "--all")
    os.unlink(NAME)
    assert found(repository, "--staged") == [f"{NAME}:1 turns the rule no-catch-all off"]
    assert found(repository) == []


def test_formats_exit_codes_and_reasons(repository: Here) -> None:  # noqa: F811
    repository.write(NAME, "rules: {no-catch-all: off}\n")
    line = f"{NAME}:1: warning[configuration-weakened]: turns the rule no-catch-all off\n"
    code, text = repository.diff("--base", "HEAD")
    assert (code, line in text) == (0, True)
    for level in ("weakened", "any"):
        assert repository.diff("--base", "HEAD", "--fail-on", level)[0] == 1
    assert "⚠️ configuration-weakened" in repository.diff("--base", "HEAD", "--format", "markdown")[1]
    assert f"::warning file={NAME},line=1," in repository.diff("--base", "HEAD", "--format", "github")[1]
    Path("message").write_text("Quiet\n\nAudit-Less: agreed with the auditors\n")
    assert repository.diff("--base", "HEAD", "--fail-on", "weakened", "--message", "message")[0] == 0


def test_a_configuration_that_cannot_be_read_any_more(repository: Here) -> None:  # noqa: F811
    repository.write(NAME, "profile: nothing-like-it\nrules: 3\n")
    (row,) = found(repository)
    assert row.startswith(f"{NAME}:2 cannot be used any more: rules: must be")
    assert repository.diff("--base", "HEAD", "--fail-on", "weakened")[0] == 1


def test_a_profile_of_the_own_that_is_gone(repository: Here) -> None:  # noqa: F811
    repository.write(NAME, "rule-directories: own\nprofile: team\n")
    repository.write("own/profiles/team.yaml", "id: team\nrules: {no-rules: off}\n")
    repository.commit()
    os.unlink("own/profiles/team.yaml")
    (row,) = found(repository)
    assert row.startswith(f"{NAME}:2 cannot be used any more: profile: there is no profile team")
    assert repository.diff("--base", "HEAD", "--fail-on", "weakened")[0] == 1


def test_a_configuration_that_could_not_be_read_before_is_noted(repository: Here) -> None:  # noqa: F811
    repository.write(NAME, "rules: 3\n")
    repository.commit()
    repository.write(NAME, "rules: {no-catch-all: off}\n")
    data = repository.data("--base", "HEAD")
    assert data["weakened"] == []
    (note,) = data["notes"]
    assert note.startswith("whether the checks of . are weakened is not known: rules: must be")
