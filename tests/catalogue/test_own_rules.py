"""Rules and profiles of users' own: what is wrong with them, their examples, their pages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kube_audit_lint.catalogue.rule import Catalogue
from kube_audit_lint.catalogue.rulefile import with_folders
from kube_audit_lint.catalogue.selection import Choice, applied
from kube_audit_lint.catalogue.settings import template
from kube_audit_lint.catalogue.shipped import shipped
from kube_audit_lint.cli import main
from kube_audit_lint.errors import OwnFileError

LEVEL = (
    "id: mine\ntitle: Mine\nseverity: error\nsubject: policy\ncheck: level\n"
    "params:\n  what: it\n  requests:\n  - {}\n{}"
)
FLAG = "id: mine\ntitle: Mine\nseverity: error\nsubject: server\ncheck: {}\nparams:\n  consequence: it is lost\n  {}\n"
POLICY = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: {}\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def catalogue(**files: str) -> Catalogue:
    for name, text in files.items():
        path = Path("own", *name.split("__")).with_suffix(".yaml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return with_folders(shipped(), ("own",))


def error(**files: str) -> str:
    with pytest.raises(OwnFileError) as caught:
        catalogue(**files)
    return str(caught.value)


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        ("{group: app, resources: [deployments]}", "requests.0.group: there is no API group app; did you mean apps?"),
        ("{group: core, resources: [pods]}", 'requests.0.group: there is no API group core; did you mean ""?'),
        (
            "{group: authentication.k8s, resources: [x]}",
            "no API group authentication.k8s; did you mean authentication.k8s.io?",
        ),
        (
            "{resources: [secret]}",
            "requests.0.resources.0: there is no resource secret in the core group; did you mean secrets?",
        ),
        (
            "{resources: [pods, deployments]}",
            "resources.1: there is no resource deployments in the core group; it is in the group `apps`",
        ),
        ("{resources: [pods/exce]}", "pods has no subresource exce in the core group; did you mean pods/exec?"),
        ("{resources: ['*/exce']}", "* has no subresource exce"),
        ("{resources: ['pod*']}", "pod* matches nothing: write RESOURCE"),
        (
            "{resources: [pods], verbs: [modify]}",
            "requests.0.verbs.0: no such request has the verb modify; did you mean update, patch?",
        ),
        ("{resources: [pods], verbs: [GET]}", "no such request has the verb GET; did you mean get?"),
        ("{urls: [/version], verbs: [list]}", "no such request has the verb list; did you mean get?"),
        ("{urls: [/version, healthz]}", "requests.0.urls.1: healthz matches no path; did you mean /healthz?"),
        ("{urls: ['/a*/b']}", "/a*/b matches no path: a path begins with / and may end with *"),
        ("{urls: [/api/v1/pods]}", "requests.0: no request fits all of this"),
        ("{resources: [nodes], namespaces: [shop]}", "no request fits all of this; without namespaces there are some"),
        ("{resources: [pods], verbs: [create], names: [web]}", "fits all of this; without names there are some"),
        ("{resources: [pods], users: [jane], who: [nobody]}", "fits all of this; without users there are some"),
    ],
)
def test_what_there_is_not(request_: str, says: str) -> None:
    found = error(mine=LEVEL.format(request_, "  at-most: Metadata\n"))
    assert found.startswith("own/mine.yaml:9:")
    assert says in found


@pytest.mark.parametrize(
    "request_",
    [
        "{group: widgets.example.com, resources: [widgets, widgets/anything]}",
        "{group: '*', resources: [anything]}",
        "{group: apps, resources: ['*', deployments/scale, '*/status']}",
        "{resources: [pods/exec, nodes/proxy], verbs: [get, create, proxy]}",
        "{urls: [/healthz*], verbs: [get, post]}",
        "{users: [jane], verbs: [get, post, deletecollection]}",
        "{group: extensions, resources: [ingresses]}",
        "{resources: [nodes], urls: [/version], names: [worker-1]}",
        "{group: widgets.example.com, namespaces: [shop]}",
        "{resources: [secrets], who: [nobody]}",
    ],
)
def test_what_there_is(request_: str) -> None:
    assert "mine" in catalogue(mine=LEVEL.format(request_, "  at-most: Metadata\n")).rules


def test_the_shipped_rules_name_what_there_is() -> None:
    checked = 0
    for rule in shipped().rules.values():
        problems = None if rule.subject == "file" else getattr(template(rule.check), "problems", None)
        if problems is not None:
            checked += 1
            assert list(problems(rule.params)) == [], rule.id
    assert checked > 8


def test_categories() -> None:
    text = LEVEL.format("{users: [a]}", "  at-most: Metadata\n")
    assert "own/mine.yaml:1:11: category: there is no category recordd; did you mean recorded?" in error(
        mine="category: recordd\n" + text
    )
    assert catalogue(mine="category: payments\n" + text).rules["mine"].category == "payments"
    assert catalogue(mine="category: recorded\n" + text).rules["mine"].category == "recorded"


def test_a_bound() -> None:
    assert "requests.0: has no bound: give at-most, at-least or stage" in error(mine=LEVEL.format("{users: [a]}", ""))
    text = LEVEL.format("{users: [a], at-most: None}\n  - {users: [b]}", "")
    assert "own/mine.yaml:10:5: params.requests.1: has no bound" in error(mine=text)
    text = LEVEL.format("{users: [a], at-most: None}", "  at-least: Metadata\n")
    assert "cannot be at least Metadata and at most None" in error(mine=text)
    for empty in ("  at-least: None\n", "  at-most: RequestResponse\n"):
        found = error(mine=LEVEL.format("{users: [a]}", empty))
        assert "requests.0: has no bound: every level is at least None and at most RequestResponse" in found
    assert "mine" in catalogue(mine=LEVEL.format("{users: [a]}", "  stage: Panic\n")).rules


def test_rules_that_a_rule_yields_to() -> None:
    text = LEVEL.format("{users: [a]}", "  at-most: Metadata\n") + "yields-to: [no-rules, mine-too, log-maxag]\n"
    other = LEVEL.format("{users: [b]}", "  at-most: Metadata\n").replace("id: mine", "id: mine-too")
    found = error(mine=text, **{"mine-too": other})
    assert found == "own/mine.yaml:11:33: yields-to.2: there is no rule log-maxag; did you mean log-maxage?"


@pytest.mark.parametrize(
    ("check", "params", "says"),
    [
        (
            "required-flag",
            "any-of: [audit-log-maxagee]",
            "params.any-of.0: kube-apiserver has no flag --audit-log-maxagee; did you mean audit-log-maxage?",
        ),
        (
            "required-flag",
            "any-of: [--audit-log-path]",
            "params.any-of.0: write the flag without dashes: audit-log-path",
        ),
        (
            "required-flag",
            "any-of: [audit-log-path]\n  unless: [audit-webhook]",
            "params.unless.0: kube-apiserver has no flag --audit-webhook",
        ),
        (
            "flag-setting",
            "settings: {audit-log-mod: [batch]}",
            "params.settings.audit-log-mod: kube-apiserver has no flag --audit-log-mod; did you mean audit-log-mode?",
        ),
        (
            "flag-setting",
            "settings: {audit-log-mode: [blockin]}",
            "--audit-log-mode is never blockin: it is one of batch, blocking, blocking-strict",
        ),
        (
            "flag-setting",
            "settings: {audit-log-mode: [batch]}\n  when: {audit-log-format: audit-log-path}",
            "params.when.audit-log-format: is about no flag of settings: audit-log-mode",
        ),
        ("flag-setting", "settings: {}", "params.settings: must not be empty"),
        (
            "flag-setting",
            "settings: {audit-log-maxage: ['0', few]}",
            "params.settings.audit-log-maxage.1: kube-apiserver does not start with this value: invalid argument",
        ),
        (
            "required-flag",
            "any-of: [audit-log-path]\n  unless: [audit-log-path]",
            "params.unless.0: audit-log-path is one of any-of: such a rule finds nothing",
        ),
    ],
)
def test_flags(check: str, params: str, says: str) -> None:
    assert says in error(mine=FLAG.format(check, params))


def test_flags_that_are_about_something_else() -> None:
    assert "mine" in catalogue(mine=FLAG.format("required-flag", "any-of: [authorization-mode, tls-cert-file]")).rules


def test_settings_are_held_against_the_same() -> None:
    text = "id: team\nrules: {blind-spot: {classes: [{resources: [secret]}]}}\n"
    assert "rules.blind-spot.classes.0.resources.0: there is no resource secret" in error(profiles__team=text)


class TestProfiles:
    def test_extends_with_all_its_rules(self) -> None:
        found = catalogue(
            profiles__team="id: team\nextends: site\nrules: {log-maxage: {at-least: 400}, no-log-path: off}\n",
            profiles__site="id: site\nextends: cis\nrules: {log-maxage: error, no-catch-all: error}\n",
        )
        rules = applied(found, Choice("team"))
        maxage = rules["log-maxage"]
        assert (maxage.severity, maxage.params["at-least"], maxage.params["explicit"]) == ("error", 400, True)
        assert rules["no-catch-all"].severity == "error"
        assert rules["configmaps-above-metadata"].severity == "error"
        assert "no-log-path" not in rules
        assert applied(found, Choice("cis"))["log-maxage"].params["at-least"] == 30

    def test_rules_that_only_a_profile_wants_are_off(self) -> None:
        found = catalogue(profiles__team="id: team\nrules: {}\n", profiles__strict="id: strict\nextends: stig\n")
        for profile, wanted in (("team", False), ("cis", False), ("stig", True), ("strict", True)):
            assert ("stig-everything-requestresponse" in applied(found, Choice(profile))) == wanted
        assert "stig-everything-requestresponse" not in applied(found, Choice("default", select=("recorded",)))
        assert "stig-everything-requestresponse" not in applied(found, Choice("default", pedantic=True))
        on = (("stig-everything-requestresponse", {"severity": "on"}),)
        assert "stig-everything-requestresponse" in applied(found, Choice("default", on))
        assert list(applied(found, Choice("default", select=("detections",)))) == ["detection-not-served"]

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            (
                "rules: {no-catchall: off}",
                "2:9: rules.no-catchall: there is no rule no-catchall; did you mean no-catch-all?",
            ),
            (
                "rules: {no-catch-all: eror}",
                "2:23: rules.no-catch-all: must be off, on, error, warning or info, not eror; did you mean error?",
            ),
            (
                "rules: {log-maxage: {at-leest: 3}}",
                "2:22: rules.log-maxage.at-leest: unknown key; did you mean at-least?",
            ),
            (
                "rules: {log-maxage: {at-least: many}}",
                "2:32: rules.log-maxage.at-least: must be a whole number, not many",
            ),
            ("rule: {}\nrules: {}", "2:1: rule: unknown key; did you mean rules?"),
            ("rules: {}\nextends: csi", "3:10: extends: there is no profile csi; did you mean cis?"),
            ("rules: {}\nextends: mine", "3:10: extends: mine extends mine"),
            ("title: x", "1:1: lacks rules, or extends with the profile that it is like"),
        ],
    )
    def test_mistakes(self, text: str, says: str) -> None:
        assert error(profiles__mine=f"id: mine\n{text}\n") == f"own/profiles/mine.yaml:{says}"

    def test_a_circle(self) -> None:
        found = error(profiles__a="id: a\nrules: {}\nextends: b\n", profiles__b="id: b\nrules: {}\nextends: a\n")
        assert found.endswith("extends: a extends b extends a")


def told(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = main(["rules", *words])
    printed = capsys.readouterr()
    return code, printed.out + printed.err


EXAMPLES = """examples:
- bad: |
    apiVersion: audit.k8s.io/v1
    kind: Policy
    rules:
    - level: Request
  expect: [{line: LINE, severity: error}]
- good: |
    apiVersion: audit.k8s.io/v1
    kind: Policy
    rules:
    - level: LEVEL
"""


def examples(line: int = 4, level: str = "Metadata") -> str:
    rule = LEVEL.format("{resources: [secrets]}", "  at-most: Metadata\n")
    return rule + EXAMPLES.replace("LINE", str(line)).replace("LEVEL", level)


class TestExamples:
    def test_as_they_say(self, capsys: pytest.CaptureFixture[str]) -> None:
        catalogue(mine=examples())
        assert told(capsys, "--check", "own") == (0, "2 examples of 1 rule: all as expected\n")

    def test_a_folder_of_profiles_alone(self, capsys: pytest.CaptureFixture[str]) -> None:
        catalogue(profiles__mine="id: mine\nextends: cis\n")
        assert told(capsys, "--check", "own") == (0, "0 examples of 0 rules: all as expected\n")

    def test_not_as_they_say(self, capsys: pytest.CaptureFixture[str]) -> None:
        catalogue(mine=examples(3, "Request"))
        code, text = told(capsys, "--check", "own")
        assert code == 1
        first, second, third, last = text.splitlines()
        assert first == "own/mine.yaml:12: expects a finding (line 3, severity error), and there is none"
        assert second.startswith("own/mine.yaml:12: a finding that is not expected, at audit-policy.yaml:4: error: It")
        assert third.startswith("own/mine.yaml:18: a finding that is not expected, at audit-policy.yaml:4: error: It")
        assert last == "2 examples of 1 rule: 3 failures"
        code, text = told(capsys, "--check", "own", "--format", "json")
        found = json.loads(text)
        assert (code, found["rules"], found["examples"]) == (1, 1, 2)
        assert found["failures"][0] == {
            "path": "own/mine.yaml",
            "line": 12,
            "message": "expects a finding (line 3, severity error), and there is none",
        }
        assert len(found["failures"]) == 3

    def test_with_other_files_and_a_fix(self, capsys: pytest.CaptureFixture[str]) -> None:
        text = """id: mine
title: Mine
severity: warning
subject: policy
check: redundant-rule
fix: {kind: advice}
examples:
- bad: |
    apiVersion: audit.k8s.io/v1
    kind: Policy
    rules:
    - level: Metadata
      users: [jane]
    - level: Metadata
  files: {"notes.txt": "x"}
  kubernetes: "1.30"
  profile: cis
  expect: [{line: 4}]
"""
        catalogue(mine=text)
        assert told(capsys, "--check", "own")[0] == 0
        catalogue(mine=text + "  fixed: x\n")
        assert "the fix makes something else of audit-policy.yaml" in told(capsys, "--check", "own")[1]

    @pytest.mark.parametrize(
        ("files", "says"),
        [
            ({}, "own: holds no rules and no profiles"),
            (
                {"mine": examples().replace("- good", "  profile: nowhere\n- good")},
                "there is no profile nowhere",
            ),
            (
                {"mine": examples().replace("- good", "  files: {../../x: y}\n- good")},
                "lies in its folder",
            ),
            (
                {"mine": examples() + "- good: {base: gone.yaml}\n"},
                "own/mine.yaml: examples: No such file",
            ),
        ],
    )
    def test_mistakes(self, files: dict[str, str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
        Path("own").mkdir()
        catalogue(**files)
        code, text = told(capsys, "--check", "own")
        assert code in (1, 2)
        assert says in text


class TestPages:
    def test_examples_whole(self, capsys: pytest.CaptureFixture[str]) -> None:
        text = told(capsys, "policy-file-missing")[1]
        good = text.split("Example, good")[1]
        assert "audit-policy.yaml" in good
        assert "kind: Policy" in good
        assert "(with --profile stig)" in told(capsys, "stig-everything-requestresponse")[1]

    def test_no_page_shows_one_text_as_good_and_bad(self, capsys: pytest.CaptureFixture[str]) -> None:
        for id in shipped().rules:
            parts = told(capsys, id)[1].split("\nExample, ")[1:]
            bad, good = (
                {part.partition("\n  Found")[0].strip().partition(kind)[2] for part in parts if part.startswith(kind)}
                for kind in ("bad", "good")
            )
            assert not bad & good, id
            assert good

    def test_profiles(self, capsys: pytest.CaptureFixture[str]) -> None:
        listed = told(capsys, "--profiles")[1]
        assert [line.split()[0] for line in listed.splitlines()] == sorted(shipped().profiles)
        page = told(capsys, "cis")[1]
        assert "log-maxage" in page
        assert "at-least 30, explicit true" in page
        assert "there is no rule or profile 'ciss'; did you mean cis?" in told(capsys, "ciss")[1]

    def test_of_the_own_ones(self, capsys: pytest.CaptureFixture[str]) -> None:
        catalogue(mine=examples(), profiles__team="id: team\nextends: cis\nrules: {mine: off}\n")
        Path(".kube-audit-lint.yaml").write_text("rule-directories: own\n")
        assert "    - level: Request" in told(capsys, "mine")[1]
        assert "It extends cis" in told(capsys, "team")[1]
        assert "Your own (own)" in told(capsys)[1]

    def test_json(self, capsys: pytest.CaptureFixture[str]) -> None:
        def data(*words: str) -> Any:
            return json.loads(told(capsys, *words, "--format", "json")[1])

        rules = {one["id"]: one for one in data()["rules"]}
        assert rules.keys() == shipped().rules.keys()
        assert rules["log-maxage"]["params"]["at-least"] == 30
        assert rules["stig-everything-requestresponse"]["opt-in"] is True
        assert {one["id"] for one in data("--profiles")["profiles"]} == shipped().profiles.keys()
        assert data("no-catch-all")["examples"][0]["expect"]
        assert data("stig")["rules"]["secrets-above-metadata"] == {"severity": "info"}
