"""Answers for single rules and values where the walk does not tell: by probes, and why a rule decides nothing."""

from __future__ import annotations

from functools import partial

from kube_audit_lint.analysis import UndecidedError
from kube_audit_lint.analysis.answers import Blocker, Reach, Recorded, hold
from kube_audit_lint.analysis.evaluate import decision_of, item_matches
from kube_audit_lint.analysis.probe import ANY, Only, Probe
from kube_audit_lint.analysis.query import region_of
from kube_audit_lint.analysis.space import union
from kube_audit_lint.analysis.symbolic import Conditions, Joint
from kube_audit_lint.analysis.walk import Segment
from kube_audit_lint.analysis.witness import Trace, request_of
from kube_audit_lint.analysis.worlds import minors_of
from kube_audit_lint.kubernetes import resources as catalogue
from kube_audit_lint.model.policy import CONDITIONS, PolicyRule
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kube_audit_lint.analysis.compiled import Compiled
    from kube_audit_lint.analysis.request import Request
    from kube_audit_lint.analysis.space import Resource, Target
    from kube_audit_lint.model.policy import GroupResources

FEW = 8_000
"""Steps that may be spent on one rule: after these, some rules that take everything will do for all that do."""

MANY_KEPT = 1_000
"""Answers about values that are kept; a list of more has each value looked for once."""

_FREE = PolicyRule("None")


class _Goal(NamedTuple):
    """A rule as if it listed but one value somewhere, with its bits, and what the value leaves of the space."""

    rule: int
    alone: PolicyRule
    wanted: int
    only: Only = ANY
    field: str = ""


class _Left(NamedTuple):
    """Verbs, groups and resources of requests that are left to a rule."""

    verbs: set[str]
    groups: set[str]
    items: set[tuple[str, str]]


class Search:
    """The searches for one policy; answers are kept."""

    def __init__(self, compiled: Compiled) -> None:
        self._compiled = compiled
        self._policy = compiled.policy
        self._conditions = compiled.conditions
        self._reach: dict[tuple[int, PolicyRule, bool], Reach] = {}
        self._matching: dict[PolicyRule, bool] = {}
        self._left: dict[int, _Left] = {}

    def reach(self, rule: int) -> Reach:
        """Which served requests a rule decides, found without the walk."""
        goal = self._whole_rule(rule)
        key = rule, goal.alone, False
        found = self._reach.get(key)
        if found is None:
            probe = self._probe(goal, range(rule))
            if probe.reached is None:
                found = self._unreached(goal)
            else:
                found = Reach(minors_of(probe.found), self._finding(probe.reached, rule))
            self._reach[key] = found
        return found

    def unreached(self, rule: int) -> Reach:
        """What is to say of a rule that decides nothing."""
        return self._unreached(self._whole_rule(rule))

    def reach_built_in(self, rule: int) -> Reach:
        """Whether a rule decides requests for built-in resources."""
        return self._reach_of(self._of_built_in(self._whole_rule(rule)), built_in=True)

    def reach_value(self, rule: int, field: str, index: int, sub: int | None, built_in: bool) -> Reach:
        """Whether a value decides anything; the arguments are those of Analysis.reach_value."""
        goal = partial(self._value, rule, field, index, sub)
        if built_in:
            return self._reach_of(self._of_built_in(goal()), built_in)
        if self._is_left(rule, field, index, sub):
            return Reach(lambda: self._minors(goal()), lambda: self._found(goal()))
        return self._reach_of(goal(), built_in)

    def _is_left(self, rule: int, field: str, index: int, sub: int | None) -> bool:
        """Whether a value plainly decides something, as most values do. When in doubt it is false."""
        if field == "verbs":
            return self._policy.rules[rule].verbs[index] in self._left_to(rule, self._conditions.rule_bits[rule]).verbs
        if field != "resources":
            return False
        entry = self._policy.rules[rule].resources[index]
        left = self._left_to(rule, self._conditions.entry_bits[rule][index])
        if sub is None and not entry.resources:
            return entry.group in left.groups
        return sub is not None and (entry.group, entry.resources[sub]) in left.items

    def _left_to(self, rule: int, wanted: int) -> _Left:
        """What is left to alternatives of a rule that need no more than a target: where no rule in front has it."""
        found = self._left.get(wanted)
        if found is None:
            made, before = self._compiled.dimensions, self._bits_before(rule)
            complete = wanted & made.complete
            targets = [one for one in made.chances(wanted).targets if one.bits & complete and not one.bits & before]
            classes = {id(one.members): one.members for one in targets}.values()
            self._compiled.budget.spend(sum(map(len, classes)))
            named = [one for members in classes for _, one in members if isinstance(one, tuple)]
            items = {(group, f"{name}/{sub}" if sub else name) for group, name, sub in named}
            found = _Left({one.verb for one in targets}, {group for group, _ in items}, items)
            self._left[wanted] = found
        return found

    def _found(self, goal: _Goal) -> Request:
        """A request that a goal decides, where it is known that there is one."""
        probe = self._probe(goal, range(goal.rule), once=True)
        assert probe.reached is not None
        return self._finding(probe.reached, goal.rule)()

    def _reach_of(self, goal: _Goal, built_in: bool) -> Reach:
        key = goal.rule, goal.alone, built_in
        found = self._reach.get(key)
        if found is None:
            if len(self._reach) >= MANY_KEPT:
                self._reach.clear()
            found = self._reach[key] = self._reach_of_value(goal)
        return found

    def _of_built_in(self, goal: _Goal) -> _Goal:
        """The same of the built-in groups alone."""
        targets = goal.only.targets
        if targets is None:
            targets = self._compiled.dimensions.chances(goal.wanted).targets
        found = self._parts(targets, _is_built_in)
        return goal._replace(only=goal.only._replace(targets=found))

    def _reach_of_value(self, goal: _Goal) -> Reach:
        whole = self._compiled.whole_if_decided()
        if whole is not None and goal.rule not in whole:
            return self._unreached(goal)  # as its rule
        probe = self._probe(goal, range(goal.rule), once=True)
        if probe.reached is None:
            return self._unreached(goal)
        return Reach(lambda: self._minors(goal), self._finding(probe.reached, goal.rule))

    def _minors(self, goal: _Goal) -> tuple[int, ...]:
        return minors_of(self._probe(goal, range(goal.rule)).found)

    def _whole_rule(self, rule: int) -> _Goal:
        return _Goal(rule, self._policy.rules[rule], self._conditions.rule_bits[rule])

    def _value(self, rule: int, field: str, index: int, sub: int | None) -> _Goal:
        alone = only_value(self._policy.rules[rule], field, index, sub)
        named = field in ("resources", "resource_names")
        wanted = self._conditions.entry_bits[rule][index] if named else self._conditions.rule_bits[rule]
        return _Goal(rule, alone, wanted, self._only(alone, field, wanted), field)

    def _only(self, alone: PolicyRule, field: str, wanted: int) -> Only:
        """The requests that the one value of a field takes."""
        value = getattr(alone, field)[0] if field != "resource_names" else alone.resources[0].resource_names[0]
        if field in ("users", "user_groups", "namespaces"):
            return _ONLY[field](value)
        made = self._compiled.dimensions
        targets = made.chances(wanted).targets
        if field == "verbs":
            return Only([target for target in targets if target.verb == value])
        if field == "non_resource_urls":
            return Only(list(made.space.paths_below(made.joint, value)))
        entry = alone.resources[0]
        if entry.group != "*" and len(entry.resources) == 1 and "*" not in entry.resources[0]:
            found = made.targets_of(entry.group, entry.resources[0])
        else:
            group = entry.group
            found = self._parts(targets, lambda one: group in (one[0], "*") and _takes(entry, one))
        return Only(found, name=value if field == "resource_names" else None)

    def _finding(self, reached: Trace, rule: int) -> Callable[[], Request]:
        """What makes the request of a trace, should a user want it: the probe itself is not kept."""

        def find() -> Request:
            request = request_of(reached, self._compiled.dimensions.joint)
            hold(self._compiled.decide(request), request, rule)
            return request

        return find

    def _parts(self, targets: Iterable[Target], wanted: Callable[[Resource], bool]) -> list[Target]:
        """The parts of classes of resources that are wanted; those of the same members are looked through once."""
        found: list[Target] = []
        known: dict[int, list[tuple[int, Resource | str]]] = {}
        for target in targets:
            every = target.members
            members = known.get(id(every))
            if members is None:
                self._compiled.budget.spend(2 + 2 * len(every))
                members = known[id(every)] = [one for one in every if isinstance(one[1], tuple) and wanted(one[1])]
            if len(members) == len(every):
                found.append(target)
            elif members:
                found.append(target._replace(members=members, worlds=union(members)))
        return found

    def _unreached(self, goal: _Goal) -> Reach:
        return Reach((), None, lambda: self._blockers(goal), lambda: self._blame(goal))

    def _blockers(self, goal: _Goal) -> tuple[Blocker, ...]:
        """The fewest earlier rules that take all that the rule matches; none when nothing does."""
        if self._probe(goal, (), once=True).reached is None:
            return ()
        outcome = decision_of(self._policy, goal.rule).outcome
        return tuple(
            Blocker(taker.rule, taker.witness, taker.decision.outcome == outcome)
            for taker in self._fewest(goal, self._takers(goal))
        )

    def _takers(self, goal: _Goal) -> dict[int, Recorded]:
        """Who decides the requests that the rule matches, or but enough of them to take all."""
        try:
            if goal.only == Only(goal.only.targets):
                targets = goal.only.targets or self._compiled.dimensions.chances(goal.wanted).targets
                return self._compiled.takers(self._bits_before(goal.rule), goal.wanted, targets, FEW)
            return self._compiled.deciders([goal.alone], goal.rule, limit=FEW)
        except UndecidedError:
            takers: dict[int, Recorded] = {}
        while True:
            probe = self._probe(goal, takers)
            if probe.reached is None:
                return takers
            request = request_of(probe.reached, self._compiled.dimensions.joint)
            rule = self._compiled.decide(request).rule
            takers[rule] = Recorded(self._policy, rule, self._compiled.dimensions.joint, self._compiled.decide)
            takers[rule].seen(probe.found, request)

    def _fewest(self, goal: _Goal, takers: dict[int, Recorded]) -> list[Recorded]:
        """Leaves out takers while the others still take everything, those with the least share first."""
        kept = sorted(takers.values(), key=lambda taker: -taker.count)
        for taker in kept[::-1]:
            others = [other.rule for other in kept if other is not taker]
            if others and self._probe(goal, others).reached is None:
                kept.remove(taker)
        return kept

    def _probe(self, goal: _Goal, before: Iterable[int], once: bool = False) -> Probe:
        compiled, budget = self._compiled, self._compiled.budget
        if isinstance(before, range):
            bits = self._bits_before(before.stop)
        else:
            bits = sum(self._conditions.rule_bits[rule] for rule in before)
        budget.spend(1)
        probe = Probe(compiled.dimensions, goal.wanted, bits, goal.only, min(budget.left, FEW), once)
        budget.spend(probe.steps)
        return probe

    def _bits_before(self, rule: int) -> int:
        """The alternatives of all rules in front of one."""
        bits = self._conditions.rule_bits[rule]
        return (bits & -bits) - 1

    def _blame(self, goal: _Goal) -> tuple[str, ...]:
        """The fields of a rule that no served request meets: one, or two that exclude each other, or all."""
        field = "resources" if goal.field == "resource_names" else goal.field
        fields = [name for name in CONDITIONS if getattr(goal.alone, name)]
        pairs = [(one, other) for at, one in enumerate(fields) for other in fields[at + 1 :]]
        for names in (*((name,) for name in fields), *pairs):
            if field and field not in names:
                continue
            if not self._matches_something(_FREE._replace(**{name: getattr(goal.alone, name) for name in names})):
                return names
        return tuple(fields)

    def _matches_something(self, rule: PolicyRule) -> bool:
        """Whether any served request matches the rule by itself."""
        if rule not in self._matching:
            alone = Conditions([rule])
            region = region_of([rule], alone)
            walk = self._compiled.walk(Joint(alone), [Segment(alone.bits, alone.bits)], region)
            self._matching[rule] = bool(walk.leaves)
        return self._matching[rule]


_ONLY: dict[str, Callable[[str], Only]] = {
    "users": lambda value: Only(user=value),
    "user_groups": lambda value: Only(user_group=value),
    "namespaces": lambda value: Only(namespace=value),
}


def _is_built_in(resource: Resource) -> bool:
    return catalogue.is_builtin_group(resource[0])


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
