"""The diagram of two policies whose leaves are what decides each request, whether that makes a difference or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kube_audit_lint.analysis.diagram import Diagram
from kube_audit_lint.analysis.effect import Direction, Traits, effect
from kube_audit_lint.syntax.record import NamedTuple

if TYPE_CHECKING:
    from kube_audit_lint.analysis.evaluate import Decision
    from kube_audit_lint.model.policy import Level


class Outcome(NamedTuple):
    """The rule that decides (NO_RULE: none does), and the level that events have; None where none is written."""

    rule: int
    level: Level


class Decided(NamedTuple):
    """What two policies decide; direction: what the second changes, "" where it records the same."""

    before: Outcome
    after: Outcome
    direction: Direction | str = ""


class Deciders(Diagram):
    """The labels of all leaves are of Decided, and no request is left out."""

    def _tells(self, before: int | None, after: int | None) -> bool:
        return True

    def _decided(self, sure: int, served: int, traits: Traits) -> Decided:
        one, other = sure & self._first, sure & self._second
        before = self.decision(self.before, self._rules[self._owners[one & -one]].before)
        after = self.decision(self.after, self._rules[self._owners[other & -other]].after)
        assert before is not None
        assert after is not None
        return decided(before, after, traits)


def decided(before: Decision, after: Decision, traits: Traits) -> Decided:
    """Two decisions on requests of some traits."""
    found = effect(before, after, traits)
    direction: Direction | str = found.change.direction if found else ""
    if found and direction in ("less", "more") and not found.loses and not found.gains:
        direction = "differently"  # only the level that the events name
    return Decided(outcome(before, traits), outcome(after, traits), direction)


def outcome(decision: Decision, traits: Traits) -> Outcome:
    """What becomes of requests of some traits: a rule that omits every stage that they have records nothing."""
    kept = not decision.omit_stages.issuperset(traits.stages)
    return Outcome(decision.rule, decision.level if kept else "None")
