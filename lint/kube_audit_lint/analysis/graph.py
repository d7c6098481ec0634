"""A decision diagram over sets of values: nodes that are equal are one, and each has a number above its children's.

A value that no edge of a node has is one that no request has there. A *box* is a set of requests: for each level
the set of values (an integer, a bit a value) that it takes; a level that it does not name takes all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

SAME = 0
"""The leaf of requests that nothing changes for."""

ALL = -1
"""All values of a level."""

Box = dict[int, int]
Edges = tuple[tuple[int, int], ...]
"""Sets of values, apart from each other, with the node that each leads to."""

_LEAF = -1


class Graph:
    """The nodes; `spend` is told of the work, and raises when there was too much."""

    def __init__(self, spend: Callable[[int], None]) -> None:
        self.spend = spend
        self.levels: list[int] = [_LEAF]
        self.edges: list[Edges] = [()]
        self.labels: list[Any] = [None]
        self._known: dict[Any, int] = {(_LEAF, None): SAME}
        self._joined: dict[tuple[int, int], int] = {}

    def leaf(self, label: Any) -> int:
        """The leaf with a label; None is that of SAME."""
        return self._node(_LEAF, (), label)

    def node(self, level: int, children: Iterable[tuple[int, int]]) -> int:
        """The node with these edges; those to one child become one."""
        masks: dict[int, int] = {}
        for mask, child in children:
            masks[child] = masks.get(child, 0) | mask
        edges = tuple(sorted((mask, child) for child, mask in masks.items()))
        return self._node(level, edges, None)

    def _node(self, level: int, edges: Edges, label: Any) -> int:
        key = (level, edges or label)
        number = self._known.get(key)
        if number is None:
            self.spend(1)
            number = self._known[key] = len(self.levels)
            self.levels.append(level)
            self.edges.append(edges)
            self.labels.append(label)
        return number

    def is_leaf(self, node: int) -> bool:
        """Whether nothing more is tested there."""
        return self.levels[node] == _LEAF

    def joined(self, one: int, other: int) -> int:
        """The requests of both; where both have a request, they agree, or SAME stands for what was not looked at."""
        if one == other:
            return one
        key = (one, other) if one < other else (other, one)
        if key not in self._joined:
            self._joined[key] = self._join(*key)
        return self._joined[key]

    def _join(self, one: int, other: int) -> int:
        if self.is_leaf(one) and self.is_leaf(other):
            return other  # the greater number: SAME is 0
        if self.is_leaf(one) or (not self.is_leaf(other) and self.levels[other] < self.levels[one]):
            one, other = other, one
        level = self.levels[one]
        others = self.edges[other] if self.levels[other] == level else ((ALL, other),)
        found: list[tuple[int, int]] = []
        for mask, child in self.edges[one]:
            for theirs, another in others:
                if mask & theirs:
                    found.append((mask & theirs, self.joined(child, another)))
                    mask &= ~theirs
            if mask:
                found.append((mask, child))
        if self.levels[other] == level:
            covered = sum(mask for mask, _ in self.edges[one])
            found += [(mask & ~covered, child) for mask, child in others if mask & ~covered]
        return self.node(level, found)

    def relabelled(self, root: int, label_of: Callable[[Any], Any]) -> int:
        """The same diagram with other labels, and so with fewer nodes."""
        made: dict[int, int] = {}
        for node in sorted(self._below(root, {})):
            if self.is_leaf(node):
                made[node] = self.leaf(label_of(self.labels[node])) if node else SAME
            else:
                edges = [(mask, made[child]) for mask, child in self.edges[node]]
                made[node] = self._reduced(self.levels[node], edges)
        return made[root]

    def _reduced(self, level: int, edges: list[tuple[int, int]]) -> int:
        node = self.node(level, edges)
        alone = len(self.edges[node]) == 1 and self.edges[node][0] == (3, edges[0][1])
        return edges[0][1] if alone and level >= GROUPS else node

    def _below(self, root: int, box: Box) -> set[int]:
        """All nodes that requests of a box come to."""
        seen, left = {root}, [root]
        while left:
            node = left.pop()
            within = box.get(self.levels[node], ALL)
            for mask, child in self.edges[node]:
                if mask & within and child not in seen:
                    seen.add(child)
                    left.append(child)
        self.spend(1 + len(seen) // 8)
        return seen

    def holds(self, root: int, box: Box, leaf: int) -> bool | None:
        """Whether all requests of the box come to one leaf; None where it has none."""
        levels, edges = self.levels, self.edges
        seen, left = {root}, [root]
        while left:
            node = left.pop()
            if levels[node] == _LEAF:
                if node != leaf:
                    return False
                continue
            within = box.get(levels[node], ALL)
            for mask, child in edges[node]:
                if mask & within and child not in seen:
                    seen.add(child)
                    left.append(child)
        self.spend(1 + len(seen) // 8)
        return True if leaf in seen else None

    def holding(self, root: int, box: Box, level: int, leaf: int) -> tuple[int, int]:
        """The values of a level with which requests of the box come to the leaf, and those with which to others.

        The box's own values of that level do not count. One look for what `holds` would need one a value for.
        """
        levels, edges = self.levels, self.edges
        box = {**box, level: ALL}
        found: dict[int, tuple[int, int]] = {}
        for node in sorted(self._below(root, box)):
            if levels[node] == _LEAF:
                found[node] = (ALL, 0) if node == leaf else (0, ALL)
                continue
            within, at_level = box.get(levels[node], ALL), levels[node] == level
            good = bad = 0
            for mask, child in edges[node]:
                if mask & within:
                    to_leaf, to_others = found[child]
                    good |= mask & to_leaf if at_level else to_leaf
                    bad |= mask & to_others if at_level else to_others
            found[node] = good, bad
        return found[root]

    def avoids(self, root: int, level: int, leaf: int) -> bool:
        """Whether some requests come to the leaf without a test of a level."""
        return leaf in self._below(root, {level: 0})

    def leaves(self, root: int, box: Box) -> list[int]:
        """The leaves that requests of the box come to."""
        return sorted(node for node in self._below(root, box) if self.is_leaf(node))

    def changing(self, root: int) -> list[int]:
        """All leaves but SAME."""
        return [leaf for leaf in self.leaves(root, {}) if leaf != SAME]

    def touched(self, root: int, box: Box, leaf: int | None = None) -> Box:
        """For each level the values that some request of the box has (leaf: one that comes to this leaf).

        A level is missing where none is tested for one.
        """
        alive: set[int] = set()
        found: Box = {}
        for node in sorted(self._below(root, box)):
            level = self.levels[node]
            if level == _LEAF:
                if leaf is None or node == leaf:
                    alive.add(node)
                continue
            within = box.get(level, ALL)
            values = 0
            for mask, child in self.edges[node]:
                if child in alive:
                    values |= mask & within
            if values:
                alive.add(node)
                found[level] = found.get(level, 0) | values
        return found

    def paths(self, root: int, leaf: int) -> Iterator[Box]:
        """The requests that come to a leaf, as boxes apart from each other."""
        leading: set[int] = set()
        for node in sorted(self._below(root, {})):
            if node == leaf or any(child in leading for _, child in self.edges[node]):
                leading.add(node)
        left: list[tuple[int, Box]] = [(root, {})] if root in leading else []
        while left:
            node, box = left.pop()
            if node == leaf:
                yield box
                continue
            level = self.levels[node]
            for mask, child in self.edges[node]:
                if child in leading:
                    left.append((child, {**box, level: mask}))
            self.spend(1)

    def first(self, root: int, box: Box, leaf: int) -> Box | None:
        """The first requests of a box that come to a leaf, by the lowest value of each level; None where none do."""
        seen, way = {root}, [(root, self._lowest(root, box))]
        chosen: list[tuple[int, int]] = []
        while way:
            node, left = way[-1]
            if node == leaf:
                return dict(chosen)
            lowest, child = next(left, (0, root))
            if not lowest:
                way.pop()
                del chosen[len(way) - 1 :]
            elif child not in seen:
                seen.add(child)
                chosen[len(way) - 1 :] = [(self.levels[node], lowest)]
                way.append((child, self._lowest(child, box)))
        return None

    def _lowest(self, node: int, box: Box) -> Iterator[tuple[int, int]]:
        """The children of a node that requests of a box come to, each with the lowest value that leads there."""
        within = box.get(self.levels[node], ALL)
        left = ((mask & within, child) for mask, child in self.edges[node])
        return iter(sorted((mask & -mask, child) for mask, child in left if mask))

    def classes(self, root: int) -> dict[int, list[int]]:
        """For each level, sets of values that no node tells apart."""
        masks: dict[int, set[int]] = {}
        for node in self._below(root, {}):
            if not self.is_leaf(node):
                masks.setdefault(self.levels[node], set()).update(mask for mask, _ in self.edges[node])
        return {level: self._split(sorted(found)) for level, found in masks.items()}

    def _split(self, masks: list[int]) -> list[int]:
        parts: list[int] = []
        for mask in masks:
            rest, split = mask, []
            for part in parts:
                inside, outside = part & mask, part & ~mask
                split += [each for each in (inside, outside) if each]
                rest &= ~part
            parts = [*split, rest] if rest else split
            self.spend(len(parts) // 16)
        return parts


ROWS, VERBS, SPACES, NAMES, USERS, GROUPS = range(6)
"""The levels: resource (or path), verb, namespace, name, user; from GROUPS on one for each group that users may have.

Of a group, value 0 is not to be in it, and value 1 to be in it.
"""
