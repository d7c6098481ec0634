"""Kinds of users by whom a matrix can be seen, as boxes of its diagram."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kube_audit_lint.analysis.graph import GROUPS, USERS
from kube_audit_lint.analysis.identities import (
    ACCOUNTS,
    ANONYMOUS,
    AUTHENTICATED,
    NODES,
    UNAUTHENTICATED,
    account_namespace,
    is_control_plane,
)
from kube_audit_lint.syntax.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kube_audit_lint.analysis.diagram import Diagram
    from kube_audit_lint.analysis.graph import Box
    from kube_audit_lint.analysis.identities import Identity

NODE_PREFIX = "system:node:"


class Sender(NamedTuple):
    """Some users. kind: `everybody`, `ordinary`, ..., `user`, `group`; name: of the user or group."""

    kind: str
    boxes: tuple[Box, ...]
    name: str = ""


def senders(diagram: Diagram) -> list[Sender]:
    """Everybody, the kinds of users, and each user and group that a rule names.

    All but everybody are in the groups that they always have, and of those that rules name in no other. A member of a
    group is a user that no rule names.
    """
    return [Sender("everybody", ({},)), *(one for one in _Senders(diagram).all() if one.boxes)]


class _Senders:
    def __init__(self, diagram: Diagram) -> None:
        self.diagram = diagram
        self.users = frozenset(diagram.joint.mentioned("users"))
        self.groups = diagram.joint.mentioned("groups")
        self.free = {group: GROUPS + index for index, (group, _) in enumerate(diagram.free)}
        self.kinds: dict[str, Callable[[Identity], bool]] = {
            "ordinary": lambda one: one.stands_for_others and NODES not in one.groups,
            "service-account": self._is_account,
            "kubelet": lambda one: one.stands_for_others and NODES in one.groups,
            "control-plane": _is_component,
            "anonymous": lambda one: one.user == ANONYMOUS,
            "failed": lambda one: one.user is None,
        }

    def all(self) -> Iterator[Sender]:
        for kind, is_one in self.kinds.items():
            yield Sender(kind, self._boxes(is_one))
        for user in self.diagram.joint.mentioned("users"):
            yield Sender("user", self._user(user), user)
        for group in self.groups:
            yield Sender("group", self._group(group), group)

    def _user(self, user: str) -> tuple[Box, ...]:
        """The user, where it is a node's as a member of system:nodes."""
        is_node = user.startswith(NODE_PREFIX)
        return self._boxes(lambda one: one.user == user and (NODES in one.groups) == is_node)

    def _group(self, group: str) -> tuple[Box, ...]:
        if group in self.free:
            return self._boxes(self.kinds["ordinary"], group)
        kind = {AUTHENTICATED: "ordinary", UNAUTHENTICATED: "anonymous", ACCOUNTS: "service-account", NODES: "kubelet"}
        if group in kind:
            return self._boxes(self.kinds[kind[group]])
        space = group.removeprefix(f"{ACCOUNTS}:")
        return self._boxes(lambda one: _in_space(one, space) and one.user not in self.users)

    def _is_account(self, one: Identity) -> bool:
        """A service account that no rule names, and neither its namespace."""
        space = account_namespace(one.user or "")
        named = one.user in self.users or f"{ACCOUNTS}:{space}" in self.groups
        return _in_space(one, space) and not named and space != "kube-system"

    def _boxes(self, is_one: Callable[[Identity], bool], group: str = "") -> tuple[Box, ...]:
        """Those who may be in any groups are in none, or in one of them; for the others it is known."""
        free = fixed = 0
        for index, user in enumerate(self.diagram.users):
            if is_one(user.identity):
                if user.identity.free:
                    free |= 1 << index
                else:
                    fixed |= 1 << index
        alone = {level: 2 if name == group else 1 for name, level in self.free.items()}
        found: list[Box] = [{USERS: free, **alone}] if free else []
        return (*found, *([{USERS: fixed}] if fixed else []))


def _is_component(one: Identity) -> bool:
    """A part of the control plane, or a service account of kube-system."""
    user = one.user or ""
    return is_control_plane(user) and NODES not in one.groups and not user.startswith(NODE_PREFIX)


def _in_space(one: Identity, space: str | None) -> bool:
    return space is not None and account_namespace(one.user or "") == space and NODES not in one.groups
