"""Rules as a run needs them: read from the compiled catalogue, and from users' own rule files.

The catalogue is `rules/*.yaml`; `rules/index.json` is compiled from it (scripts/build_catalogue.py), for
parsing a hundred YAML files would cost more than everything else in a run.
"""

from __future__ import annotations

import json
import os
from functools import cache
from typing import Any

from kube_audit_lint.model.version import ALL, Versions
from kube_audit_lint.syntax.record import NamedTuple

CATALOGUE = os.path.join(os.path.dirname(__file__), os.pardir, "rules")
"""The folder of the rule files in a wheel."""

_IN_CHECKOUT = os.path.join(os.path.dirname(__file__), *[os.pardir] * 3, "rules")


class Rule(NamedTuple):
    """One rule: a template in `checks/` with parameters, a severity, and its explanation.

    subject: what it is called for (`policy`, `server`, `link`, `directory`; `file` for the rules that
    the engine itself speaks for). versions: the minors it may speak for.
    """

    id: str
    title: str
    severity: str
    category: str
    subject: str
    check: str
    params: dict[str, Any]
    versions: Versions = ALL
    pedantic: bool = False
    standards: tuple[str, ...] = ()
    why: str = ""
    search: str = ""
    help: str = ""


class Profile(NamedTuple):
    """A set of deviations: rule id to `off`, a severity, or a mapping of severity and parameters."""

    id: str
    title: str
    rules: dict[str, Any]


class Catalogue(NamedTuple):
    """All rules and profiles of a run, by id."""

    rules: dict[str, Rule]
    profiles: dict[str, Profile]


def folder() -> str:
    """The folder with the shipped rule files, in a wheel or in a checkout."""
    installed = os.path.join(CATALOGUE, "index.json")
    return CATALOGUE if os.path.exists(installed) else os.path.normpath(_IN_CHECKOUT)


@cache
def shipped() -> Catalogue:
    """The shipped rules and profiles.

    Raises OSError when the installation is incomplete.
    """
    with open(os.path.join(folder(), "index.json"), encoding="utf-8") as file:
        index = json.load(file)
    rules = {item["id"]: rule_of(item) for item in index["rules"]}
    profiles = {item["id"]: profile_of(item) for item in index["profiles"]}
    return Catalogue(rules, profiles)


def rule_of(data: dict[str, Any]) -> Rule:
    """A rule from the (validated) content of a rule file."""
    return Rule(
        data["id"],
        data["title"],
        data["severity"],
        data.get("category", "own"),
        data["subject"],
        data["check"],
        data.get("params") or {},
        _versions(data.get("kubernetes", "")),
        data.get("pedantic", False),
        tuple(data.get("standards", ())),
        data.get("why", "").strip(),
        data.get("search", "").strip(),
        data.get("help", "").strip(),
    )


def profile_of(data: dict[str, Any]) -> Profile:
    """A profile from the (validated) content of a profile file."""
    return Profile(data["id"], data.get("title", data["id"]), data.get("rules") or {})


def _versions(text: str) -> Versions:
    """`1.24-`, `-1.35`, `1.20-1.23`, `1.36` or nothing (all)."""
    if not text:
        return ALL
    first, dash, last = text.partition("-")
    low = int(first.strip()[2:]) if first.strip() else ALL.first
    high = (int(last.strip()[2:]) if last.strip() else ALL.last) if dash else low
    return Versions(low, high)


def catalogue_with(folders: tuple[str, ...]) -> Catalogue:
    """The shipped catalogue, and users' own rules from folders of rule files.

    Raises RuleFileError (file, line, key) for a file that is not a rule.
    """
    if not folders:
        return shipped()
    from kube_audit_lint.catalogue.rulefile import load_folder

    base = shipped()
    rules, profiles = dict(base.rules), dict(base.profiles)
    for path in folders:
        own_rules, own_profiles = load_folder(path)
        rules.update(own_rules)
        profiles.update(own_profiles)
    return Catalogue(rules, profiles)
