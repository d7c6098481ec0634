"""From a node of a walk back to one whole, familiar request."""

from __future__ import annotations

from kube_audit_lint.analysis import familiar
from kube_audit_lint.analysis.identities import Identity, UserClass
from kube_audit_lint.analysis.request import Request
from kube_audit_lint.analysis.worlds import best
from kube_audit_lint.syntax.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from kube_audit_lint.analysis.space import Target
    from kube_audit_lint.analysis.symbolic import Joint
    from kube_audit_lint.analysis.walk import Node


class Trace:
    """The values on the way to a node, in one world."""

    __slots__ = ("groups", "name", "namespace", "target", "user", "world")

    def __init__(self, node: Node | None, world: int) -> None:
        self.world = world
        self.target: Target | None = None
        self.namespace: str | None = ""
        self.name: str | None = ""
        self.user: UserClass | None = None
        self.groups: set[str] | frozenset[str] = set()
        while node is not None:
            node = self._step(node)

    def copy(self) -> Trace:
        """A copy of these values: the trace goes on."""
        other = Trace(None, self.world)
        other.target, other.user, other.groups = self.target, self.user, frozenset(self.groups)
        other.namespace, other.name = self.namespace, self.name
        return other

    def _step(self, node: Node) -> Node | None:
        _, parent, what, value = next(origin for origin in node.origins if origin[0] & self.world)
        if what == "group":
            assert isinstance(self.groups, set)
            self.groups.add(value)
        elif what == "anyone":
            self.user = _first(value, self.world)
        elif what == "name":
            self.name = value
        elif what == "namespace":
            self.namespace = value
        elif what == "both":
            self.namespace = self.name = value
        elif what == "target":
            self.target = value
        return parent


def _first(users: list[UserClass], world: int) -> UserClass:
    return next(user for user in users if user.worlds & world)


def witness(node: Node, joint: Joint, worlds: int = -1) -> Request:
    """A request that leads to the node, in the best of its worlds (or of those given)."""
    return request_of(Trace(node, best(node.worlds & worlds)), joint)


def request_of(trace: Trace, joint: Joint) -> Request:
    """The request with the values of a trace."""
    assert trace.target is not None
    assert trace.user is not None
    user, groups = named(trace.user.identity, frozenset(trace.groups), joint)
    member = next(member for served, member in trace.target.members if served & trace.world)
    if isinstance(member, str):
        return Request(user, groups, trace.target.verb, url=member)
    group, resource, subresource = member
    namespace, name = _place(trace, resource, joint)
    return Request(user, groups, trace.target.verb, group, resource, subresource, namespace, name)


def named(identity: Identity, free: frozenset[str], joint: Joint) -> tuple[str | None, frozenset[str]]:
    user = identity.user
    if identity.stands_for_others:
        for group, members in familiar.MEMBERS.items():
            if group in free:
                user = familiar.pick(members, joint.mentioned("users"))
                break
    return user, identity.groups | free


def _place(trace: Trace, resource: str, joint: Joint) -> tuple[str, str]:
    """Namespace and name, with an example where any that no rule mentions will do."""
    namespace, name = trace.namespace, trace.name
    spaces, names = joint.mentioned("namespaces"), joint.mentioned("names")
    if namespace is None and name is None and resource == "namespaces":
        namespace = name = familiar.pick(familiar.NAMESPACES, (*spaces, *names))
    if namespace is None:
        namespace = familiar.pick(familiar.NAMESPACES, spaces)
    if name is None:
        name = familiar.pick((familiar.OBJECTS.get(resource, familiar.OBJECT),), names)
    return namespace, name
