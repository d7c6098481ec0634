"""One rule's page, for `kube-audit-lint rules ID`: why, message, help, examples."""

from __future__ import annotations

import os
import textwrap
from typing import Any

from kube_audit_lint.catalogue.rule import Rule
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
    if rule.fix:
        how = "--fix, where it is proven" if rule.fix.get("safe", True) else "--unsafe-fixes"
        lines.append(f"An edit puts it right: check {how}.")
    lines += _standards(rule)
    lines.append(f"To ignore it at one place: # kube-audit-lint: ignore[{rule.id}] reason")
    for example in _examples(rule):
        kind = "bad" if "bad" in example else "good"
        lines += ["", f"Example, {kind}:", "", textwrap.indent(example[kind].rstrip("\n"), "    ")]
    return "\n".join(lines)


def _standards(rule: Rule) -> list[str]:
    from kube_audit_lint.catalogue.standards import labels_of

    labels = (*rule.standards, *labels_of(rule.id))
    return ["Standards:", *(f"    {label}" for label in labels)] if labels else []


def _paragraphs(head: str, text: str) -> list[str]:
    if not text:
        return []
    out = []
    for paragraph in (head + text).split("\n\n"):
        out += [*textwrap.wrap(" ".join(paragraph.split()), _WIDTH), ""]
    return out


def _examples(rule: Rule) -> list[dict[str, Any]]:
    path = os.path.join(folder(), f"{rule.id}.yaml")
    if not os.path.exists(path):
        return []
    from kube_audit_lint.catalogue.examples import examples_of

    return examples_of(path)
