"""`kube-audit-lint rules [ID]`: the catalogue, the page of a rule or profile, the examples of rules of your own."""

from __future__ import annotations

import argparse

from kube_audit_lint.catalogue.rule import CATEGORIES, Catalogue, Profile, Rule
from kube_audit_lint.catalogue.shipped import catalogue_with
from kube_audit_lint.commands import FINDINGS, OK, filled
from kube_audit_lint.errors import UsageError
from kube_audit_lint.kubernetes.spelling import nearest
from kube_audit_lint.pipeline.config import load_config
from kube_audit_lint.report.safe import json_text, line, lines
from kube_audit_lint.report.summary import counted


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Gives the command its options."""
    add = parser.add_argument
    add("id", nargs="?", metavar="ID", help="a rule or profile: why it matters, how to put it right, examples")
    add("--profiles", action="store_true", help="the profiles, and what each asks for")
    add("--check", type=filled, metavar="FOLDER", help="run the examples of the rules of your own in a folder")
    add("--config", type=filled, metavar="FILE", help="the configuration that names folders of your own rules")
    add("--standard", type=filled, metavar="NAME[@V]", help="a standard's controls, each with the rules it needs")
    add("--format", choices=("text", "json"), default="text", help="default: text")


def run(arguments: argparse.Namespace) -> int:
    """Prints; returns the exit code."""
    chosen = [one for one in ("id", "profiles", "check", "standard") if getattr(arguments, one)]
    if len(chosen) > 1:
        raise UsageError("of ID, --profiles, --check and --standard only one goes")
    if arguments.standard is not None:
        return _print_controls(arguments.standard, arguments.format)
    if arguments.check is not None:
        return _check(arguments.check, arguments.format)
    catalogue = catalogue_with(load_config(arguments.config).rule_folders)
    if arguments.format == "json":
        print(json_text(_data(arguments, catalogue), indent=2))
    elif arguments.profiles:
        print(lines(_profiles(catalogue)))
    else:
        print(lines(_page(arguments.id, catalogue) if arguments.id else _list(catalogue)))
    return OK


def _print_controls(name: str, format: str) -> int:
    from kube_audit_lint.catalogue.controlpage import as_data, as_text
    from kube_audit_lint.catalogue.standards import chosen

    standard, version = chosen(name)
    shown = as_text(standard, version) if format == "text" else json_text(as_data(standard, version), indent=2)
    print(lines(shown))
    return OK


def _check(folder: str, format: str) -> int:
    """Runs the examples of a folder's rules; tells which are not as they say."""
    from kube_audit_lint.pipeline.ruletest import tried

    found = list(tried(folder))
    failed = [one for each in found for one in each.failed]
    count = sum(one.examples for one in found)
    if format == "json":
        failures = [one._asdict() for one in failed]
        print(json_text({"rules": len(found), "examples": count, "failures": failures}, indent=2))
    else:
        for one in failed:
            print(line(f"{one.path}:{one.line}: {one.message}"))
        result = counted(len(failed), "failure") if failed else "all as expected"
        print(f"{counted(count, 'example')} of {counted(len(found), 'rule')}: {result}")
    return FINDINGS if failed else OK


def _data(arguments: argparse.Namespace, catalogue: Catalogue) -> object:
    from kube_audit_lint.catalogue.page import as_data, profile_as_data

    if arguments.profiles:
        return {"profiles": [profile_as_data(one) for one in catalogue.profiles.values()]}
    if arguments.id is None:
        return {"rules": [as_data(rule) for rule in catalogue.rules.values()]}
    found = _named(arguments.id, catalogue)
    return as_data(found, examples=True) if isinstance(found, Rule) else profile_as_data(found)


def _profiles(catalogue: Catalogue) -> str:
    width = max(len(id) for id in catalogue.profiles)
    return "\n".join(f"{one.id:{width}}  {one.title}" for one in catalogue.profiles.values())


def _list(catalogue: Catalogue) -> str:
    width = max(len(id) for id in catalogue.rules)
    listed = []
    categories = dict.fromkeys([*CATEGORIES, *(rule.category for rule in catalogue.rules.values())])
    for category in categories:
        rules = [rule for rule in catalogue.rules.values() if rule.category == category]
        if rules:
            listed += ["", f"{CATEGORIES.get(category, 'Your own')} ({category})"]
            listed += [f"  {rule.id:{width}}  {_weight(rule):17}  {rule.title}" for rule in rules]
    return "\n".join(listed[1:])


def _weight(rule: Rule) -> str:
    return rule.severity + ", pedantic" * rule.pedantic + ", opt-in" * rule.opt_in


def _named(id: str, catalogue: Catalogue) -> Rule | Profile:
    found = catalogue.rules.get(id) or catalogue.profiles.get(id)
    if found is None:
        near = nearest(id, [*catalogue.rules, *catalogue.profiles])
        raise UsageError(f"there is no rule or profile {id!r}{f'; did you mean {near}?' if near else ''}")
    return found


def _page(id: str, catalogue: Catalogue) -> str:
    from kube_audit_lint.catalogue.page import page, profile_page

    found = _named(id, catalogue)
    return page(found) if isinstance(found, Rule) else profile_page(found)
