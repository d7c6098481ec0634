"""What the server answers about a buffer: each feature without any editor."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from buffers import MANIFEST, POLICY, Workspace

from kube_audit_lint.kubernetes import meanings
from kube_audit_lint.model.finding import Edit
from kube_audit_lint.model.policy import LEVELS, STAGES
from kube_audit_lint.server.actions import Action, actions, prepare, resolved
from kube_audit_lint.server.completion import completions
from kube_audit_lint.server.definition import definition
from kube_audit_lint.server.diagnostics import diagnostics
from kube_audit_lint.server.hover import hover
from kube_audit_lint.server.lenses import lenses
from kube_audit_lint.server.session import FIXED


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.chdir(tmp_path)  # the session goes to the folder, and the test comes back
    return Workspace(tmp_path)


def test_what_is_shown_is_what_check_reports(workspace: Workspace) -> None:
    (workspace.folder / "audit-policy.yaml").write_text(POLICY.replace("Metadata", "Everything"))
    changed = MANIFEST.replace("maxage=30", "maxage=x").replace("v1.30.2", "v1.29.1")
    for name, text in (("audit-policy.yaml", POLICY), ("kube-apiserver.yaml", changed)):
        shown = [
            (one.finding.rule, one.finding.place.source.path, one.finding.place.start, one.finding.message)
            for one in diagnostics(workspace.open(text, name))
            if one.finding is not None
        ]
        command = [sys.executable, "-m", "kube_audit_lint", "check", "-", "--stdin-filename", name, "--format", "json"]
        if name == "kube-apiserver.yaml":  # its counterpart is open with the text of before
            (workspace.folder / "audit-policy.yaml").write_text(POLICY)
        ran = subprocess.run(command, input=text, capture_output=True, text=True, cwd=workspace.folder, check=False)
        found = json.loads(ran.stdout)["findings"]
        assert found
        assert [(one["rule"], one["message"]) for one in found] == [(one[0], one[3]) for one in shown]


def test_an_open_counterpart_goes_before_the_disk(workspace: Workspace) -> None:
    assert "log-maxage" not in _codes(workspace.open(MANIFEST, "kube-apiserver.yaml"))
    assert workspace.open().versions.first == 30
    workspace.open(MANIFEST.replace("v1.30.2", "v1.22.0"), "kube-apiserver.yaml")
    path = str(workspace.folder / "audit-policy.yaml")
    assert workspace.session.checked(path).versions.first == 22
    workspace.session.close(str(workspace.folder / "kube-apiserver.yaml"))
    assert workspace.session.checked(path).versions.first == 30


def test_a_counterpart_may_not_be_on_disk_yet(workspace: Workspace) -> None:
    (workspace.folder / "audit-policy.yaml").unlink()
    workspace.open(POLICY.replace("RequestResponse", "Nonsense"))
    shown = diagnostics(workspace.open(MANIFEST, "kube-apiserver.yaml"))
    (refused,) = (one for one in shown if one.code == "invalid-level")
    assert refused.place.source.path == "kube-apiserver.yaml"
    assert any(one.place.text == "Nonsense" for one in refused.related)


def test_the_disk_is_looked_at_again_when_it_changed(workspace: Workspace) -> None:
    path = str(workspace.folder / "audit-policy.yaml")
    assert workspace.open().versions.first == 30
    (workspace.folder / "kube-apiserver.yaml").write_text(MANIFEST.replace("v1.30.2", "v1.22.10"))
    assert workspace.open(POLICY + "\n").versions.first == 30
    workspace.session.look_again()
    assert workspace.session.checked(path).versions.first == 22
    (workspace.folder / ".kube-audit-lint.yaml").write_text("kubernetes-version: '1.28'\n")
    workspace.session.look_again()
    assert workspace.session.checked(path).versions.first == 28


def test_a_wrong_configuration_is_told_and_left_out(workspace: Workspace) -> None:
    (workspace.folder / ".kube-audit-lint.yaml").write_text("profil: cis\n")
    assert _codes(workspace.open())
    assert "profil" in workspace.session.trouble
    (workspace.folder / ".kube-audit-lint.yaml").write_text("exclude: ['*.yaml']\n")
    workspace.session.look_again()
    assert _codes(workspace.open()) == []
    assert workspace.session.trouble == ""


@pytest.mark.parametrize("text", ["", "\n", "a: b\n", "{", "\0", "kind: Pod\n", "- [", "\ud800", POLICY[:70]])
def test_any_text_is_answered(workspace: Workspace, text: str) -> None:
    for name in ("audit-policy.yaml", "values.yaml"):
        checked = workspace.open(text, name)
        for offset in range(len(text) + 1):
            hover(checked, offset)
            completions(checked, offset)
            definition(checked, offset)
            actions(workspace.session, checked, offset, offset)
        lenses(checked)
        diagnostics(checked)


def test_lenses_count_what_each_rule_decides(workspace: Workspace) -> None:
    shown = [(one.place.source.position(one.place.start)[0], one.title) for one in lenses(workspace.open())]
    assert shown[0] == (5, "decides 2 kinds of requests")
    assert shown[1] == (11, "decides 8 kinds of requests")  # of secrets: each of the eight verbs
    assert shown[3] == (16, "decides nothing")
    alone = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: None\n  nonResourceURLs: [/healthz]\n"
    assert [one.title for one in lenses(workspace.open(alone))] == ["decides 7 kinds of requests"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (POLICY.replace("level: RequestResponse", "level: Re^questResponse"), ["bodies", "secrets", "kubectl"]),
        (POLICY.replace("[secrets]", "[sec^rets]"), ["in namespaces", "deletecollection", "Rule 2 decides 8 kinds"]),
        (POLICY.replace("verbs:", "ver^bs:"), ["not a wildcard", "Rule 1 decides"]),
        (POLICY.replace("[watch]", "[wat^ch]"), ["Follows the changes"]),
        (POLICY.replace("- level: Request\n", "- level: Re^quest\n"), ["decides nothing", "Rule 3 decides before it"]),
        (POLICY.replace("[RequestReceived]", "[Request^Received]"), ["before anything handles it"]),
        (POLICY.replace("system:kube-proxy", "system:node^s"), ["it is a group"]),
        (POLICY.replace('group: ""\n    resources: [secrets]', "group: batc^h\n    resources: [jobs]"), ["jobs"]),
        (
            POLICY.replace("[secrets]", "[deploy^ments]"),
            ["the core group has no deployments in Kubernetes 1.30; it is in apps."],
        ),
    ],
)
def test_hovers_explain(workspace: Workspace, text: str, words: list[str]) -> None:
    checked, offset = workspace.at(text)
    found = hover(checked, offset)
    assert found is not None
    assert [word for word in words if word not in found.text] == []


def test_hovers_on_flags_know_the_version(workspace: Workspace) -> None:
    checked, offset = workspace.at(
        MANIFEST.replace("--audit-log-maxage=30", "--audit-log-max^age=30"), "kube-apiserver.yaml"
    )
    found = hover(checked, offset)
    assert found is not None
    assert "days" in found.text
    assert "`0`" in found.text
    assert found.place.text == "--audit-log-maxage=30"
    checked, offset = workspace.at(
        MANIFEST.replace("30.2", "36.0").replace("maxage=30", "max^age=x"), "kube-apiserver.yaml"
    )
    found = hover(checked, offset)
    assert found is not None
    assert "`366`" in found.text
    assert "does not start with this value" in found.text


def test_every_level_and_stage_has_a_meaning() -> None:
    assert (tuple(meanings.LEVELS), tuple(meanings.STAGES)) == (LEVELS, STAGES)


@pytest.mark.parametrize(
    ("text", "expected", "absent"),
    [
        ("rules:\n- level: ^", {"None", "RequestResponse"}, {"RequestReceived"}),
        ("rules:\n- level: None\n  omitStages: [^", {"Panic"}, {"None"}),
        ("rules:\n- level: None\n  verbs:\n  - ge^", {"deletecollection", "post"}, {"pods"}),
        ('rules:\n- resources:\n  - group: "^"', {"apps", '""'}, {"extensions"}),
        ('rules:\n- resources:\n  - group: ""\n    resources: [po^]', {"pods", "pods/exec", "pods/*"}, {"deployments"}),
        ("rules:\n- resources:\n  - resources: ['^']\n    group: apps", {"deployments/scale"}, {"pods"}),
        ("rules:\n- level: None\n  ^", {"nonResourceURLs", "omitManagedFields"}, {"apiVersion", "group"}),
        ("rules:\n- level: None\n  resources:\n  - ^", {"group", "resourceNames"}, {"level"}),
        ("^", {"rules", "omitStages"}, {"level"}),
        ("apiVersion: ^", {"audit.k8s.io/v1"}, {"audit.k8s.io/v1beta1"}),
    ],
)
def test_completions_of_a_policy(workspace: Workspace, text: str, expected: set[str], absent: set[str]) -> None:
    checked, offset = workspace.at(text)
    labels = {one.label for one in completions(checked, offset)}
    assert expected <= labels
    assert labels.isdisjoint(absent)


def test_completions_know_the_version(workspace: Workspace) -> None:
    workspace.open(MANIFEST.replace("30.2", "21.4"), "kube-apiserver.yaml")
    workspace.open()  # its version is known from then on, also while it is half written
    checked, offset = workspace.at(POLICY + "- level: None\n  ^")
    assert "omitManagedFields" not in {one.label for one in completions(checked, offset)}
    checked, offset = workspace.at(POLICY.replace("[secrets]", "[pods/^]"))
    labels = {one.label for one in completions(checked, offset)}
    assert {"pods/ephemeralcontainers"} <= labels
    assert "pods/resize" not in labels


def test_a_completed_word_replaces_what_was_written(workspace: Workspace) -> None:
    checked, offset = workspace.at('rules:\n- resources:\n  - group: ""\n    resources: [pods/ex^]\n')
    (one,) = (one for one in completions(checked, offset) if one.label == "pods/exec")
    assert one.replaced.text == "pods/ex"
    checked, offset = workspace.at("rules:\n- resources:\n  - group: ^\n")
    (core,) = (one for one in completions(checked, offset) if one.label == '""')
    assert core.text == '""'  # a value that is empty has to be quoted


def test_completions_of_flags(workspace: Workspace) -> None:
    name = "kube-apiserver.yaml"
    checked, offset = workspace.at(MANIFEST.replace("    - --audit-log-maxage=30", "    - --audit-log^"), name)
    found = {one.label: one for one in completions(checked, offset)}
    assert found["--audit-log-maxage"].text == "--audit-log-maxage="
    assert found["--audit-log-maxage"].replaced.text == "--audit-log"
    assert "--audit-dynamic-configuration" not in found  # gone since 1.19
    checked, offset = workspace.at(MANIFEST.replace("--audit-log-maxage=30", "--audit-log-mode=^"), name)
    assert {one.label for one in completions(checked, offset)} == {"batch", "blocking", "blocking-strict"}
    assert completions(*workspace.at("a: --audit-^\n", "values.yaml")) == []


def test_from_a_manifest_to_its_policy_and_back(workspace: Workspace) -> None:
    name = "kube-apiserver.yaml"
    checked, offset = workspace.at(MANIFEST.replace("--audit-policy-file", "--audit^-policy-file"), name)
    (there,) = definition(checked, offset)
    assert there.source.path == "audit-policy.yaml"
    checked, offset = workspace.at(POLICY.replace("kind", "ki^nd"))
    (back,) = definition(checked, offset)
    assert back.source.path == name
    assert back.text == "/etc/kubernetes/audit-policy.yaml"
    assert definition(*workspace.at(POLICY.replace("verbs", "ve^rbs"))) == []


def _made(text: str, edits: tuple[Edit, ...]) -> str:
    for one in sorted(edits, reverse=True):
        text = text[: one.start] + one.text + text[one.end :]
    return text


def _actions(workspace: Workspace, text: str, word: str, name: str = "audit-policy.yaml") -> list[Action]:
    checked = workspace.open(text, name)
    at = text.index(word)
    return actions(workspace.session, checked, at, at + len(word))


def test_a_fix_puts_the_finding_right(workspace: Workspace) -> None:
    found = [one for one in _actions(workspace, POLICY, "RequestResponse") if one.fixes]
    (fix,) = (one for one in found if one.finding.rule == "secrets-above-metadata")
    assert fix.safe
    assert "secrets-above-metadata" not in _codes(workspace.open(_made(POLICY, fix.edits)))


def test_a_fix_that_changes_more_is_marked(workspace: Workspace) -> None:
    checked = workspace.open()
    every = actions(workspace.session, checked, 0, len(POLICY))
    marked = [one for one in every if one.fixes and not one.safe]
    assert marked
    assert all("(unsafe" in one.title for one in marked)


def test_all_fixes_are_what_the_command_makes(workspace: Workspace) -> None:
    workspace.open(MANIFEST.replace("v1.30.2", "v1.22.0"), "kube-apiserver.yaml")
    text = POLICY.replace("- level: Request\n", "").replace("kind: Policy", "kind: Policy\nomitManagedFields: true")
    checked = workspace.open(text)
    assert "field-not-in-version" in _codes(checked)  # by the version of the other buffer
    fixed = workspace.session.fixed(checked)
    assert fixed is not None
    assert "level: RequestResponse" not in fixed
    left = workspace.open(fixed)
    assert "secrets-above-metadata" not in _codes(left)
    assert workspace.session.fixed(left) is None


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_a_comment_suppresses_the_finding_and_nothing_else(workspace: Workspace, ending: str) -> None:
    text = POLICY.replace("\n", ending)
    checked = workspace.open(text)
    every = [one for one in actions(workspace.session, checked, 0, len(text)) if not one.fixes]
    assert [one.finding for one in every] == checked.findings
    for one in every:
        rules = [each.rule for each in workspace.open(_made(text, one.edits)).findings]
        assert sorted([*rules, one.finding.rule]) == sorted(each.rule for each in checked.findings)


def test_a_second_comment_goes_into_the_first(workspace: Workspace) -> None:
    wrong = POLICY.replace(
        "resources: [secrets]", "resources: [secrets, deployments, podz]  # kube-audit-lint: ignore[unknown-resource]"
    )
    assert not [one for one in _codes(workspace.open(wrong)) if one == "unknown-resource"]
    text = wrong.replace("ignore[unknown-resource]", "ignore[no-such-rule-here]").replace(
        "no-such-rule-here", "unknown-verb"
    )
    titles = [
        one for one in _actions(workspace, text, "podz") if not one.fixes and one.finding.rule == "unknown-resource"
    ]
    assert [one.edits[0].text for one in titles] == [", unknown-resource"]


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("name", ["audit-policy.json", "audit-policy.yaml"])
def test_no_comment_is_offered_in_json(workspace: Workspace, indent: int | None, name: str) -> None:
    """On a single line, too: in front of `{` a comment would make the file YAML."""
    data = {"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": [{"level": "Request"}]}
    text = json.dumps(data, indent=indent)
    checked = workspace.open(text, name)
    assert checked.findings
    assert [one for one in actions(workspace.session, checked, 0, len(text)) if not one.fixes] == []


def test_no_comment_is_offered_in_a_file_that_json_tools_read(workspace: Workspace) -> None:
    """kube-apiserver reads it as YAML, as it begins with a comment."""
    text = "# of the platform team\n" + POLICY
    checked = workspace.open(text, "audit-policy.json")
    assert checked.findings
    assert [one for one in actions(workspace.session, checked, 0, len(text)) if not one.fixes] == []


def test_actions_may_be_prepared(workspace: Workspace) -> None:
    checked = workspace.open()
    likely = actions(workspace.session, checked, 0, len(POLICY), later=True)
    assert {one.edits for one in likely} == {None}
    fixes = sum(one.fixes for one in likely)
    assert sum(1 for _ in prepare(workspace.session, checked)) > fixes + len(checked.findings)  # and each comment
    proven = actions(workspace.session, checked, 0, len(POLICY), later=True)
    assert None not in {one.edits for one in proven}
    assert proven == actions(workspace.session, checked, 0, len(POLICY))
    assert checked.known[FIXED] == workspace.session.fixed(checked) != POLICY


def test_what_was_offered_is_proven_when_it_is_chosen(workspace: Workspace) -> None:
    checked = workspace.open()
    likely = actions(workspace.session, checked, 0, len(POLICY), later=True)
    for one in likely:
        about = one.finding.rule, one.finding.place.start, one.finding.place.end
        found = resolved(workspace.session, checked, *about, one.title)
        assert found is not None
        assert found.edits
        assert found._replace(edits=None) == one
        assert resolved(workspace.session, checked, *about, f"{one.title}!") is None
    assert resolved(workspace.session, checked, "no-catch-all", 0, 1, likely[0].title) is None


def test_a_fix_that_turns_out_to_change_more_is_not_made_under_the_title_of_before(workspace: Workspace) -> None:
    """Without its namespaces this rule would record the bodies of all requests: that comes out in the proof."""
    text = POLICY.replace("- level: RequestResponse", '- level: Request\n  namespaces: ["*"]\n- level: RequestResponse')
    checked = workspace.open(text)
    likely = actions(workspace.session, checked, 0, len(text), later=True)
    (one,) = (each for each in likely if each.fixes and each.finding.rule == "literal-wildcard")
    assert one.safe
    place = one.finding.place
    assert resolved(workspace.session, checked, one.finding.rule, place.start, place.end, one.title) is None
    now = actions(workspace.session, checked, place.start, place.end, later=True)
    (proven,) = (each for each in now if each.fixes and each.finding.rule == "literal-wildcard")
    assert "(unsafe" in proven.title
    assert proven.edits


def test_steps_are_made_in_the_folder_of_their_buffer(workspace: Workspace, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    path = str(workspace.folder / "audit-policy.yaml")
    workspace.session.put(path, POLICY)
    folders = []
    for _ in workspace.session.within(path, iter(range(2))):  # type: ignore[arg-type]
        os.chdir(other)
        folders.append(os.getcwd())
    assert os.getcwd() == str(workspace.folder)


def _codes(checked: object) -> list[str]:
    return [one.code for one in diagnostics(checked)]  # type: ignore[arg-type]
