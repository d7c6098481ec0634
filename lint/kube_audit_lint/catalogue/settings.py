"""Settings of rules, as the configuration and profiles hold them: only for rules and parameters that exist."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from kube_audit_lint.catalogue.ownfile import Keys, OwnFile
from kube_audit_lint.catalogue.rule import Rule
from kube_audit_lint.catalogue.shape import validate_value
from kube_audit_lint.kubernetes.spelling import nearest

_NO_PARAMS: dict[str, Any] = {"type": "object", "properties": {}, "additionalProperties": False}


def check_settings(file: OwnFile, keys: Keys, settings: Mapping[str, Any], rules: Mapping[str, Rule]) -> None:
    """Raises OwnFileError for a rule or a parameter that does not exist, and for a value that it does not take.

    settings: what is at `keys` in the file.
    """
    for name, setting in settings.items():
        rule = rules.get(name)
        if rule is None:
            file.fail((*keys, name), f"there is no rule {name}; {did_you_mean(name, rules)}", of_key=True)
        if isinstance(setting, dict) and setting.keys() - {"severity"}:
            params = params_of(rule)
            schema = {key: value for key, value in params.items() if key != "required"}
            schema["properties"] = {**params.get("properties", {}), "severity": {}}
            validate_value(file, setting, schema, (*keys, name))
            given = {key: value for key, value in setting.items() if key != "severity"}
            check_names(file, rule.check, {**rule.params, **given}, (*keys, name))


def check_names(file: OwnFile, check: str, params: Mapping[str, Any], keys: Keys) -> None:
    """Raises OwnFileError for parameters that name what there is not, or that bound nothing. keys: where they are."""
    problems = getattr(template(check), "problems", None)
    found = [] if problems is None else list(problems(params))
    if found:
        at, message = min(found, key=lambda one: file.offset((*keys, *one[0])))
        file.fail((*keys, *at), message)


def did_you_mean(name: str, rules: Mapping[str, Rule]) -> str:
    """The nearest rule, else where they are listed."""
    near = nearest(name, rules)
    return f"did you mean {near}?" if near else "`kube-audit-lint rules` lists them"


def params_of(rule: Rule) -> dict[str, Any]:
    """The JSON Schema of a rule's parameters. The linter's own rules (`subject: file`) take none."""
    return _NO_PARAMS if rule.subject == "file" else template(rule.check).PARAMS


def template(check: str) -> Any:
    """The module of a check. Raises ModuleNotFoundError."""
    return import_module(f"kube_audit_lint.checks.{check.replace('-', '_')}")
