"""What a policy does with every request that its API servers serve: the questions, one object for each policy.

Every answer that names a request has replayed it through `evaluate` first; one that does not lead to the
answer is a fault of the analysis and raises. A question that would take too long raises UndecidedError.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from kube_audit_lint.analysis.evaluate import (
    NO_RULE,
    Decision,
    decision_of,
    evaluate,
    failed_condition,
    item_matches,
)
from kube_audit_lint.analysis.identities import Identities, with_bits
from kube_audit_lint.analysis.probe import ANY, Dimensions, Only, Probe
from kube_audit_lint.analysis.query import EVERYTHING, Query, kinds_bits, region_of
from kube_audit_lint.analysis.space import Anything, Region, Resource, Served, Target, union
from kube_audit_lint.analysis.symbolic import Conditions, Joint
from kube_audit_lint.analysis.variation import varied
from kube_audit_lint.analysis.walk import Segment, Splits, UndecidedError, Walk
from kube_audit_lint.analysis.witness import witness
from kube_audit_lint.analysis.worlds import FIELD, KINDS, NOBODY, ORDINARY, WIDTH, best, kinds_of, minors_of
from kube_audit_lint.model.policy import FIELD_NAMES, PolicyRule
from kube_audit_lint.model.version import DEFAULT, Versions
from kube_audit_lint.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from kube_audit_lint.analysis.request import Request
    from kube_audit_lint.analysis.walk import Node
    from kube_audit_lint.model.policy import GroupResources, Policy

__all__ = ["Analysis", "Blocker", "Difference", "Query", "Reach", "Recorded", "UndecidedError", "difference"]

BUDGET = 500_000
"""Steps that all questions about one policy may take together: less than five seconds."""

LIMIT = 50_000
"""Steps that one question may take before another way is tried."""

FEW = 8_000
"""Steps that may be spent on one rule: after these, some rules that take everything will do for all that do."""

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

    def within(self, worlds: int) -> Recorded:
        """The part of these requests that is in some worlds."""
        part = Recorded(self.policy, self.rule, self._joint)
        part.worlds, part.count = self.worlds & worlds, self.count
        part._nodes, part._witnesses = self._nodes, self._witnesses
        return part

    def seen(self, worlds: int, request: Request) -> None:
        """One such request, known otherwise."""
        self.worlds |= worlds
        self.count += 1
        self._witnesses[best(worlds)] = request

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


class Reach:
    """Whether a rule, or one of its values, ever decides anything: true when it does.

    When `minors` is empty: either `blockers`, the fewest earlier rules that take everything, the greatest
    share first. Or no served request matches at all, and `blame` names the fields that are why. These are
    found out when they are asked for, and may raise UndecidedError; so may `minors` of a value.
    """

    __slots__ = ("_blame", "_blamed", "_block", "_blockers", "_count", "_find", "_minors", "_witness")

    def __init__(
        self,
        minors: tuple[int, ...] | Callable[[], tuple[int, ...]] = (),
        find: Callable[[], Request] | None = None,
        block: Callable[[], tuple[Blocker, ...]] | None = None,
        blame: Callable[[], tuple[str, ...]] | None = None,
    ) -> None:
        self._count = minors if callable(minors) else None
        self._minors = None if callable(minors) else minors
        self._find = find
        self._witness: Request | None = None
        self._block = block
        self._blockers: tuple[Blocker, ...] | None = None
        self._blamed = blame
        self._blame: tuple[str, ...] | None = None

    def __bool__(self) -> bool:
        return self._minors is None or bool(self._minors)

    @property
    def minors(self) -> tuple[int, ...]:
        """The minors in which something is decided there."""
        if self._minors is None:
            self._minors = self._count() if self._count is not None else ()
        return self._minors

    @property
    def witness(self) -> Request | None:
        """A request that is decided there; None when there is none."""
        if self._witness is None and self._find is not None:
            self._witness = self._find()
        return self._witness

    @property
    def blockers(self) -> tuple[Blocker, ...]:
        """The fewest earlier rules that take everything."""
        if self._blockers is None:
            self._blockers = self._block() if self._block else ()
        return self._blockers

    @property
    def blame(self) -> tuple[str, ...]:
        """The fields that no served request meets together."""
        if self._blame is None:
            self._blame = self._blamed() if self._blamed and not self.blockers else ()
        return self._blame


class _Asked(NamedTuple):
    """A rule as if it listed but one value somewhere, with its bits, and what the value leaves of the space."""

    rule: int
    alone: PolicyRule
    wanted: int
    only: Only = ANY
    field: str = ""


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
        self._too_large = False
        self._users: Identities | None = None
        self._made: Dimensions | None = None
        self._anything: Anything | None = None
        self._reach: dict[tuple[int, PolicyRule], Reach] = {}
        self._known: dict[int, list[Request]] = {}
        self._splits: Splits = {}
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
            if self._too_large:
                raise UndecidedError
            made = self._dimensions
            self._too_large = True
            walk = self._walk(
                self.space,
                made.joint,
                [Segment(made.joint.bits)],
                Region(),
                identities=made.identities,
                targets=made.targets,
                splits=self._splits,
            )
            self._too_large = False
            self._whole = self._collect(walk)
        return self._whole

    def levels(self, query: Query = EVERYTHING) -> list[Recorded]:
        """One entry for each rule that decides some request of the class, in the order of the rules."""
        if query == EVERYTHING:
            return _in_order(self.whole)
        if query._replace(who=KINDS) == EVERYTHING:
            return _in_order(self._sent_by(query.who))
        found = self._deciders_of_targets(query)
        if found is None:
            found = self._deciders(query.rules(), len(self.policy.rules), query.who)
        return _in_order(found)

    def _sent_by(self, who: Iterable[str]) -> dict[int, Recorded]:
        """What each rule decides of the requests by some kinds of user."""
        worlds = self.space.minors * kinds_bits(who)
        return {rule: found.within(worlds) for rule, found in self.whole.items() if found.worlds & worlds}

    def _deciders_of_targets(self, query: Query) -> dict[int, Recorded] | None:
        """Who decides requests for some resources with some verbs; None where the query asks for more than that.

        Such a class is a choice of targets, so the rules' own classes will do, and walks share what they find.
        """
        if query != Query(query.resources, query.verbs, who=query.who):
            return None
        targets = self._dimensions.targets_for(query.resources, query.verbs)
        if targets is None:
            return None
        region = Region(kinds=kinds_bits(query.who))
        splits = self._splits if ORDINARY in query.who else None
        walk = self._walk(
            self.space,
            self._dimensions.joint,
            [Segment(self.conditions.bits)],
            region,
            identities=self._identities,
            targets=targets,
            splits=splits,
        )
        return self._collect(walk)

    def unmatched(self, query: Query = EVERYTHING) -> Recorded | None:
        """The requests of the class that no rule matches."""
        return next((found for found in self.levels(query) if found.rule == NO_RULE), None)

    def reach(self, rule: int) -> Reach:
        """Which served requests a rule decides, or why there are none."""
        asked = _Asked(rule, self.policy.rules[rule], self.conditions.rule_bits[rule])
        whole = self._whole_if_decided()
        if whole is None:
            return self._reach_of(asked)
        if rule in whole:
            found = whole[rule]
            return Reach(found.minors, lambda: found.witness)
        return self._unreached(asked)

    def reach_value(self, rule: int, field: str, index: int, sub: int | None = None) -> Reach:
        """Whether one listed value of a rule ever decides anything.

        `field` is one of PolicyRule's. In `resources`, `index` is the entry and `sub` an item of its
        `resources`; for one of its names the field is `resource_names`.
        """
        alone = only_value(self.policy.rules[rule], field, index, sub)
        wanted = self.conditions.rule_bits[rule]
        if field in ("resources", "resource_names"):
            wanted = self.conditions.entry_bits[rule][index]
        key = rule, alone
        found = self._reach.get(key)
        if found is None:
            found = self._reach[key] = self._reach_of_value(rule, alone, wanted, field)
        return found

    def _reach_of_value(self, rule: int, alone: PolicyRule, wanted: int, field: str) -> Reach:
        """Known requests that the rule decides tell of most values; a search tells of the others."""
        asked = cache(lambda: _Asked(rule, alone, wanted, self._only(alone, field, wanted), field))

        def minors() -> tuple[int, ...]:
            return minors_of(self._probe(asked(), range(rule)).found)

        known = self._known_of(rule)
        found = next((one for one in known if failed_condition(alone, one) is None), None)
        if found is None and known:
            found = varied(known[0], field, alone, self._dimensions)
            if found is not None and (
                failed_condition(alone, found) is not None or evaluate(self.policy, found).rule != rule
            ):
                found = None
        if found is None and (known or self._whole is None):
            probe = self._probe(asked(), range(rule), once=True)
            if probe.reached is not None:
                found = self._replayed(probe, rule)
                known.append(found)
        return self._unreached(asked()) if found is None else Reach(minors, lambda: found)

    def _known_of(self, rule: int) -> list[Request]:
        """Requests that the rule is known to decide; when the walk was possible, none for a rule without any."""
        known = self._known.get(rule)
        if known is None:
            whole = self._whole_if_decided()
            known = self._known[rule] = [whole[rule].witness] if whole and rule in whole else []
        return known

    def dead_by_logic(self, rule: int) -> bool:
        """Whether earlier rules take every request at all that the rule matches, whether served or not."""
        if self._anything is None:
            self._anything = Anything(self.versions)
        return NO_RULE not in self._deciders([self.policy.rules[rule]], rule, space=self._anything)

    def _only(self, alone: PolicyRule, field: str, wanted: int) -> Only:
        """The requests that the one value of a field takes."""
        value = getattr(alone, field)[0] if field != "resource_names" else alone.resources[0].resource_names[0]
        if field in ("users", "user_groups", "namespaces"):
            return _ONLY[field](value)
        targets = self._dimensions.chances(wanted).targets
        if field == "verbs":
            return Only([target for target in targets if target.verb == value])
        if field == "non_resource_urls":
            return Only(list(self.space.paths_below(self._dimensions.joint, value)))
        entry = alone.resources[0]
        if entry.group != "*" and len(entry.resources) == 1 and "*" not in entry.resources[0]:
            found = self._dimensions.targets_of(entry.group, entry.resources[0])
        else:
            found = [taken for target in targets if (taken := _taken(target, entry))]
        return Only(found, name=value if field == "resource_names" else None)

    def _reach_of(self, asked: _Asked) -> Reach:
        key = asked.rule, asked.alone
        found = self._reach.get(key)
        if found is None:
            probe = self._probe(asked, range(asked.rule))
            if probe.reached is not None:
                found = Reach(minors_of(probe.found), lambda: self._replayed(probe, asked.rule))
            else:
                found = self._unreached(asked)
            self._reach[key] = found
        return found

    def _replayed(self, probe: Probe, rule: int) -> Request:
        request = probe.request
        replay(self.policy, request, rule)
        return request

    def _unreached(self, asked: _Asked) -> Reach:
        return Reach((), None, lambda: self._blockers(asked), lambda: self._blame(asked))

    def _blockers(self, asked: _Asked) -> tuple[Blocker, ...]:
        """The fewest earlier rules that take all that the rule matches; none when nothing does."""
        if self._probe(asked, (), once=True).reached is None:
            return ()
        outcome = decision_of(self.policy, asked.rule).outcome
        return tuple(
            Blocker(taker.rule, taker.witness, taker.decision.outcome == outcome, taker.count)
            for taker in self._fewest(asked, self._takers(asked))
        )

    def _takers(self, asked: _Asked) -> dict[int, Recorded]:
        """Who decides the requests that the rule matches, or but enough of them to take all."""
        try:
            return self._deciders([asked.alone], asked.rule, limit=FEW)
        except UndecidedError:
            takers: dict[int, Recorded] = {}
        while True:
            probe = self._probe(asked, takers)
            if probe.reached is None:
                return takers
            request = probe.request
            rule = evaluate(self.policy, request).rule
            takers[rule] = Recorded(self.policy, rule, self._dimensions.joint)
            takers[rule].seen(probe.found, request)

    def _fewest(self, asked: _Asked, takers: dict[int, Recorded]) -> list[Recorded]:
        """Leaves out takers while the others still take everything, those with the least share first."""
        kept = sorted(takers.values(), key=lambda taker: -taker.count)
        for taker in kept[::-1]:
            others = [other.rule for other in kept if other is not taker]
            if others and self._probe(asked, others).reached is None:
                kept.remove(taker)
        return kept

    def _probe(self, asked: _Asked, before: Iterable[int], once: bool = False) -> Probe:
        if isinstance(before, range):
            bits = self._bits_before(before.stop)
        else:
            bits = sum(self.conditions.rule_bits[rule] for rule in before)
        if self._left <= 0:
            raise UndecidedError
        probe = Probe(self._dimensions, asked.wanted, bits, asked.only, min(self._left, FEW), once)
        self._left -= probe.steps
        return probe

    def _bits_before(self, rule: int) -> int:
        """The alternatives of all rules in front of one."""
        bits = self.conditions.rule_bits[rule]
        return (bits & -bits) - 1

    @property
    def _dimensions(self) -> Dimensions:
        if self._made is None:
            self._made = Dimensions(self.space, Joint(self.conditions), self._identities)
        return self._made

    def _whole_if_decided(self) -> dict[int, Recorded] | None:
        try:
            return self.whole
        except UndecidedError:
            return None

    def _blame(self, asked: _Asked) -> tuple[str, ...]:
        """The fields of a rule that no served request meets: one, or two that exclude each other, or all."""
        field = "resources" if asked.field == "resource_names" else asked.field
        fields = [name for name in FIELD_NAMES if name in _CONDITIONS and getattr(asked.alone, name)]
        pairs = [(one, other) for at, one in enumerate(fields) for other in fields[at + 1 :]]
        for names in (*((name,) for name in fields), *pairs):
            if field and field not in names:
                continue
            if not self.matches_something(_SENTINEL._replace(**{name: getattr(asked.alone, name) for name in names})):
                return names
        return tuple(fields)

    def matches_something(self, rule: PolicyRule) -> bool:
        """Whether any served request matches the rule, taken by itself."""
        if rule not in self._matching:
            alone = Conditions([rule])
            region = region_of([rule], alone)
            walk = self._walk(self.space, Joint(alone), [Segment(alone.bits, alone.bits)], region)
            self._matching[rule] = bool(walk.leaves)
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
            identities = with_bits(self._identities, asked.bits)
        region = region_of(rules, asked, who)
        return self._collect(self._walk(space or self.space, joint, segments, region, limit, identities))

    @property
    def _identities(self) -> Identities:
        """The classes of users that the policy's own rules tell apart."""
        if self._users is None:
            self._users = self.space.identities(Joint(self.conditions))
        return self._users

    def _walk(
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
        if self._left <= 0:
            raise UndecidedError
        limit = min(self._left, limit)
        try:
            walk = Walk(space, joint, segments, region, limit, identities, targets, splits)
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


_ONLY: dict[str, Callable[[str], Only]] = {
    "users": lambda value: Only(user=value),
    "user_groups": lambda value: Only(user_group=value),
    "namespaces": lambda value: Only(namespace=value),
}


def _taken(target: Target, entry: GroupResources) -> Target | None:
    """The part of a class of resources that the entry takes, whatever the name."""
    group = entry.group
    members = [
        member
        for member in target.members
        if group in (member[1][0], "*") and isinstance(member[1], tuple) and _takes(entry, member[1])
    ]
    if len(members) == len(target.members):
        return target
    return target._replace(members=members, worlds=union(members)) if members else None


def _takes(entry: GroupResources, resource: Resource) -> bool:
    return not entry.resources or any(item_matches(item, resource[1], resource[2]) for item in entry.resources)


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
