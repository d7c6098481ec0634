"""Whether one rule, or one of its values, decides anything: a search for a single request.

Where `walk.py` answers for all rules at once, and so cannot stop early, a probe follows one path at a time and
stops as soon as it has seen the rule decide in every minor of the query. What has failed is kept, so that a
state is looked into once for each world.
"""

from __future__ import annotations

from kube_audit_lint.analysis import UndecidedError
from kube_audit_lint.analysis.dimensions import worlds_of
from kube_audit_lint.analysis.space import NAMESPACE_IS_NAME, NO_NAMESPACE, place_tree, places_called
from kube_audit_lint.analysis.tree import parts
from kube_audit_lint.analysis.witness import Trace
from kube_audit_lint.analysis.worlds import EVERYONE, FIELD, WIDTH, best
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from kube_audit_lint.analysis.dimensions import Dimensions
    from kube_audit_lint.analysis.identities import UserClass
    from kube_audit_lint.analysis.space import PlaceClass, Target


TARGETS_A_STEP = 10
"""Classes of resources that are made, or looked through, in the time of one step."""

MANY = 24
"""Alternatives in play from which on the order of the search matters more than familiar values."""


def _in_play(place: PlaceClass) -> int:
    return place[0].bit_count()


class Only(NamedTuple):
    """The one value that requests must have in some dimension; what is None is free."""

    targets: list[Target] | None = None
    namespace: str | None = None
    name: str | None = None
    user: str | None = None
    user_group: str | None = None


ANY = Only()


class Probe:
    """Looks for requests that one of the `wanted` bits decides, with only the bits below it before it."""

    def __init__(
        self,
        dimensions: Dimensions,
        wanted: int,
        before: int,
        only: Only = ANY,
        limit: int = 200_000,
        once: bool = False,
    ) -> None:
        """once: the first request will do, whichever the minor."""
        self.dimensions = dimensions
        self.wanted = wanted
        self.alive = wanted | before
        self.only = only
        self.limit = limit
        self.steps = 0
        self.found = 0
        self.reached: Trace | None = None
        self._failed: dict[tuple[int, ...], int] = {}
        self._trace = Trace(None, 0)
        self._once = once
        chances = dimensions.chances(wanted)
        self._users: list[UserClass] | None
        self._targets, served = chances.targets, chances.served
        if only.targets is not None:
            self._targets = [target for target in only.targets if target.bits & wanted]
            served = worlds_of(self._targets)
        self._users, sent = None, chances.sent
        if only.user is not None or only.user_group is not None:
            chosen = self._users = self._chosen_users()
            sent = worlds_of(chosen)
        # The minors that serve anything for the rule, in the field of every kind of user.
        self.missing = _minors(served) * EVERYONE & _minors(sent) * EVERYONE
        self._free = self._wanted_groups()
        self._run()

    def _run(self) -> None:
        complete = self.dimensions.complete
        targets = self._targets
        self.steps += len(targets) // TARGETS_A_STEP
        if self.alive.bit_count() >= MANY:
            self.steps += len(targets) // 3
            targets = sorted(targets, key=lambda target: (target.bits & self.alive).bit_count())
        for target in targets:
            if target.worlds & self.missing:
                bits = self._cut(target.bits & self.alive, complete)
                if bits:
                    self._trace.target = target
                    self._place(bits, target)
                    if not self.missing:
                        break

    def _cut(self, bits: int, complete: int) -> int:
        """What is left before and at the first complete alternative; 0 when nothing wanted is left."""
        if done := bits & complete:
            bits &= done ^ (done - 1)
        return bits if bits & self.wanted else 0

    def _spend(self, key: tuple[int, ...], worlds: int) -> int:
        """The worlds in which a state has yet to be looked into."""
        self.steps += 1
        if self.steps > self.limit:
            raise UndecidedError
        failed = self._failed.get(key, 0)
        self._failed[key] = failed | worlds
        return worlds & ~failed & self.missing

    def _place(self, bits: int, target: Target) -> None:
        kind, name, _ = target.shape
        worlds = self._spend((0, bits, kind, name), target.worlds)
        if not worlds:
            return
        if kind == NO_NAMESPACE:
            self._user(bits, worlds)
        elif kind == NAMESPACE_IS_NAME:
            for left, value in self._choices("both", kind, bits, ~self.dimensions.limits_user):
                self._trace.namespace = self._trace.name = value
                self._user(left, worlds)
        else:
            complete = ~(self.dimensions.limits_name | self.dimensions.limits_user)
            for left, value in self._choices("namespace", kind, bits, complete):
                self._trace.namespace = value
                self._name(left, worlds, name)

    def _name(self, bits: int, worlds: int, kind: int) -> None:
        worlds = self._spend((1, bits, kind), worlds)
        if worlds:
            for left, value in self._choices("name", kind, bits, ~self.dimensions.limits_user):
                self._trace.name = value
                self._user(left, worlds)

    def _choices(self, what: str, kind: int, bits: int, complete: int) -> list[PlaceClass]:
        """What each class leaves in play, once each; where much is in play, what leaves least comes first."""
        found: dict[int, str | None] = {}
        accepting = self._accepting(what, kind, bits)
        self.steps += len(accepting)
        for accepted, value in accepting:
            left = self._cut(bits & accepted, complete)
            if left:
                found.setdefault(left, value)
        if bits.bit_count() < MANY:
            return list(found.items())
        return sorted(found.items(), key=_in_play)

    def _accepting(self, what: str, kind: int, bits: int) -> list[PlaceClass]:
        """The values that these alternatives tell apart, or the one that is looked for."""
        only = self.only.namespace if what == "namespace" else self.only.name
        if what == "both" and only is None:
            only = self.only.namespace
        joint = self.dimensions.joint
        if only is not None:
            return places_called(joint, what, kind, only)
        return [(branch.common, branch.first) for branch in parts(place_tree(joint, what, kind), bits)]

    def _chosen_users(self) -> list[UserClass]:
        """Those with the one name; for the one group every user by itself, for its name may give the group."""
        name = self.only.user
        users = self.dimensions.identities.every if name is None else self.dimensions.users_called(name)
        self.steps += len(users) // 8
        return [user for user in users if (user.sure | user.perhaps) & self.wanted]

    def _user(self, bits: int, worlds: int) -> None:
        worlds = self._spend((2, bits), worlds)
        if not worlds:
            return
        users = self._users if self._users is not None else self._unlike_users(bits)
        self.steps += len(users)
        if bits.bit_count() >= MANY:
            users = sorted(users, key=lambda user: (bits & user.sure).bit_count())
        for user in users:
            both = worlds & user.worlds & self.missing
            if both:
                sure, perhaps = bits & user.sure, bits & user.perhaps
                if self.only.user_group is not None:
                    sure, perhaps = self._with_group(sure, perhaps, user)
                self._trace.user = user
                self._groups(sure, perhaps, both)

    def _unlike_users(self, bits: int) -> list[UserClass]:
        """The users that these alternatives tell apart."""
        identities = self.dimensions.identities
        mask = identities.key(bits)
        return [
            branch.first for worlds, users in identities.trees if worlds & self.missing for branch in parts(users, mask)
        ]

    def _with_group(self, sure: int, perhaps: int, user: UserClass) -> tuple[int, int]:
        """The wanted bits met by the one group, sure or free, and by no other."""
        mine = (sure | perhaps) & self.wanted
        sure &= ~self.wanted
        perhaps &= ~self.wanted
        if self.only.user_group in user.identity.groups:
            return sure | mine, perhaps
        free = user.identity.free and self.only.user_group in self.dimensions.free
        return sure, perhaps | mine if free else perhaps

    def _groups(self, sure: int, perhaps: int, worlds: int) -> None:
        """Tries the user without a free group, then in each one that a wanted alternative lists, the last first.

        No two of them do more than one: a further group only lets more rules take the request.
        """
        self._trace.groups = set()
        if self._decides(sure):
            self._reached(worlds)
            return
        self.steps += len(self._free)
        for group, listing in self._free:
            if self._decides(sure | perhaps & listing):
                self._trace.groups = {group}
                self._reached(worlds)
                return

    def _decides(self, bits: int) -> bool:
        return bits & -bits & self.wanted != 0

    def _wanted_groups(self) -> list[tuple[str, int]]:
        """The free groups that a wanted alternative lists, or the one that is looked for."""
        free, only = self.dimensions.free, self.only.user_group
        if only is not None:
            return [(only, free[only] | self.wanted)] if only in free else []
        self.steps += len(free) // 8
        return [(group, listing) for group, listing in reversed(free.items()) if listing & self.wanted]

    def _reached(self, worlds: int) -> None:
        self.found |= worlds
        self.missing = 0 if self._once else self.missing & ~(_minors(worlds) * EVERYONE)
        if self.reached is None:
            self._trace.world = best(worlds)
            self.reached = self._trace.copy()


def _minors(worlds: int) -> int:
    return (worlds | worlds >> WIDTH | worlds >> 2 * WIDTH) & FIELD
