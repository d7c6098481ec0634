"""Rule files and profile files as users write them: read with positions, held against the schema."""

from __future__ import annotations

import json
import os
from importlib import import_module
from typing import Any, NoReturn

from kube_audit_lint.catalogue.rule import Profile, Rule, profile_of, rule_of
from kube_audit_lint.discovery.roots import read_own
from kube_audit_lint.errors import RuleFileError
from kube_audit_lint.syntax.decode import decode
from kube_audit_lint.syntax.nodes import Document, Node, locate
from kube_audit_lint.syntax.plain import plain
from kube_audit_lint.syntax.reader import read_documents
from kube_audit_lint.syntax.source import Source

SCHEMA = os.path.join(os.path.dirname(__file__), os.pardir, "schemas", "rule.schema.json")


def load_folder(folder: str) -> tuple[dict[str, Rule], dict[str, Profile]]:
    """The rules of a folder's `*.yaml` files, and the profiles of its `profiles/*.yaml`.

    Raises RuleFileError naming file, line and key.
    """
    rules = [load_rule(path) for path in _files(folder)]
    profiles = [load_profile(path) for path in _files(os.path.join(folder, "profiles"), missing_ok=True)]
    return {rule.id: rule for rule in rules}, {profile.id: profile for profile in profiles}


def load_rule(path: str) -> Rule:
    """One rule file. Raises RuleFileError."""
    document = read_one(path)
    data = plain(document.root)
    with open(SCHEMA, encoding="utf-8") as file:
        validate(path, document, data, json.load(file), ())
    template = _template(path, document, data["check"])
    validate(path, document, data.get("params") or {}, template.PARAMS, ("params",))
    if data["subject"] != template.SUBJECT:
        _fail(path, document, ("subject",), f"the check {data['check']} is for a {template.SUBJECT}")
    name = os.path.splitext(os.path.basename(path))[0]
    if data["id"] != name:
        _fail(path, document, ("id",), f"id must be the file's name, {name}")
    return rule_of(data)


def load_profile(path: str) -> Profile:
    """One profile file. Raises RuleFileError."""
    document = read_one(path)
    data = plain(document.root)
    if not isinstance(data, dict) or not isinstance(data.get("rules"), dict) or "id" not in data:
        _fail(
            path,
            document,
            (),
            "a profile has id, title and rules (rule id to off, a severity or settings)",
        )
    return profile_of(data)


def read_one(path: str) -> Document:
    """The single document of one of the linter's own YAML files. Raises RuleFileError."""
    try:
        data = read_own(path, (path,))
    except OSError as error:
        raise RuleFileError(path, error.strerror or str(error)) from error
    text, problem = decode(data)
    documents = list(read_documents(Source(path, text), byte_problem=problem))
    if not documents:
        raise RuleFileError(path, "the file is empty")
    if documents[0].problem is not None:
        line, column = documents[0].problem.place.source.position(documents[0].problem.place.start)
        raise RuleFileError(path, documents[0].problem.message, line, column)
    return documents[0]


def _files(folder: str, missing_ok: bool = False) -> list[str]:
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        if missing_ok:
            return []
        raise RuleFileError(folder, error.strerror or str(error)) from error
    return [os.path.join(folder, name) for name in names if name.endswith((".yaml", ".yml"))]


def _template(path: str, document: Document, name: str) -> Any:
    try:
        return import_module(f"kube_audit_lint.checks.{name.replace('-', '_')}")
    except ModuleNotFoundError:
        from kube_audit_lint.kubernetes.spelling import nearest

        near = nearest(name, _templates())
        _fail(path, document, ("check",), f"there is no check {name!r}" + (f"; did you mean {near}?" if near else ""))


def _templates() -> list[str]:
    folder = os.path.join(os.path.dirname(__file__), os.pardir, "checks")
    return [name[:-3].replace("_", "-") for name in os.listdir(folder) if name.endswith(".py") and name[0] != "_"]


def validate(path: str, document: Document, data: Any, schema: dict[str, Any], below: tuple[str, ...]) -> None:
    """Raises RuleFileError for the first thing in a document that its schema does not allow."""
    from jsonschema import Draft202012Validator

    for error in sorted(Draft202012Validator(schema).iter_errors(data), key=lambda one: list(map(str, one.path))):
        _fail(path, document, (*below, *error.path), error.message)


def _fail(path: str, document: Document, keys: tuple[str | int, ...], message: str) -> NoReturn:
    root: Node | None = document.root
    place = locate(root, *keys).place if root is not None else document.source.place()
    line, column = document.source.position(place.start)
    key = ".".join(str(one) for one in keys)
    raise RuleFileError(path, f"{key}: {message}" if key else message, line, column)
