"""From boxes of a diagram to conditions: the shortest that take all requests of a box and no other that is served."""

from __future__ import annotations

from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Any

from kube_audit_lint.analysis.conditions import ANY_SUBRESOURCE, Choice, Item, Requests, What, Who
from kube_audit_lint.analysis.evaluate import url_matches
from kube_audit_lint.analysis.graph import ALL, GROUPS, NAMES, ROWS, SPACES, USERS, VERBS
from kube_audit_lint.analysis.identities import (
    ACCOUNTS,
    AUTHENTICATED,
    NODES,
    UNAUTHENTICATED,
    account_namespace,
    is_coupled,
)
from kube_audit_lint.analysis.instance import bits_of
from kube_audit_lint.analysis.rows import VERBS_OF_REQUESTS
from kube_audit_lint.syntax.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kube_audit_lint.analysis.diagram import Diagram
    from kube_audit_lint.analysis.graph import Box

Atoms = dict[Any, int]
"""Conditions that can be written, each with the set of values that meet it."""


class Terms(NamedTuple):
    """Some atoms, or all values where there are none, without those of others."""

    chosen: tuple[Any, ...]
    but: tuple[Any, ...] = ()

    @property
    def length(self) -> int:
        """How much there is to read."""
        return len(self.chosen) + len(self.but)


def cheapest(found: Iterable[Terms | None]) -> Terms | None:
    """The shortest; of equal ones the first."""
    return min((one for one in found if one is not None), key=lambda one: one.length, default=None)


def covering(atoms: Atoms, must: int, may: int) -> tuple[Any, ...] | None:
    """Few atoms that together take all of `must` and none but `may`; None where there are no such."""
    usable = [(atom, mask & must) for atom, mask in atoms.items() if mask & must and not mask & ~may]
    usable.sort(key=lambda one: -one[1].bit_count())
    found = []
    for atom, mask in usable:
        if mask & must:
            found.append(atom)
            must &= ~mask
            if not must:
                break
    return None if must else tuple(found)


def without(atoms: Atoms, base: int, must: int, may: int, chosen: tuple[Any, ...] = ()) -> Terms | None:
    """All of `base` but some atoms; None where that takes less than `must`, or more than `may`."""
    if must & ~base:
        return None
    left_out = covering(atoms, base & ~may, ~must)
    return None if left_out is None else Terms(chosen, left_out)


def terms(atoms: Atoms, everything: int, bases: Iterable[Any], must: int, may: int) -> Terms | None:
    """The shortest terms between `must` and `may`."""
    if not everything & ~may:
        return Terms(())
    positive = covering(atoms, must, may)
    found = [None if positive is None else Terms(positive), without(atoms, everything, must, may)]
    found += [without(atoms, atoms[base], must, may, (base,)) for base in bases if not must & ~atoms[base]]
    return cheapest(found)


class Wording:
    """The conditions that can be written about one diagram."""

    def __init__(self, diagram: Diagram) -> None:
        self.diagram = diagram

    def of(self, box: Box) -> list[Requests]:
        """The conditions of a box, which together take exactly its requests."""
        must = self.diagram.graph.touched(self.diagram.root, box)
        verbs = self._verbs(must[VERBS], box.get(VERBS, ALL))
        what = list(self._what(must[ROWS], box.get(ROWS, ALL)))
        who, spaces, names = self.within(box, must)
        return [Requests(sender, verbs, target, spaces, names) for sender, target in product(who, what)]

    def within(self, box: Box, must: Box) -> tuple[list[Who], Choice, Choice]:
        """The conditions of a box on who sends, on the namespace and on the name. must: what its requests have."""
        spaces = _places(self.diagram.spaces, must.get(SPACES, 0), box.get(SPACES, ALL))
        names = _places(self.diagram.names, must.get(NAMES, 0), box.get(NAMES, ALL))
        return list(self._who(must[USERS], box)), spaces, names

    def paths(self, rows: int) -> list[What]:
        """The conditions that take some rows of paths and no other."""
        return list(self._paths(rows, rows))

    def _verbs(self, must: int, may: int) -> Choice:
        every = (1 << len(VERBS_OF_REQUESTS)) - 1
        if not every & ~may:
            return Choice()
        left_out = [verb for index, verb in enumerate(VERBS_OF_REQUESTS) if not may >> index & 1]
        chosen = [verb for index, verb in enumerate(VERBS_OF_REQUESTS) if must >> index & 1]
        if len(left_out) < len(chosen):
            return Choice(tuple(left_out))
        return Choice(tuple(chosen), False)

    # -- who

    def _who(self, must: int, box: Box) -> Iterator[Who]:
        free = self.diagram.free
        groups = [(free[level - GROUPS][0], mask) for level, mask in sorted(box.items()) if level >= GROUPS]
        yes = tuple(group for group, mask in groups if mask == 2)
        no = tuple(group for group, mask in groups if mask == 1)
        for found in self._users(must, box.get(USERS, ALL)):
            who = found._replace(in_all=(*found.in_all, *yes), but_groups=(*found.but_groups, *no))
            if len(who.in_all) == 1 and not (who.users or who.groups):
                who = who._replace(groups=who.in_all, in_all=())
            yield who

    def _users(self, must: int, may: int) -> Iterator[Who]:
        atoms = self._persons
        everybody = (1 << len(self.diagram.users)) - 1
        found = terms(atoms, everybody, atoms, must, may & everybody)
        if found is not None:
            yield _senders(found)
            return
        left = must
        while left:  # one by one: each by all that is so of it
            low = left & -left
            has = [atom for atom, mask in atoms.items() if mask & low]
            taken = everybody
            for atom, mask in atoms.items():
                taken &= mask if atom in has else ~mask
            named = [value for of_group, value in has if not of_group]
            in_all = tuple(value for of_group, value in has if of_group)
            lacking = Terms((), tuple(atom for atom in atoms if atom not in has))
            yield _senders(lacking)._replace(users=tuple(named), in_all=in_all)
            left &= ~taken

    @cached_property
    def _persons(self) -> Atoms:
        """(whether it is a group, its name or the user's)."""
        users = self.diagram.users
        mentioned = {*self.diagram.joint.mentioned("users")}
        known = self._known_groups(mentioned)
        atoms: Atoms = {}
        for index, user in enumerate(users):
            identity = user.identity
            keys: list[tuple[bool, str | None]] = [(True, group) for group in sorted(identity.groups & known)]
            if not identity.free or identity.user in mentioned:
                keys.append((False, identity.user))
            for key in keys:
                atoms[key] = atoms.get(key, 0) | 1 << index
        return atoms

    def _known_groups(self, users: set[str]) -> frozenset[str]:
        """The groups that go with users, but for that of the namespace which stands for all that are not mentioned."""
        groups = {group for group in self.diagram.joint.mentioned("groups") if is_coupled(group)}
        spaces = ("kube-system", *filter(None, map(account_namespace, users)))
        always = (AUTHENTICATED, UNAUTHENTICATED, ACCOUNTS, NODES)
        return frozenset((*groups, *always, *(f"{ACCOUNTS}:{space}" for space in spaces)))

    # -- what

    def _what(self, must: int, may: int) -> Iterator[What]:
        """Resources and paths in one, where they can be."""
        rows = self.diagram.rows
        resources = (1 << rows.resources) - 1
        paths = ((1 << len(rows.keys)) - 1) & ~resources
        found = list(self._resources(must & resources, may & resources)) if must & resources else [What()]
        of_paths = list(self._paths(must & paths, may & paths)) if must & paths else [What()]
        first, second = found[0], of_paths[0]
        yield first._replace(paths=second.paths, but_paths=second.but_paths)
        yield from found[1:]
        yield from of_paths[1:]

    def _resources(self, must: int, may: int) -> Iterator[What]:
        every = (1 << self.diagram.rows.resources) - 1
        if not every & ~may:
            yield What((Item("*", "*"),))
            return
        anywhere = covering(self._anywhere, must, may)
        whole = without(self._items, every, must, may, (Item("*", "*"),))
        parts, odd = self._by_group(must, may)
        listed = None if odd else Terms(sum((one.chosen for one in parts), ()), sum((one.but for one in parts), ()))
        found = cheapest([None if anywhere is None else Terms(anywhere), listed, whole])
        if found is not None:
            yield What(found.chosen, found.but)
            return
        if parts:
            yield What(sum((one.chosen for one in parts), ()), sum((one.but for one in parts), ()))
        together = without(self._items, every, odd, may, (Item("*", "*"),)) if odd else None
        if together is not None:
            yield What(together.chosen, together.but)
            return
        for row in bits_of(odd):
            yield self._single(1 << row)

    def _by_group(self, must: int, may: int) -> tuple[list[Terms], int]:
        """The terms of each group that has a part of its own; and the rows for which there are none."""
        parts: list[Terms] = []
        odd = 0
        for group, rows in self._groups.items():
            if not must & rows:
                continue
            atoms = self._items_of[group]
            whole = Item(group, "*") if group is not None else None
            bases = [] if whole is None else [whole]
            found = None
            if whole is not None and not rows & ~may:
                found = Terms((whole,))
            elif whole is not None:
                positive = covering(atoms, must & rows, may)
                candidates = [None if positive is None else Terms(positive)]
                candidates += [without(atoms, rows, must & rows, may & rows, tuple(bases))]
                found = cheapest(candidates)
            if found is None:
                odd |= must & rows
            else:
                parts.append(found)
        return parts, odd

    def _single(self, row: int) -> What:
        """One row by itself: within what is most particular about it, but nothing else that is in there."""
        has = [item for item, mask in self._items.items() if mask & row]
        base = min(has, key=lambda item: self._items[item].bit_count(), default=Item("*", "*"))
        rest = self._items.get(base, (1 << self.diagram.rows.resources) - 1) & ~row
        others = {item: mask for item, mask in self._items.items() if item not in has}
        left_out = covering(others, rest, ~row)
        assert left_out is not None
        return What((base,), left_out)

    @cached_property
    def _groups(self) -> dict[str | None, int]:
        found: dict[str | None, int] = {}
        for index, key in enumerate(self.diagram.rows.keys[: self.diagram.rows.resources]):
            found[key[0]] = found.get(key[0], 0) | 1 << index
        return found

    @cached_property
    def _items_of(self) -> dict[str | None, Atoms]:
        """For each group the items that can be written of it."""
        found: dict[str | None, Atoms] = {}
        for index, (group, name, sub) in enumerate(self._resource_keys):
            atoms = found.setdefault(group, {})
            if group is None:
                continue
            for item in _items_for(name, sub):
                key = Item(group, item)
                atoms[key] = atoms.get(key, 0) | 1 << index
        return found

    @property
    def _resource_keys(self) -> Iterator[Any]:
        return iter(self.diagram.rows.keys[: self.diagram.rows.resources])

    @cached_property
    def _items(self) -> Atoms:
        """All items: whole groups, what is in them, and subresources in any group."""
        atoms = {Item(group, "*"): mask for group, mask in self._groups.items() if group is not None}
        for each in self._items_of.values():
            atoms.update(each)
        return atoms | self._anywhere

    @cached_property
    def _anywhere(self) -> Atoms:
        """Items of any group; only what some rule mentions so, for of the rest nobody knows which groups have it."""
        names, subs = self.diagram.rows.groups[None]
        atoms: Atoms = {}
        for index, (_, name, sub) in enumerate(self._resource_keys):
            known = name if name in names else None, sub if sub in subs or not sub else None
            for item in _items_for(*known):
                key = Item("*", item)
                atoms[key] = atoms.get(key, 0) | 1 << index
        return atoms

    def _paths(self, must: int, may: int) -> Iterator[What]:
        rows = self.diagram.rows
        every = ((1 << len(rows.keys)) - 1) & ~((1 << rows.resources) - 1)
        found = terms(self._specs, every, [spec for spec in self._specs if spec.endswith("*")], must, may)
        if found is not None:
            yield What(paths=found.chosen or ("*",), but_paths=found.but)
            return
        while must:
            low = must & -must
            has = {spec: mask for spec, mask in self._specs.items() if mask & low}
            taken = every
            for spec, mask in self._specs.items():
                taken &= mask if spec in has else ~mask
            base = min(has, key=lambda spec: has[spec].bit_count(), default="*")
            yield What(paths=(base,), but_paths=tuple(spec for spec in self._specs if spec not in has))
            must &= ~taken

    @cached_property
    def _specs(self) -> Atoms:
        """The paths and beginnings of paths that are mentioned."""
        rows = self.diagram.rows
        specs = [spec for spec in self.diagram.joint.mentioned("urls") if spec != "*"]
        # A beginning itself is a path, too, and can be told from what is below it.
        specs += [prefix for prefix in self.diagram.joint.mentioned("prefixes") if prefix]
        atoms: Atoms = {}
        for spec in dict.fromkeys(specs):
            mask = 0
            for index in range(rows.resources, len(rows.keys)):
                if url_matches(spec, str(rows.keys[index])):
                    mask |= 1 << index
            if mask:
                atoms[spec] = mask
        return atoms


def _items_for(name: str | None, sub: str | None) -> Iterator[str]:
    """The items that take a resource, those that take the least first."""
    if name is not None:
        if sub is not None:
            yield f"{name}/{sub}" if sub else name
        yield f"{name}/*"
    if sub:
        yield f"*/{sub}"
    if sub != "":
        yield ANY_SUBRESOURCE


def _senders(found: Terms) -> Who:
    return Who(
        tuple(value for of_group, value in found.chosen if not of_group),
        tuple(value for of_group, value in found.chosen if of_group),
        (),
        tuple(value for of_group, value in found.but if not of_group),
        tuple(value for of_group, value in found.but if of_group),
    )


def _places(values: list[str | None], must: int, may: int) -> Choice:
    """Namespaces or names; the first value stands for all that are not mentioned."""
    every = (1 << len(values)) - 1
    if not every & ~may:
        return Choice()
    left_out = [value or "" for index, value in enumerate(values) if not may >> index & 1]
    chosen = [value or "" for index, value in enumerate(values) if must >> index & 1]
    if must & 1 or (may & 1 and len(left_out) < len(chosen)):
        return Choice(tuple(left_out))
    return Choice(tuple(chosen), False)
