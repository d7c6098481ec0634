"""One familiar request for a class of a difference, decided again by the plain reference for both policies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kube_audit_lint.analysis import familiar
from kube_audit_lint.analysis.effect import Change, Effect, effect, traits_of_request
from kube_audit_lint.analysis.evaluate import Decision, evaluate
from kube_audit_lint.analysis.graph import ALL, GROUPS, NAMES, ROWS, SPACES, USERS, VERBS
from kube_audit_lint.analysis.identities import API_SERVER, groups_of
from kube_audit_lint.analysis.request import Request
from kube_audit_lint.analysis.rows import VERB_ORDER
from kube_audit_lint.analysis.space import NAMESPACE_IS_NAME, URL_SHAPE, Shape, places
from kube_audit_lint.analysis.witness import named
from kube_audit_lint.analysis.worlds import minors_of
from kube_audit_lint.syntax.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kube_audit_lint.analysis.conditions import Requests
    from kube_audit_lint.analysis.diagram import Diagram
    from kube_audit_lint.analysis.graph import Box
    from kube_audit_lint.analysis.identities import UserClass
    from kube_audit_lint.analysis.rows import Part
    from kube_audit_lint.model.policy import Policy
    from kube_audit_lint.model.version import Versions

TRIED = 200
"""Requests among which one is looked for that shows what is lost or gained."""


def as_of(request: Request, minor: int) -> Request:
    """The same request as the API server of a minor has it: its own user is not in the same groups in all."""
    if request.user == API_SERVER:
        return request._replace(groups=groups_of(API_SERVER, minor))
    return request


class Instance(NamedTuple):
    """A request, what the two policies decide for it, and what that changes by the servers that serve it."""

    request: Request
    before: Decision
    after: Decision
    effect: Effect | None


class Instances:
    """Requests of the boxes of one diagram."""

    def __init__(self, diagram: Diagram) -> None:
        self.diagram = diagram

    def of(self, box: Box, requests: Requests | None, change: Change, content: bool) -> Instance:
        """A request of a box for which the change is made; content: better one of which something is lost or gained."""
        found: Instance | None = None
        for number, (request, flags) in enumerate(self._tried(box)):
            if found is not None and number > TRIED:
                break
            if requests is not None and not requests.matches(request):
                continue
            one = self._decided(request, flags)
            what = one.effect
            if what is None or what.change != change:
                raise AssertionError(f"{change} was to be made for {one.request!r}, but it is {what}")
            if not content or what.loses or what.gains:
                return one
            found = found or one
        if found is None:
            raise AssertionError(f"no request of {requests!r}")
        return found

    def minors(self, touched: Box) -> tuple[int, ...]:
        """The minors that serve requests of a box."""
        diagram = self.diagram
        worlds = 0
        for row in bits_of(touched.get(ROWS, 0)):
            for part in diagram.rows.parts[row]:
                worlds |= part.worlds
        senders = 0
        for index in bits_of(touched.get(USERS, 0)):
            senders |= diagram.users[index].worlds
        return minors_of(worlds & senders)

    def _tried(self, box: Box) -> Iterator[tuple[Request, int]]:
        touched = self.diagram.graph.touched(self.diagram.root, box)
        users = [self.diagram.users[index] for index in bits_of(touched[USERS])]
        for row in bits_of(touched[ROWS]):
            for verb, shapes in self._verbs_of(row, touched[VERBS]):
                for shape, (worlds, part) in shapes.items():
                    for space, name in self._places(shape, box, part):
                        for user in users:
                            flags = self.diagram.flags(worlds & user.worlds)
                            if flags and _may_be_in(user, self._groups(box, 2), self._groups(box, 1)):
                                yield self._made(part, verb, space, name, user, box), flags

    def _verbs_of(self, row: int, verbs: int) -> Iterator[tuple[str, dict[Shape, tuple[int, Part]]]]:
        """The verbs of a row that are among these: where such requests are, in which worlds, and an example."""
        found: dict[str, dict[Shape, tuple[int, Part]]] = {}
        for part in self.diagram.rows.parts[row]:
            for verb, shape, _ in part.verbs:
                if verbs >> VERB_ORDER[verb] & 1:
                    shapes = found.setdefault(verb, {})
                    worlds, first = shapes.get(shape, (0, part))
                    shapes[shape] = worlds | part.worlds, first
        yield from found.items()

    def _groups(self, box: Box, mask: int) -> frozenset[str]:
        free = self.diagram.free
        return frozenset(free[level - GROUPS][0] for level, value in box.items() if level >= GROUPS and value == mask)

    def _places(self, shape: Shape, box: Box, part: Part) -> Iterator[tuple[str, str]]:
        """One namespace and name of the box that requests of the shape may have; each that a namespace may have."""
        if shape == URL_SHAPE:
            yield "", ""
            return
        diagram, resource = self.diagram, part.example[1]
        spaces, names = box.get(SPACES, ALL), box.get(NAMES, ALL)
        if shape.namespace == NAMESPACE_IS_NAME:
            example = familiar.pick(familiar.NAMESPACES, (*filter(None, diagram.spaces), *filter(None, diagram.names)))
            for _, value in places(diagram.joint, "both", NAMESPACE_IS_NAME, every=True):
                if spaces >> diagram.space_at(value) & 1 and names >> diagram.name_at(value) & 1:
                    yield value or example, value or example
            return
        space = self._first(diagram.place_values("namespace", shape.namespace) & spaces, diagram.spaces)
        name = self._first(diagram.place_values("name", shape.name) & names, diagram.names)
        if space is not None and name is not None:
            some_space = familiar.pick(familiar.NAMESPACES, [one for one in diagram.spaces if one])
            objects = (familiar.OBJECTS.get(resource, familiar.OBJECT),)
            some_name = familiar.pick(objects, [one for one in diagram.names if one])
            yield some_space if space[0] is None else space[0], some_name if name[0] is None else name[0]

    @staticmethod
    def _first(mask: int, values: list[str | None]) -> tuple[str | None] | None:
        """The first value, in a tuple; None where there is none."""
        return (values[(mask & -mask).bit_length() - 1],) if mask else None

    def _made(self, part: Part, verb: str, space: str, name: str, sender: UserClass, box: Box) -> Request:
        free = self._groups(box, 2) if sender.identity.free else frozenset()
        user, groups = named(sender.identity, free, self.diagram.joint)
        if isinstance(part.example, str):
            return Request(user, groups, verb, url=part.example)
        return Request(user, groups, verb, *part.example, space, name)

    def _decided(self, request: Request, flags: int) -> Instance:
        """flags: by which of the two servers the request is served."""
        one, other = decisions(self.diagram.before, self.diagram.after, request, self.diagram.upgraded)
        what = effect(one if flags & 1 else None, other if flags & 2 else None, traits_of_request(request))
        return Instance(request, one, other, what)


def decisions(before: Policy, after: Policy, request: Request, upgraded: Versions | None) -> tuple[Decision, Decision]:
    """What both policies decide; upgraded: the first by the first, the second by the last of two versions."""
    if upgraded is None:
        return evaluate(before, request), evaluate(after, request)
    return evaluate(before, as_of(request, upgraded.first)), evaluate(after, as_of(request, upgraded.last))


def _may_be_in(user: UserClass, yes: frozenset[str], no: frozenset[str]) -> bool:
    """Whether such users may be in all of some groups and in none of others."""
    groups = user.identity.groups
    return groups.isdisjoint(no) and (user.identity.free or groups.issuperset(yes))


def bits_of(mask: int) -> Iterator[int]:
    """The bits of a set, from the lowest."""
    while mask:
        yield (mask & -mask).bit_length() - 1
        mask &= mask - 1
