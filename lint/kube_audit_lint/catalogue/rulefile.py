"""Users' own rules and profiles, a file each: read with places, held against the schemas and the checks."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from kube_audit_lint.catalogue.ownfile import OwnFile, read_own_file
from kube_audit_lint.catalogue.rule import CATEGORIES, Catalogue, Profile, Rule, merged, profile_of, rule_of
from kube_audit_lint.catalogue.settings import check_names, check_settings, did_you_mean, template
from kube_audit_lint.catalogue.shape import validate, validate_value
from kube_audit_lint.errors import OwnFileError
from kube_audit_lint.kubernetes.spelling import nearest


def with_folders(base: Catalogue, folders: tuple[str, ...]) -> Catalogue:
    """A catalogue with the rules of folders' `*.yaml` files and the profiles of their `profiles/*.yaml`.

    Raises OwnFileError (file, line, key) for a file that is no rule or profile.
    """
    rules, profiles = dict(base.rules), dict(base.profiles)
    paths: dict[str, Rule] = {}
    for folder in folders:
        for path in _files(folder):
            rule = load_rule(path)
            _check_free(path, "rule", rule.id, rules)
            rules[rule.id] = rule._replace(folder=folder)
            paths[path] = rule
    for path, rule in paths.items():  # when all rules are known
        _check_yields(path, rule, rules)
    own: dict[str, tuple[OwnFile, Profile]] = {}
    for folder in folders:
        for path in _files(os.path.join(folder, "profiles"), missing_ok=True):
            file, profile = _load_profile(path, rules)
            _check_free(path, "profile", profile.id, profiles)
            profiles[profile.id] = profile._replace(folder=folder)
            own[profile.id] = file, profiles[profile.id]
    for id in own:
        profiles[id] = _extended(id, own, profiles, ())
    return Catalogue(rules, profiles, (*base.folders, *folders))


def _extended(
    id: str, own: Mapping[str, tuple[OwnFile, Profile]], known: Mapping[str, Profile], above: tuple[str, ...]
) -> Profile:
    """A profile with the rules of the one that it extends. Raises OwnFileError. above: the profiles that extend it."""
    if id not in own or not own[id][1].extends:
        return known[id]
    file, profile = own[id]
    if profile.extends in (*above, id):
        file.fail(("extends",), f"{' extends '.join((*above, id, profile.extends))}")
    if profile.extends not in known:
        near = nearest(profile.extends, known)
        hint = f"did you mean {near}?" if near else f"there are {', '.join(sorted(known))}"
        file.fail(("extends",), f"there is no profile {profile.extends}; {hint}")
    base = _extended(profile.extends, own, known, (*above, id))
    return profile._replace(rules=merged(base.rules, profile.rules))


def load_rule(path: str) -> Rule:
    """One rule file. Raises OwnFileError."""
    file = read_own_file(path)
    data = validate(file, "rule")
    _check_name(file)
    _check_category(file, data.get("category", "own"))
    check = _template(file, data["check"])
    validate_value(file, data.get("params") or {}, check.PARAMS, ("params",))
    check_names(file, data["check"], data.get("params") or {}, ("params",))
    if data["subject"] != check.SUBJECT:
        file.fail(("subject",), f"the check {data['check']} is for a {check.SUBJECT}")
    if "fix" in data:
        _check_fix(file, data["fix"])
    return rule_of(data)


def _load_profile(path: str, rules: dict[str, Rule]) -> tuple[OwnFile, Profile]:
    """One profile file, for these rules. Raises OwnFileError."""
    file = read_own_file(path)
    data = validate(file, "profile")
    _check_name(file)
    if "rules" not in data and "extends" not in data:
        file.fail((), "lacks rules, or extends with the profile that it is like")
    check_settings(file, ("rules",), data.get("rules", {}), rules)
    return file, profile_of(data)


def _check_fix(file: OwnFile, fix: dict[str, Any]) -> None:
    """Raises OwnFileError for a kind of fixes that does not exist, and for parameters that it does not take."""
    kinds = _modules("fixes")
    if fix["kind"] not in kinds:
        near = nearest(fix["kind"], kinds)
        file.fail(("fix", "kind"), f"there is no kind {fix['kind']!r}" + (f"; did you mean {near}?" if near else ""))
    kind = import_module(f"kube_audit_lint.fixes.{fix['kind'].replace('-', '_')}")
    params = {key: value for key, value in fix.items() if key not in ("kind", "safe")}
    validate_value(file, params, kind.PARAMS, ("fix",))


def _check_free(path: str, kind: str, id: str, known: Mapping[str, Rule | Profile]) -> None:
    """Nothing takes the place of what is there: nobody would see that it is gone."""
    if id not in known:
        return
    if known[id].folder:
        raise OwnFileError(path, f"id: {id} is the name of a {kind} in {known[id].folder}; choose another name")
    instead = "`rules:` of the configuration changes it or turns it off" if kind == "rule" else "choose another name"
    raise OwnFileError(path, f"id: {id} is the name of a shipped {kind}; {instead}")


def _check_name(file: OwnFile) -> None:
    name = os.path.splitext(os.path.basename(file.path))[0]
    if file.data["id"] != name:
        file.fail(("id",), f"must be the file's name, {name}")


def _check_category(file: OwnFile, category: str) -> None:
    """A category of one's own may have any name but one that is a slip of the pen."""
    near = nearest(category, known := (*CATEGORIES, "own"))
    if near and category not in known:
        file.fail(("category",), f"there is no category {category}; did you mean {near}?")


def _check_yields(path: str, rule: Rule, known: Mapping[str, Rule]) -> None:
    for number, one in enumerate(rule.yields_to):
        if one not in known:
            hint = did_you_mean(one, known)
            read_own_file(path).fail(("yields-to", number), f"there is no rule {one}; {hint}")


def _files(folder: str, missing_ok: bool = False) -> list[str]:
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        if missing_ok and isinstance(error, FileNotFoundError):
            return []
        raise OwnFileError(folder, error.strerror or str(error)) from error
    return [os.path.join(folder, name) for name in names if name.endswith((".yaml", ".yml"))]


def _template(file: OwnFile, name: str) -> Any:
    known = _templates()
    if name.replace("_", "-") not in known:
        near = nearest(name, known)
        file.fail(("check",), f"there is no check {name!r}" + (f"; did you mean {near}?" if near else ""))
    return template(name)


def _templates() -> list[str]:
    return _modules("checks")


def _modules(part: str) -> list[str]:
    folder = os.path.join(os.path.dirname(__file__), os.pardir, part)
    return [name[:-3].replace("_", "-") for name in os.listdir(folder) if name.endswith(".py") and name[0] != "_"]
