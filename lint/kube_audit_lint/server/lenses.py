"""What each rule decides, above it."""

from __future__ import annotations

from kube_audit_lint.server.checked import Checked
from kube_audit_lint.server.deciding import counts
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Place


class Lens(NamedTuple):
    """A line of text above a place."""

    place: Place
    title: str


def lenses(checked: Checked) -> list[Lens]:
    """One for each rule of the buffer's policies."""
    return [
        Lens(rule.place, title)
        for policy in checked.policies
        for rule, title in zip(policy.loaded.rules, counts(policy), strict=False)
    ]
