"""What a rule file may give a check: each shipped rule's parameters, and none of another type or with another key."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

import catalogue_files

from kube_audit_lint.catalogue.settings import template
from kube_audit_lint.cli import main

RULES = sorted(catalogue_files.rules(), key=lambda rule: rule["id"])
CHECKS = sorted({rule["check"] for rule in RULES if rule["subject"] != "file"})
GIVEN = [(rule["id"], rule["check"], rule["params"]) for rule in RULES if rule.get("params")]


def own(rule: str) -> None:
    """The working directory has a rule file, and a configuration that names its folder."""
    Path("own").mkdir()
    Path("own/own-rule.yaml").write_text(rule)
    Path(".kube-audit-lint.yaml").write_text("rule-directories: [own]\n")


def changed(value: Any) -> Iterator[Any]:
    """The value with one of the values in it replaced by one of another type, or with one more key."""
    yield 7 if isinstance(value, (str, list, dict)) else "seven"
    yield [value] if not isinstance(value, list) else {"item": value}
    if isinstance(value, dict):
        yield {**value, "no-such-key": {"at": 1}}
        yield from ({**value, key: new} for key, old in value.items() for new in changed(old))
    elif isinstance(value, list):
        yield from ([*value[:at], new, *value[at + 1 :]] for at, old in enumerate(value) for new in changed(old))


@pytest.mark.parametrize(("check", "params"), [given[1:] for given in GIVEN], ids=[id for id, _, _ in GIVEN])
def test_values_of_another_type_are_refused(check: str, params: dict[str, Any]) -> None:
    accepts = jsonschema.Draft202012Validator(template(check).PARAMS).is_valid
    assert accepts(params)
    assert [new for new in changed(params) if accepts(new)] == []


OTHERS = [check for check in CHECKS if check not in {check for _, check, _ in GIVEN}]


@pytest.mark.parametrize("check", OTHERS)
def test_no_parameter_that_a_check_does_not_have(check: str) -> None:
    accepts = jsonschema.Draft202012Validator(template(check).PARAMS).is_valid
    assert accepts({})
    assert not accepts({"no-such-key": 1})
    assert not accepts([])


LEVEL = "check: level\nparams: {{what: things, at-most: Metadata, requests: [{0}]}}\n"
SETTING = "check: flag-setting\nsubject: server\nparams: {{consequence: x, settings: {0}}}\n"


@pytest.mark.parametrize(
    ("rule", "error"),
    [
        (LEVEL.format(""), "params.requests: must not be empty"),
        (LEVEL.format("{}"), "params.requests.0: must not be empty"),
        (LEVEL.format("{resources: []}"), "params.requests.0.resources: must not be empty"),
        (LEVEL.format("{verbs: [1]}"), "params.requests.0.verbs.0: must be a text, not 1"),
        (LEVEL.format("{urls: /healthz}"), "params.requests.0.urls: must be a list, not /healthz"),
        (LEVEL.format("{user-group: [a]}"), "params.requests.0.user-group: unknown key; did you mean user-groups?"),
        (
            LEVEL.format("{resources: [pods], who: [everybody]}"),
            "params.requests.0.who.0: must be one of ordinary, control-plane, nobody, not everybody",
        ),
        (LEVEL.format("{resources: [pods], who: nobody}"), "params.requests.0.who: must be a list, not nobody"),
        (
            LEVEL.format("{resources: [pods], at-most: metadata}"),
            "params.requests.0.at-most: must be one of None, Metadata, Request, RequestResponse, not metadata; "
            "did you mean Metadata?",
        ),
        (
            LEVEL.format("{resources: [pods], sensitive: [body]}"),
            "params.requests.0.sensitive.0: must be one of request, response, not body",
        ),
        (SETTING.format("{audit-log-mode: []}"), "params.settings.audit-log-mode: must not be empty"),
        (SETTING.format("{audit-log-mode: batch}"), "params.settings.audit-log-mode: must be a list, not batch"),
        (SETTING.format("[audit-log-mode]"), "params.settings: must be a mapping, not a list"),
    ],
)
def test_a_mistake_in_a_rule_of_ones_own(
    rule: str, error: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    head = "id: own-rule\ntitle: Something\nseverity: error\n" + ("" if "subject" in rule else "subject: policy\n")
    own(head + rule)
    assert main(["check"]) == 2
    assert error in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("settings: {audit-log-mode: [blocking]}", ["own-rule"]),
        ("settings: {audit-log-mode: [batch]}", []),
        ("settings: {audit-log-mode: [batch, blocking]}", ["own-rule"]),
        # What is not used is not found: without a webhook its mode does nothing.
        ("settings: {audit-webhook-mode: [batch]}, when: {audit-webhook-mode: audit-webhook-config-file}", []),
        ("settings: {audit-log-mode: [blocking]}, when: {audit-log-mode: audit-log-path}", ["own-rule"]),
    ],
)
def test_a_setting_that_somebody_does_not_want(
    given: str, shown: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    head = "id: own-rule\ntitle: Something\nseverity: error\nsubject: server\ncheck: flag-setting\n"
    own(f"{head}params: {{consequence: it is slow, {given}}}\n")
    command = "[kube-apiserver, --etcd-servers=x, --audit-log-mode=blocking, --audit-webhook-mode=batch, "
    command += "--audit-log-path=/a, --audit-policy-file=/b]"
    pod = f"spec:\n  containers:\n  - name: kube-apiserver\n    command: {command}\n"
    Path("pod.yaml").write_text(f"apiVersion: v1\nkind: Pod\nmetadata: {{name: kube-apiserver}}\n{pod}")
    main(["check", "--select", "own-rule", "--format", "json", "pod.yaml"])
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert [finding["rule"] for finding in findings if finding["rule"] == "own-rule"] == shown
