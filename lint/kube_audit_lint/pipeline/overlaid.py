"""One finding for one mistake, though many kustomizations share a base: it names those in which it holds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from kube_audit_lint.model.finding import Finding, Related
from kube_audit_lint.model.server import Overlay
from kube_audit_lint.pipeline.mentions import some_of
from kube_audit_lint.syntax.source import Place

_SHOWN = 3
_Key = tuple[str, str, str, int, int]


def once(found: Iterable[tuple[Overlay, list[Finding]]]) -> Iterator[Finding]:
    """The findings about what kustomizations make of bases, each once."""
    holds: dict[tuple[Place, _Key], list[tuple[Overlay, Finding]]] = {}
    for overlay, findings in found:
        for one in findings:
            words = re.sub(r"\b1\.\d+", "1", one.message)  # the kustomizations may run several versions
            key = one.rule, words, one.place.source.path, one.place.start, one.place.end
            holds.setdefault((overlay.base, key), []).append((overlay, one))
    for (base, _), each in holds.items():
        by = tuple(dict.fromkeys(place for overlay, _ in each for place in overlay.by))
        others = tuple(place for place in dict.fromkeys(each[0][0].others) if place not in by)
        yield _named(each[0][1], base, by, others)


def _named(finding: Finding, base: Place, by: tuple[Place, ...], others: tuple[Place, ...]) -> Finding:
    """A finding with the kustomizations that it holds in: none where it is in the base and in all of them."""
    if not others and finding.place.source is base.source:
        return finding
    related = (Related(one, "this puts base and patches together") for one in by[:_SHOWN])
    finding = finding._replace(related=(*finding.related, *related))
    if not others or finding.place.source is not base.source:
        return finding
    where, elsewhere = some_of([one.source.path for one in by]), some_of([one.source.path for one in others])
    return finding._replace(message=f"{finding.message.rstrip('.')}. It holds with {where}, and not with {elsewhere}.")
