"""All requests that come to a leaf of a diagram, as few boxes, each as wide as it can be."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from kube_audit_lint.analysis import UndecidedError
from kube_audit_lint.analysis.budget import Budget
from kube_audit_lint.analysis.graph import ALL, GROUPS, NAMES, ROWS, SPACES, USERS, VERBS
from kube_audit_lint.syntax.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kube_audit_lint.analysis.graph import Box, Graph

MOST_BOXES = 1_000
"""Boxes apart from each other above which nobody would read what they are joined to."""


MOST_CLASSES = 60
"""Classes of one change above which they are told as one, less exactly."""

STEPS_OF_CHANGE = 15_000
"""How much work it may be to find the classes of one change."""


class Part(NamedTuple):
    """A box; exact: whether all of its requests come to the leaf, or only some; example: a part of which all do."""

    box: Box
    exact: bool
    example: Box


class Cover:
    """The boxes of the leaves of one diagram."""

    def __init__(self, graph: Graph, root: int) -> None:
        self.graph = graph
        self.root = root
        self._classes = graph.classes(root)
        self._every = {level: sum(parts) for level, parts in self._classes.items()}
        self._rows = self._every.get(ROWS, 0)

    def of(self, leaf: int) -> list[Part]:
        """The boxes of a leaf; one around all where they would be too many, or would take too long."""
        try:
            self.graph.spend = Budget(STEPS_OF_CHANGE).spend
            paths = list(islice(self.graph.paths(self.root, leaf), MOST_BOXES + 1))
            if len(paths) <= MOST_BOXES:
                return [Part(box, True, box) for box in self._few(paths, leaf)]
        except UndecidedError:
            pass
        finally:
            self.graph.spend = _unlimited
        example = next(self.graph.paths(self.root, leaf))
        return [Part(self._around(leaf), False, example)]

    def _around(self, leaf: int) -> Box:
        """A box around all requests of a leaf."""
        graph, root = self.graph, self.root
        touched = graph.touched(root, {}, leaf)
        # Requests that come to the leaf without a test of a level may have any value of it.
        return {level: mask for level, mask in touched.items() if not graph.avoids(root, level, leaf)}

    def _few(self, paths: list[Box], leaf: int) -> list[Box]:
        chosen: list[Box] = []
        for path in sorted(paths, key=_size, reverse=True):
            if not any(_within(path, box) for box in chosen):
                chosen.append(self._widest(path, leaf))
                if len(chosen) > MOST_CLASSES:
                    raise UndecidedError
        chosen.sort(key=_size, reverse=True)
        covering = [[number for number, box in enumerate(chosen) if _within(path, box)] for path in paths]
        needed = list(_needed(covering, len(chosen)))
        return [self._own(chosen, number, needed, paths, covering) for number in needed]

    def _own(
        self, chosen: list[Box], number: int, needed: list[int], paths: list[Box], covering: list[list[int]]
    ) -> Box:
        """A box with only the resources that no wider one has all of, where these are much fewer."""
        box, rows = chosen[number], 0
        for path, by in zip(paths, covering, strict=True):
            if next(each for each in needed if each in by) == number:
                rows |= path.get(ROWS, ALL)
        taken = box.get(ROWS, ALL)
        few = rows & taken
        if few != ALL and 2 * few.bit_count() < (taken & self._rows).bit_count():
            box = {**box, ROWS: few}
        return self._free_values(box)

    def _free_values(self, box: Box) -> Box:
        """The box with all values added that no request has there: they need not be named."""
        for level in sorted(level for level in box if level < GROUPS):
            mask = box.pop(level)
            possible = self.graph.touched(self.root, box).get(level, 0)
            if possible & ~mask:
                box[level] = mask | (self._every[level] & ~possible)
        return box

    def _widest(self, box: Box, leaf: int) -> Box:
        """The box with every value added whose requests come nowhere else."""
        free = self._grown(box, leaf, (NAMES, SPACES))
        if SPACES in free or SPACES not in box:
            return free
        # Where no condition is about namespaces, what is in one must be in all of them to be added.
        return max(free, self._grown(box, leaf, (NAMES,)), key=self._reach)

    def _reach(self, box: Box) -> int:
        touched = self.graph.touched(self.root, box)
        return touched.get(ROWS, 0).bit_count() * touched.get(VERBS, 0).bit_count()

    def _grown(self, box: Box, leaf: int, dropped: tuple[int, ...]) -> Box:
        """dropped: the levels that are not named where all of their values that any request has will do."""
        box, before = dict(box), None
        while box != before:
            before = dict(box)
            for level in dropped:
                without = {each: mask for each, mask in box.items() if each != level}
                box = without if self.graph.holds(self.root, without, leaf) else box
            for level in (NAMES, SPACES):
                self._widen(box, level, leaf)
            self._free(box, sorted(level for level in box if level >= GROUPS), leaf)
            for level in (USERS, VERBS, ROWS):
                self._widen(box, level, leaf)
        return box

    def _widen(self, box: Box, level: int, leaf: int) -> None:
        mask = box.get(level, ALL)
        if not self._every.get(level, 0) & ~mask:
            return
        to_leaf, to_others = self.graph.holding(self.root, box, level, leaf)
        for values in self._classes[level]:
            if values & ~mask & to_leaf and not values & ~mask & to_others:
                mask |= values
        box[level] = mask

    def _free(self, box: Box, groups: list[int], leaf: int) -> None:
        """Drops the groups that do not matter, of many at once."""
        if not groups:
            return
        kept = {level: box.pop(level) for level in groups}
        if self.graph.holds(self.root, box, leaf):
            return
        box.update(kept)
        if len(groups) > 1:
            self._free(box, groups[: len(groups) // 2], leaf)
            self._free(box, groups[len(groups) // 2 :], leaf)


def _size(box: Box) -> int:
    return sum(1000 if level not in box else min(box[level].bit_count(), 1000) for level in range(GROUPS)) - sum(
        1 for level in box if level >= GROUPS
    )


def _within(box: Box, other: Box) -> bool:
    return all(not box.get(level, ALL) & ~mask for level, mask in other.items())


def _needed(covering: Iterable[list[int]], count: int) -> Iterator[int]:
    """The numbers without which something would not be covered."""
    lists = list(covering)
    left = set(range(count))
    for number in reversed(range(count)):
        if all(number not in some or len(left.intersection(some)) > 1 for some in lists):
            left.discard(number)
    return iter(sorted(left))


def _unlimited(steps: int) -> None:
    """What is left to do when too much was done is little."""
