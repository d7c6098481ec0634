"""What a policy does with every request that its API servers serve: the questions, one object for each policy.

Every answer that names a request has replayed it through `evaluate` first; one that does not lead to the
answer is a fault of the analysis and raises. A question that would take too long raises UndecidedError.
"""

from __future__ import annotations

from kube_audit_lint.analysis.answers import Reach, Recorded
from kube_audit_lint.analysis.budget import Budget
from kube_audit_lint.analysis.compiled import Compiled
from kube_audit_lint.analysis.evaluate import NO_RULE, Decision, decision_of
from kube_audit_lint.analysis.query import EVERYTHING, Query, kinds_bits
from kube_audit_lint.analysis.search import Search
from kube_audit_lint.analysis.space import Region
from kube_audit_lint.analysis.walk import Segment
from kube_audit_lint.analysis.worlds import KINDS
from kube_audit_lint.model.version import DEFAULT, Versions
from kube_audit_lint.syntax.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kube_audit_lint.analysis.request import Request
    from kube_audit_lint.analysis.space import Target
    from kube_audit_lint.analysis.symbolic import Conditions
    from kube_audit_lint.model.policy import Policy


class Analysis:
    """The questions about one policy for a range of versions; answers are kept."""

    def __init__(self, policy: Policy, versions: Versions = DEFAULT, budget: Budget | None = None) -> None:
        self.policy = policy
        self.versions = versions
        self.compiled = Compiled(policy, versions, budget or Budget())
        self._reach: dict[int, Reach] = {}
        self._search: Search | None = None
        self._decisions: list[Decision] | None = None
        self._within: dict[Versions, Analysis] = {}

    def within(self, versions: Versions) -> Analysis:
        """The same questions for a part of the versions, out of the same budget."""
        if versions not in self._within:
            self._within[versions] = Analysis(self.policy, versions, self.compiled.budget)
        return self._within[versions]

    @property
    def conditions(self) -> Conditions:
        """The policy's rules, and after them one that takes everything."""
        return self.compiled.conditions

    @property
    def whole(self) -> dict[int, Recorded]:
        """What each rule that decides anything decides, over every request."""
        return self.compiled.whole

    def decide(self, request: Request) -> Decision:
        """What the policy decides for one request."""
        return self.compiled.decide(request)

    def levels(self, query: Query = EVERYTHING, among: int = -1) -> list[Recorded]:
        """One entry for each rule that decides some request of the class, in the order of the rules.

        among: alternatives of rules (of `deciding`); of the others nothing is told, and little work is made.
        """
        if query.matches_all:
            found = self.whole if query.who == KINDS else self._sent_by(query.who, among)
        else:
            targets = self._targets_of(query)
            if targets is None:
                found = self.compiled.deciders(query.rules(), len(self.policy.rules), query.who)
            elif not self._left_of(targets) & among:
                return []
            else:
                found = self.compiled.deciders_of_targets(targets, query.who)
        rules = sorted(found, key=lambda rule: (rule == NO_RULE, rule))
        return [found[rule] for rule in rules if self.conditions.rule_bits[rule] & among]

    def deciding(self, wanted: Callable[[Decision], bool]) -> int:
        """The alternatives of the rules whose decision is wanted, and of what no rule decides."""
        conditions = self.conditions
        if self._decisions is None:
            self._decisions = [decision_of(self.policy, rule) for rule in range(NO_RULE, len(self.policy.rules))]
        bits = 0
        for decision in self._decisions:
            if wanted(decision):
                bits |= conditions.rule_bits[decision.rule]
        return bits

    def might(self, query: Query, among: int) -> bool:
        """Whether some of these alternatives may decide requests of the class; cheap, and true when in doubt."""
        targets = self._targets_of(query)
        return targets is None or self._left_of(targets) & among != 0

    def _sent_by(self, who: Iterable[str], among: int) -> dict[int, Recorded]:
        """What each of some rules decides of the requests by some kinds of user."""
        worlds, bits = self.compiled.space.minors * kinds_bits(who), self.conditions.rule_bits
        return {
            rule: found.within(worlds)
            for rule, found in self.whole.items()
            if bits[rule] & among and found.worlds & worlds
        }

    def _targets_of(self, query: Query) -> list[Target] | None:
        """The targets of a class that is but a choice of them; None where it is limited by more than that."""
        return self.compiled.dimensions.targets_for(query.resources, query.verbs) if query.is_plain else None

    def _left_of(self, targets: Iterable[Target]) -> int:
        """The alternatives that may decide requests for these targets, whoever sends them."""
        complete = self.compiled.dimensions.complete
        left = 0
        for target in targets:
            bits = target.bits
            done = bits & complete
            left |= bits & (done ^ (done - 1)) if done else bits
        return left

    def unmatched(self, query: Query = EVERYTHING) -> Recorded | None:
        """The requests of the class that no rule matches."""
        return next(iter(self.levels(query, self.conditions.rule_bits[NO_RULE])), None)

    def recorded_at_all(self) -> bool:
        """Whether any served request is recorded."""
        return any(found.decision.records for found in self.whole.values())

    def reach(self, rule: int) -> Reach:
        """Which served requests a rule decides, or why there are none."""
        if rule not in self._reach:
            self._reach[rule] = self._reach_of(rule)
        return self._reach[rule]

    def _reach_of(self, rule: int) -> Reach:
        whole = self.compiled.whole_if_decided()
        if whole is None:
            return self._searched.reach(rule)
        if rule in whole:
            found = whole[rule]
            return Reach(found.minors, lambda: found.witness)
        return self._searched.unreached(rule)

    def reach_built_in(self, rule: int) -> Reach:
        """Whether a rule ever decides a request for a resource of the built-in groups."""
        return self._searched.reach_built_in(rule)

    def reach_value(self, rule: int, field: str, index: int, sub: int | None = None, built_in: bool = False) -> Reach:
        """Whether one listed value of a rule ever decides anything.

        `field` is one of PolicyRule's. In `resources`, `index` is the entry and `sub` an item of its
        `resources`; for one of its names the field is `resource_names`. built_in: anything of the built-in groups.
        """
        return self._searched.reach_value(rule, field, index, sub, built_in)

    def redundant(self, rule: int) -> bool:
        """Whether every served request would be recorded the same without this rule."""
        bits = self.conditions.rule_bits
        segments = [Segment(sum(bits[: rule + 1]), bits[rule]), Segment(sum(bits[rule + 1 :]))]
        made = self.compiled.dimensions
        targets = made.chances(bits[rule]).targets
        outcome = decision_of(self.policy, rule).outcome
        walk = self.compiled.walk(made.joint, segments, Region(), None, made.identities, targets)
        for leaf in walk.leaves:
            after = self.compiled.owner(leaf & segments[1].bits)
            if decision_of(self.policy, after).outcome != outcome:
                return False
        return True

    @property
    def _searched(self) -> Search:
        """What answers where the walk does not."""
        if self._search is None:
            self._search = Search(self.compiled)
        return self._search
