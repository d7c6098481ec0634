"""What a policy does with every request that its API servers serve: the questions, one object for each policy.

Every answer that names a request has replayed it through `evaluate` first; one that does not lead to the
answer is a fault of the analysis and raises. A question that would take too long raises UndecidedError.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kube_audit_lint.analysis import UndecidedError
from kube_audit_lint.analysis.answers import Reach, Recorded
from kube_audit_lint.analysis.dimensions import Dimensions
from kube_audit_lint.analysis.evaluate import NO_RULE, Decision, decision_of, evaluate
from kube_audit_lint.analysis.identities import with_bits
from kube_audit_lint.analysis.query import EVERYTHING, Query, kinds_bits, region_of
from kube_audit_lint.analysis.sample import Sample
from kube_audit_lint.analysis.space import Region, Served, Target
from kube_audit_lint.analysis.symbolic import Conditions, Joint
from kube_audit_lint.analysis.walk import Segment, Splits, Walk
from kube_audit_lint.analysis.worlds import KINDS, ORDINARY
from kube_audit_lint.model.policy import PolicyRule
from kube_audit_lint.model.version import DEFAULT, Versions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from kube_audit_lint.analysis.identities import Identities
    from kube_audit_lint.analysis.request import Request
    from kube_audit_lint.analysis.search import Search
    from kube_audit_lint.model.policy import GroupResources, Policy

BUDGET = 500_000
"""Steps that all questions about one policy may take together: less than five seconds."""

LIMIT = 50_000
"""Steps that one question may take before another way is tried."""

MOST_RULES = 3_000
MOST_VALUES = 50_000
"""Rules (or resources with names of their own), and values in all of them, above which a policy is not analysed."""

LONGEST_URL = 10_000
"""Characters of a URL above which a policy is not analysed: no client sends such a path."""

RULES_A_STEP = 16
"""Rules that are read for one request in the time of one step of a walk."""

TARGETS_A_STEP = 10
"""Classes of resources that are made, or looked through, in the time of one step of a walk."""

SENTINEL = PolicyRule("None")
"""After all rules of a policy: what takes the requests that no rule matches."""


class Analysis:
    """The questions that can be asked of one policy for a range of versions; answers are kept."""

    def __init__(self, policy: Policy, versions: Versions = DEFAULT) -> None:
        self.policy = policy
        self.versions = versions
        self.space = Served(versions)
        self.left = 0 if _is_too_large(policy) else BUDGET
        self._conditions: Conditions | None = None
        self._owners: dict[int, int] = {}
        self._whole: dict[int, Recorded] | None = None
        self._gave_up = False
        self._made: Dimensions | None = None
        self._reach: dict[int, Reach] = {}
        self._samples: dict[int, list[Sample]] = {}
        self._splits: Splits = {}
        self._search: Search | None = None
        self._decisions: list[Decision] | None = None

    @property
    def conditions(self) -> Conditions:
        """The policy's rules, and after them one that takes everything."""
        if self._conditions is None:
            self._conditions = Conditions((*self.policy.rules, SENTINEL))
            self._owners = owners(self._conditions)
        return self._conditions

    @property
    def whole(self) -> dict[int, Recorded]:
        """What each rule that decides anything decides, over every request."""
        if self._whole is None:
            if self._gave_up:
                raise UndecidedError
            made = self.dimensions
            self._gave_up = True
            walk = self.walk(
                self.space,
                made.joint,
                [Segment(made.joint.bits)],
                Region(),
                identities=made.identities,
                targets=made.targets,
                splits=self._splits,
            )
            self._gave_up = False
            self._whole = self._collect(walk)
        return self._whole

    def levels(self, query: Query = EVERYTHING, among: int = -1) -> list[Recorded]:
        """One entry for each rule that decides some request of the class, in the order of the rules.

        among: alternatives of rules (of `deciding`); of the others nothing is told, and little work is made.
        """
        if query.asks_all:
            found = self.whole if query.who == KINDS else self._sent_by(query.who, among)
        else:
            targets = self._targets_of(query)
            if targets is None:
                found = self.deciders(query.rules(), len(self.policy.rules), query.who)
            elif not self._left_of(targets) & among:
                return []
            else:
                found = self._deciders_of_targets(query, targets)
        rules = sorted(found, key=lambda rule: (rule == NO_RULE, rule))
        return [found[rule] for rule in rules if self.conditions.rule_bits[rule] & among]

    def deciding(self, wanted: Callable[[Decision], bool]) -> int:
        """The alternatives of the rules whose decision is wanted, and of what no rule decides."""
        if self._decisions is None:
            self._decisions = [decision_of(self.policy, rule) for rule in range(NO_RULE, len(self.policy.rules))]
        bits = 0
        for decision in self._decisions:
            if wanted(decision):
                bits |= self.conditions.rule_bits[decision.rule]
        return bits

    def might(self, query: Query, among: int) -> bool:
        """Whether some of these alternatives may decide requests of the class; cheap, and true when in doubt."""
        targets = self._targets_of(query)
        return targets is None or self._left_of(targets) & among != 0

    def _sent_by(self, who: Iterable[str], among: int) -> dict[int, Recorded]:
        """What each of some rules decides of the requests by some kinds of user."""
        worlds, bits = self.space.minors * kinds_bits(who), self.conditions.rule_bits
        return {
            rule: found.within(worlds)
            for rule, found in self.whole.items()
            if bits[rule] & among and found.worlds & worlds
        }

    def _targets_of(self, query: Query) -> list[Target] | None:
        """The targets of a class that is but a choice of them; None where it asks for more than that."""
        return self.dimensions.targets_for(query.resources, query.verbs) if query.is_plain else None

    def _left_of(self, targets: Iterable[Target]) -> int:
        """The alternatives that may decide requests for these targets, whoever sends them."""
        complete = self.dimensions.complete
        left = 0
        for target in targets:
            bits = target.bits
            done = bits & complete
            left |= bits & (done ^ (done - 1)) if done else bits
        return left

    def _deciders_of_targets(self, query: Query, targets: list[Target]) -> dict[int, Recorded]:
        """Who decides: the rules' own classes of users will do, and walks share what they find."""
        made = self.dimensions
        walk = self.walk(
            self.space,
            made.joint,
            [Segment(made.joint.bits)],
            Region(kinds=kinds_bits(query.who)),
            identities=made.identities,
            targets=targets,
            splits=self._splits if ORDINARY in query.who else None,
        )
        return self._collect(walk)

    def unmatched(self, query: Query = EVERYTHING) -> Recorded | None:
        """The requests of the class that no rule matches."""
        return next(iter(self.levels(query, self.conditions.rule_bits[NO_RULE])), None)

    def reach(self, rule: int) -> Reach:
        """Which served requests a rule decides, or why there are none."""
        known = self._reach.get(rule)
        if known is None:
            known = self._reach[rule] = self._reach_of(rule)
        return known

    def _reach_of(self, rule: int) -> Reach:
        whole = self.whole_if_decided()
        if whole is None:
            return self.search.reach(rule)
        if rule in whole:
            found = whole[rule]
            return Reach(found.minors, lambda: found.witness)
        return self.search.unreached(rule)

    def reach_value(self, rule: int, field: str, index: int, sub: int | None = None) -> Reach:
        """Whether one listed value of a rule ever decides anything.

        `field` is one of PolicyRule's. In `resources`, `index` is the entry and `sub` an item of its
        `resources`; for one of its names the field is `resource_names`.
        """
        wanted = self.bits_of_value(rule, field, index)
        of_rule = self.policy.rules[rule]
        for sample in self.samples_of(rule):
            if sample.shows(of_rule, field, index, sub, wanted):
                return self._shown(rule, field, index, sub)
        if field == "resources" and sub is not None and not self._is_served(of_rule.resources[index], sub, wanted):
            return Reach((), None, tuple, lambda: self.search.reach_value(rule, field, index, sub).blame)
        return self.search.reach_value(rule, field, index, sub)

    def bits_of_value(self, rule: int, field: str, index: int) -> int:
        """The alternatives of a rule that its value has a part in; the arguments are those of reach_value."""
        if field in ("resources", "resource_names"):
            return self.conditions.entry_bits[rule][index]
        return self.conditions.rule_bits[rule]

    def _is_served(self, entry: GroupResources, sub: int, wanted: int) -> bool:
        """Whether one resource of an entry is served with a verb that its rule asks for; true when in doubt."""
        item = entry.resources[sub]
        if "*" in item or entry.group == "*":
            return True
        return any(target.bits & wanted for target in self.dimensions.targets_of(entry.group, item))

    def _shown(self, rule: int, field: str, index: int, sub: int | None) -> Reach:
        """Of what is reached: when, and by which request, is for who asks."""
        return Reach(
            lambda: self.search.minors_of_value(rule, field, index, sub),
            lambda: self.search.witness_of_value(rule, field, index, sub),
        )

    def samples_of(self, rule: int) -> list[Sample]:
        """Requests that the rule is known to decide; where the walk was possible, none for a rule without any."""
        known = self._samples.get(rule)
        if known is None:
            whole = self.whole_if_decided()
            found = whole.get(rule) if whole else None
            known = self._samples[rule] = [] if found is None else [Sample(found.trace(), self.dimensions)]
        return known

    @property
    def search(self) -> Search:
        """What answers where the walk does not."""
        if self._search is None:
            from kube_audit_lint.analysis.search import Search

            self._search = Search(self)
        return self._search

    def dead_by_logic(self, rule: int) -> bool:
        """Whether earlier rules take every request at all that the rule matches, whether served or not."""
        return self.search.dead_by_logic(rule)

    def redundant(self, rule: int) -> bool:
        """Whether every served request would be recorded the same without this rule."""
        bits = self.conditions.rule_bits
        joint = Joint(self.conditions)
        before = sum(bits[: rule + 1])
        segments = [Segment(before, bits[rule]), Segment(sum(bits[rule + 1 :]))]
        region = region_of([self.policy.rules[rule]], self.conditions)._replace(bits=bits[rule])
        outcome = decision_of(self.policy, rule).outcome
        for leaf in self.walk(self.space, joint, segments, region).leaves:
            after = self._owner(leaf & segments[1].bits)
            if decision_of(self.policy, after).outcome != outcome:
                return False
        return True

    def recorded_at_all(self) -> bool:
        """Whether any served request is recorded."""
        return any(found.decision.records for found in self.whole.values())

    def deciders(
        self,
        rules: Sequence[PolicyRule],
        among: int | list[int],
        who: Iterable[str] = KINDS,
        space: Served | None = None,
        limit: int = LIMIT,
    ) -> dict[int, Recorded]:
        """Who decides the requests that one of `rules` matches, among the first rules or those listed."""
        conditions = self.conditions
        asked = Conditions(rules, conditions.end)
        joint = Joint(conditions, asked)
        indexes = range(among) if isinstance(among, int) else among
        bits = sum(conditions.rule_bits[index] for index in indexes) | conditions.rule_bits[-1]
        segments = [Segment(bits), Segment(asked.bits, asked.bits)]
        identities = None
        if space is None and not any(rule.users or rule.user_groups for rule in rules):
            identities = with_bits(self.dimensions.identities, asked.bits)
        region = region_of(rules, asked, who)
        return self._collect(self.walk(space or self.space, joint, segments, region, limit, identities))

    @property
    def dimensions(self) -> Dimensions:
        """The classes that the policy's own rules tell apart."""
        if self._made is None:
            self.spend(0)
            try:
                self._made = Dimensions(self.space, Joint(self.conditions))
            except UndecidedError:
                self.left = 0
                raise
            self.spend(len(self._made.targets) // TARGETS_A_STEP)
        return self._made

    def whole_if_decided(self) -> dict[int, Recorded] | None:
        """As `whole`; None where it would take too long."""
        try:
            return self.whole
        except UndecidedError:
            return None

    def walk(
        self,
        space: Served,
        joint: Joint,
        segments: list[Segment],
        region: Region,
        limit: int = LIMIT,
        identities: Identities | None = None,
        targets: Iterable[Target] | None = None,
        splits: Splits | None = None,
    ) -> Walk:
        """A walk that takes its steps from what is left of the budget."""
        self.spend(0)
        limit = min(self.left, limit)
        try:
            walk = Walk(space, joint, segments, region, limit, identities, targets, splits)
        except UndecidedError:
            self.left -= limit
            raise
        self.spend(walk.steps)
        return walk

    def decide(self, request: Request) -> Decision:
        """What the policy decides for one request; a long policy takes its time, too."""
        self.spend(1 + len(self.policy.rules) // RULES_A_STEP)
        return evaluate(self.policy, request)

    def spend(self, steps: int) -> None:
        """Takes steps from what is left of the budget. Raises UndecidedError when nothing was."""
        if self.left <= 0:
            raise UndecidedError
        self.left -= steps

    def _collect(self, walk: Walk) -> dict[int, Recorded]:
        found: dict[int, Recorded] = {}
        for leaf, node in walk.leaves.items():
            rule = self._owner(leaf)
            if rule not in found:
                found[rule] = Recorded(self.policy, rule, walk.joint, self.decide)
            found[rule].add(node)
        return found

    def _owner(self, leaf: int) -> int:
        """The rule that the lowest bit belongs to."""
        rule = self._owners[leaf & -leaf]
        return rule if rule < len(self.policy.rules) else NO_RULE


def _is_too_large(policy: Policy) -> bool:
    """Whether a policy is larger than what anybody writes by hand, so that its size alone would take too long."""
    rules = policy.rules
    named = sum(1 for rule in rules for entry in rule.resources if entry.resource_names)
    if len(rules) > MOST_RULES or named > MOST_RULES:
        return True
    lists = [values for rule in rules for values in (rule.users, rule.user_groups, rule.verbs, rule.namespaces)]
    lists += [
        values for rule in rules for entry in rule.resources for values in (entry.resources, entry.resource_names)
    ]
    urls = [spec for rule in rules for spec in rule.non_resource_urls]
    lengths = {len(spec) for spec in urls}
    return (
        sum(map(len, lists)) + len(urls) > MOST_VALUES
        or max(lengths, default=0) > LONGEST_URL
        or len(lengths) * len(urls) > MOST_VALUES * 10
    )


def owners(conditions: Conditions) -> dict[int, int]:
    """The index of the rule that each bit belongs to."""
    found = {}
    for index, bits in enumerate(conditions.rule_bits):
        while bits:
            found[bits & -bits] = index
            bits &= bits - 1
    return found
