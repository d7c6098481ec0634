"""The JSON Schema (draft-07) of an audit policy, from the tables that the loader itself works with.

It accepts what kube-apiserver of every version of a range loads without dropping anything. Beyond a schema's reach, and
so accepted: keys that occur twice, what comes after the first document, bytes and texts that no parser reads, and
numbers outside of 64 bits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kube_audit_lint.kubernetes import meanings
from kube_audit_lint.kubernetes.decoding import TIME
from kube_audit_lint.kubernetes.fields import API_VERSIONS, RESOURCES_ENTRY, ROOT, RULE_OBJECT, STAGE, Type
from kube_audit_lint.kubernetes.validation import STAR_GROUP_FIRST
from kube_audit_lint.model.version import Versions

Schema = dict[str, Any]

_KINDS = {"string": "string", "bool": "boolean", "int": "integer", "time": "string", "list": "array"}
_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_GROUP = rf"({_LABEL}(\.{_LABEL})*)?"
_URL = r"^(\*|/[^*]*\*?)$"

_FOUND_BY = {
    "apiVersion": "unsupported-api-version",
    "kind": "wrong-kind",
    "rules": "no-rules",
    "level": "invalid-level",
    "omitStages": "invalid-stage",
    "omitManagedFields": "field-not-in-version",
    "nonResourceURLs": "invalid-url, urls-with-resources",
    "group": "invalid-group",
    "resourceNames": "names-without-resources",
}
"""The rules of the catalogue about what a field's schema holds, beside wrong-type and unknown-field for all of them."""


def policy_schema(versions: Versions) -> Schema:
    """The schema of the policies that every version of a range loads as they are written."""
    schema = _Builder(versions).value(ROOT)
    return {
        "title": "Kubernetes audit policy",
        "description": f"An audit policy that kube-apiserver {versions} loads without dropping anything of it. "
        "Other versions: `kube-audit-lint schema policy --kubernetes-version V`.",
        **schema,
        "type": "object",
    }


class _Builder:
    """Schemas of types for one range of versions."""

    def __init__(self, versions: Versions) -> None:
        self._versions = versions

    def value(self, wanted: Type) -> Schema:
        """The schema of a type's values; null is as good as absent to kube-apiserver."""
        if wanted.kind == "any":
            return {}
        if wanted.kind in ("object", "map"):
            return self._object(wanted)
        schema: Schema = {"type": [_KINDS[wanted.kind], "null"]}
        if wanted.items is not None:
            schema["items"] = self.value(wanted.items)
        if wanted.kind == "time":
            schema["pattern"] = f"^{TIME}".replace(r"\Z", "$")
        if wanted is STAGE:  # an item that is null is the empty string, and no stage
            schema = {"type": "string", "oneOf": _constants(meanings.STAGES)}
        return schema

    def _object(self, wanted: Type) -> Schema:
        if wanted.fields is None:
            assert wanted.items is not None
            return {"type": ["object", "null"], "additionalProperties": self.value(wanted.items)}
        properties = {
            name: self._described(self.value(field.type), wanted, name)
            for name, field in wanted.fields.items()
            if field.first <= self._versions.first and self._versions.last <= field.last
        }
        schema: Schema = {"type": ["object", "null"], "additionalProperties": False, "properties": properties}
        return schema | self._refused(wanted, properties)

    def _described(self, schema: Schema, owner: Type, name: str) -> Schema:
        key = "resources[]" if owner is RESOURCES_ENTRY and name == "resources" else name
        text = meanings.FIELDS.get(key, "") if owner in (ROOT, RULE_OBJECT, RESOURCES_ENTRY) else ""
        if not text:
            return schema
        rules = _FOUND_BY.get(name)
        return {"description": f"{text} (kube-audit-lint: {rules})" if rules else text, **schema}

    def _refused(self, owner: Type, properties: dict[str, Schema]) -> Schema:
        """What validation.go and reader.go refuse of an object that could be decoded; changes its properties."""
        if owner is ROOT:
            properties["apiVersion"] |= {"type": "string", "enum": self._api_versions()}
            properties["kind"] |= {"enum": ["Policy", "", None]}
            properties["rules"] |= {"type": "array", "minItems": 1}
            return {"required": ["apiVersion", "rules"]}
        if owner is RULE_OBJECT:
            properties["level"] |= {"type": "string", "oneOf": _constants(meanings.LEVELS)}
            properties["nonResourceURLs"] |= {"items": {"type": "string", "pattern": _URL}}
            apart = [{"not": _all_filled("nonResourceURLs", other)} for other in ("resources", "namespaces")]
            return {"type": "object", "required": ["level"], "allOf": apart}
        if owner is RESOURCES_ENTRY:
            star = r"|\*" if self._versions.first >= STAR_GROUP_FIRST else ""
            properties["group"] |= {"pattern": f"^({_GROUP}{star})$", "maxLength": 253}
            return {"if": _all_filled("resourceNames"), "then": _all_filled("resources")}
        return {}

    def _api_versions(self) -> list[str]:
        first, last = self._versions
        return [name for name, minors in API_VERSIONS.items() if minors[0] <= first and last <= minors[1]]


def _all_filled(*names: str) -> Schema:
    """That an object has these lists, and none of them empty."""
    filled = {name: {"type": "array", "minItems": 1} for name in names}
    return {"type": "object", "properties": filled, "required": list(names)}


def _constants(texts: Mapping[Any, str]) -> list[Schema]:
    """The values of a closed list, each with what it means."""
    return [{"const": name, "description": text} for name, text in texts.items()]
