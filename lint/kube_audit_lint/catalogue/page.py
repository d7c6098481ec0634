"""The page of a rule or profile, for `kube-audit-lint rules ID`, and the same for programs."""

from __future__ import annotations

import os
import textwrap
from typing import Any

from kube_audit_lint.catalogue.examples import examples_of, files_of
from kube_audit_lint.catalogue.rule import Profile, Rule, long_form
from kube_audit_lint.catalogue.shipped import folder

_WIDTH = 88


def page(rule: Rule) -> str:
    """The page as plain text; the examples come from the rule's own file when it is a shipped one."""
    lines = [f"{rule.id} ({rule.severity}): {rule.title}", ""]
    lines += _paragraphs("", rule.why)
    if rule.search:
        lines += ["Message of kube-apiserver:", textwrap.indent(rule.search, "    "), ""]
    lines += _paragraphs("How to fix it: ", rule.help)
    lines.append(f"Kubernetes: {rule.versions}")
    if rule.pedantic:
        lines.append("Reported only with --pedantic, or when a profile or the configuration turns it on.")
    if rule.opt_in:
        lines.append("Off until a profile, the configuration or --select turns it on.")
    if rule.fix:
        how = "--fix` fixes it, where the edit is proven" if rule.fix.get("safe", True) else "--unsafe-fixes` fixes it"
        lines.append(f"`kube-audit-lint check {how}.")
    lines += _standards(rule)
    if rule.category != "meta" and rule.id != "undecided":  # what the linter reports of itself cannot be ignored
        lines.append(f"To ignore it at one place: # kube-audit-lint: ignore[{rule.id}] reason")
    for example in _examples(rule):
        lines += _example(rule, example)
    return "\n".join(lines)


def profile_page(profile: Profile) -> str:
    """The page of a profile as plain text."""
    lines = [f"{profile.id} (profile): {profile.title}", "", *_paragraphs("", profile.why)]
    if profile.extends:
        lines += [f"It extends {profile.extends}, and all of its rules are among these.", ""]
    width = max(map(len, profile.rules), default=0)
    rows = [f"  {id:{width}}  {setting_text(one)}" for id, one in profile.rules.items()]
    return "\n".join([*lines, *(rows or ["All rules are as they are."])])


def setting_text(setting: Any) -> str:
    """A rule's setting in one line: `warning, at-least 30`."""
    found = long_form(setting)
    severity = [found.pop("severity")] if "severity" in found else []
    return ", ".join([*severity, *(f"{key} {_value(value)}" for key, value in found.items())])


def _value(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "(none)"
    return str(value).lower() if isinstance(value, bool) else str(value)


def as_data(rule: Rule, examples: bool = False) -> dict[str, Any]:
    """A rule for programs, with its examples or without."""
    from kube_audit_lint.catalogue.standards import labels_of

    return {
        "id": rule.id,
        "title": rule.title,
        "severity": rule.severity,
        "category": rule.category,
        "subject": rule.subject,
        "check": rule.check,
        "params": rule.params,
        "kubernetes": str(rule.versions),
        "pedantic": rule.pedantic,
        "opt-in": rule.opt_in,
        "yields-to": list(rule.yields_to),
        "standards": [*rule.standards, *labels_of(rule.id)],
        "why": rule.why,
        "search": rule.search,
        "help": rule.help,
        "fix": rule.fix,
        "folder": rule.folder,
        **({"examples": _examples(rule)} if examples else {}),
    }


def profile_as_data(profile: Profile) -> dict[str, Any]:
    """A profile for programs."""
    rules = {id: long_form(one) for id, one in profile.rules.items()}
    return {**profile._asdict(), "rules": rules}


def _example(rule: Rule, example: dict[str, Any]) -> list[str]:
    """An example with all of its files, how it is checked, and what is found."""
    options = [f"--{name} {example[key]}" for key, name in _OPTIONS.items() if key in example]
    how = f" (with {' '.join(options)})" if options else ""
    lines = ["", f"Example, {'bad' if 'bad' in example else 'good'}{how}:"]
    for name, text in files_of(rule.subject, example).items():
        lines += ["", f"  {name}", textwrap.indent(text.rstrip("\n"), "    ")]
    found = [
        f"{one['file']}:{one['line']}" if "file" in one else f"line {one['line']}" for one in example.get("expect", ())
    ]
    return [*lines, "", f"  Found: {', '.join(found)}"] if found else lines


_OPTIONS = {"kubernetes": "kubernetes-version", "profile": "profile"}


def _standards(rule: Rule) -> list[str]:
    from kube_audit_lint.catalogue.standards import labels_of

    labels = (*rule.standards, *labels_of(rule.id))
    return ["Standards:", *(f"    {label}" for label in labels)] if labels else []


def _paragraphs(head: str, text: str) -> list[str]:
    if not text:
        return []
    out = []
    for paragraph in (head + text).split("\n\n"):
        out += [*textwrap.wrap(" ".join(paragraph.split()), _WIDTH, break_on_hyphens=False), ""]
    return out


def _examples(rule: Rule) -> list[dict[str, Any]]:
    paths = [os.path.join(rule.folder or folder(), f"{rule.id}{ending}") for ending in (".yaml", ".yml")]
    path = next(filter(os.path.exists, paths), None)
    return [] if path is None else examples_of(path)
