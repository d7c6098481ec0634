"""shape.py against jsonschema: on the shipped schemas the two take and refuse the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kube_audit_lint
from kube_audit_lint.pipeline.shape import KEYWORDS, problems
from kube_audit_lint.syntax.reader import read_documents
from kube_audit_lint.syntax.source import Source

PACKAGE = Path(kube_audit_lint.__file__).parent
SCHEMAS = {
    name: json.loads((PACKAGE / "schemas" / name).read_text())
    for name in ("config.schema.json", "rule.schema.json", "profile.schema.json")
}


def _words(schema: Any) -> set[str]:
    """Keys and enumerated texts of a schema: what a good guess at an instance is made of."""
    found: set[str] = set()
    if isinstance(schema, dict):
        found |= set(schema.get("properties", {}))
        found |= {one for one in schema.get("enum", ()) if isinstance(one, str)}
        for value in schema.values():
            found |= _words(value)
    elif isinstance(schema, list):
        for value in schema:
            found |= _words(value)
    return found


def _instances(schema: Any) -> st.SearchStrategy[Any]:
    words = st.sampled_from([*sorted(_words(schema)), "", "x", "1.30", "1.29-1.34", "1.24-", "log-maxage", "UPPER"])
    scalars = words | st.booleans() | st.none() | st.integers(-1, 31) | st.sampled_from([0.5, 1.3, 1.0])
    values = st.recursive(
        scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3), max_leaves=8
    )
    return st.dictionaries(st.sampled_from(sorted(schema["properties"])) | words, values, max_size=4) | values


def _agree(schema: Any, instance: Any) -> None:
    source = Source("x.json", " " + json.dumps(instance))
    # A leading bracket other than `{` is read as YAML, of which JSON without escapes is a part.
    root = read_documents(source)[0].root
    assert root is not None
    ours = not list(problems(root, schema))
    assert ours == jsonschema.Draft202012Validator(schema).is_valid(instance), instance


@pytest.mark.parametrize("name", SCHEMAS)
def test_takes_and_refuses_what_jsonschema_does(name: str) -> None:
    schema = SCHEMAS[name]

    @settings(max_examples=400, deadline=None)
    @given(_instances(schema))
    def check(instance: Any) -> None:
        _agree(schema, instance)

    check()


@pytest.mark.parametrize("name", SCHEMAS)
def test_values_of_every_key_one_by_one(name: str) -> None:
    schema = SCHEMAS[name]

    @settings(max_examples=1200, deadline=None)
    @given(st.sampled_from(sorted(schema["properties"])), _instances(schema))
    def check(key: str, value: Any) -> None:
        _agree({**schema, "required": []}, {key: value})

    check()


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_schemas_use_only_what_is_understood(name: str) -> None:
    def keywords(schema: Any) -> set[str]:
        if not isinstance(schema, dict):
            return set()
        found = set(schema)
        for key in ("properties", "$defs"):
            for below in schema.get(key, {}).values():
                found |= keywords(below)
        for key in ("items", "additionalProperties", "propertyNames"):
            found |= keywords(schema.get(key))
        for below in schema.get("anyOf", ()):
            found |= keywords(below)
        return found

    assert keywords(SCHEMAS[name]) <= KEYWORDS
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[name])
