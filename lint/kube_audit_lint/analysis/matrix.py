"""What is recorded of every request that API servers serve, as a table: `matrix(before, after, versions)`.

A row is a resource, or all URLs that no rule tells apart; a column is a verb. Cells whose requests come to the same
rules in the same way are of one class. All of it is exact: each served request of a cell is in one of the cases of
its class, and each case has a request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kube_audit_lint.analysis import familiar
from kube_audit_lint.analysis.budget import Budget, hold_size
from kube_audit_lint.analysis.cover import Cover
from kube_audit_lint.analysis.deciders import Decided, Deciders
from kube_audit_lint.analysis.graph import ALL, GROUPS, NAMES, SPACES, USERS
from kube_audit_lint.analysis.instance import bits_of
from kube_audit_lint.analysis.request import Request
from kube_audit_lint.analysis.rows import VERBS_OF_REQUESTS
from kube_audit_lint.analysis.senders import Sender, senders
from kube_audit_lint.analysis.space import NAMESPACE_EMPTY, NAMESPACE_IS_NAME
from kube_audit_lint.analysis.witness import named
from kube_audit_lint.analysis.wording import Wording
from kube_audit_lint.analysis.worlds import minors_of
from kube_audit_lint.model.matrix import Sample
from kube_audit_lint.syntax.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kube_audit_lint.analysis.conditions import Choice, What, Who
    from kube_audit_lint.analysis.graph import Box
    from kube_audit_lint.analysis.rows import Key
    from kube_audit_lint.analysis.space import Resource, Shape
    from kube_audit_lint.model.policy import Policy
    from kube_audit_lint.model.version import Versions

STEPS = 3_000_000
"""How much work a matrix may be: some ten seconds."""


class Case(NamedTuple):
    """Requests of the cells of a class that come to one leaf, with their conditions.

    exact: whether all that meet the conditions do, or only some of them, where they are too entangled.
    """

    decided: Decided
    who: tuple[Who, ...]
    namespaces: Choice
    names: Choice
    exact: bool


class Class(NamedTuple):
    """The cells of a class. seen: for each of the senders the cases that it comes to, each with a request of it."""

    cases: tuple[Case, ...]
    seen: tuple[tuple[tuple[int, Sample], ...], ...]


class Row(NamedTuple):
    """A resource, or URLs. key: None in it is any that no rule names. paths: the conditions on URLs, or empty.

    cells: the class of each verb that is served. examples: a resource that the row holds, first one in a namespace
    where there is one, then one in none; or a path. minors: those that serve it.
    """

    key: Key | None
    paths: tuple[What, ...]
    cells: dict[str, int]
    examples: tuple[Resource | str, ...]
    minors: tuple[int, ...]
    scopes: tuple[bool, ...] = ()
    """Whether such resources are in a namespace; both where some are, or in some versions."""


class Matrix(NamedTuple):
    """All of it. The spaces and names that rules name are not those that a sample of None stands for."""

    rows: list[Row]
    classes: list[Class]
    senders: list[Sender]
    namespaces: tuple[str, ...]
    names: tuple[str, ...]

    def request(self, row: Row, verb: str, sample: Sample) -> Request:
        """The request of a cell that a sample of its class stands for."""
        user, groups = sample.user, frozenset(sample.groups)
        if row.key is None:
            return Request(user, groups, verb, url=str(row.examples[0]))
        space, name = sample.namespace, sample.name
        cluster = space == "" and verb not in ("list", "watch", "deletecollection")
        example = row.examples[-1 if cluster else 0]
        assert not isinstance(example, str)
        group, resource, sub = example
        if (group, resource) == ("", "namespaces") and space != "" and name != "":
            space = name = space or name or self.space
        space = self.space if space is None else space
        name = self.object(resource) if name is None else name
        return Request(user, groups, verb, group, resource, sub, space, name)

    @property
    def space(self) -> str:
        """A namespace that no rule names, and no rule names an object so."""
        return familiar.pick(familiar.NAMESPACES, (*self.namespaces, *self.names))

    def object(self, resource: str) -> str:
        """The name of an object that no rule names."""
        return familiar.pick((familiar.OBJECTS.get(resource, familiar.OBJECT),), self.names)


def matrix(before: Policy, after: Policy, versions: Versions, budget: Budget | None = None) -> Matrix:
    """The matrix of two policies, or of one twice. Raises UndecidedError where it would take too long."""
    hold_size(before)
    hold_size(after)
    return _Maker(Deciders(before, after, versions, (budget or Budget(STEPS)).spend)).made()


class _Maker:
    """Makes the matrix of a diagram."""

    def __init__(self, diagram: Deciders) -> None:
        self.diagram = diagram
        self.graph = diagram.graph
        self.wording = Wording(diagram)
        self.senders = senders(diagram)
        self._classes: dict[int, int] = {}
        """The number of the class of each node."""

    def made(self) -> Matrix:
        rows = list(self._rows())
        classes = [self._class(node) for node in self._classes]
        joint = self.diagram.joint
        spaces, names = (tuple(joint.mentioned(what)) for what in ("namespaces", "names"))
        return Matrix(rows, classes, self.senders, spaces, names)

    # -- rows

    def _rows(self) -> Iterator[Row]:
        """Those of resources one by one; those of paths together where nothing tells them apart."""
        rows = self.diagram.rows
        below = {row: child for mask, child in self.graph.edges[self.diagram.root] for row in bits_of(mask)}
        alike: dict[int, int] = {}
        for row, key in enumerate(rows.keys):
            if isinstance(key, str):
                alike[below[row]] = alike.get(below[row], 0) | 1 << row
            elif cells := self._cells(below[row]):
                yield Row(key, (), cells, self._examples(row), self._minors(row), self._scopes(row))
        for node, mask in alike.items():
            first = (mask & -mask).bit_length() - 1
            paths = tuple(self.wording.paths(mask))
            yield Row(None, paths, self._cells(node), (str(rows.keys[first]),), self._minors(first))

    def _cells(self, node: int) -> dict[str, int]:
        found = {}
        for mask, child in self.graph.edges[node]:
            for verb in bits_of(mask):
                found[VERBS_OF_REQUESTS[verb]] = self._classes.setdefault(child, len(self._classes))
        return found

    def _examples(self, row: int) -> tuple[Resource | str, ...]:
        parts = self.diagram.rows.parts[row]
        inside = [part.example for part in parts if any(_in_namespace(shape) for _, shape, _ in part.verbs)]
        outside = [part.example for part in parts if part.example not in inside]
        return tuple(dict.fromkeys((*inside[:1], *(outside or inside)[:1])))

    def _scopes(self, row: int) -> tuple[bool, ...]:
        found = {_in_namespace(shape) for part in self.diagram.rows.parts[row] for _, shape, _ in part.verbs}
        return tuple(sorted(found))

    def _minors(self, row: int) -> tuple[int, ...]:
        worlds = 0
        for part in self.diagram.rows.parts[row]:
            worlds |= part.worlds
        return minors_of(worlds)

    # -- classes

    def _class(self, node: int) -> Class:
        """What becomes of the requests below a node."""
        cover, possible = Cover(self.graph, node), self.graph.touched(node, {})
        cases: list[Case] = []
        boxes: list[tuple[Box, int]] = []
        leaves = sorted(self.graph.leaves(node, {}), key=lambda leaf: _order(self.graph.labels[leaf]))
        for leaf in leaves:
            for part in cover.of(leaf):
                # Values that no request of the cells has need not be told from others.
                free = {level: mask | ~possible.get(level, 0) for level, mask in part.box.items() if level < GROUPS}
                must = self.graph.touched(node, part.box, leaf)
                who, spaces, names = self.wording.within({**part.box, **free}, must)
                cases.append(Case(self.graph.labels[leaf], tuple(who), spaces, names, part.exact))
                boxes.append((part.box, leaf))
        seen = tuple(tuple(self._seen(node, boxes, sender)) for sender in self.senders)
        return Class(tuple(cases), seen)

    def _seen(self, node: int, boxes: list[tuple[Box, int]], sender: Sender) -> Iterator[tuple[int, Sample]]:
        for number, (box, leaf) in enumerate(boxes):
            for one in sender.boxes:
                both = _both(box, one)
                found = None if both is None else self.graph.first(node, both, leaf)
                if both is not None and found is not None:
                    yield number, self._sample(found, both)
                    break

    def _sample(self, path: Box, box: Box) -> Sample:
        """path: one value for each level that is tested, of requests of a box."""
        diagram = self.diagram
        user = diagram.users[(path[USERS] & -path[USERS]).bit_length() - 1].identity
        free = frozenset(
            name
            for index, (name, _) in enumerate(diagram.free)
            if user.free and (path.get(GROUPS + index) == 2 or box.get(GROUPS + index) == 2)
        )
        who, groups = named(user, free, diagram.joint)
        spaces = (diagram.spaces[(path.get(SPACES, 1)).bit_length() - 1], path.get(SPACES))
        names = (diagram.names[(path.get(NAMES, 1)).bit_length() - 1], path.get(NAMES))
        space, name = (value if tested else "" for value, tested in (spaces, names))
        return Sample(who, tuple(sorted(groups)), space, name)


def _in_namespace(shape: Shape) -> bool:
    return shape.namespace not in (NAMESPACE_EMPTY, NAMESPACE_IS_NAME)


def _both(one: Box, other: Box) -> Box | None:
    """The requests of two boxes; None where they have none in common."""
    found = dict(one)
    for level, mask in other.items():
        found[level] = found.get(level, ALL) & mask
    return found if all(found.values()) else None


def _order(decided: Decided) -> tuple[bool, int, int]:
    """First what differs; then in the order of the rules, and none of them last."""
    rules = (10**6 if each.rule < 0 else each.rule for each in (decided.after, decided.before))
    return decided.direction == "", *rules  # type: ignore[return-value]
