"""What a policy does with every request that its API servers serve: the questions, one object for each policy.

Every answer that names a request has replayed it through `evaluate` first; one that does not lead to the
answer is a fault of the analysis and raises. A question that would take too long raises UndecidedError.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from kube_audit_lint.analysis.evaluate import NO_RULE, Decision, decision_of, evaluate
from kube_audit_lint.analysis.query import EVERYTHING, Query, region_of
from kube_audit_lint.analysis.space import Anything, Region, Served
from kube_audit_lint.analysis.symbolic import Conditions, Joint
from kube_audit_lint.analysis.walk import Segment, UndecidedError, Walk
from kube_audit_lint.analysis.witness import witness
from kube_audit_lint.analysis.worlds import FIELD, KINDS, NOBODY, WIDTH, best, kinds_of, minors_of
from kube_audit_lint.model.policy import FIELD_NAMES, PolicyRule
from kube_audit_lint.model.version import DEFAULT, Versions

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kube_audit_lint.analysis.request import Request
    from kube_audit_lint.analysis.walk import Node
    from kube_audit_lint.model.policy import GroupResources, Policy

__all__ = ["Analysis", "Blocker", "Difference", "Query", "Reach", "Recorded", "UndecidedError", "difference"]

BUDGET = 1_500_000
"""Steps that all questions about one policy may take together: less than five seconds."""

_SENTINEL = PolicyRule("None")


class Recorded:
    """Requests of some class that one rule decides (or none: NO_RULE), and what becomes of them."""

    __slots__ = ("_joint", "_nodes", "_witnesses", "count", "decision", "policy", "worlds")

    def __init__(self, policy: Policy, rule: int, joint: Joint) -> None:
        self.policy = policy
        self.decision: Decision = decision_of(policy, rule)
        self.worlds = 0
        self.count = 0
        self._joint = joint
        self._nodes: list[Node] = []
        self._witnesses: dict[int, Request] = {}

    def __repr__(self) -> str:
        return f"<Recorded {self.rule} {self.level} {self.minors} {self.witness.describe()}>"

    def add(self, node: Node) -> None:
        """More requests of the kind."""
        self._nodes.append(node)
        self.worlds |= node.worlds
        self.count += node.count

    @property
    def rule(self) -> int:
        """The index of the deciding rule, NO_RULE for none."""
        return self.decision.rule

    @property
    def level(self) -> str:
        """The level of the decision."""
        return self.decision.level

    @property
    def omit_stages(self) -> frozenset[str]:
        """The stages that are not recorded."""
        return self.decision.omit_stages

    @property
    def minors(self) -> tuple[int, ...]:
        """The minors that serve such a request."""
        return minors_of(self.worlds)

    @property
    def who(self) -> tuple[str, ...]:
        """The kinds of user that send such requests: ordinary, control-plane, nobody."""
        return kinds_of(self.worlds)

    def minors_for(self, kind: str) -> tuple[int, ...]:
        """The minors in which users of the kind send such requests."""
        return minors_of(self.worlds, kind)

    @property
    def witness(self) -> Request:
        """Such a request, by an ordinary user and in the newest minor where there is one."""
        return self._witness(best(self.worlds))

    def witness_for(self, kind: str) -> Request:
        """Such a request by that kind of user, in the newest minor where there is one."""
        return self._witness(best(self.worlds & FIELD << KINDS.index(kind) * WIDTH))

    def _witness(self, world: int) -> Request:
        found = self._witnesses.get(world)
        if found is None:
            node = next(node for node in self._nodes if node.worlds & world)
            found = self._witnesses[world] = witness(node, self._joint, world)
            replay(self.policy, found, self.rule)
        return found


class Blocker(NamedTuple):
    """An earlier rule that takes requests away from a later one."""

    rule: int
    witness: Request
    same_outcome: bool
    share: int


class Reach(NamedTuple):
    """Whether a rule, or one of its values, ever decides anything.

    When `minors` is empty: either `blockers`, the fewest earlier rules that take everything, the greatest
    share first; then `same_outcome` says whether all these requests are recorded no differently. Or no
    served request matches at all, and `blame` names the fields that are why. `by_logic`: so for any request
    whatever, whether served or not.
    """

    minors: tuple[int, ...] = ()
    witness: Request | None = None
    blockers: tuple[Blocker, ...] = ()
    same_outcome: bool = False
    by_logic: bool = False
    blame: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.minors)


class Difference(NamedTuple):
    """Requests that two policies treat differently."""

    before: Decision
    after: Decision
    minors: tuple[int, ...]
    witness: Request
    share: int


class Analysis:
    """The questions that can be asked of one policy for a range of versions; answers are kept."""

    def __init__(self, policy: Policy, versions: Versions = DEFAULT) -> None:
        self.policy = policy
        self.versions = versions
        self.space = Served(versions)
        self._left = BUDGET
        self._conditions: Conditions | None = None
        self._owners: dict[int, int] = {}
        self._whole: dict[int, Recorded] | None = None
        self._reach: dict[tuple[int, PolicyRule], Reach] = {}
        self._matching: dict[PolicyRule, bool] = {}

    @property
    def conditions(self) -> Conditions:
        """The policy's rules, and after them one that takes everything."""
        if self._conditions is None:
            self._conditions = Conditions((*self.policy.rules, _SENTINEL))
            self._owners = owners(self._conditions)
        return self._conditions

    @property
    def whole(self) -> dict[int, Recorded]:
        """What each rule that decides anything decides, over every request."""
        if self._whole is None:
            joint = Joint(self.conditions)
            walk = self._walk(self.space, joint, [Segment(joint.bits)], Region())
            self._whole = self._collect(walk)
        return self._whole

    def levels(self, query: Query = EVERYTHING) -> list[Recorded]:
        """One entry for each rule that decides some request of the class, in the order of the rules."""
        if query == EVERYTHING:
            return _in_order(self.whole)
        return _in_order(self._deciders(query.rules(), len(self.policy.rules), query.who))

    def unmatched(self, query: Query = EVERYTHING) -> Recorded | None:
        """The requests of the class that no rule matches."""
        return next((found for found in self.levels(query) if found.rule == NO_RULE), None)

    def reach(self, rule: int) -> Reach:
        """Which served requests a rule decides, or why there are none."""
        try:
            found = self.whole.get(rule)
        except UndecidedError:
            return self._reach_of(rule, self.policy.rules[rule])
        if found is not None:
            return Reach(found.minors, found.witness)
        return self._reach_of(rule, self.policy.rules[rule])

    def reach_value(self, rule: int, field: str, index: int, sub: int | None = None) -> Reach:
        """Whether one listed value of a rule ever decides anything.

        `field` is one of PolicyRule's. In `resources`, `index` is the entry and `sub` an item of its
        `resources`; for one of its names the field is `resource_names`.
        """
        return self._reach_of(rule, only_value(self.policy.rules[rule], field, index, sub))

    def _reach_of(self, index: int, rule: PolicyRule) -> Reach:
        key = index, rule
        found = self._reach.get(key)
        if found is None:
            found = self._reach[key] = self._find_reach(index, rule)
        return found

    def _find_reach(self, index: int, rule: PolicyRule) -> Reach:
        takers = self._deciders([rule], index)
        own = takers.pop(NO_RULE, None)
        if own is not None:
            own.decision = decision_of(self.policy, index)
            return Reach(own.minors, own.witness)
        by_logic = NO_RULE not in self._deciders([rule], index, space=Anything(self.versions))
        if not takers:
            return Reach(by_logic=by_logic, blame=self._blame(rule))
        outcome = decision_of(self.policy, index).outcome
        same = all(taker.decision.outcome == outcome for taker in takers.values())
        kept = self._fewest(rule, takers)
        blockers = [
            Blocker(taker.rule, taker.witness, taker.decision.outcome == outcome, taker.count) for taker in kept
        ]
        return Reach((), None, tuple(blockers), same, by_logic)

    def _fewest(self, rule: PolicyRule, takers: dict[int, Recorded]) -> list[Recorded]:
        """Leaves out takers while the others still take everything, those with the least share first."""
        kept = sorted(takers.values(), key=lambda taker: -taker.count)
        for taker in kept[:0:-1][:16] + kept[:1]:
            others = [other.rule for other in kept if other is not taker]
            if others and NO_RULE not in self._deciders([rule], others):
                kept.remove(taker)
        return kept

    def _blame(self, rule: PolicyRule) -> tuple[str, ...]:
        """The fields of a rule that no served request meets: one, or two that exclude each other, or all."""
        fields = [name for name in FIELD_NAMES if name in _CONDITIONS and getattr(rule, name)]
        pairs = [(one, other) for at, one in enumerate(fields) for other in fields[at + 1 :]]
        for names in (*((name,) for name in fields), *pairs):
            if not self.matches_something(_SENTINEL._replace(**{name: getattr(rule, name) for name in names})):
                return names
        return tuple(fields)

    def matches_something(self, rule: PolicyRule) -> bool:
        """Whether any served request matches the rule, taken by itself."""
        if rule not in self._matching:
            self._matching[rule] = bool(self._deciders([rule], 0))
        return self._matching[rule]

    def redundant(self, rule: int) -> bool:
        """Whether every served request would be recorded the same without this rule."""
        bits = self.conditions.rule_bits
        joint = Joint(self.conditions)
        before = sum(bits[: rule + 1])
        segments = [Segment(before, bits[rule]), Segment(sum(bits[rule + 1 :]))]
        region = region_of([self.policy.rules[rule]], self.conditions)._replace(bits=bits[rule])
        outcome = decision_of(self.policy, rule).outcome
        for leaf in self._walk(self.space, joint, segments, region).leaves:
            after = self._owner(leaf & segments[1].bits)
            if decision_of(self.policy, after).outcome != outcome:
                return False
        return True

    def recorded_at_all(self) -> bool:
        """Whether any served request is recorded."""
        return any(found.decision.records for found in self.whole.values())

    def failed_authentication(self) -> list[Recorded]:
        """The rules that leave an event of some failed authentication: its one event is at ResponseStarted."""
        return [
            found
            for found in self.levels()
            if found.decision.level != "None"
            and "ResponseStarted" not in found.omit_stages
            and found.minors_for(NOBODY)
        ]

    def omitted_stages(self) -> dict[str, list[Recorded]]:
        """For each stage that is omitted for some recorded request: the rules that record without it."""
        omitted: dict[str, list[Recorded]] = {}
        for found in self.levels():
            if found.decision.records:
                for stage in sorted(found.omit_stages):
                    omitted.setdefault(stage, []).append(found)
        return omitted

    def _deciders(
        self,
        rules: Sequence[PolicyRule],
        among: int | list[int],
        who: Iterable[str] = KINDS,
        space: Served | None = None,
    ) -> dict[int, Recorded]:
        """Who decides the requests that one of `rules` matches, among the first rules or those listed."""
        conditions = self.conditions
        asked = Conditions(rules, conditions.end)
        joint = Joint(conditions, asked)
        indexes = range(among) if isinstance(among, int) else among
        bits = sum(conditions.rule_bits[index] for index in indexes) | conditions.rule_bits[-1]
        segments = [Segment(bits), Segment(asked.bits, asked.bits)]
        walk = self._walk(space or self.space, joint, segments, region_of(rules, asked, who))
        return self._collect(walk)

    def _walk(self, space: Served, joint: Joint, segments: list[Segment], region: Region) -> Walk:
        if self._left <= 0:
            raise UndecidedError
        limit = min(self._left, 600_000)
        try:
            walk = Walk(space, joint, segments, region, limit)
        except UndecidedError:
            self._left -= limit
            raise
        self._left -= walk.steps
        return walk

    def _collect(self, walk: Walk) -> dict[int, Recorded]:
        found: dict[int, Recorded] = {}
        for leaf, node in walk.leaves.items():
            rule = self._owner(leaf)
            if rule not in found:
                found[rule] = Recorded(self.policy, rule, walk.joint)
            found[rule].add(node)
        return found

    def _owner(self, leaf: int) -> int:
        """The rule that the lowest bit belongs to."""
        rule = self._owners[leaf & -leaf]
        return rule if rule < len(self.policy.rules) else NO_RULE


def _in_order(found: dict[int, Recorded]) -> list[Recorded]:
    """By rule, what no rule decides last."""
    return [found[rule] for rule in sorted(found, key=lambda rule: (rule == NO_RULE, rule))]


_CONDITIONS = ("users", "user_groups", "verbs", "resources", "namespaces", "non_resource_urls")


def owners(conditions: Conditions) -> dict[int, int]:
    """The index of the rule that each bit belongs to."""
    found = {}
    for index, bits in enumerate(conditions.rule_bits):
        while bits:
            found[bits & -bits] = index
            bits &= bits - 1
    return found


def only_value(rule: PolicyRule, field: str, index: int, sub: int | None = None) -> PolicyRule:
    """The rule as if it listed but this one value in the field."""
    change: dict[str, Any]
    if field not in ("resources", "resource_names"):
        change = {field: (getattr(rule, field)[index],)}
        return rule._replace(**change)
    entry: GroupResources = rule.resources[index]
    if sub is not None:
        change = {field: (getattr(entry, field)[sub],)}
        entry = entry._replace(**change)
    return rule._replace(resources=(entry,))


def replay(policy: Policy, request: Request, rule: int) -> None:
    """Holds a request against the reference; a mismatch is a fault of the analysis."""
    decided = evaluate(policy, request).rule
    if decided != rule:
        raise AssertionError(f"rule {rule} was to decide {request!r}, but {decided} does")


def difference(before: Policy, after: Policy, versions: Versions = DEFAULT) -> list[Difference]:
    """The requests that two policies record differently, in classes by the deciding rules, the largest first."""
    one = Conditions((*before.rules, _SENTINEL))
    other = Conditions((*after.rules, _SENTINEL), one.end)
    joint = Joint(one, other)
    walk = Walk(Served(versions), joint, [Segment(one.bits), Segment(other.bits)], Region())
    rule_of = {**owners(one), **owners(other)}
    found: dict[tuple[int, int], Node] = {}
    for leaf, node in walk.leaves.items():
        first, second = rule_of[leaf & -leaf], rule_of[leaf & other.bits]
        pair = first if first < len(before.rules) else NO_RULE, second if second < len(after.rules) else NO_RULE
        if decision_of(before, pair[0]).outcome == decision_of(after, pair[1]).outcome:
            continue
        if pair in found:
            _absorb(found[pair], node)
        else:
            found[pair] = node
    return [
        _difference(before, after, pair, found[pair], joint) for pair in sorted(found, key=lambda p: -found[p].count)
    ]


def _absorb(into: Node, node: Node) -> None:
    into.origins += node.origins
    into.worlds |= node.worlds
    into.count += node.count


def _difference(before: Policy, after: Policy, pair: tuple[int, int], node: Node, joint: Joint) -> Difference:
    request = witness(node, joint)
    replay(before, request, pair[0])
    replay(after, request, pair[1])
    minors = minors_of(node.worlds)
    return Difference(decision_of(before, pair[0]), decision_of(after, pair[1]), minors, request, node.count)
