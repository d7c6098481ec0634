"""Advice on rules of level None that match nothing: it must not make a rule hide what matters for security."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kube_audit_lint.cli import main

HEAD = "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n"


def advice(rule: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], level: str = "None") -> list[str]:
    """What is advised on the items of a rule in front of one that records everything."""
    file = tmp_path / "audit-policy.yaml"
    file.write_text(f"{HEAD}- level: {level}\n  {rule}\n- level: Metadata\n")
    main(["check", "--format", "json", "--no-config", str(file)])
    found = json.loads(capsys.readouterr().out)["findings"]
    return [
        one["help"] for one in found if one["rule"] in ("literal-wildcard", "user-is-a-group") or "unk" in one["rule"]
    ]


@pytest.mark.parametrize(
    "rule",
    [
        'users: ["*"]',
        "users: [system:masters]",
        'users: ["system:serviceaccount:argocd:*"]',
        'namespaces: ["*"]\n  verbs: [get]',
        "verbs: [LIST]\n  resources: [{group: '', resources: [secrets]}]",
        "resources: [{group: core}]",
        "resources: [{group: '', resources: [Secrets]}]",
        "resources: [{group: apps, resources: [secrets]}]",
        "resources: [{group: '', resources: ['*/secrets']}]",
        'userGroups: ["system:anonymous"]',
        'userGroups: ["system:serviceaccount:argocd:*"]',
        "resources: [{group: rbac, resources: [clusterrolebindings]}]",
        "verbs: ['get,list']\n  resources: [{group: '', resources: [secrets]}]",
        "verbs: ['']\n  resources: [{group: '', resources: [secrets]}]",
    ],
)
def test_a_rule_that_would_hide_what_matters_is_to_go(
    rule: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (help,) = advice(rule, tmp_path, capsys)
    assert help.startswith("Remove this rule: it excludes nothing as it stands.")


def test_what_it_would_hide_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (help,) = advice("users: [system:masters]", tmp_path, capsys)
    assert "these would not be recorded for members of `system:masters`: secrets, exec into pods" in help
    (help,) = advice('users: ["*"]', tmp_path, capsys)
    assert help.endswith("As it is meant, nothing would be recorded at all.")


def test_one_item_of_several_is_to_go(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (help,) = advice("resources: [{group: '', resources: [events, Secrets]}]", tmp_path, capsys)
    assert help.startswith("Leave `Secrets` out: ")


@pytest.mark.parametrize(
    ("rule", "level", "help"),
    [
        (
            "users: [system:nodes]\n  verbs: [get]\n  resources: [{group: '', resources: [nodes]}]",
            "None",
            'Write `userGroups: ["system:nodes"]` in place of `users`.',
        ),
        ("resources: [{group: '', resources: [Events]}]", "None", "Write `events`."),
        ("resources: [{group: '', resources: [Secrets]}]", "Metadata", "Write `secrets`."),
        ('users: ["*"]', "Metadata", "Leave `users` out: without it the rule matches every user."),
    ],
)
def test_what_hides_nothing_is_to_be_written_right(
    rule: str, level: str, help: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert advice(rule, tmp_path, capsys, level)[0] == help


def test_a_user_among_the_groups_hides_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "audit-policy.yaml"
    file.write_text(f"{HEAD}- level: None\n  userGroups: [system:anonymous]\n- level: Metadata\n")
    main(["check", "--format", "json", "--no-config", str(file)])
    assert [one["rule"] for one in json.loads(capsys.readouterr().out)["findings"]] == ["user-is-a-group"]


@pytest.mark.parametrize(
    ("rule", "help"),
    [
        ("resources: [{group: '', resources: ['*/secrets']}]", "Write `secrets`."),
        ("resources: [{group: '', resources: ['*/secret', pods]}]", "Write `secrets`."),
        ("resources: [{group: apps, resources: ['*/scales']}]", "Write `*/scale`."),
        ("resources: [{group: '', resources: [pods, '*/nothing']}]", "Leave `*/nothing` out."),
        (
            "resources: [{group: '', resources: ['*/nothing']}]",
            "Write a resource of the core group, or remove the whole item: without a resource it takes all.",
        ),
        ("verbs: [read]\n  resources: [{group: '', resources: [pods]}]", "Write `get`, `list`, `watch`."),
        ("verbs: [read]\n  nonResourceURLs: [/healthz]", "Write `get`."),
    ],
)
def test_advice_leaves_a_rule_that_records_as_narrow_as_it_was_meant(
    rule: str, help: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert advice(rule, tmp_path, capsys, "Request") == [help]


@pytest.mark.parametrize(
    ("group", "resource", "hidden"),
    [("", "secrets", False), ("rbac.authorization.k8s.io", "clusterrolebindings", True)],
)
def test_names_that_no_object_has_hide_nothing(
    group: str, resource: str, hidden: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A secret cannot be called `*`, a role's binding can: only its name is held to be no part of a path."""
    file = tmp_path / "audit-policy.yaml"
    item = f'{{group: "{group}", resources: [{resource}], resourceNames: ["*"]}}'
    file.write_text(f"{HEAD}- level: None\n  resources: [{item}]\n- level: Metadata\n")
    main(["check", "--format", "json", "--no-config", str(file)])
    found = json.loads(capsys.readouterr().out)["findings"]
    assert {one["rule"] for one in found} == {"literal-wildcard", *(("blind-spot",) if hidden else ())}
    (wildcard,) = (one for one in found if one["rule"] == "literal-wildcard")
    assert ("only an object that is itself called `*`" in wildcard["message"]) == hidden


def test_a_place_for_anchors_is_told_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "audit-policy.yaml"
    file.write_text(f"x-verbs: &verbs [get]\n{HEAD}- level: Metadata\n  verbs: *verbs\n- level: Metadata\n")
    main(["check", "--format", "json", "--no-config", "--pedantic", str(file)])
    found = json.loads(capsys.readouterr().out)["findings"]
    (help,) = (one["help"] for one in found if one["rule"] == "unknown-field")
    assert help == "Write each anchor in the rule that is the first to use it, or leave this as it is."
