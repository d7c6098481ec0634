"""`kube-audit-lint rules [ID]`: the catalogue, or one rule's page."""

from __future__ import annotations

import argparse

from kube_audit_lint.catalogue.rule import Catalogue
from kube_audit_lint.catalogue.shipped import catalogue_with
from kube_audit_lint.commands import OK, filled
from kube_audit_lint.errors import UsageError
from kube_audit_lint.kubernetes.spelling import nearest
from kube_audit_lint.pipeline.config import load_config
from kube_audit_lint.report.safe import json_text, lines

CATEGORIES = {
    "load": "The policy does not load",
    "written": "The policy loads, but not as written",
    "first-match": "First match",
    "recorded": "What is recorded",
    "server": "API server settings",
    "mounts": "Mounts and files",
    "forms": "Shapes of the forms",
    "ack": "Alibaba Cloud ACK",
    "meta": "The linter itself",
    "detections": "What published detections need (only where it is chosen)",
}
"""Categories in the order in which they are shown, with their titles."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Gives the command its options."""
    parser.add_argument("id", nargs="?", metavar="ID", help="a rule: why it matters, how to put it right, examples")
    parser.add_argument(
        "--config", type=filled, metavar="FILE", help="the configuration that names folders of your own rules"
    )
    parser.add_argument(
        "--standard", type=filled, metavar="NAME[@V]", help="a standard's controls, each with the rules it needs"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="of --standard; default: text")


def run(arguments: argparse.Namespace) -> int:
    """Prints; returns the exit code."""
    if arguments.standard is not None:
        return _print_controls(arguments.standard, arguments.format)
    if arguments.format != "text":
        raise UsageError("--format goes with --standard")
    catalogue = catalogue_with(load_config(arguments.config).rule_folders)
    print(lines(_page(arguments.id, catalogue) if arguments.id else _list(catalogue)))
    return OK


def _print_controls(name: str, format: str) -> int:
    from kube_audit_lint.catalogue.controlpage import as_data, as_text
    from kube_audit_lint.catalogue.standards import chosen

    standard, version = chosen(name)
    shown = as_text(standard, version) if format == "text" else json_text(as_data(standard, version), indent=2)
    print(lines(shown))
    return OK


def _list(catalogue: Catalogue) -> str:
    width = max(len(id) for id in catalogue.rules)
    listed = []
    categories = dict.fromkeys([*CATEGORIES, *(rule.category for rule in catalogue.rules.values())])
    for category in categories:
        rules = [rule for rule in catalogue.rules.values() if rule.category == category]
        if rules:
            listed += ["", CATEGORIES.get(category, category)]
            for rule in rules:
                weight = f"{rule.severity}, pedantic" if rule.pedantic else rule.severity
                listed.append(f"  {rule.id:{width}}  {weight:17}  {rule.title}")
    return "\n".join(listed[1:])


def _page(id: str, catalogue: Catalogue) -> str:
    rule = catalogue.rules.get(id)
    if rule is None:
        near = nearest(id, catalogue.rules)
        raise UsageError(f"there is no rule {id!r}{f'; did you mean {near}?' if near else ''}")
    from kube_audit_lint.catalogue.page import page

    return page(rule)
