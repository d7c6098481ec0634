"""The descriptions of the rules in a SARIF log."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from kube_audit_lint.catalogue.standards import brief_of, controls_of
from kube_audit_lint.model.finding import Finding
from kube_audit_lint.report import RuleInfo, Rules, standards_of
from kube_audit_lint.report.safe import lines, markdown, visible

LEVELS = {"error": "error", "warning": "warning", "info": "note"}

_SECURITY = {"error": "8.0", "warning": "5.0", "info": "2.0"}  # GitHub: high, medium, low
_TAGS = 10  # GitHub keeps no more


def descriptors(ids: Iterable[str], rules: Rules, findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """The named rules; one that is not known is described by its first finding."""
    first = {finding.rule: finding for finding in reversed(findings)}
    return [_descriptor(rules.get(id) or _unknown(first[id])) for id in ids]


def _unknown(finding: Finding) -> RuleInfo:
    return RuleInfo(finding.rule, finding.rule.replace("-", " "), finding.severity, help=finding.help)


def _descriptor(rule: RuleInfo) -> dict[str, Any]:
    controls = [one.to_json() for one in controls_of(rule.id)]
    return {
        "id": rule.id,
        "name": _name(rule.id),
        **({"helpUri": rule.page} if rule.page else {}),
        "shortDescription": {"text": _sentence(visible(rule.title))},
        "fullDescription": {"text": _sentence(lines(rule.why.strip() or rule.title))},
        "help": {
            "text": "\n\n".join(_help(rule, "", "", lines)),
            "markdown": "\n\n".join(_help(rule, "**", "`", markdown)),
        },
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
        "properties": {
            "security-severity": _SECURITY[rule.severity],
            "tags": ["security", "kubernetes", *rule.standards, *brief_of(rule.id)][:_TAGS],
            **({"controls": controls} if controls else {}),
        },
    }


def _name(id: str) -> str:
    """`UnreachableRule`; `PlaceholderRule` for an id of one word, as SARIF forbids a name that is the id."""
    words = id.split("-")
    return "".join(word.capitalize() for word in (words if len(words) > 1 else (*words, "rule")))


def _help(rule: RuleInfo, bold: str, code: str, escaped: Callable[[str], str]) -> Iterator[str]:
    """The paragraphs of the rule's page; users' own rules are text from files too."""
    yield escaped(rule.why.strip() or _sentence(rule.title))
    if rule.help.strip():
        yield f"{bold}How to put it right:{bold} {escaped(rule.help.strip())}"
    if rule.search:
        search = visible(rule.search.strip()).replace("`", "'")
        yield f"{bold}What the API server says:{bold} {code}{search}{code}"
    if standards := standards_of(rule):
        yield f"{bold}Standards:{bold} {escaped(' | '.join(standards))}"


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
