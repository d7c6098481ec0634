"""Data of the linter's own files held against a JSON Schema: what jsonschema finds, in our words and with its place."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

from kube_audit_lint.catalogue.ownfile import Keys, OwnFile
from kube_audit_lint.errors import OwnFileError
from kube_audit_lint.kubernetes.spelling import likely, nearest
from kube_audit_lint.syntax.record import NamedTuple

SCHEMAS = os.path.join(os.path.dirname(__file__), os.pardir, "schemas")
_TYPES = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "empty",
    "object": "a mapping",
    "array": "a list",
}
_LIMITS = {"minimum": "at least", "exclusiveMinimum": "more than", "maximum": "at most"}


class _Problem(NamedTuple):
    """What is wrong at a value, or at its key. lacking: only that something is missing."""

    keys: Keys
    message: str
    of_key: bool = False
    lacking: bool = False


def validate(file: OwnFile, name: str) -> Any:
    """The data of a file that a shipped schema (`config`, `rule`, ...) allows. Raises OwnFileError."""
    with open(os.path.join(SCHEMAS, f"{name}.schema.json"), encoding="utf-8") as schema:
        validate_value(file, file.data, json.load(schema), ())
    return file.data


def validate_value(file: OwnFile, data: Any, schema: Mapping[str, Any], keys: Keys) -> None:
    """Raises OwnFileError for the first thing, in the order of the file, that a schema does not allow.

    data: what is at `keys` in the file.
    """
    from jsonschema import Draft202012Validator

    try:
        errors = list(Draft202012Validator(schema).iter_errors(data))
    except RecursionError:
        raise OwnFileError(file.path, "is nested too deeply") from None
    problems = [problem for error in errors for problem in _problems(error, file, keys)]
    if problems:
        # A key that is missing is often one of the unknown ones, misspelt.
        first = min(problems, key=lambda one: (one.lacking, file.offset(one.keys, one.of_key)))
        file.fail(first.keys, first.message, first.of_key)


def _problems(error: Any, file: OwnFile, above: Keys) -> Iterator[_Problem]:
    """An error of jsonschema in our words."""
    keys: Keys = (*above, *error.absolute_path)
    kind, value = error.validator, error.validator_value
    if kind in ("anyOf", "oneOf"):
        yield from _alternatives(error, file, above)
    elif kind == "additionalProperties":
        yield from (_unknown_key(name, error.schema, keys) for name in _unknown(error))
    elif kind in ("required", "dependentRequired"):
        yield from (_Problem(keys, message, lacking=True) for message in _lacking(error))
    elif kind == "uniqueItems":
        yield _Problem(keys, "must not hold the same twice")
    elif kind in _LIMITS:
        yield _Problem(keys, f"must be {_LIMITS[kind]} {value}, not {file.written(keys)}")
    elif kind in ("minItems", "minProperties"):
        yield _Problem(keys, "must not be empty")
    else:
        wanted = "not empty" if kind == "minLength" else _wanted(error.schema)
        yield _Problem(keys, f"must be {wanted}, not {file.written(keys)}{_meant(error)}")


def _unknown(error: Any) -> list[str]:
    return [name for name in error.instance if name not in error.schema.get("properties", {})]


def _unknown_key(name: str, schema: Mapping[str, Any], keys: Keys) -> _Problem:
    known = schema.get("properties", {})
    near = nearest(name, known)
    hint = f"; did you mean {near}?" if near else f"; known are {', '.join(known)}" if known else ""
    return _Problem((*keys, name), f"unknown key{hint}", of_key=True)


def _lacking(error: Any) -> Iterator[str]:
    needed = error.validator_value
    if error.validator == "required":
        yield f"lacks {' and '.join(name for name in needed if name not in error.instance)}"
        return
    for name, others in needed.items():
        for other in others if name in error.instance else ():
            if other not in error.instance:
                yield f"has {name} but lacks {other}"


def _alternatives(error: Any, file: OwnFile, above: Keys) -> Iterator[_Problem]:
    """What is wrong with the one alternative of the value's type; else that it is none of them."""
    keys: Keys = (*above, *error.absolute_path)
    needed = [branch.get("required") for branch in error.validator_value]
    if all(needed):
        names = ", ".join(" and ".join(one) for one in needed)
        yield _Problem(keys, f"takes exactly one of: {names}")
        return
    fitting = [one for one in _branches(error) if not any(each.validator == "type" and not each.path for each in one)]
    if len(fitting) == 1:
        for each in fitting[0]:
            yield from _problems(each, file, above)
    else:
        yield _Problem(keys, f"must be {_wanted(error.schema)}, not {file.written(keys)}")


def _branches(error: Any) -> Iterator[list[Any]]:
    """The errors of each alternative, those of alternatives within them apart."""
    for index in range(len(error.validator_value)):
        found = [one for one in error.context or () if one.schema_path[0] == index]
        if len(found) == 1 and found[0].validator == "anyOf" and not found[0].path:
            yield from _branches(found[0])
        else:
            yield found


def _wanted(schema: Mapping[str, Any]) -> str:
    """What a schema allows, in words: its title, else its values or types."""
    if "title" in schema:
        return str(schema["title"])
    if "const" in schema or "enum" in schema:
        values = schema.get("enum") or [schema["const"]]
        words = [one for one in values if not isinstance(one, bool)]  # YAML 1.1 reads `off` as false
        return ("one of " if len(words) > 1 else "") + ", ".join(map(str, words))
    types = schema.get("type", "object")
    wanted = " or ".join(_TYPES[one] for one in ([types] if isinstance(types, str) else types))
    return f"{wanted} that fits {schema['pattern']}" if "pattern" in schema else wanted


def _meant(error: Any) -> str:
    values = [one for one in error.schema.get("enum", ()) if isinstance(one, str)]
    near = likely(error.instance, values) if values and isinstance(error.instance, str) else None
    return f"; did you mean {near}?" if near else ""
