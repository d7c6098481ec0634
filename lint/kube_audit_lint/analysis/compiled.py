"""A policy compiled for what its API servers serve: its conditions, the classes they make, and the walk over them."""

from __future__ import annotations

from kube_audit_lint.analysis import UndecidedError
from kube_audit_lint.analysis.answers import Recorded
from kube_audit_lint.analysis.budget import Budget, hold_size
from kube_audit_lint.analysis.dimensions import Dimensions
from kube_audit_lint.analysis.evaluate import NO_RULE, Decision, evaluate
from kube_audit_lint.analysis.probe import TARGETS_A_STEP
from kube_audit_lint.analysis.query import kinds_bits, region_of
from kube_audit_lint.analysis.space import Region, Served, Target
from kube_audit_lint.analysis.symbolic import Conditions, Joint
from kube_audit_lint.analysis.walk import Segment, Splits, Walk
from kube_audit_lint.analysis.worlds import KINDS, ORDINARY
from kube_audit_lint.model.policy import PolicyRule
from kube_audit_lint.syntax.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kube_audit_lint.analysis.identities import Identities
    from kube_audit_lint.analysis.request import Request
    from kube_audit_lint.model.policy import Policy
    from kube_audit_lint.model.version import Versions

RULES_A_STEP = 16
"""Rules that are read for one request in the time of one step of a walk."""

SENTINEL = PolicyRule("None")
"""After all rules of a policy: what takes the requests that no rule matches."""


class Compiled:
    """One policy for a range of versions; what is made of it is kept."""

    def __init__(self, policy: Policy, versions: Versions, budget: Budget) -> None:
        self.policy = policy
        self.versions = versions
        self.budget = budget
        self.space = Served(versions)
        self._conditions: Conditions | None = None
        self._owners: dict[int, int] = {}
        self._whole: dict[int, Recorded] | None = None
        self._undecided: UndecidedError | None = None
        self._dimensions: Dimensions | None = None
        self._splits: Splits = {}

    @property
    def conditions(self) -> Conditions:
        """The policy's rules, and after them one that takes everything."""
        if self._conditions is None:
            hold_size(self.policy)
            self._conditions = Conditions((*self.policy.rules, SENTINEL))
            self._owners = owners(self._conditions)
        return self._conditions

    @property
    def dimensions(self) -> Dimensions:
        """The classes that the policy's own rules tell apart."""
        if self._dimensions is None:
            self.budget.spend(0)
            self._dimensions = Dimensions(self.space, Joint(self.conditions))
            self.budget.spend(len(self._dimensions.targets) // TARGETS_A_STEP)
        return self._dimensions

    @property
    def whole(self) -> dict[int, Recorded]:
        """What each rule that decides anything decides, over every request."""
        if self._undecided is not None:
            raise self._undecided
        if self._whole is None:
            try:
                self._whole = self._walk_targets(self.dimensions.targets, KINDS)
            except UndecidedError as error:
                self._undecided = error
                raise
        return self._whole

    def whole_if_decided(self) -> dict[int, Recorded] | None:
        """As `whole`; None where it would take too long."""
        try:
            return self.whole
        except UndecidedError as error:
            if error.too_large:
                raise
            return None

    def deciders_of_targets(self, targets: list[Target], who: Iterable[str]) -> dict[int, Recorded]:
        """Who decides the requests for some targets by some kinds of user."""
        return self._walk_targets(targets, who)

    def _walk_targets(self, targets: list[Target], who: Iterable[str]) -> dict[int, Recorded]:
        """The rules' own classes of users will do, and walks share what they find."""
        made = self.dimensions
        segments, region = [Segment(made.joint.bits)], Region(kinds=kinds_bits(who))
        splits = self._splits if ORDINARY in who else None
        return self._collect(self.walk(made.joint, segments, region, None, made.identities, targets, splits))

    def takers(self, before: int, wanted: int, targets: list[Target], limit: int) -> dict[int, Recorded]:
        """Who of the alternatives before decides the requests for some targets that one of the wanted accepts."""
        made, segments = self.dimensions, [Segment(before), Segment(wanted, wanted)]
        return self._collect(self.walk(made.joint, segments, Region(), limit, made.identities, targets))

    def deciders(
        self,
        rules: Sequence[PolicyRule],
        among: int | list[int],
        who: Iterable[str] = KINDS,
        limit: int | None = None,
    ) -> dict[int, Recorded]:
        """Who decides the requests that one of `rules` matches, among the first rules or those listed."""
        conditions = self.conditions
        matching = Conditions(rules, conditions.end)
        indexes = range(among) if isinstance(among, int) else among
        bits = sum(conditions.rule_bits[index] for index in indexes) | conditions.rule_bits[-1]
        segments = [Segment(bits), Segment(matching.bits, matching.bits)]
        identities = None
        if not any(rule.users or rule.user_groups for rule in rules):
            identities = self.dimensions.identities.with_bits(matching.bits)
        region = region_of(rules, matching, who)
        return self._collect(self.walk(Joint(conditions, matching), segments, region, limit, identities))

    def walk(
        self,
        joint: Joint,
        segments: list[Segment],
        region: Region,
        limit: int | None = None,
        identities: Identities | None = None,
        targets: Iterable[Target] | None = None,
        splits: Splits | None = None,
    ) -> Walk:
        """A walk that takes its steps from what is left of the budget."""
        share = self.budget.share
        limit = share if limit is None else min(share, limit)
        try:
            walk = Walk(self.space, joint, segments, region, limit, identities, targets, splits)
        except UndecidedError:
            self.budget.spend(limit)
            raise
        self.budget.spend(walk.steps)
        return walk

    def decide(self, request: Request) -> Decision:
        """What the policy decides for one request; a long policy takes its time, too."""
        self.budget.spend(1 + len(self.policy.rules) // RULES_A_STEP)
        return evaluate(self.policy, request)

    def owner(self, leaf: int) -> int:
        """The rule that the lowest bit belongs to."""
        rule = self._owners[leaf & -leaf]
        return rule if rule < len(self.policy.rules) else NO_RULE

    def _collect(self, walk: Walk) -> dict[int, Recorded]:
        found: dict[int, Recorded] = {}
        for leaf, node in walk.leaves.items():
            rule = self.owner(leaf)
            if rule not in found:
                found[rule] = Recorded(self.policy, rule, walk.joint, self.decide)
            found[rule].add(node)
        return found


def owners(conditions: Conditions) -> dict[int, int]:
    """The index of the rule that each bit belongs to."""
    found = {}
    for index, bits in enumerate(conditions.rule_bits):
        while bits:
            found[bits & -bits] = index
            bits &= bits - 1
    return found
