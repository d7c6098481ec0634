"""Users and their groups, as classes that no rule tells apart.

Which groups go with which user: k8s.io/apiserver `pkg/authentication/user/user.go`, `serviceaccount/util.go`,
`pkg/authentication/group/*.go`; the loopback user `pkg/server/config.go` (system:authenticated from 1.29);
system:unsecured `pkg/server/deprecated_insecure_serving.go` (until 1.19; later it is a name as any other). Other
groups are free.
"""

from __future__ import annotations

from kube_audit_lint.analysis import familiar
from kube_audit_lint.analysis.tree import Branch, tree
from kube_audit_lint.analysis.worlds import CONTROL_PLANE, NOBODY, ORDINARY, minor_bits, of_kind
from kube_audit_lint.model.version import NEWEST, UNSECURED_LAST
from kube_audit_lint.syntax.record import NamedTuple, make
from kube_audit_lint.syntax.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from kube_audit_lint.analysis.symbolic import Joint

AUTHENTICATED = "system:authenticated"
UNAUTHENTICATED = "system:unauthenticated"
ANONYMOUS = "system:anonymous"
API_SERVER = "system:apiserver"
UNSECURED = "system:unsecured"
MASTERS = "system:masters"
NODES = "system:nodes"
ACCOUNTS = "system:serviceaccounts"
ACCOUNT_PREFIX = "system:serviceaccount:"
API_SERVER_AUTHENTICATED = 29
"""The first minor in which system:apiserver is in system:authenticated."""


_ANYBODY = frozenset((AUTHENTICATED,))
_NODE = frozenset((NODES,))
_ANY_NODE = _ANYBODY | _NODE


class Identity(NamedTuple):
    """A user's name (None: nobody) and the groups that this class of users surely has."""

    user: str | None
    groups: frozenset[str]
    free: bool = False
    """Such users may have any other groups besides."""
    stands_for_others: bool = False
    """The name is but an example of many."""


class UserClass(NamedTuple):
    """Users that no rule tells apart: the alternatives that accept them, surely or with a free group."""

    sure: int
    perhaps: int
    worlds: int
    identity: Identity


class Identities:
    """The classes of users, the most ordinary first, and the groups that any of them may have besides.

    `every` has each mentioned user by itself, though no rule may tell it from another.
    """

    __slots__ = ("_met", "_trees", "every", "free", "users", "width")

    def __init__(
        self, users: list[UserClass], every: list[UserClass], free: list[tuple[str, int]], alternatives: int
    ) -> None:
        self.users = users
        self.every = every
        self.free = free
        self.width = alternatives.bit_length()
        self._trees: list[tuple[int, Branch]] | None = None
        self._met: dict[int, int] = {}

    def with_bits(self, bits: int) -> Identities:
        """The same classes, where some further alternatives accept every user."""
        users = [UserClass(sure | bits, perhaps, worlds, who) for sure, perhaps, worlds, who in self.users]
        return Identities(users, self.every, self.free, bits | (1 << self.width) - 1)

    @property
    def trees(self) -> list[tuple[int, Branch]]:
        """The users as trees, one for those who exist in the same worlds; see `key`."""
        if self._trees is None:
            by_worlds: dict[int, list[tuple[int, UserClass]]] = {}
            for user in self.users:
                by_worlds.setdefault(user.worlds, []).append((user.sure | user.perhaps << self.width, user))
            self._trees = [(worlds, tree(users)) for worlds, users in by_worlds.items()]
        return self._trees

    def key(self, bits: int) -> int:
        """The alternatives as the trees have them: once for those that accept surely, once with free groups."""
        return bits | bits << self.width

    def met(self, worlds: int) -> int:
        """The alternatives that some user in these worlds meets."""
        found = self._met.get(worlds)
        if found is None:
            found = 0
            for user in self.users:
                if user.worlds & worlds:
                    found |= user.sure | user.perhaps
            self._met[worlds] = found
        return found


def is_control_plane(user: str | None, groups: frozenset[str] = frozenset()) -> bool:
    """Whether the identity is one of the control plane's or the nodes' own."""
    if user is None:
        return False
    return (
        user == API_SERVER
        or user.startswith(("system:kube-", "system:node:", "system:serviceaccount:kube-system:"))
        or NODES in groups
    )


def account_namespace(user: str) -> str | None:
    """The namespace of a service account, None for other users."""
    if not user.startswith(ACCOUNT_PREFIX):
        return None
    namespace, colon, name = user.removeprefix(ACCOUNT_PREFIX).partition(":")
    return namespace if colon and namespace and name and ":" not in name else None


def groups_of(user: str, minor: int = NEWEST) -> frozenset[str]:
    """The groups that a minor gives every user of the name."""
    if user == ANONYMOUS:
        return frozenset((UNAUTHENTICATED,))
    if user == API_SERVER:
        return frozenset((MASTERS, AUTHENTICATED) if minor >= API_SERVER_AUTHENTICATED else (MASTERS,))
    if user == UNSECURED and minor <= UNSECURED_LAST:
        return frozenset((MASTERS, AUTHENTICATED))
    space = account_namespace(user)
    return frozenset((AUTHENTICATED, ACCOUNTS, f"{ACCOUNTS}:{space}")) if space else _ANYBODY


def is_coupled(group: str) -> bool:
    """Whether the user's name decides about the group, or the group about the kind of user."""
    return group in (AUTHENTICATED, UNAUTHENTICATED, ACCOUNTS, NODES) or group.startswith(ACCOUNTS + ":")


def served_identities(joint: Joint, minors: int) -> Identities:
    """The users that an API server of these minors authenticates, and nobody."""
    # Nobody is called `*`: who writes that means a pattern, and no request is to be shown as if it were a name.
    users, groups = (
        [name for name in familiar.plainest(joint.mentioned(what)) if "*" not in name] for what in ("users", "groups")
    )
    free = [(group, joint.group(group)) for group in groups if not is_coupled(group)]
    build = Builder(joint, minors, 0)
    for _, bits in free:
        build.free |= bits
    own = [user for user in users if is_control_plane(user)]
    _add_ordinary(build, users, set(own), groups)
    # Nothing but its name makes a user of the control plane, so an example of each kind will do.
    example = familiar.pick(familiar.COMPONENTS, users)
    for user in (*own, example):
        if user != API_SERVER:
            build.add(user, CONTROL_PLANE)
    _add_fixed(build)
    return Identities(*build.classes(), free, joint.bits)


def _add_ordinary(build: Builder, users: list[str], own: set[str], groups: list[str]) -> None:
    """own: those of the users that are the control plane's."""
    build.add_example(familiar.pick(familiar.USERS, users), familiar.pick(familiar.NODES, users))
    for user in users:
        if user not in ("", ANONYMOUS, UNSECURED) and user not in own:
            build.add(user, ORDINARY)
    if UNSECURED in users:  # once the insecure port is gone, a name that a certificate may carry as any other
        build.add(UNSECURED, ORDINARY, minor_bits(UNSECURED_LAST + 1, NEWEST))
    spaces = [group.removeprefix(ACCOUNTS + ":") for group in groups if group.startswith(ACCOUNTS + ":")]
    spaces += [space for space in map(account_namespace, users) if space]
    taken = set(users)
    for space in (familiar.pick(familiar.NAMESPACES, spaces), *dict.fromkeys(spaces), "kube-system"):
        if space:
            accounts = (f"{ACCOUNT_PREFIX}{space}:{name}" for name in familiar.ACCOUNTS)
            account = familiar.pick(accounts, taken)
            build.add(account, CONTROL_PLANE if is_control_plane(account) else ORDINARY)


def _add_fixed(build: Builder) -> None:
    """The users whose groups are exactly known."""
    minors = build.minors
    build.add_fixed(ANONYMOUS, groups_of(ANONYMOUS), of_kind(minors, ORDINARY))
    since = minors & minor_bits(API_SERVER_AUTHENTICATED, NEWEST)
    build.add_fixed(API_SERVER, groups_of(API_SERVER, API_SERVER_AUTHENTICATED), of_kind(since, CONTROL_PLANE))
    build.add_fixed(API_SERVER, groups_of(API_SERVER, 0), of_kind(minors & ~since, CONTROL_PLANE))
    unsecured = minors & minor_bits(0, UNSECURED_LAST)
    build.add_fixed(UNSECURED, groups_of(UNSECURED, 0), of_kind(unsecured, ORDINARY))
    build.add_fixed(None, frozenset(), of_kind(minors, NOBODY))


class Builder:
    """Collects users; those that differ in nothing become one class."""

    def __init__(self, joint: Joint, minors: int, free: int) -> None:
        self.joint = joint
        self.minors = minors
        self.free = free
        self.without_group = joint.total("any_group")
        self.every: list[UserClass] = []
        self._sure: dict[frozenset[str], int] = {}

    def classes(self) -> tuple[list[UserClass], list[UserClass]]:
        """What was collected, ordinary users first: the classes, and every user."""
        masks = [of_kind(self.minors, kind) for kind in (ORDINARY, CONTROL_PLANE, NOBODY)]
        every = [each for mask in masks for each in self.every if each.worlds & mask]
        classes: dict[tuple[int, int, int], UserClass] = {}
        for each in every:
            classes.setdefault(each[:3], each)
        return list(classes.values()), every

    def add(self, user: str, kind: str, minors: int = -1) -> None:
        """A named user: authenticated, with the groups of its kind, and once more as a member of system:nodes."""
        minors &= self.minors
        if minors:
            groups = groups_of(user)
            self._add(user, user, groups, of_kind(minors, kind), self.free)
            nodes = _ANY_NODE if groups is _ANYBODY else groups | _NODE
            self._add(user, user, nodes, of_kind(minors, CONTROL_PLANE), self.free)

    def add_example(self, user: str, node: str) -> None:
        """The users that no rule mentions."""
        groups = groups_of(user)
        self._add(None, user, groups, of_kind(self.minors, ORDINARY), self.free, True)
        self._add(None, node, groups | _NODE, of_kind(self.minors, CONTROL_PLANE), self.free, True)

    def add_fixed(self, user: str | None, groups: frozenset[str], worlds: int) -> None:
        """A user with exactly these groups, or nobody, who meets no condition on users or groups."""
        if not worlds:
            return
        if user is None:
            accepted = self.joint.total("any_user") & self.without_group
            self.every.append(UserClass(accepted, 0, worlds, Identity(None, frozenset())))
        else:
            self._add(user, user, groups, worlds, None)

    def _surely(self, groups: frozenset[str]) -> int:
        """The alternatives that accept whoever is in these groups; most users are in the same."""
        sure = self._sure.get(groups)
        if sure is None:
            sure = self.without_group
            for group in groups:
                sure |= self.joint.group(group)
            self._sure[groups] = sure
        return sure

    def _add(
        self, key: str | None, user: str, groups: frozenset[str], worlds: int, free: int | None, example: bool = False
    ) -> None:
        accepted = self.joint.user(key)
        sure = accepted & self._surely(groups)
        perhaps = accepted & (free or 0) & ~sure
        identity = make(Identity, (user, groups, free is not None, example))
        self.every.append(make(UserClass, (sure, perhaps, worlds, identity)))
