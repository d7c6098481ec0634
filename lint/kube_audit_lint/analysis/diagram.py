"""Two policies as one decision diagram, whose leaves are the pairs of rules that decide, where that makes a difference.

The same classes and the same order as in `walk.py`; but nodes tell what becomes of their requests, and
not for a way back to one, and so two that lead to the same are one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kube_audit_lint.analysis.aligned import aligned
from kube_audit_lint.analysis.compiled import owners
from kube_audit_lint.analysis.effect import NOBODY_TRAITS, Effect, Traits, effect, traits_of
from kube_audit_lint.analysis.evaluate import decision_of
from kube_audit_lint.analysis.graph import GROUPS, NAMES, ROWS, SAME, SPACES, USERS, VERBS, Graph
from kube_audit_lint.analysis.identities import API_SERVER, UNSECURED, UserClass
from kube_audit_lint.analysis.rows import VERB_ORDER, Part, Rows
from kube_audit_lint.analysis.space import NAMESPACE_IS_NAME, URL_SHAPE, Served, Shape, places
from kube_audit_lint.analysis.stages import LONG_RUNNING_PATHS, LONG_RUNNING_SUBRESOURCES
from kube_audit_lint.analysis.symbolic import Conditions, Joint
from kube_audit_lint.analysis.tree import Branch, parts, tree
from kube_audit_lint.analysis.walk import Segment, pruner, settler
from kube_audit_lint.analysis.worlds import EVERYONE, minor_bits
from kube_audit_lint.model.policy import GroupResources, PolicyRule
from kube_audit_lint.syntax.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator

    from kube_audit_lint.analysis.evaluate import Decision
    from kube_audit_lint.model.policy import Policy
    from kube_audit_lint.model.version import Versions

_STAGES = (
    PolicyRule("None", non_resource_urls=(f"{LONG_RUNNING_PATHS}*",)),
    PolicyRule(
        "None", resources=(GroupResources("*", tuple(f"*/{sub}" for sub in sorted(LONG_RUNNING_SUBRESOURCES))),)
    ),
)
"""Mentioned beside the rules: such requests go through other stages."""

BOTH, FIRST, SECOND = 3, 1, 2
"""By which of the two policies' API servers a request is served."""

Flags = tuple[int, ...]
"""For each kind of users: by which servers their requests are served."""


GroupState = tuple[int, int, int]
"""The next group that is tested, what accepts the user surely, and what does if it is in some groups."""


class Pair(NamedTuple):
    """The rules that decide (NO_RULE: none does; None: not served), and what that changes for requests of some kind."""

    before: int | None
    after: int | None
    effect: Effect


class Diagram:
    """The diagram of two policies for the requests of a range of versions.

    upgrade: the first policy is that of the first version, the second that of the last, and those between are none.
    """

    def __init__(
        self, before: Policy, after: Policy, versions: Versions, spend: Callable[[int], None], upgrade: bool = False
    ) -> None:
        self.before, self.after = before, after
        self.versions, self.upgraded = versions, versions if upgrade else None
        self.spend = spend
        self.graph = Graph(spend)
        rules = aligned(before, after, shared=not upgrade)
        spend(len(rules) // 4)
        conditions = Conditions(one.rule for one in rules)
        self.bits = conditions.bits
        running = Conditions(_STAGES, conditions.end)
        self.joint = Joint(conditions, running)
        self.space = Served(versions)
        self._rules, self._owners = rules, owners(conditions)
        bits = conditions.rule_bits
        self._first = sum(bits[at] for at, one in enumerate(rules) if one.before is not None)
        self._second = sum(bits[at] for at, one in enumerate(rules) if one.after is not None)
        self._telling = sum(bits[at] for at, one in enumerate(rules) if self._tells(one.before, one.after))
        segments = [Segment(self._first), Segment(self._second)]
        self._prune, self._settle = pruner(segments), settler(segments)
        self._leaves: dict[tuple[int, Traits], int] = {}
        self._requests: dict[object, int] = {}
        self._persons: dict[tuple[int, Flags, Traits], int] = {}
        self._in_groups: dict[tuple[int, Traits], dict[GroupState, int]] = {}
        self._chains: dict[tuple[int, frozenset[str]], int] = {}
        self._masks: dict[int, int] = {}
        self._trees: dict[tuple[str, int], Branch] = {}
        self._take_users()
        self._take_places()
        self.rows = Rows(self.space, self.joint, conditions)
        spend(len(self.rows.keys) // 4)
        self.root = self.graph.node(ROWS, self._of_rows()) if self._telling else SAME

    @property
    def differs(self) -> bool:
        """Whether anything changes for any request."""
        return bool(self.graph.changing(self.root))

    def _tells(self, before: int | None, after: int | None) -> bool:
        if before is None or after is None or self.upgraded is not None:
            return True
        return decision_of(self.before, before).outcome != decision_of(self.after, after).outcome

    # -- values of the levels

    def _take_places(self) -> None:
        joint = self.joint
        limited = joint.bits
        self.spaces: list[str | None] = [None, "", *filter(None, joint.mentioned("namespaces"))]
        self.names: list[str | None] = [None, "", *filter(None, joint.mentioned("names"))]
        self._space_index = {value: index for index, value in enumerate(self.spaces)}
        self._name_index = {value: index for index, value in enumerate(self.names)}
        self.limits_namespace = limited & joint.total("limits_namespace")
        self.limits_name = limited & joint.total("limits_name")
        self.limits_user = limited & joint.total("limits_user")
        self._whole = joint.bits & ~(self.limits_namespace | self.limits_name | self.limits_user)

    def space_at(self, value: str | None) -> int:
        """Where a namespace is among `spaces`: first, where it is not mentioned."""
        return self._space_index.get(value, 0)

    def name_at(self, value: str | None) -> int:
        """Where a name is among `names`."""
        return self._name_index.get(value, 0)

    def place_values(self, what: str, kind: int) -> int:
        """The namespaces or names that requests of a kind may have."""
        return self._mask(self._place_tree(what, kind))

    def _place_tree(self, what: str, kind: int) -> Branch:
        """The namespaces or names that requests of a kind may have, as sets."""
        key = what, kind
        if key not in self._trees:
            at = self.space_at if what == "namespace" else self.name_at
            alike: dict[int, int] = {}
            for bits, value in places(self.joint, what, kind, every=True):
                alike[bits] = alike.get(bits, 0) | 1 << at(value)
            self._trees[key] = tree(alike.items())
        return self._trees[key]

    def _take_users(self) -> None:
        identities = self.space.identities(self.joint)
        self.spend(4 * len(identities.every))
        users = list(_apart(identities.every, self.joint.mentioned("users")))
        users = list(self._upgraded(users)) if self.upgraded else users
        self.users, self.width = users, identities.width
        # Those first without which nothing changes: for who is in none of them, the others need not be tested.
        self.free = sorted(identities.free, key=lambda one: not one[1] & self._telling)
        self._later = [0] * (len(self.free) + 1)
        for index in range(len(self.free) - 1, -1, -1):
            self._later[index] = self._later[index + 1] | self.free[index][1]
        names = [group for group, _ in self.free]
        alike: dict[tuple[int, frozenset[str] | None, bool], dict[int, int]] = {}
        for index, user in enumerate(users):
            fixed = None if user.identity.free else user.identity.groups.intersection(names)
            found = alike.setdefault((user.worlds, fixed, user.identity.user is None), {})
            bits = (user.sure | user.perhaps << self.width) & (self.bits | self.bits << self.width)
            found[bits] = found.get(bits, 0) | 1 << index
        self._kinds = [(*key, tree(found.items())) for key, found in alike.items()]

    def _upgraded(self, users: Iterable[UserClass]) -> Iterator[UserClass]:
        """The users, with the API server itself as one: an upgrade may give it another group."""
        old: UserClass | None = None
        for user in users:
            if user.identity.user != API_SERVER:
                yield user
            elif old is None:
                old = user
            else:  # `identities.py` has the newer one first
                sure = (old.sure & self._second) | (user.sure & self._first)
                yield UserClass(sure, 0, old.worlds | user.worlds, old.identity)
                return
        if old is not None:
            yield old

    def flags(self, worlds: int) -> int:
        """By which of the two servers something is served that is served in some worlds."""
        if not self.upgraded is not None:
            return BOTH if worlds else 0
        first, last = (minor_bits(minor, minor) * EVERYONE for minor in self.upgraded)
        return (FIRST if worlds & first else 0) | (SECOND if worlds & last else 0)

    # -- the nodes, from the top

    def _of_rows(self) -> Iterator[tuple[int, int]]:
        known: dict[object, int] = {}
        for index, row in enumerate(self.rows.parts):
            url, sub = self.rows.url(index), self.rows.subresource(index)
            key = (
                *((id(part.verbs), part.worlds) for part in row),
                traits_of("get", sub, url),
                traits_of("create", sub, url),
            )
            if key not in known:
                known[key] = self.graph.node(VERBS, self._of_verbs(row, sub, url))
            yield 1 << index, known[key]

    def _of_verbs(self, row: list[Part], sub: str, url: str | None) -> Iterator[tuple[int, int]]:
        verbs: dict[str, tuple[int, dict[Shape, int]]] = {}
        for part in row:
            for verb, shape, bits in part.verbs:
                shapes = verbs.setdefault(verb, (bits, {}))[1]
                shapes[shape] = shapes.get(shape, 0) | part.worlds
        self.spend(2 + len(verbs))
        for verb, (bits, shapes) in verbs.items():
            flags = (
                (shape, tuple(self.flags(worlds & kind[0]) for kind in self._kinds)) for shape, worlds in shapes.items()
            )
            served = tuple(one for one in flags if any(one[1]))
            if served:
                yield 1 << VERB_ORDER[verb], self._request(bits, served, traits_of(verb, sub, url))

    def _request(self, bits: int, shapes: tuple[tuple[Shape, Flags], ...], traits: Traits) -> int:
        """A resource (or path) with a verb."""
        key = bits, shapes, traits
        if key not in self._requests:
            bits = self._prune(bits & self.bits, self._whole)
            node: int | None = None
            for shape, flags in shapes:
                one = self._placed(bits, shape, flags, traits)
                node = one if node is None else self.graph.joined(node, one)
            assert node is not None
            self._requests[key] = node
        return self._requests[key]

    def _placed(self, bits: int, shape: Shape, flags: Flags, traits: Traits) -> int:
        if shape == URL_SHAPE:
            return self._sent(bits, flags, traits)
        if shape.namespace == NAMESPACE_IS_NAME:
            return self._in_itself(bits, flags, traits)
        edges = []
        for mask, left in self._chosen("namespace", shape.namespace, bits, self.limits_namespace):
            left = self._prune(left, self.joint.bits & ~(self.limits_name | self.limits_user))
            named = []
            for names, rest in self._chosen("name", shape.name, left, self.limits_name):
                rest = self._prune(rest, self.joint.bits & ~self.limits_user)
                named.append((names, self._sent(rest, flags, traits)))
            edges.append((mask, self.graph.node(NAMES, named)))
        return self.graph.node(SPACES, edges)

    def _chosen(self, what: str, kind: int, bits: int, limited: int) -> list[tuple[int, int]]:
        """Sets of namespaces or names, with the alternatives that are left by them."""
        root = self._place_tree(what, kind)
        if not (bits & limited and bits & self._telling):
            return [(self._mask(root), bits)]
        found = parts(root, bits)
        self.spend(len(found))
        return [(self._mask(branch), bits & branch.common) for branch in found]

    def _in_itself(self, bits: int, flags: Flags, traits: Traits) -> int:
        """A namespace: its name is its namespace, too."""
        by_space: dict[int, dict[int, int]] = {}
        for accepted, value in places(self.joint, "both", NAMESPACE_IS_NAME, every=True):
            space, name = self.space_at(value), self.name_at(value)
            left = self._prune(bits & accepted, self.joint.bits & ~self.limits_user)
            by_space.setdefault(space, {})[name] = self._sent(left, flags, traits)
            self.spend(1)
        edges = [
            (1 << space, self.graph.node(NAMES, [(1 << name, child) for name, child in named.items()]))
            for space, named in by_space.items()
        ]
        return self.graph.node(SPACES, edges)

    def _mask(self, branch: Branch) -> int:
        """The values of a branch."""
        if not branch.children:
            return int(branch.first)
        found = self._masks.get(id(branch))
        if found is None:
            found = 0
            for child in branch.children:
                found |= self._mask(child)
            self._masks[id(branch)] = found
        return found

    def _sent(self, bits: int, flags: Flags, traits: Traits) -> int:
        """A request of which only the sender is open."""
        if not bits & self._telling:
            return SAME
        key = bits, flags, traits
        if key not in self._persons:
            self._persons[key] = self.graph.node(USERS, self._by_users(bits, flags, traits))
        return self._persons[key]

    def _by_users(self, bits: int, flags: Flags, traits: Traits) -> Iterator[tuple[int, int]]:
        mask = bits | bits << self.width
        for (_, fixed, nobody, users), served in zip(self._kinds, flags, strict=True):
            if not served:
                continue
            of_these = NOBODY_TRAITS if nobody else traits
            for (sure, perhaps), chosen in self._settled(users, bits, mask).items():
                if fixed is not None:
                    leaf = self._leaf(sure, served, of_these) if sure & self._telling else SAME
                    yield chosen, self._with_groups(leaf, fixed)
                elif not (sure | perhaps) & self._telling:
                    yield chosen, SAME
                else:
                    yield chosen, self._in_any_groups(sure, perhaps, served, of_these)

    def _settled(self, users: Branch, bits: int, mask: int) -> dict[tuple[int, int], int]:
        """What is left of a state by the users: the alternatives, and the users who leave them."""
        found = parts(users, mask)
        self.spend(len(found))
        alike: dict[int, int] = {}
        for branch in found:
            left = branch.common & mask
            alike[left] = alike.get(left, 0) | self._mask(branch)
        settled: dict[tuple[int, int], int] = {}
        telling = self._telling | self._telling << self.width
        for left, chosen in alike.items():
            key = self._settle(left & bits, left >> self.width) if left & telling else (0, 0)
            assert key is not None
            key = key if (key[0] | key[1]) & self._telling else (0, 0)
            settled[key] = settled.get(key, 0) | chosen
        return settled

    def _in_any_groups(self, sure: int, perhaps: int, served: int, traits: Traits) -> int:
        """Users who may have any of the groups besides: one yes or no for each that is tested."""
        start = self._at_group(sure, perhaps, 0)
        made = self._in_groups.setdefault((served, traits), {})
        order: dict[GroupState, tuple[GroupState, GroupState] | None] = {}
        left = [start]
        while left:
            state = left.pop()
            if state in made or state in order:
                continue
            order[state] = follow = self._follow(*state)
            self.spend(3)
            left += follow or ()
        for state in sorted(order, key=_group_of, reverse=True):
            follow = order[state]
            if follow is None:
                made[state] = self._leaf(state[1], served, traits)
            else:
                no, yes = (made[each] for each in follow)
                made[state] = no if no == yes else self.graph.node(GROUPS + state[0], [(1, no), (2, yes)])
        return made[start]

    def _at_group(self, sure: int, perhaps: int, index: int) -> GroupState:
        """The state at the first group from `index` on that it tests; behind all groups, where it tests none."""
        if not (sure | perhaps) & self._telling:
            perhaps = 0
        if not perhaps:
            return len(self.free), sure, 0
        while not perhaps & self.free[index][1]:
            index += 1
        return index, sure, perhaps

    def _follow(self, index: int, sure: int, perhaps: int) -> tuple[GroupState, GroupState] | None:
        """What is left of a state without and with its group."""
        if not perhaps:
            return None
        rest = self._later[index + 1]
        hit = perhaps & self.free[index][1]
        no, yes = self._settle(sure, perhaps & rest), self._settle(sure | hit, perhaps & ~hit & rest)
        assert no is not None
        assert yes is not None
        return self._at_group(*no, index + 1), self._at_group(*yes, index + 1)

    def _with_groups(self, leaf: int, groups: frozenset[str]) -> int:
        """Users whose groups are exactly known."""
        key = leaf, groups
        if key not in self._chains:
            node = leaf
            for index in range(len(self.free) - 1, -1, -1):
                node = self.graph.node(GROUPS + index, [(2 if self.free[index][0] in groups else 1, node)])
            self._chains[key] = node
        return self._chains[key]

    def _leaf(self, sure: int, served: int, traits: Traits) -> int:
        key = sure | served << self.width, traits
        found = self._leaves.get(key)
        if found is None:
            pair = self._decided(sure, served, traits)
            found = self._leaves[key] = SAME if pair is None else self.graph.leaf(pair)
        return found

    def _decided(self, sure: int, served: int, traits: Traits) -> Hashable | None:
        """What is at a leaf; None for requests that nothing changes for."""
        one, other = sure & self._first, sure & self._second
        before = self._rules[self._owners[one & -one]].before if served & FIRST else None
        after = self._rules[self._owners[other & -other]].after if served & SECOND else None
        found = effect(self.decision(self.before, before), self.decision(self.after, after), traits)
        return None if found is None else Pair(before, after, found)

    @staticmethod
    def decision(policy: Policy, rule: int | None) -> Decision | None:
        """What a rule of one of the policies decides."""
        return None if rule is None else decision_of(policy, rule)


def _apart(users: list[UserClass], mentioned: list[str]) -> Iterator[UserClass]:
    """Without system:unsecured as old versions know it, where others may have its name and are in its groups."""
    free = any(user.identity.user == UNSECURED and user.identity.free for user in users)
    kept = UNSECURED in mentioned and not free
    for user in users:
        if kept or user.identity.free or user.identity.user != UNSECURED:
            yield user


def _group_of(state: GroupState) -> int:
    return state[0]
