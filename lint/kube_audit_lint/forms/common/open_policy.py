"""A policy in a template, with an unknown node wherever something is put in.

A line that is put in between two rules may be any rules; one that is deeper belongs to the rule before it, and
one below a key of that rule to the value of the key. What is beside the rules may be any other key of the policy.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from typing import TYPE_CHECKING

from kube_audit_lint.model.document import OpenPolicy
from kube_audit_lint.syntax.nodes import Entry, Mapping, Node, Scalar, Sequence
from kube_audit_lint.syntax.unknown import UNKNOWN

if TYPE_CHECKING:
    from kube_audit_lint.syntax.deciding import Deciding
    from kube_audit_lint.syntax.statements import Branch, Span

_DECIDING = ("apiVersion", "kind", "omitStages", "omitManagedFields")
"""The keys beside the rules that decide what is recorded; what is in others is not looked at."""
_NINDENT = re.compile(r"\bnindent[ \t(]+(\d+)")
_INDENT = re.compile(r"\bindent[ \t(]+(?:width[ \t]*=[ \t]*)?(\d+)(?:[ \t]*,[ \t]*(?:\w+[ \t]*=[ \t]*)?([Tt]rue))?")
_CONTENT = re.compile(r"(?m)^[ \t]*(?=[^\s#])")


def open_policy(root: Node | None, deciding: Deciding, text: str, neutral: str) -> OpenPolicy | None:
    """The policy with what is left open; None where that is unknown, or nothing is."""
    rules = root.get("rules") if isinstance(root, Mapping) else None
    if not isinstance(root, Mapping) or not isinstance(rules, Sequence) or not rules.items:
        return None
    reader = _Reader(root, rules, text, neutral)
    branches = deciding.branches_in(root.start, root.end)
    insertions = deciding.insertions_in(root.start, root.end)
    if not all(map(reader.branch, branches)) or not all(map(reader.insertion, insertions)):
        return None
    return OpenPolicy(reader.result(), branches) if branches or insertions else None


class _Reader:
    """Puts unknown nodes where statements are; a method returns whether it is known what the statement decides."""

    def __init__(self, root: Mapping, rules: Sequence, text: str, neutral: str) -> None:
        self._root = root
        self._entries = dict(root.entries)
        self._rules = rules
        self._text = text
        self._neutral = neutral
        self._items = list(rules.items)
        # In the order of the text, which is not that of the rules where one is there by alias.
        self._order = sorted(range(len(rules.items)), key=lambda index: rules.items[index].start)
        self._starts = [rules.items[index].start for index in self._order]
        self._put_in: list[tuple[int, Node]] = []
        first = rules.items[0].start
        self._dash = -1 if text.startswith(("[", "{"), rules.start) else self._column(text.rfind("-", 0, first))

    def result(self) -> Mapping:
        """The policy with all that was put in, the rules in the order of the text."""
        items = sorted([*((one.start, one) for one in self._items), *self._put_in], key=lambda one: one[0])
        rules = Sequence(self._rules.source, self._rules.start, self._rules.end, [node for _, node in items])
        self._entries["rules"] = Entry(self._entries["rules"].key, rules)
        return _with_entries(self._root, self._entries)

    def branch(self, branch: Branch) -> bool:
        """A block of a template: what its arms hold is there or not."""
        for entry in self._root.entries.values():
            if branch.start < entry.key.start < branch.end < entry.value.end:
                return False  # the value goes on behind the block, under whatever key
        first = bisect_left(self._starts, branch.start)
        begins = first < bisect_left(self._starts, branch.end)
        if begins and self._continues(branch.end):
            for start, end in (*branch.arms, (0, branch.start)):
                self._touch(start, end)
        elif first and self._cuts(branch):
            self._touch(self._starts[first - 1], branch.start)
        return True

    def _cuts(self, branch: Branch) -> bool:
        """Whether what begins in an arm goes on behind the block, and so belongs to each arm."""
        found = _CONTENT.search(self._neutral, branch.end)
        if found is None:
            return False
        behind, item = self._column(found.end()), self._neutral.startswith("-", found.end())
        lines = (one.end() for arm in branch.arms for one in _CONTENT.finditer(self._neutral, *arm))
        return any(
            self._column(at) < behind or (self._column(at) == behind and item > self._neutral.startswith("-", at))
            for at in lines
        )

    def _continues(self, at: int) -> bool:
        """Whether the next line that holds anything goes on with a rule that began before."""
        found = _CONTENT.search(self._neutral, at)
        return found is not None and self._rules.start < found.end() and self._column(found.end()) > self._dash

    def _touch(self, start: int, end: int) -> None:
        """Leaves open what the last rule is that begins between two places."""
        at = bisect_left(self._starts, end) - 1
        if at >= 0 and self._starts[at] >= start:
            index = self._order[at]
            item = self._items[index]
            self._items[index] = Mapping(item.source, item.start, item.end, _any_key(item, item.start))

    def insertion(self, span: Span) -> bool:
        """What is put in: a rule, a part of one, or something that no request depends on."""
        start = span[0]
        column = self._indented(span)
        if start < self._rules.start:
            return self._beside_the_rules(start, column)
        behind = bisect_right(self._starts, start) - 1
        if behind < 0:
            self._put_in.append((start, _unknown(self._rules, start)))
            return True
        if self._dash < 0 or column < self._dash or self._root_key(start) != "rules":
            return self._beside_the_rules(start, column)
        if column == self._dash:
            if self._continues(span[1]):
                self._touch(0, start)
            self._put_in.append((start, _unknown(self._rules, start)))
        else:
            index = self._order[behind]
            self._items[index] = _opened(self._items[index], start, column, self._column)
        return True

    def _beside_the_rules(self, start: int, column: int) -> bool:
        """What is put in elsewhere: a key of the policy, a part of such a key's value, or a rule in front of all."""
        key = self._root_key(start)
        if key == "rules" and start < self._rules.start:
            self._put_in.append((start, _unknown(self._rules, start)))
            return True
        if column <= self._column(self._root.start):
            self._entries.update(_any_key(self._root, start))  # in front of them all it is a comment or a key, too
            return True
        if key in _DECIDING:
            self._entries[key] = Entry(self._entries[key].key, _unknown(self._root, start))
        return key not in ("", "rules")

    def _root_key(self, at: int) -> str:
        """The key of the policy in whose value a place is."""
        before = [(one.key.start, key) for key, one in self._root.entries.items() if one.key.start < at]
        return max(before, default=(0, ""))[1]

    def _indented(self, span: Span) -> int:
        """The column at which the first line of what is put in is."""
        piece = self._text[span[0] : span[1]]
        if found := _NINDENT.search(piece):
            return int(found[1])
        column = self._column(span[0])
        found = _INDENT.search(piece)
        first_too = found is not None and (found[2] or piece.startswith("<%") or "(" not in found[0])
        return column + int(found[1]) if found is not None and first_too else column

    def _column(self, at: int) -> int:
        line = self._text.rfind("\n", 0, at)
        return at - max(line, self._text.rfind("\r", line + 1, at)) - 1


def _unknown(near: Node, at: int) -> Scalar:
    return Scalar(near.source, at, at, "string", UNKNOWN)


def _with_entries(item: Mapping, entries: dict[str, Entry]) -> Mapping:
    return Mapping(item.source, item.start, item.end, entries, item.duplicates)


def _opened(item: Node, at: int, column: int, column_of: Callable[[int], int]) -> Node:
    """A rule into which something is put: a key, or a part of the value of the key before."""
    if not isinstance(item, Mapping) or not item.entries:
        return _unknown(item, item.start)
    key, last = max(
        ((key, one) for key, one in item.entries.items() if one.key.start < at), key=lambda one: one[1].key.start
    )
    if column > column_of(item.start):
        return _with_entries(item, {**item.entries, key: Entry(last.key, _unknown(item, at))})
    return _with_entries(item, {**item.entries, **_any_key(item, at)})


def _any_key(item: Node, at: int) -> dict[str, Entry]:
    return {UNKNOWN: Entry(_unknown(item, at), _unknown(item, at))}
