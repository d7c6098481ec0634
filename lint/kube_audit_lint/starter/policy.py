"""The text of an audit policy, with a comment on each rule: what the data files hold for what is wanted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from textwrap import wrap
from typing import Any

from kube_audit_lint.starter.data_files import detections, read
from kube_audit_lint.starter.wanted import Wanted

_WIDTH = 110
_PLAIN = re.compile(r"[A-Za-z/][\w./-]*\Z")
_STAGES = "omitStages: [RequestReceived]"
_MANAGED = "omitManagedFields: true"


def policy_text(wanted: Wanted) -> str:
    """The whole policy."""
    head = [
        f"# Audit policy for Kubernetes 1.{wanted.minor}, profile {wanted.profile}, written by kube-audit-lint init.",
        "# The first rule that matches a request decides it.",
        "apiVersion: audit.k8s.io/v1",
        "kind: Policy",
        "# An event when a request begins holds nothing that the one at its end does not.",
        _STAGES,
        "# Who set which field of an object last: often as large as the object itself.",
        _MANAGED,
        "rules:",
    ]
    return "\n".join([*head, *_rules(wanted, [])]) + "\n"


def rules_text(wanted: Wanted) -> str:
    """The rules alone, for forms that write the rest of the policy themselves: stages and fields are in each rule."""
    comments = ignored(wanted)
    return "\n".join(line for line in _rules(wanted, [_STAGES, _MANAGED]) if line not in comments) + "\n"


def ignored(wanted: Wanted) -> list[str]:
    """The comments that suppress what the profile requires."""
    return [_ignore(one) for one in _those(wanted) if "ignore" in one]


def _ignore(one: dict[str, Any]) -> str:
    return f"# kube-audit-lint: ignore[{', '.join(one['ignore'])}] {one['reason']}"


def _those(wanted: Wanted) -> list[dict[str, Any]]:
    """The rules of the profile, with what is written about them."""
    data = read("policy")
    rules = data["stig"] if wanted.profile == "stig" else data["rules"]
    return [one for one in rules if wanted.meets(one.get("when", ""))]


def kept_out(wanted: Wanted) -> Iterator[str]:
    """The chosen detections that the policy does not serve, each with the reason."""
    for title, need in _needs(wanted):
        if "kept-out" in need and wanted.profile != "stig":
            yield f"{title}: `{need['name']}` stays silent, for {need['kept-out']}."


def _rules(wanted: Wanted, own: list[str]) -> Iterator[str]:
    """The lines of the rules. own: lines that every rule which records something has for itself."""
    rules = _those(wanted)
    served = _served(wanted, [one["rule"] for one in rules])
    for index, one in enumerate(rules):
        if index:
            yield ""
        yield from _comment(one["why"])
        if "controls" in one:
            yield from _comment(f"Required by: {', '.join(one['controls'])}.")
        for title, names in served.get(index, {}).items():
            yield from _comment(f"{title}: {', '.join(names)}.")
        if "ignore" in one:
            yield _ignore(one)
        yield from _rule(one["rule"], wanted, own)


def _comment(text: str) -> list[str]:
    return [f"# {line}" for line in wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False)]


def _rule(rule: dict[str, Any], wanted: Wanted, own: list[str]) -> Iterator[str]:
    yield f"- level: {rule['level']}"
    if rule["level"] != "None":
        yield from (f"  {line}" for line in own)
    for field, value in rule.items():
        if field == "resources":
            yield "  resources:"
            for entry in value:
                yield f"  - group: {_scalar(entry['group'])}"
                if "resources" in entry:
                    yield f"    resources: {_list(entry['resources'])}"
        elif field != "level":
            yield f"  {field}: {_list(_filled(value, wanted))}"


def _filled(values: list[str], wanted: Wanted) -> list[str]:
    groups = [f"system:serviceaccounts:{name}" for name in wanted.noise]
    return [text for value in values for text in (groups if value == "@noise@" else [value])]


def _list(values: list[str]) -> str:
    return f"[{', '.join(map(_scalar, values))}]"


def _scalar(text: str) -> str:
    return text if _PLAIN.match(text) else f'"{text}"'


def _needs(wanted: Wanted) -> Iterator[tuple[str, dict[str, Any]]]:
    """What the chosen detections need, each with the name of its source."""
    data = detections() if wanted.detections else {}
    for name in wanted.detections:
        for need in data[name]["needs"]:
            yield name.capitalize(), need


def _served(wanted: Wanted, rules: list[dict[str, Any]]) -> dict[int, dict[str, list[str]]]:
    """The detections that need a rule, by the rule's number and the source's name."""
    found: dict[int, dict[str, list[str]]] = {}
    for title, need in _needs(wanted):
        if "kept-out" in need and wanted.profile != "stig":
            continue
        deciding = {
            next(index for index, rule in enumerate(rules) if _decides(rule, resource, verb))
            for resource in need["resources"]
            for verb in need["verbs"]
        }
        for index in deciding:
            found.setdefault(index, {}).setdefault(title, []).append(need["name"])
    return found


def _decides(rule: dict[str, Any], resource: str, verb: str) -> bool:
    """Whether a rule decides the requests of a user who is no part of the control plane."""
    if "users" in rule or "userGroups" in rule or "nonResourceURLs" in rule:
        return False
    name, _, group = resource.partition(".")
    return verb in rule.get("verbs", [verb]) and (
        "resources" not in rule
        or any(one["group"] == group and name in one.get("resources", [name]) for one in rule["resources"])
    )
