"""JSON Schema held against nodes, for the linter's own files: every problem has its exact place.

jsonschema would cost a run 80 ms and knows no places, so the part of JSON Schema that the shipped schemas
use is read here. tests/test_shape.py holds the two against each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from kube_audit_lint.kubernetes.spelling import nearest
from kube_audit_lint.syntax.nodes import Mapping as MappingNode
from kube_audit_lint.syntax.nodes import Node, Scalar
from kube_audit_lint.syntax.nodes import Sequence as SequenceNode
from kube_audit_lint.syntax.plain import plain
from kube_audit_lint.syntax.record import NamedTuple

Schema = Mapping[str, Any]

KEYWORDS = frozenset(
    [
        *("type", "enum", "const", "pattern", "minLength", "minimum", "exclusiveMinimum", "maximum"),
        *("properties", "required", "additionalProperties", "propertyNames", "minProperties", "items", "minItems"),
        *(
            "uniqueItems",
            "dependentRequired",
            "anyOf",
            "$ref",
            "$defs",
            "$schema",
            "$id",
            "title",
            "description",
            "default",
            "examples",
        ),
    ]
)
"""The keywords that are understood; a schema with any other one would be read wrongly."""

_TYPES = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "empty",
    "object": "a mapping",
    "array": "a list",
}


class Problem(NamedTuple):
    """What is wrong, and the node that is wrong. `key` is where it stands (`overrides.0.paths`)."""

    node: Node
    key: str
    message: str

    def __str__(self) -> str:
        return f"{self.key}: {self.message}" if self.key else self.message


def problems(node: Node, schema: Schema, key: str = "") -> Iterator[Problem]:
    """Everything in which a node departs from a schema, in the order of the file."""
    return _Shape(schema).problems(node, schema, key)


class _Shape:
    def __init__(self, root: Schema) -> None:
        self._root = root

    def problems(self, node: Node, schema: Schema, key: str) -> Iterator[Problem]:
        schema = self._resolved(schema)
        if "anyOf" in schema:
            yield from self._any_of(node, schema, key)
            return
        if not _of_type(node, schema.get("type")):
            yield Problem(node, key, f"must be {self._wanted(schema)}, not {_written(node)}")
            return
        value = plain(node)
        if "const" in schema and not _same(value, schema["const"]):
            yield Problem(node, key, f"must be {schema['const']}, not {_written(node)}")
        elif "enum" in schema and not any(_same(value, one) for one in schema["enum"]):
            yield Problem(node, key, f"must be {self._wanted(schema)}, not {_written(node)}{_meant(node, schema)}")
        elif isinstance(node, Scalar):
            yield from self._scalar(node, schema, key)
        elif isinstance(node, SequenceNode):
            yield from self._sequence(node, schema, key)
        else:
            yield from self._mapping(node, schema, key)

    def _resolved(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            resolved: Schema = self._root["$defs"][schema["$ref"].removeprefix("#/$defs/")]
            schema = {**resolved, **{name: value for name, value in schema.items() if name != "$ref"}}
        return schema

    def _any_of(self, node: Node, schema: Schema, key: str) -> Iterator[Problem]:
        """The problems with the one alternative of the node's type; else that it is none of them."""
        fitting = [branch for branch in self._branches(schema) if _of_type(node, branch.get("type"))]
        found = [list(self.problems(node, branch, key)) for branch in fitting]
        if any(not problem for problem in found):
            return
        if len(found) == 1:
            yield from found[0]
        else:
            yield Problem(node, key, f"must be {self._wanted(schema)}, not {_written(node)}")

    def _branches(self, schema: Schema) -> Iterator[Schema]:
        for branch in map(self._resolved, schema["anyOf"]):
            if "anyOf" in branch:
                yield from self._branches(branch)
            else:
                yield branch

    def _wanted(self, schema: Schema) -> str:
        """What a schema asks for, in words; `title` is one."""
        if "title" in schema:
            return str(schema["title"])
        if "anyOf" in schema:
            return " or ".join(dict.fromkeys(self._wanted(self._resolved(branch)) for branch in schema["anyOf"]))
        if "enum" in schema:
            return "one of " + ", ".join(str(value) for value in schema["enum"])
        types = schema.get("type", "object")
        return " or ".join(_TYPES[one] for one in ([types] if isinstance(types, str) else types))

    def _scalar(self, node: Scalar, schema: Schema, key: str) -> Iterator[Problem]:
        if node.kind == "string":
            short = len(node.value) < schema.get("minLength", 0)
            if short or ("pattern" in schema and not re.search(schema["pattern"], node.value)):
                wanted = self._wanted(schema) if "title" in schema else f"a text that fits {schema.get('pattern')}"
                yield Problem(node, key, f"must be {wanted if not short else 'not empty'}, not {_written(node)}")
        elif node.kind in ("int", "float"):
            yield from _number(node, schema, key)

    def _sequence(self, node: SequenceNode, schema: Schema, key: str) -> Iterator[Problem]:
        if len(node.items) < schema.get("minItems", 0):
            yield Problem(node, key, "must not be empty")
        seen: list[Any] = []
        for index, item in enumerate(node.items):
            yield from self.problems(item, schema.get("items", {}), f"{key}.{index}")
            value = plain(item)
            if schema.get("uniqueItems") and any(_same(value, one) for one in seen):
                yield Problem(item, f"{key}.{index}", "stands twice")
            seen.append(value)

    def _mapping(self, node: MappingNode, schema: Schema, key: str) -> Iterator[Problem]:
        if len(node.entries) < schema.get("minProperties", 0):
            yield Problem(node, key, "must not be empty")
        for name in schema.get("required", ()):
            if name not in node.entries:
                yield Problem(node, key, f"lacks {name}")
        for name, others in schema.get("dependentRequired", {}).items():
            for other in others if name in node.entries else ():
                if other not in node.entries:
                    yield Problem(node, key, f"has {name} but lacks {other}")
        yield from self._entries(node, schema, key)

    def _entries(self, node: MappingNode, schema: Schema, key: str) -> Iterator[Problem]:
        known: Schema = schema.get("properties", {})
        others = schema.get("additionalProperties", True)
        for name, entry in node.entries.items():
            below = f"{key}.{name}" if key else name
            if "propertyNames" in schema:
                yield from self.problems(entry.key, schema["propertyNames"], below)
            if name in known:
                yield from self.problems(entry.value, known[name], below)
            elif others is False:
                near = nearest(name, known) if known else None
                hint = f"; did you mean {near}?" if near else f"; known are {', '.join(known)}" if known else ""
                yield Problem(entry.key, below, f"unknown key{hint}")
            elif isinstance(others, Mapping):
                yield from self.problems(entry.value, others, below)


def _meant(node: Node, schema: Schema) -> str:
    near = nearest(node.value, filter(_is_text, schema["enum"])) if isinstance(node, Scalar) else None
    return f"; did you mean {near}?" if near else ""


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _number(node: Scalar, schema: Schema, key: str) -> Iterator[Problem]:
    value = plain(node)
    if "minimum" in schema and value < schema["minimum"]:
        yield Problem(node, key, f"must be at least {schema['minimum']}, not {_written(node)}")
    if "exclusiveMinimum" in schema and value <= schema["exclusiveMinimum"]:
        yield Problem(node, key, f"must be more than {schema['exclusiveMinimum']}, not {_written(node)}")
    if "maximum" in schema and value > schema["maximum"]:
        yield Problem(node, key, f"must be at most {schema['maximum']}, not {_written(node)}")


def _of_type(node: Node, types: str | list[str] | None) -> bool:
    if types is None:
        return True
    names = [types] if isinstance(types, str) else types
    if isinstance(node, MappingNode):
        return "object" in names
    if isinstance(node, SequenceNode):
        return "array" in names
    if node.kind in ("int", "float"):
        return "number" in names or ("integer" in names and float(plain(node)).is_integer())
    return {"string": "string", "bool": "boolean", "null": "null"}[node.kind] in names


def _same(left: Any, right: Any) -> bool:
    """Equality as JSON has it: true is not 1."""
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def _written(node: Node) -> str:
    if isinstance(node, MappingNode):
        return "a mapping"
    if isinstance(node, SequenceNode):
        return "a list"
    return "empty" if node.kind == "null" else node.place.text.split("\n")[0] or '""'
