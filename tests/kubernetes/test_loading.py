"""`load` against what up to ten versions of kube-apiserver answered, and what it says beyond their verdicts."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from kube_audit_lint.forms import policy
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.kubernetes.loading import Loaded, load
from kube_audit_lint.model.advice import in_words
from kube_audit_lint.model.document import PolicyDocument
from kube_audit_lint.model.policy import Policy
from kube_audit_lint.model.version import ALL, DEFAULT, Versions
from kube_audit_lint.syntax.reader import read_documents, read_file
from kube_audit_lint.syntax.source import Source
from kube_audit_lint.syntax.unknown import UNKNOWN

RECORDED = Path(__file__).parents[1] / "conformance" / "recorded" / "policy_loading_cases.json"
CASES: dict[str, Any] = json.loads(RECORDED.read_text(encoding="utf-8"))["cases"]
HEAD = "apiVersion: audit.k8s.io/v1\nkind: Policy\n"
REFUSING = {
    "policy-unreadable",
    "unsupported-api-version",
    "wrong-kind",
    "no-rules",
    "wrong-type",
    "invalid-level",
    "invalid-stage",
    "invalid-url",
    "invalid-group",
    "names-without-resources",
    "urls-with-resources",
}
DROPPING = {"unknown-field", "duplicate-key", "field-not-in-version"}
# Patch releases of 1.10 differ; facts hold for the last ones.
NOT_JUDGED = {"1.10.0"}


def document(data: bytes | str) -> PolicyDocument:
    """The policy in a file that is loaded as one; a text may hold UNKNOWN, which no bytes stand for."""
    if isinstance(data, str):
        source = Source("audit-policy.yaml", data)
        documents = read_documents(source)
    else:
        source, documents = read_file("audit-policy.yaml", data)
    context = Context(source, tuple(documents), "policy")
    found = policy.read(documents[0], context)
    assert found is not None
    return found.policies[0]


def loaded(text: str, first: int = DEFAULT.first, last: int = DEFAULT.last) -> Loaded:
    """A policy's text, loaded by a range of versions."""
    return load(document(text), Versions(first, last))


def rules(text: str, **versions: int) -> list[tuple[str, str]]:
    """Each problem's rule, with the characters that it underlines."""
    return [(problem.rule, problem.place.text) for problem in loaded(text, **versions).problems]


def _case_data(case: dict[str, Any], beta: bool) -> bytes:
    data = base64.b64decode(case["base64"]) if "base64" in case else case["text"].encode()
    if beta:
        data = data.replace(b"audit.k8s.io/v1", b"audit.k8s.io/v1beta1").replace(b"v1beta1beta1", b"v1beta1")
    return data


def _told(case: dict[str, Any], beta: bool) -> list[tuple[int, dict[str, Any], str]]:
    answers = case["results_with_apiVersion_v1beta1" if beta else "results"]
    return [
        (int(version.split(".")[1]), answer["result"], version)
        for answer in answers
        for version in answer["versions"]
        if version not in NOT_JUDGED
    ]


def _was_written_as_v1(case: dict[str, Any]) -> bool:
    """Whether the recorder could put v1beta1 into the text by its plain spelling."""
    data = base64.b64decode(case["base64"]) if "base64" in case else case["text"].encode()
    return b"audit.k8s.io/v1alpha1" not in data and b"audit.k8s.io/v1/" not in data


def assert_every_version_is_answered_alike(name: str) -> None:
    case = CASES[name]
    for beta in (False, True):
        if beta and not _was_written_as_v1(case):
            continue
        whole = document(_case_data(case, beta))
        told = _told(case, beta)
        assert told
        for minor, answer, version in told:
            result = load(whole, Versions(minor, minor))
            assert (result.loads_in is not None) == answer["ok"], (version, answer, result.problems)
            refusals = {problem.rule for problem in result.problems if problem.fatal}
            assert refusals <= REFUSING
            assert bool(refusals) != answer["ok"]
            if answer["ok"]:
                assert result.policy is not None
                assert _shown(result.policy) == _theirs(answer), version


@pytest.mark.parametrize("name", sorted(CASES))
def test_as_recorded(name: str) -> None:
    assert_every_version_is_answered_alike(name)
    assert_a_range_is_its_minors(name)
    assert_lenient_decoding_is_a_finding_and_strict_decoding_none(name)


def assert_a_range_is_its_minors(name: str) -> None:
    whole = document(_case_data(CASES[name], False))
    together = load(whole, ALL)
    for minor in range(ALL.first, ALL.last + 1):
        alone = load(whole, Versions(minor, minor))
        assert (alone.loads_in is not None) == (together.loads_in is not None and minor in together.loads_in)
        of_range = [(one.rule, one.place, one.fatal) for one in together.problems if minor in one.versions]
        assert {key for key in of_range if key[2]} == {
            (one.rule, one.place, True) for one in alone.problems if one.fatal
        }


def assert_lenient_decoding_is_a_finding_and_strict_decoding_none(name: str) -> None:
    case = CASES[name]
    for version in ("1.26", "1.36"):
        minor = int(version.split(".")[1])
        result = load(document(_case_data(case, False)), Versions(minor, minor))
        if result.loads_in is not None:
            spoken = any(problem.rule in DROPPING for problem in result.problems)
            assert spoken == (version in case.get("lenient_fallback_warning", {})), result.problems


def _shown(held: Policy) -> dict[str, Any]:
    names = {
        "users": "Users",
        "user_groups": "UserGroups",
        "verbs": "Verbs",
        "namespaces": "Namespaces",
        "non_resource_urls": "NonResourceURLs",
        "omit_stages": "OmitStages",
    }
    shown = []
    for rule in held.rules:
        fields: dict[str, Any] = {"Level": rule.level}
        fields |= {go: list(getattr(rule, name)) for name, go in names.items() if getattr(rule, name)}
        if rule.resources:
            fields["Resources"] = [
                {
                    "Group": entry.group,
                    "Resources": list(entry.resources) or None,
                    "ResourceNames": list(entry.resource_names) or None,
                }
                for entry in rule.resources
            ]
        if rule.omit_managed_fields is not None:
            fields["OmitManagedFields"] = rule.omit_managed_fields
        shown.append(fields)
    return {"rules": shown, "omitStages": list(held.omit_stages)}


def _theirs(answer: dict[str, Any]) -> dict[str, Any]:
    return {
        "rules": answer["rules"],
        "omitStages": answer.get("omitStages", []),
    }


def test_an_upgrade_is_told_by_the_minors() -> None:
    result = loaded("apiVersion: audit.k8s.io/v1beta1\nkind: Policy\nrules:\n- level: Metadata\n", 20, 30)
    (problem,) = result.problems
    assert problem.versions == Versions(24, 30)
    assert result.loads_in == Versions(20, 23)
    assert result.policy_versions == Versions(20, 23)


def test_deprecated_versions_are_warned_of_where_nothing_refuses_them() -> None:
    result = loaded("apiVersion: audit.k8s.io/v1beta1\nkind: Policy\nrules:\n- level: Metadata\n", 19, 23)
    (problem,) = result.problems
    assert (problem.fatal, problem.severity, problem.versions) == (False, "warning", Versions(21, 23))


def test_what_can_be_mended_is_judged_as_it_was_meant() -> None:
    text = (
        "apiVersion: audit.k8s.io/v1beta\nkind: policy\nomitStages: [requestreceived]\nrules:\n- level: metadata\n"
        "  verbs: get, list\n  resources:\n    group: apps/v1\n    resources: deployments\n"
        "- level: None\n  nonResourceURLs: [healthz]\n"
    )
    result = loaded(text)
    assert result.loads_in is None
    assert result.policy is not None
    assert result.policy_versions == DEFAULT
    assert result.policy is not None
    first, second = result.policy.rules
    assert (first.level, first.verbs) == ("Metadata", ("get", "list"))
    assert first.resources[0][:2] == ("apps", ("deployments",))
    assert second.non_resource_urls == ("/healthz",)
    assert result.policy.omit_stages == ("RequestReceived",)


@pytest.mark.parametrize(
    "body",
    [
        "rules:\n- users: [alice]\n- level: Metadata\n",
        "rules:\n- level: Full\n",
        "rules: 1\n",
        "rules:\n- level: None\n  users: {alice: 1}\n",
        "rules:\n- level: None\n  namespaces: [a]\n  nonResourceURLs: [/a]\n",
    ],
)
def test_what_is_anybodys_guess_is_not_judged(body: str) -> None:
    result = loaded(HEAD + body)
    assert result.loads_in is None
    assert result.policy is None


@pytest.mark.parametrize(
    "body",
    [
        f"rules: {UNKNOWN}\n",
        f"rules:\n- level: {UNKNOWN}\n",
        f"rules:\n- level: None\n  users: {UNKNOWN}\n- level: Metadata\n",
        f"rules:\n- level: None\n  users: [a, {UNKNOWN}b]\n- level: Metadata\n",
        f"rules:\n- level: None\n  {UNKNOWN}: [a]\n- level: Metadata\n",
        f"rules:\n- level: None\n  nonResourceURLs: [{UNKNOWN}]\n  omitStages: [{UNKNOWN}]\n",
        f"rules:\n- {UNKNOWN}\n",
    ],
)
def test_what_a_template_decides_is_no_mistake_and_not_judged(body: str) -> None:
    result = loaded(HEAD + body)
    assert result.problems == ()
    assert result.policy is None
    assert result.loads_in == DEFAULT


def test_a_partial_policy_lacks_nothing() -> None:
    part = document(HEAD + "rules:\n- users: [alice]\n")._replace(partial=True)
    assert load(part, DEFAULT).problems == ()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("rules:\n- level: none\n", [("invalid-level", "none")]),
        ("rules:\n- users: [alice]\n", [("invalid-level", "users")]),
        ("rules:\n- level:\n  users: [alice]\n", [("invalid-level", "level")]),
        ("rules:\n- Level: None\n", [("invalid-level", "Level")]),
        ("rules:\n- level: None\n  user: [a]\n", [("unknown-field", "user")]),
        ("rules:\n- level: None\n  users: [a, on]\n", [("wrong-type", "on")]),
        ("rules: {}\n", [("wrong-type", "{}")]),
        ("rules: []\n", [("no-rules", "[]")]),
        ("Rules:\n- level: None\n", [("no-rules", "Rules")]),
        ("rule:\n- level: None\n", [("no-rules", "rule")]),
        ("spec: 1\n", [("no-rules", "kind: Policy"), ("unknown-field", "spec")]),
        ("metadata: {rules: []}\nrules:\n- level: None\n", [("unknown-field", "rules")]),
        ("metadata: {description: x}\nrules:\n- level: None\n", [("unknown-field", "description")]),
        ("metadata: {labels: [a]}\nrules:\n- level: None\n", [("wrong-type", "[a]")]),
        ("metadata: {creationTimestamp: now}\nrules:\n- level: None\n", [("wrong-type", "now")]),
        ("metadata: {creationTimestamp: null, name: a}\nrules:\n- level: None\n", []),
        ("metadata: {creationTimestamp: 2020-01-01T00:00:00Z}\nrules:\n- level: None\n", []),
    ],
)
def test_one_problem_for_each_mistake_where_it_is(body: str, expected: list[tuple[str, str]]) -> None:
    assert rules(HEAD + body) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [("unsupported-api-version", "")]),
        ("# later\n", [("unsupported-api-version", "# later")]),
        ("{}\n", [("unsupported-api-version", "{}")]),
        ("- level: Metadata\n", [("wrong-type", "level")]),
        ("kind: Policy\nrules:\n- level: None\n", [("unsupported-api-version", "kind: Policy")]),
        ("apiVersoin: audit.k8s.io/v1\nrules:\n- level: None\n", [("unsupported-api-version", "apiVersoin")]),
        ("apiVersion: v1\nkind: ConfigMap\ndata: {a: b}\n", [("unsupported-api-version", "v1")]),
        ("apiVersion: 1\nkind: Policy\nrules:\n- level: None\n", [("wrong-type", "1")]),
        (HEAD.replace("Policy", "AuditPolicy") + "rules:\n- level: None\n", [("wrong-kind", "AuditPolicy")]),
    ],
)
def test_the_head_of_a_file(text: str, expected: list[tuple[str, str]]) -> None:
    assert rules(text) == expected


@pytest.mark.parametrize(
    "head", ["apiVersion: audit.k8s.io/v1\n", "apiVersion: v1\n", "apiVersion: audit.k8s.io\n", ""]
)
@pytest.mark.parametrize(("first", "last", "right"), [(11, 11, "v1beta1"), (10, 14, "v1beta1"), (24, 30, "v1")])
def test_the_api_version_that_is_advised_is_accepted(head: str, first: int, last: int, right: str) -> None:
    problems = loaded(head + "kind: Policy\nrules:\n- level: None\n", first, last).problems
    assert {
        in_words(one.help)[0].partition(";")[0].rstrip(".") for one in problems if one.rule == "unsupported-api-version"
    } <= {f"Write `apiVersion: audit.k8s.io/{right}`"}


def test_what_an_old_version_does_not_know_it_does_not_check() -> None:
    text = HEAD + 'rules:\n- level: Request\n  omitManagedFields: "true"\n'
    result = loaded(text, 20, 30)
    assert [(one.rule, one.versions) for one in result.problems] == [
        ("field-not-in-version", Versions(20, 22)),
        ("wrong-type", Versions(23, 30)),
    ]
    assert result.loads_in == Versions(20, 22)
    assert result.policy is not None
    assert result.policy.rules[0].omit_managed_fields is None


def test_several_policies_glued_together_are_one_mistake() -> None:
    text = (HEAD + "rules:\n- level: Metadata\n") * 4
    ((rule, written),) = rules(text)
    assert (rule, written) == ("duplicate-key", "rules")


def test_every_item_of_a_list_that_is_none_is_read() -> None:
    text = HEAD + 'rules:\n- level: Metadata\n  resources:\n    group: ""\n    verbs: [get]\n'
    assert rules(text) == [("wrong-type", "group"), ("unknown-field", "verbs")]
