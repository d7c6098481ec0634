"""`kube-audit-lint schema`: drafts, texts, and that a policy's schema is what the loader of each version takes."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from kube_audit_lint.catalogue.published import NAMES, published
from kube_audit_lint.catalogue.shipped import shipped
from kube_audit_lint.cli import main
from kube_audit_lint.forms import policy as form
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.kubernetes import flags
from kube_audit_lint.kubernetes.loading import load
from kube_audit_lint.kubernetes.meanings import of_flag
from kube_audit_lint.model.document import PolicyDocument
from kube_audit_lint.model.version import ALL, DEFAULT, Versions
from kube_audit_lint.syntax.nodes import Mapping, Node, Sequence
from kube_audit_lint.syntax.reader import read_file

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests" / "conformance"))
from vector_files import read_lines  # noqa: E402

RECORDED: dict[str, Any] = json.loads(
    (ROOT / "tests" / "conformance" / "recorded" / "policy_loading_cases.json").read_text("utf-8")
)["cases"]
EXAMPLES = sorted((ROOT / "examples").rglob("*polic*.yaml"))
DROPPED = {"unknown-field", "field-not-in-version"}
"""Rules about what a version loads without: a schema refuses it."""


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    assert main(["schema", *words]) == 0
    return json.loads(capsys.readouterr().out)


@cache
def validator(versions: Versions) -> Any:
    return jsonschema.Draft7Validator(published("policy", versions, shipped()))


@pytest.mark.parametrize("name", NAMES)
def test_every_schema_is_of_draft_07(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    schema = printed(capsys, name)
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    jsonschema.Draft7Validator.check_schema(schema)
    assert schema["title"]
    assert set(_keys(schema)).isdisjoint({"$defs", "dependentRequired", "dependentSchemas", "prefixItems"})
    for part in _parts(schema):
        # What stands beside a $ref is read by nobody, and a strict validator takes one type (and null) at a time.
        assert "$ref" not in part or len(part) == 1
        assert not isinstance(part.get("type"), list) or len(set(part["type"]) - {"null"}) == 1


def _parts(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        yield part
    for one in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from _parts(one)


def _keys(part: Any) -> Iterator[str]:
    for one in _parts(part):
        yield from one


def test_the_version_goes_with_a_policy_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "config", "--kubernetes-version", "1.30"]) == 2
    assert "goes with `schema policy`" in capsys.readouterr().err
    assert "omitManagedFields" in printed(capsys, "policy", "--kubernetes-version", "1.23")["properties"]
    assert "omitManagedFields" not in printed(capsys, "policy", "--kubernetes-version", "1.22-1.30")["properties"]


def test_settings_name_the_rules_and_profiles(capsys: pytest.CaptureFixture[str]) -> None:
    schema = printed(capsys, "config")
    assert set(schema["definitions"]["rules"]["properties"]) == set(shipped().rules)
    assert "cis" in schema["properties"]["profile"]["examples"]
    check = jsonschema.Draft7Validator(schema)
    assert check.is_valid({"rules": {"no-catch-all": "error", "one-of-my-own": False}, "profile": "mine"})
    assert not check.is_valid({"rules": {"no-catch-all": "loud"}})
    profile = jsonschema.Draft7Validator(printed(capsys, "profile"))
    for path in (ROOT / "rules" / "profiles").glob("*.yaml"):
        assert profile.is_valid(_plain(read_file(str(path), path.read_bytes())[1][0].root)), path


def test_the_fields_have_their_meaning_and_the_rule_that_finds_mistakes() -> None:
    rule = published("policy", DEFAULT, shipped())["properties"]["rules"]["items"]["properties"]
    assert "invalid-level" in rule["level"]["description"]
    assert {one["const"] for one in rule["level"]["oneOf"]} == {"None", "Metadata", "Request", "RequestResponse"}
    assert all(field["description"] for field in rule.values())
    named = {
        id for field in rule.values() for id in field["description"].partition("(kube-audit-lint: ")[2][:-1].split(", ")
    }
    assert named - {""} <= set(shipped().rules)


def test_every_audit_flag_has_a_meaning() -> None:
    assert [name for name in flags.all_names() if not of_flag(name)] == []
    assert of_flag("v") == of_flag("audit-nothing") == ""


@pytest.mark.parametrize("step", [60, pytest.param(5, marks=pytest.mark.slow)])
def test_the_schema_takes_what_every_version_loads(step: int) -> None:
    compared = accepted = 0
    for name, data in _policies(step):
        document = _document(data)
        root = document.root if document is not None else None
        if document is None or root is None or document.document.problem is not None:
            continue  # bytes that no parser reads, and a file without any document
        for versions in (Versions(12, 12), Versions(22, 23), DEFAULT, Versions(36, 37)):
            result = load(document, versions)
            known = versions.first >= 23 or b"omitManagedFields" not in data  # false and null are no finding
            loads = known and result.loads_in == versions and not any(one.rule in DROPPED for one in result.problems)
            assert validator(versions).is_valid(_plain(root)) == loads, (name, versions, result.problems)
            compared += 1
            accepted += loads
    assert compared > 700
    assert 100 < accepted < compared - 100


def _policies(step: int) -> Iterator[tuple[str, bytes]]:
    """The hand-written cases of loading, the examples, and some of the recorded vectors' policies."""
    for name, case in RECORDED.items():
        yield name, base64.b64decode(case["base64"]) if "base64" in case else case["text"].encode()
    for path in EXAMPLES:
        yield str(path), path.read_bytes()
    for number, policy in enumerate(read_lines("policies")):
        if number % step == 0:
            yield f"vector {number}", json.dumps(policy).encode()


def _document(data: bytes) -> PolicyDocument | None:
    source, documents = read_file("audit-policy.yaml", data)
    found = form.read(documents[0], Context(source, tuple(documents), "policy")) if documents else None
    return found.policies[0] if found is not None and found.policies else None


def _plain(node: Node | None) -> Any:
    """A node as JSON data; a number is what its text is."""
    if isinstance(node, Mapping):
        return {key: _plain(entry.value) for key, entry in node.entries.items()}
    if isinstance(node, Sequence):
        return [_plain(item) for item in node.items]
    if node is None:
        return None
    return node.value if node.kind == "string" else json.loads(node.value)


def test_what_a_schema_cannot_see_is_as_documented() -> None:
    """Keys that stand twice: data has each once."""
    twice = b"apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: []\nrules: [{level: None}]\n"
    document = _document(twice)
    assert document is not None
    assert {one.rule for one in load(document, ALL).problems} >= {"duplicate-key"}
    assert validator(DEFAULT).is_valid(_plain(document.root))
