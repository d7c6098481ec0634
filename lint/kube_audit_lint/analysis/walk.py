"""One pass over the request space: which rule decides which classes of requests, in which worlds.

The dimensions have a fixed order: resource and verb (or path), namespace, name, user, groups. A state
is the set of alternatives still in play; states that are equal at the same depth are one node. Once the first
alternative in play has no condition left, all after it are dropped. Nodes carry the worlds in which a request
reaches them and where each world first came from, so that a request can be traced back from any leaf.
"""

from __future__ import annotations

from kube_audit_lint.analysis import UndecidedError
from kube_audit_lint.analysis.space import (
    NAMESPACE_IS_NAME,
    NO_NAME,
    NO_NAMESPACE,
    Region,
    Served,
    Shape,
    place_tree,
)
from kube_audit_lint.analysis.tree import Branch, parts
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from kube_audit_lint.analysis.identities import Identities, UserClass
    from kube_audit_lint.analysis.space import Target
    from kube_audit_lint.analysis.symbolic import Joint

STATE_STEPS = 3
"""The steps that a new state takes after the users and after each group: it is kept, and that costs most."""

LOOKS_A_STEP = 16
"""Groups that are passed over in the time of one step, because a state does not need them."""


class Segment(NamedTuple):
    """A run of bits with a decision of its own; only requests that leave one of `required` in play count."""

    bits: int
    required: int = 0


class Node:
    """The requests that left the same alternatives in play.

    origins: in which worlds they first came from which node, by way of what value.
    """

    __slots__ = ("count", "origins", "worlds")

    def __init__(self) -> None:
        self.worlds = 0
        self.count = 0
        self.origins: list[tuple[int, Node | None, str, Any]] = []


States = dict[int, Node]

Splits = dict[int, "list[tuple[tuple[int, int], int, int, list[UserClass]]]"]
"""What the users leave of a state: a key, in which worlds, by how many and whom (one for all in the same worlds)."""

MANY_SPLITS = 4_000
"""States of which these are kept; what comes later is worked out anew."""


Unlike = tuple[int, int, int, Node, "list[UserClass]"]
"""A leaf, in which worlds, the number of requests, where from, and by whom."""


class Walk:
    """One walk; `leaves` maps the deciding bits (one in each segment) to their node."""

    def __init__(
        self,
        space: Served,
        joint: Joint,
        segments: Sequence[Segment],
        region: Region,
        limit: int,
        identities: Identities | None = None,
        targets: Iterable[Target] | None = None,
        splits: Splits | None = None,
    ) -> None:
        """targets: if not those of the region. splits: those of other walks with the same identities and segments."""
        self.space = space
        self.joint = joint
        self.region = region
        self.steps = 0
        self.limit = limit
        self.segments = segments
        self.targets = targets
        self.limits_namespace = joint.total("limits_namespace")
        self.limits_name = joint.total("limits_name")
        self.limits_user = joint.total("limits_user")
        self.identities = identities or self._identified()
        self.worlds = space.minors * region.kinds
        self.users = self.identities.users
        self._splits: Splits = {} if splits is None else splits
        self.alive = self.identities.met(self.worlds) & _union(segments)
        self._prune = pruner(segments)
        self._settle = settler(segments)
        self.leaves: States = {}
        self._run()

    def _run(self) -> None:
        named = self._after_namespaces(self._after_targets())
        states = self._after_names(named)
        pending, unlike = self._after_users(states)
        self._after_groups(pending)
        # Last, so that a witness is an ordinary user where one leads to the same leaf by way of its groups.
        for bits, worlds, count, node, users in unlike:
            _reach(self.leaves, bits, worlds, count, node, "anyone", users)

    def _identified(self) -> Identities:
        """The classes of users, which take their time when thousands are mentioned."""
        self._spend(4 * len(self.joint.mentioned("users")))
        return self.space.identities(self.joint)

    def _spend(self, steps: int) -> None:
        self.steps += steps
        if self.steps > self.limit:
            raise UndecidedError

    def _after_targets(self) -> dict[Shape, States]:
        prune, alive = self._prune, self.alive
        complete = self.joint.bits & ~(self.limits_namespace | self.limits_name | self.limits_user)
        reached: dict[Shape, States] = {}
        worlds = self.worlds
        if self.targets is None and self.region.paths:
            self._spend(8 * len(self.joint.mentioned("prefixes")))
        targets = self.space.targets(self.joint, self.region) if self.targets is None else self.targets
        steps = 0
        single = len(self.segments) == 1 and not self.segments[0].required
        for target in targets:
            accepted, shape, served, _, members = target
            bits = accepted & alive
            if single:  # what `prune` would do: this is the one place where a call matters
                done = bits & complete
                if done:
                    bits &= done ^ (done - 1)
            else:
                bits = prune(bits, complete)
            if not bits:
                continue
            states = reached.get(shape)
            if states is None:
                reached[shape] = states = {}
            node = states.get(bits)
            if node is None:
                states[bits] = node = Node()
            node.count += len(members)
            new = served & worlds & ~node.worlds
            if new:
                node.worlds |= new
                node.origins.append((new, None, "target", target))
            steps += 1
        self._spend(steps)
        return reached

    def _after_namespaces(self, reached: dict[Shape, States]) -> dict[tuple[bool, int], States]:
        """By whether they are rare, and by the name that they may have."""
        named: dict[tuple[bool, int], States] = {}
        for shape, states in sorted(reached.items(), key=_rare):
            if shape.namespace == NO_NAMESPACE:
                _move(named.setdefault((shape.rare, NO_NAME), {}), states)
            elif shape.namespace == NAMESPACE_IS_NAME:
                classes = place_tree(self.joint, "both", shape.namespace)
                limited = self.limits_namespace | self.limits_name
                self._expand(
                    states, named.setdefault((shape.rare, NO_NAME), {}), classes, limited, self.limits_user, "both"
                )
            else:
                classes = place_tree(self.joint, "namespace", shape.namespace)
                left = self.limits_name | self.limits_user
                into = named.setdefault((shape.rare, shape.name), {})
                self._expand(states, into, classes, self.limits_namespace, left, "namespace")
        return named

    def _after_names(self, named: dict[tuple[bool, int], States]) -> States:
        done: States = {}
        for (_, kind), states in named.items():
            if kind == NO_NAME:
                _move(done, states)
            else:
                classes = place_tree(self.joint, "name", kind)
                self._expand(states, done, classes, self.limits_name, self.limits_user, "name")
        return done

    def _expand(
        self,
        states: States,
        into: States,
        classes: Branch,
        limited: int,
        limits_later: int,
        what: str,
    ) -> None:
        """From each state by each class of one dimension; states that do not look at it stay as they are."""
        prune = self._prune
        complete = self.joint.bits & ~limits_later
        for bits, node in states.items():
            if not bits & limited:
                _reach(into, bits, node.worlds, node.count * classes.size, node, what, classes.first)
                continue
            found = parts(classes, bits)
            self._spend(len(found))
            for accepted, _, count, value, _ in found:
                left = prune(bits & accepted, complete)
                if left:
                    _reach(into, left, node.worlds, node.count * count, node, what, value)

    def _after_users(self, states: States) -> tuple[dict[tuple[int, int], Node], list[Unlike]]:
        """What waits for the users' groups, and what is decided for users who are not like others."""
        unlike: list[Unlike] = []
        pending: dict[tuple[int, int], Node] = {}
        users = self.users
        anyone = 0
        for user in users:
            anyone |= user.worlds
        for bits, node in states.items():
            if not bits & self.limits_user:
                if worlds := node.worlds & anyone:
                    _reach(self.leaves, bits, worlds, node.count * len(users), node, "anyone", users)
                continue
            for key, served, count, some in self._splits.get(bits) or self._split(bits):
                worlds = node.worlds & served
                if not worlds:
                    continue
                if key[1]:
                    _reach(pending, key, worlds, node.count * count, node, "anyone", some)
                elif some[0].identity.free:
                    _reach(self.leaves, key[0], worlds, node.count * count, node, "anyone", some)
                else:
                    unlike.append((key[0], worlds, node.count * count, node, some))
        return pending, unlike

    def _split(self, bits: int) -> list[tuple[tuple[int, int], int, int, list[UserClass]]]:
        """What is left of a state by the users, those together who leave the same."""
        mask, width = self.identities.key(bits), self.identities.width
        settled: dict[tuple[int, int], tuple[int, int, list[UserClass]]] = {}
        for worlds, users in self.identities.trees:
            found = parts(users, mask)
            self._spend(len(found))
            alike: dict[int, tuple[int, UserClass]] = {}
            for accepted, _, count, user, _ in found:
                left = accepted & mask
                alike[left] = (alike[left][0] + count, alike[left][1]) if left in alike else (count, user)
            for left, (count, user) in alike.items():
                key = self._settle(left & bits, left >> width)
                if key is None:
                    continue
                if key not in settled:
                    settled[key] = worlds, count, [user]
                    continue
                known, number, some = settled[key]
                if worlds & ~known:
                    some.append(user)
                settled[key] = known | worlds, number + count, some
        split = [(key, *of_key) for key, of_key in settled.items()]
        self._spend(STATE_STEPS * len(split))
        if len(self._splits) < MANY_SPLITS:
            self._splits[bits] = split
        return split

    def _after_groups(self, pending: dict[tuple[int, int], Node]) -> None:
        """One yes or no for each group that any user may have, in turn."""
        settle, free = self._settle, self.identities.free
        later = [0] * (len(free) + 1)
        for index in range(len(free) - 1, -1, -1):
            later[index] = later[index + 1] | free[index][1]
        # States wait at the first group that they need.
        waiting: list[dict[tuple[int, int], Node]] = [{} for _ in free]
        for key, node in pending.items():
            self._reach_group(waiting, key, 0, node.worlds, node.count, node, "", "")
        for index, (group, listing) in enumerate(free):
            for (sure, perhaps), node in waiting[index].items():
                self._spend(2 * STATE_STEPS)
                hit = perhaps & listing
                rest = later[index + 1]
                for left, what in (
                    (settle(sure, perhaps & rest), "no"),
                    (settle(sure | hit, perhaps & ~hit & rest), "group"),
                ):
                    if left is not None:
                        parent = node if what == "group" else _without_group(node)
                        self._reach_group(waiting, left, index + 1, node.worlds, node.count, parent, what, group)
            waiting[index] = {}

    def _reach_group(
        self,
        waiting: list[dict[tuple[int, int], Node]],
        key: tuple[int, int],
        index: int,
        worlds: int,
        count: int,
        parent: Node | None,
        what: str,
        group: str,
    ) -> None:
        """A leaf, or a state that waits for the first group from `index` on that it tests."""
        perhaps = key[1]
        if not perhaps:
            _reach(self.leaves, key[0], worlds, count, parent, what, group)
            return
        free, first = self.identities.free, index
        while not perhaps & free[index][1]:
            index += 1
        self._spend((index - first) // LOOKS_A_STEP)
        _reach(waiting[index], key, worlds, count, parent, what, group)


def _rare(item: tuple[Shape, States]) -> bool:
    return item[0].rare


def _union(segments: Sequence[Segment]) -> int:
    bits = 0
    for segment in segments:
        bits |= segment.bits
    return bits


def _without_group(node: Node) -> Node | None:
    """The node, or the one before it where only a group is missing in between: ways would be as long as the groups."""
    if len(node.origins) == 1 and node.origins[0][2] == "no":
        return node.origins[0][1]
    return node


def _reach(
    states: dict[Any, Node], key: Any, worlds: int, count: int, parent: Node | None, what: str, value: Any
) -> None:
    """Requests of these worlds lead from the parent to a state, by way of the value."""
    node = states.get(key)
    if node is None:
        states[key] = node = Node()
    node.count += count
    new = worlds & ~node.worlds
    if new:
        node.worlds |= new
        node.origins.append((new, parent, what, value))


def _move(into: States, states: States) -> None:
    for bits, node in states.items():
        _reach(into, bits, node.worlds, node.count, node, "", None)


def pruner(segments: Sequence[Segment]) -> Callable[[int, int], int]:
    """Drops what comes after the first complete alternative of each segment; 0 when nothing can match."""
    if len(segments) == 1 and not segments[0].required:

        def prune_one(bits: int, complete: int) -> int:
            done = bits & complete
            return bits & (done ^ (done - 1)) if done else bits

        return prune_one

    def prune(bits: int, complete: int) -> int:
        left = 0
        for segment, required in segments:
            part = bits & segment
            done = part & complete
            if done:
                part &= done ^ (done - 1)
            if required and not part & required:
                return 0
            left |= part
        return left

    return prune


def settler(segments: Sequence[Segment]) -> Callable[[int, int], tuple[int, int] | None]:
    """The first sure alternative of each segment, and those before it that groups may still give."""

    def settle(sure: int, perhaps: int) -> tuple[int, int] | None:
        decided = waiting = 0
        for segment, required in segments:
            part = sure & segment
            first = part & -part
            before = perhaps & segment
            if part:
                before &= first - 1
            if required and not (first | before) & required:
                return None
            decided |= first
            waiting |= before
        return decided, waiting

    return settle
