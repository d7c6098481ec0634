"""JSON Schemas for editors and SchemaStore: draft-07, with the ids of rules where they are written."""

from __future__ import annotations

import json
import os
from typing import Any

from kube_audit_lint.catalogue.rule import Catalogue
from kube_audit_lint.catalogue.shape import SCHEMAS
from kube_audit_lint.kubernetes.policyschema import policy_schema
from kube_audit_lint.model.version import Versions

FILES = {"config": "config", "rule": "rule", "profile": "profile", "test": "policytest", "report": "report"}
"""What is shipped as a file, by the name that the command has for it."""

NAMES = ("policy", *FILES)

_DRAFT = "http://json-schema.org/draft-07/schema#"
_IDS = {"policy": "kubernetes-audit-policy"}
_OWN_TITLES = ("config", "rule", "profile")
"""Those whose title is a part of messages."""


def published(name: str, versions: Versions, catalogue: Catalogue) -> dict[str, Any]:
    """A schema by its name in NAMES. versions: those of a policy."""
    schema = policy_schema(versions) if name == "policy" else _of_file(FILES[name])
    if name in ("config", "profile"):
        _name_rules(schema, catalogue)
    title = f"kube-audit-lint {name}" if name in _OWN_TITLES else schema["title"]
    id = f"https://json.schemastore.org/{_IDS.get(name, f'kube-audit-lint-{name}')}.json"
    head = {"$schema": _DRAFT, "$id": id, "title": title}
    return head | {key: value for key, value in schema.items() if key not in head}


def _of_file(name: str) -> dict[str, Any]:
    with open(os.path.join(SCHEMAS, f"{name}.schema.json"), encoding="utf-8") as file:
        schema: dict[str, Any] = _as_draft_07(json.load(file))
    return schema


def _as_draft_07(part: Any) -> Any:
    """A schema of draft 2020-12 in the words of draft-07, as far as ours use them."""
    if isinstance(part, list):
        return [_as_draft_07(one) for one in part]
    if not isinstance(part, dict):
        return part.replace("#/$defs/", "#/definitions/") if isinstance(part, str) else part
    if "$ref" in part and len(part) > 1:  # draft-07 reads nothing beside a $ref
        beside = {key: value for key, value in part.items() if key != "$ref"}
        return {**_as_draft_07(beside), "allOf": [{"$ref": _as_draft_07(part["$ref"])}]}
    if list(part) == ["required"]:  # strict validators want to see what is required
        part = {"type": "object", "properties": {name: {} for name in part["required"]}, **part}
    names = {"$defs": "definitions", "dependentRequired": "dependencies"}
    return {names.get(key, key): _as_draft_07(value) for key, value in _of_one_type(part).items()}


def _of_one_type(part: dict[str, Any]) -> dict[str, Any]:
    """A schema of several types as alternatives of one type each, as strict validators require it."""
    types = part.get("type")
    if not isinstance(types, list) or set(types) <= {*types[:1], "null"}:
        return part
    about: dict[str, Any] = {key: part[key] for key in ("title", "description") if key in part}
    rest = {key: value for key, value in part.items() if key not in ("type", *about)}
    return {**about, "anyOf": [{"type": one, **(rest if one == "object" else {})} for one in types]}


def _name_rules(schema: dict[str, Any], catalogue: Catalogue) -> None:
    """Puts the rules of a catalogue where a schema has settings of rules, and its profiles where one is chosen."""
    rules = schema["definitions"].get("rules") or schema["properties"]["rules"]
    setting = rules["additionalProperties"]
    rules["properties"] = {
        rule.id: {"description": f"{rule.title}. Severity: {rule.severity}.", "allOf": [setting]}
        for rule in catalogue.rules.values()
    }
    for holder in (schema, schema["definitions"].get("override", {})):
        properties = holder.get("properties", {})
        if "profile" in properties:
            known = properties["profile"]
            known = {"allOf": [known]} if "$ref" in known else known
            properties["profile"] = {**known, "examples": sorted(catalogue.profiles)}
