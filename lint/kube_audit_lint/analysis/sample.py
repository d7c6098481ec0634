"""Known requests that a rule decides, and whether one that differs in a single value shows that it needs the value.

Most values of a policy are shown so, by a few operations on integers; `search.py` looks for the others. Everything
is taken from the classes of `dimensions.py`, so what is shown here is served, and what is not shown is just not known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kube_audit_lint.analysis.evaluate import item_matches, url_matches
from kube_audit_lint.analysis.space import (
    NAME_ANY,
    NAME_NONE,
    NAME_SET,
    NAMESPACE_ANY,
    NAMESPACE_EMPTY,
    NAMESPACE_IS_NAME,
    NO_NAME,
    NO_NAMESPACE,
    places_called,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kube_audit_lint.analysis.dimensions import Dimensions
    from kube_audit_lint.analysis.identities import UserClass
    from kube_audit_lint.analysis.space import Shape, Target
    from kube_audit_lint.analysis.witness import Trace
    from kube_audit_lint.model.policy import GroupResources, PolicyRule

_EVERYTHING = -1


class Sample:
    """A request, by the alternatives that accept each of its dimensions."""

    __slots__ = ("_given", "_joint", "_made", "_name", "_namespace", "_places", "_target", "_user", "_who")

    def __init__(self, trace: Trace, made: Dimensions) -> None:
        assert trace.target is not None
        assert trace.user is not None
        self._made = made
        self._joint = made.joint
        self._target: Target = trace.target
        self._namespace = trace.namespace
        self._name = trace.name
        self._user: UserClass = trace.user
        self._given = 0
        for group in trace.groups:
            self._given |= self._joint.group(group)
        self._who = _accepting(self._user, self._given)
        self._places: dict[Shape, int] = {}

    def shows(self, rule: PolicyRule, field: str, index: int, sub: int | None, wanted: int) -> bool:
        """Whether a request like this one, with that value of the rule, is decided by one of the `wanted` bits.

        The arguments are those of Analysis.reach_value.
        """
        if field == "resources" or field == "resource_names":
            return self._with_entry(rule.resources[index], field, sub, wanted)
        value: str = getattr(rule, field)[index]
        return _VARIED[field](self, value, wanted)

    def _with_user(self, name: str, wanted: int) -> bool:
        rest, served = self._target.bits & self._place(self._target.shape), self._target.worlds
        for user in self._made.users_called(name):
            if user.worlds & served and _decided(rest & _accepting(user, self._given), wanted):
                return True
        return False

    def _with_group(self, group: str, wanted: int) -> bool:
        identity, who = self._user.identity, self._who
        if group not in identity.groups:
            if not identity.free or group not in self._made.free:
                return False
            who = _accepting(self._user, self._given | self._made.free[group])
        return _decided(self._target.bits & self._place(self._target.shape) & who, wanted)

    def _with_verb(self, verb: str, wanted: int) -> bool:
        _, member = self._target.members[0]
        if isinstance(member, str):
            bits = self._joint.url(member) & self._joint.verb(verb) & self._who
            return verb in self._made.space.url_verbs(self._joint) and _decided(bits, wanted)
        group, name, sub = member
        targets = self._made.targets_of(group, f"{name}/{sub}" if sub else name)
        return self._for_any([target for target in targets if target.verb == verb], wanted)

    def _with_namespace(self, namespace: str, wanted: int) -> bool:
        shape = self._target.shape
        if shape.namespace in (NO_NAMESPACE, NAMESPACE_IS_NAME):
            return False
        rest = self._target.bits & self._named(shape, self._name) & self._who
        found = places_called(self._joint, "namespace", shape.namespace, namespace)
        return any(_decided(rest & accepted, wanted) for accepted, _ in found)

    def _with_url(self, spec: str, wanted: int) -> bool:
        _, path = self._target.members[0]
        if not isinstance(path, str):
            return False
        if url_matches(spec, path) and _decided(self._target.bits & self._who, wanted):
            return True
        other = spec.rstrip("*")
        if not other.startswith("/") or not self._made.space.serves_path(other):
            return False
        return _decided(self._joint.url(other) & self._joint.verb(self._target.verb) & self._who, wanted)

    def _with_entry(self, entry: GroupResources, field: str, sub: int | None, wanted: int) -> bool:
        """For a resource that the entry takes, by the one item or by any; or for the one name of the entry."""
        items, name = entry.resources, None
        if field == "resource_names":
            name = entry.resource_names[sub or 0]
        elif sub is not None:
            items = (items[sub],)
        for item in self._items(entry.group, items):
            if self._for_any(self._made.targets_of(entry.group, item), wanted, name):
                return True
        return False

    def _items(self, group: str, items: tuple[str, ...]) -> Iterable[str]:
        """The resources of a group that some items take (all, where there are no items)."""
        if items and not any("*" in item for item in items):
            return items
        taken = []
        for one in self._made.items_of(group):
            name, _, subresource = one.partition("/")
            if not items or any(item_matches(item, name, subresource) for item in items):
                taken.append(one)
        return taken

    def _for_any(self, targets: Iterable[Target], wanted: int, name: str | None = None) -> bool:
        """For one of these targets, and for the one name where there is one."""
        for target in targets:
            bits = target.bits & self._who
            # Other bits than these can only go away, so this spares the rest for most.
            if not bits & wanted or not target.worlds & self._user.worlds:
                continue
            place = self._place(target.shape)
            if name is not None:
                if not name or target.shape.name not in (NAME_SET, NAME_ANY):
                    continue
                place = self._spaced(target.shape) & self._joint.name(name)
            if _decided(bits & place, wanted):
                return True
        return False

    def _place(self, shape: Shape) -> int:
        """The alternatives that accept the namespace and the name, as far as requests of the shape have them."""
        found = self._places.get(shape)
        if found is None:
            found = self._places[shape] = self._spaced(shape) & self._named(shape, self._name)
        return found

    def _spaced(self, shape: Shape) -> int:
        """The alternatives that accept the namespace in requests of a shape; none where it cannot have it."""
        if shape.namespace == NO_NAMESPACE:
            return _EVERYTHING
        if (shape.namespace == NAMESPACE_IS_NAME) != (self._target.shape.namespace == NAMESPACE_IS_NAME):
            return 0
        if shape.namespace == NAMESPACE_IS_NAME:
            return self._joint.namespace(self._namespace) & self._joint.name(self._namespace)
        if shape.namespace == NAMESPACE_EMPTY:
            return self._joint.namespace("")
        return self._joint.namespace(self._namespace if shape.namespace == NAMESPACE_ANY else self._namespace or None)

    def _named(self, shape: Shape, name: str | None) -> int:
        """The alternatives that accept the name, as far as requests of the shape have one of their own."""
        if shape.name == NO_NAME:
            return _EVERYTHING
        if shape.name == NAME_NONE:
            return self._joint.name("")
        return self._joint.name(name if shape.name == NAME_ANY else name or None)


def _decided(bits: int, wanted: int) -> bool:
    """Whether the first of the alternatives that accept a request is one of the wanted."""
    return bits & -bits & wanted != 0


def _accepting(user: UserClass, given: int) -> int:
    """The alternatives that accept such a user, with some free groups that `given` ask for."""
    return user.sure | user.perhaps & given


_VARIED = {
    "users": Sample._with_user,
    "user_groups": Sample._with_group,
    "verbs": Sample._with_verb,
    "namespaces": Sample._with_namespace,
    "non_resource_urls": Sample._with_url,
}
