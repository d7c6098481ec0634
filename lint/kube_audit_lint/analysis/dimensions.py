"""The classes of each dimension for one policy, made once for all queries."""

from __future__ import annotations

from kube_audit_lint.analysis.query import RESOURCES
from kube_audit_lint.analysis.space import URL_SHAPE, Region, Resource, Target
from kube_audit_lint.analysis.tree import Branch, accepted, tree
from kube_audit_lint.kubernetes import resources as catalogue
from kube_audit_lint.model.policy import GroupResources
from kube_audit_lint.syntax.record import NamedTuple, make
from kube_audit_lint.syntax.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kube_audit_lint.analysis.identities import Identities, UserClass
    from kube_audit_lint.analysis.space import Served
    from kube_audit_lint.analysis.symbolic import Joint


class Dimensions:
    """The classes of each dimension for some conditions, made once for many probes."""

    def __init__(self, space: Served, joint: Joint) -> None:
        self.joint = joint
        self.space = space
        self.targets: list[Target] = space.targets(joint, Region())
        self.identities: Identities = space.identities(joint)
        self.limits_name = joint.total("limits_name")
        self.limits_user = joint.total("limits_user")
        self.limits_place = self.limits_name | joint.total("limits_namespace")
        self.complete = joint.bits & ~(self.limits_place | self.limits_user)
        """The alternatives that need no more than a target."""
        self._by_item: dict[tuple[str, str], list[Row]] | None = None
        self._narrowed: dict[tuple[str, str], list[Target]] = {}
        self._chances: dict[int, Chances] = {}
        self._tree: Branch | None = None
        self._every: dict[str | None, list[UserClass]] | None = None
        self.free = dict(self.identities.free)
        """The groups that any user may have, with the alternatives that list them."""

    def targets_of(self, group: str, item: str) -> list[Target]:
        """The targets of the one resource that an item names, and of no other."""
        key = group, item
        found = self._narrowed.get(key)
        if found is None:
            found = self._narrowed[key] = [
                make(Target, (target.bits, target.shape, member[0], target.verb, [member]))
                for targets, member in self._rows.get(key, ())
                for target in targets
            ]
        return found

    @property
    def _rows(self) -> dict[tuple[str, str], list[Row]]:
        """The targets of each resource, by group and by the item that names it, with the one member that it is."""
        if self._by_item is None:
            self._by_item = {}
            alike: dict[int, list[Target]] = {}
            for target in self.targets:
                alike.setdefault(id(target.members), []).append(target)
            for targets in alike.values():
                for member in targets[0].members:
                    if isinstance(member[1], tuple):
                        group, name, sub = member[1]
                        key = group, f"{name}/{sub}" if sub else name
                        self._by_item.setdefault(key, []).append((targets, member))
        return self._by_item

    def targets_for(self, entries: Iterable[GroupResources], verbs: tuple[str, ...]) -> list[Target] | None:
        """The targets that are for these resources with these verbs; None where the classes are not fine enough."""
        found: list[Target] = []
        entries = list(entries)
        if not entries:
            found = self.targets
        elif entries == [RESOURCES]:
            found = [target for target in self.targets if target.shape is not URL_SHAPE]
        else:
            # By name, as the tables of `space.py` have them, so that it does not matter how a query is written.
            items = sorted({(entry.group, item) for entry in entries for item in entry.resources})
            plain = all(entry.resources and not entry.resource_names for entry in entries)
            if not plain or any("*" in item or not catalogue.is_builtin_group(group) for group, item in items):
                return None
            for group, item in items:
                found += self.targets_of(group, item)
        return [target for target in found if target.verb in verbs] if verbs else found

    def chances(self, wanted: int) -> Chances:
        """Which targets any of these alternatives accepts, and in which worlds."""
        found = self._chances.get(wanted)
        if found is None:
            if self._tree is None:
                self._tree = tree((target.bits, target) for target in self.targets)
            targets = [branch.first for branch in accepted(self._tree, wanted)]
            key = self.identities.key(wanted)
            sent = 0
            for worlds, users in self.identities.trees:
                if (users.common | users.unlike) & key:
                    sent |= worlds
            found = self._chances[wanted] = Chances(targets, worlds_of(targets), sent)
        return found

    def users_called(self, name: str) -> list[UserClass]:
        """The classes of one mentioned user."""
        if self._every is None:
            self._every = {}
            for user in self.identities.every:
                self._every.setdefault(user.identity.user, []).append(user)
        return self._every.get(name, [])


Row = tuple[list[Target], tuple[int, "Resource | str"]]
"""The targets that share their members, and one of these."""


class Chances(NamedTuple):
    """The targets that some alternatives accept, and the worlds in which these are served and some user is accepted."""

    targets: list[Target]
    served: int
    sent: int


def worlds_of(classes: Iterable[Target | UserClass]) -> int:
    """The worlds in which there is any of them."""
    worlds = 0
    for one in classes:
        worlds |= one.worlds
    return worlds
