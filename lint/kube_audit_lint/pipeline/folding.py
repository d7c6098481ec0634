"""One finding for one mistake: what others report of the same place is left out, as `yields-to` of the rules has it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kube_audit_lint.catalogue.rule import Rule
from kube_audit_lint.model.finding import Finding, Related
from kube_audit_lint.syntax.source import Place


def folded(findings: Iterable[Finding], rules: Mapping[str, Rule]) -> list[Finding]:
    """The findings without those that yield to another one, which touches their place or names it as related.

    The other one names the places in other files that these had: it is about those, too.
    """
    findings = list(findings)
    strong = {id for rule in rules.values() for id in rule.yields_to}
    places: dict[tuple[str, str], list[tuple[Place, int]]] = {}
    for at, one in enumerate(findings):
        if one.rule in strong:
            for place in (one.place, *(related.place for related in one.related)):
                places.setdefault((one.rule, place.source.path), []).append((place, at))
    if not places:
        return findings
    more: dict[int, list[Related]] = {}
    left = []
    for at, one in enumerate(findings):
        other = _stronger(one, rules, places)
        if other is None:
            left.append(at)
        else:
            more.setdefault(other, []).extend(each for each in one.related if each.place.source is not one.place.source)
    return [_with_related(findings[at], more.get(at, ())) for at in left]


def _stronger(
    finding: Finding, rules: Mapping[str, Rule], places: Mapping[tuple[str, str], list[tuple[Place, int]]]
) -> int | None:
    """The index of a finding that this one yields to."""
    rule, at = rules.get(finding.rule), finding.place
    found = (
        index
        for id in (rule.yields_to if rule is not None else ())
        for place, index in places.get((id, at.source.path), ())
        if place.start <= at.end and at.start <= place.end
    )
    return next(found, None)


def _with_related(finding: Finding, more: Iterable[Related]) -> Finding:
    known = {one.place for one in finding.related}
    others = {one.place: one for one in more if one.place not in known and one.place != finding.place}
    return finding._replace(related=(*finding.related, *others.values())) if others else finding
