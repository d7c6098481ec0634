"""Which requests two policies treat differently: `difference(before, after, versions)`.

What comes out is exact: two policies are the same for all served requests when the list is empty; each request that is
recorded differently is in one of the classes (`each.requests.matches(request)`), and each request of a class is
recorded differently, in the way that the class tells. For `fix`, `outside` answers whether anything changes for
requests that a finding is not about; `upgrade` compares what two versions do with one policy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kube_audit_lint.analysis.budget import Budget, hold_size
from kube_audit_lint.analysis.conditions import Requests
from kube_audit_lint.analysis.cover import Cover, Part
from kube_audit_lint.analysis.diagram import Diagram
from kube_audit_lint.analysis.effect import Change, Direction
from kube_audit_lint.analysis.evaluate import Decision, decision_of
from kube_audit_lint.analysis.graph import GROUPS, NAMES, ROWS, SAME, SPACES, USERS, VERBS
from kube_audit_lint.analysis.instance import Instances
from kube_audit_lint.analysis.wording import Wording
from kube_audit_lint.model.version import DEFAULT, Versions
from kube_audit_lint.syntax.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kube_audit_lint.analysis.graph import Box
    from kube_audit_lint.analysis.query import Query
    from kube_audit_lint.analysis.request import Request
    from kube_audit_lint.model.policy import Policy

DIRECTIONS: tuple[Direction, ...] = ("less", "differently", "more", "gone", "new")
"""In the order in which they are shown."""

STEPS = 700_000
"""How much work it may be to find out what differs: some three seconds."""


class Difference(NamedTuple):
    """A class of requests that two policies record differently.

    change: what is different, the same for all of them. direction: that of the change; `differently` also where no
    content is lost or gained, but the level is another one. rules: the pairs of rules that decide (NO_RULE: none does;
    None: not served). before, after: the decisions on the witness. loses, gains: see effect.py.
    minors: in which such requests are served. exact: whether all requests that meet the conditions are recorded
    differently, or only some of them, where they are too entangled to be told apart.
    """

    direction: Direction
    change: Change
    requests: Requests
    rules: tuple[tuple[int | None, int | None], ...]
    loses: frozenset[str]
    gains: frozenset[str]
    before: Decision
    after: Decision
    minors: tuple[int, ...]
    witness: Request
    width: float
    exact: bool = True

    def decisions(self, before: Policy, after: Policy) -> Iterator[tuple[Decision, Decision]]:
        """Each pair of decisions that some request of the class meets in the two policies."""
        for one, other in self.rules:
            if one is not None and other is not None:
                yield decision_of(before, one), decision_of(after, other)


def difference(
    before: Policy, after: Policy, versions: Versions = DEFAULT, budget: Budget | None = None
) -> list[Difference]:
    """The requests that two policies record differently, in few classes: first those with less, the widest first.

    Raises UndecidedError where that would take too long.
    """
    return _classes(_diagram(before, after, versions, budget, upgrade=False))


def differs(before: Policy, after: Policy, versions: Versions = DEFAULT, budget: Budget | None = None) -> bool:
    """Whether any served request is recorded differently: `bool(difference(...))`, in less time."""
    return _diagram(before, after, versions, budget, upgrade=False).differs


def outside(
    before: Policy, after: Policy, query: Query, versions: Versions = DEFAULT, budget: Budget | None = None
) -> list[Difference]:
    """The same, but for the requests of a class: empty when nothing changes for any other request.

    The rules of what is found are counted from behind those of the query.
    """
    first = tuple(query.rules())
    one, other = (policy._replace(rules=(*first, *policy.rules)) for policy in (before, after))
    return difference(one, other, versions, budget)


def upgrade(before: Policy, after: Policy, versions: Versions, budget: Budget | None = None) -> list[Difference]:
    """What changes from the first to the last of the versions, for one policy as each of them loads it."""
    return _classes(_diagram(before, after, versions, budget, upgrade=True))


def _diagram(before: Policy, after: Policy, versions: Versions, budget: Budget | None, upgrade: bool) -> Diagram:
    hold_size(before)
    hold_size(after)
    return Diagram(before, after, versions, (budget or Budget(STEPS)).spend, upgrade)


def _classes(diagram: Diagram) -> list[Difference]:
    graph = diagram.graph
    root = graph.relabelled(diagram.root, lambda pair: pair.effect.change)
    cover, wording, instances = Cover(graph, root), Wording(diagram), Instances(diagram)
    found = [
        _class(diagram, graph.labels[leaf], part, requests, instances)
        for leaf in graph.changing(root)
        for part in cover.of(leaf)
        for requests in wording.of(part.box)
    ]
    return sorted(_joined(found), key=lambda one: (DIRECTIONS.index(one.direction), -one.width))


def _class(diagram: Diagram, change: Change, part: Part, requests: Requests, instances: Instances) -> Difference:
    graph = diagram.graph
    labels = [graph.labels[leaf] for leaf in graph.leaves(diagram.root, part.box) if leaf != SAME]
    pairs = [pair for pair in labels if pair.effect.change == change]
    loses: frozenset[str] = frozenset().union(*(pair.effect.loses for pair in pairs))
    gains: frozenset[str] = frozenset().union(*(pair.effect.gains for pair in pairs))
    direction = change.direction
    if direction in ("less", "more") and not loses and not gains:
        direction = "differently"
    instance = instances.of(part.example, requests if part.exact else None, change, bool(loses or gains))
    touched = graph.touched(diagram.root, part.box)
    rules = tuple(sorted({(pair.before, pair.after) for pair in pairs}, key=_order))
    return Difference(
        direction,
        change,
        requests,
        rules,
        loses,
        gains,
        instance.before,
        instance.after,
        instances.minors(touched),
        instance.request,
        _width(touched, part.box, len(diagram.users)),
        part.exact,
    )


def _order(pair: tuple[int | None, int | None]) -> tuple[int, ...]:
    """In the order of the rules, those of no rule last."""
    return tuple(10**6 if index is None or index < 0 else index for index in pair)


def _width(touched: Box, box: Box, users: int) -> float:
    """About which share of all requests a box is: what is not named weighs most."""
    width = float(touched.get(ROWS, 0).bit_count() * touched.get(VERBS, 0).bit_count())
    for level in (SPACES, NAMES):
        values = touched.get(level, 1)
        width *= 1.0 if values & 1 else min(0.5, 0.1 * values.bit_count())
    width *= touched.get(USERS, 0).bit_count() / users
    return float(width * 0.3 ** sum(1 for level, mask in box.items() if level >= GROUPS and mask == 2))


def _joined(found: Iterable[Difference]) -> list[Difference]:
    """Those that differ only in one of the groups, or users, that they are about, as one."""
    kept: dict[object, Difference] = {}
    for one in found:
        who = one.requests.who
        key: object = (one.change, one.requests._replace(who=who._replace(users=(), groups=())), one.exact)
        if not (who.users or who.groups) or who.in_all:
            key = (key, who)
        kept[key] = _together(kept[key], one) if key in kept else one
    return list(kept.values())


def _together(one: Difference, other: Difference) -> Difference:
    first, second = one.requests.who, other.requests.who
    who = first._replace(
        users=tuple(dict.fromkeys((*first.users, *second.users))),
        groups=tuple(dict.fromkeys((*first.groups, *second.groups))),
    )
    direction = one.direction if one.direction != "differently" else other.direction
    return one._replace(
        direction=direction,
        requests=one.requests._replace(who=who),
        rules=tuple(sorted({*one.rules, *other.rules}, key=_order)),
        loses=one.loses | other.loses,
        gains=one.gains | other.gains,
        minors=tuple(sorted({*one.minors, *other.minors})),
        width=one.width + other.width,
    )
