"""One finding for one mistake: what others report of the same place is left out, as `yields-to` of the rules has it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kube_audit_lint.catalogue.rule import Rule
from kube_audit_lint.model.finding import Finding
from kube_audit_lint.syntax.source import Place


def folded(findings: Iterable[Finding], rules: Mapping[str, Rule]) -> list[Finding]:
    """The findings without those that yield to another one, which touches their place or names it as related."""
    findings = list(findings)
    strong = {id for rule in rules.values() for id in rule.yields_to}
    places: dict[tuple[str, str], list[Place]] = {}
    for one in findings:
        if one.rule in strong:
            for place in (one.place, *(related.place for related in one.related)):
                places.setdefault((one.rule, place.source.path), []).append(place)
    return [one for one in findings if not places or not _yields(one, rules, places)]


def _yields(finding: Finding, rules: Mapping[str, Rule], places: Mapping[tuple[str, str], list[Place]]) -> bool:
    rule, at = rules.get(finding.rule), finding.place
    return any(
        place.start <= at.end and at.start <= place.end
        for id in (rule.yields_to if rule is not None else ())
        for place in places.get((id, at.source.path), ())
    )
