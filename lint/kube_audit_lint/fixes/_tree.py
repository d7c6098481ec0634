"""Edits of YAML and JSON by the nodes of a document: everything around them stays as it is written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Sequence as List
from typing import cast

from kube_audit_lint.fixes import Edit, NotEditable
from kube_audit_lint.fixes._lines import above_comments, line_break, line_end, line_start, next_line, rest_of_line
from kube_audit_lint.fixes._write import quoted_as
from kube_audit_lint.syntax.nodes import Entry, Mapping, Node, Scalar, Sequence
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Place

_DASH = re.compile(r"[ \t]*-[ \t]+")
_DASHES = re.compile(r"[ \t]*(?:-[ \t]+)*")
_COMMA = re.compile(r"[ \t\r\n]*,[ \t\r\n]*")
_BREAK = re.compile(r"[\r\n]")
_WORD = re.compile(r"[^\s\"'\\]+")


class Step(NamedTuple):
    """A container, and which of its entries or items the way goes through."""

    container: Mapping | Sequence
    entry: Entry | None = None
    number: int = -1


class Spot(NamedTuple):
    """A key or value, and the way to it from the root, the nearest container last."""

    node: Node
    way: tuple[Step, ...]
    is_key: bool = False

    @property
    def mapping(self) -> tuple[Mapping, Entry]:
        """The mapping and the entry that it is the key or the value of. Raises NotEditable."""
        step = self.way[-1] if self.way else None
        if step is None or not isinstance(step.container, Mapping) or step.entry is None:
            raise NotEditable("it is no field")
        return step.container, step.entry

    @property
    def item(self) -> tuple[Sequence, int]:
        """The nearest list above it, and at which index of it. Raises NotEditable."""
        for step in reversed(self.way):
            if isinstance(step.container, Sequence):
                return step.container, step.number
        raise NotEditable("it is in no list")

    @property
    def list_field(self) -> tuple[Mapping, Entry]:
        """The mapping and the entry that the nearest list above it is the value of. Raises NotEditable."""
        return Spot(self.item[0], self.way[:-1]).mapping

    @property
    def is_item(self) -> bool:
        """Whether it is itself an item of a list."""
        return bool(self.way) and isinstance(self.way[-1].container, Sequence)


def spot_at(root: Node | None, place: Place) -> Spot:
    """The key or value that is written at a place; raises NotEditable where none is."""
    found = next(_spots(root, place, ()), None) if root is not None else None
    if found is None:
        raise NotEditable("what is written here cannot be edited by itself")
    return found


def _spots(node: Node, place: Place, way: tuple[Step, ...]) -> Iterator[Spot]:
    if (node.start, node.end) == (place.start, place.end):
        yield Spot(node, way)
    if isinstance(node, Mapping):
        for entry in written(node):
            step = Step(node, entry)
            if (entry.key.start, entry.key.end) == (place.start, place.end):
                yield Spot(entry.key, (*way, step), True)
            if entry.alias is None and not entry.merged and _inside(entry.value, node):
                yield from _spots(entry.value, place, (*way, step))
    elif isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            if _inside(item, node):
                yield from _spots(item, place, (*way, Step(node, None, index)))


def spot_around(root: Node | None, place: Place) -> Spot | None:
    """The innermost key or value that a place is in; None where it is in none."""
    spot: Spot | None = None
    node, way = root, cast("tuple[Step, ...]", ())
    while node is not None and node.start <= place.start and place.end <= max(node.end, node.start):
        spot = Spot(node, way)
        below = _below(node, place)
        if below is None:
            break
        node, step, is_key = below
        way = (*way, step)
        if is_key:
            return Spot(node, way, True)
    return spot


def _below(node: Node, place: Place) -> tuple[Node, Step, bool] | None:
    """What a place is in of a container's keys, values and items."""
    if isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            if item.start <= place.start and place.end <= item.end and _inside(item, node):
                return item, Step(node, None, index), False
    elif isinstance(node, Mapping):
        for entry in written(node):
            step = Step(node, entry)
            if entry.key.start <= place.start and place.start < entry.key.end:
                return entry.key, step, True
            value = entry.value
            if entry.alias is None and value.start <= place.start and place.end <= value.end and _inside(value, node):
                return value, step, False
    return None


def _inside(node: Node, container: Node) -> bool:
    """Whether a node is written where it belongs, and not elsewhere as the anchor of an alias."""
    return container.start <= node.start and node.end <= container.end


def written(node: Mapping) -> list[Entry]:
    """The entries of a mapping that are written in it, in order, with those that a later one replaces."""
    own = [one for one in (*node.entries.values(), *(lost for lost, _ in node.duplicates)) if not one.merged]
    return sorted(own, key=lambda one: one.key.start)


def is_flow(node: Node) -> bool:
    """Whether a list or mapping is written with brackets."""
    return node.source.text[node.start : node.start + 1] in ("[", "{")


def _verbatim(node: Mapping | Sequence) -> str:
    """The text of the file, in which the node can be edited by lines and brackets. Raises NotEditable."""
    text = node.source.text
    if not is_flow(node):
        first = node.items[0] if isinstance(node, Sequence) and node.items else None
        key = written(node)[0].key if isinstance(node, Mapping) and written(node) else None
        begins = text[node.start : node.start + 1] == "-" if first is not None else key is not None
        if not begins or (key is not None and not _shows(key, key.value)):
            raise NotEditable("it is not written in this file as it is read")
    return text


def _shows(node: Node, value: str) -> bool:
    return value in node.source.text[node.start : node.end]


def end_of(entry: Entry) -> int:
    """Where an entry ends that is written in its mapping."""
    value = entry.value
    if isinstance(value, Scalar) and value.block:
        raise NotEditable("it is a block of text")
    if entry.alias is not None:
        return entry.alias.end
    return max(entry.key.end, value.end)


def replaced(node: Node, new: str) -> Edit:
    """A string in place of a scalar, in its quotes. Raises NotEditable."""
    if not isinstance(node, Scalar) or node.block:
        raise NotEditable("it is no value on one line")
    text, old = node.source.text[node.start : node.end], node.value if node.kind == "string" else ""
    at = text.find(old) if old and text.count(old) == 1 else -1
    if at > 0 and text[at - 1] in "\"'" and _WORD.fullmatch(new):
        return Edit(node.start + at, node.start + at + len(old), new)
    if text != old and text[:1] not in ("'", '"') and node.kind == "string":
        raise NotEditable("it is not written in this file as it is read")
    return Edit(node.start, node.end, quoted_as(new, text[:1]))


def raw(node: Node, new: str) -> Edit:
    """A text as it is, in place of a plain value."""
    if not isinstance(node, Scalar) or node.block or not _shows(node, node.value):
        raise NotEditable("it is no value on one line")
    return Edit(node.start, node.end, new)


def without_item(items: Sequence, index: int) -> Edit:
    """The list without one of its items, which must not be the only one. Raises NotEditable."""
    if len(items.items) < 2:
        raise NotEditable("nothing would be left of the list")
    text = _verbatim(items)
    if is_flow(items):
        return _out_of([(one.start, one.end) for one in items.items], index, text)
    item = items.items[index]
    start = line_start(text, item.start)
    end = rest_of_line(text, item.end)
    if _DASH.fullmatch(text, start, item.start) is None or end is None:
        raise NotEditable("the item does not stand on lines of its own")
    return Edit(start, next_line(text, end), "")


def without_listed(spot: Spot) -> Edit:
    """The list without the item at a spot; where no stage would be left to omit, no list. Raises NotEditable."""
    items, index = spot.item
    if len(items.items) == 1 and spot.list_field[1].key.value == "omitStages":
        return without_entry(*spot.list_field)
    return without_item(items, index)


def without_entry(node: Mapping, entry: Entry) -> Edit:
    """The mapping without one of its entries, which must not be the only one. Raises NotEditable."""
    return without_entries(node, [entry])[0]


def without_entries(node: Mapping, lost: List[Entry]) -> tuple[Edit, ...]:
    """The mapping without some of its entries, an edit for each, in one pass over all. Raises NotEditable."""
    entries = written(node)
    if any(one.merged for one in lost) or len(entries) <= len(lost):
        raise NotEditable("nothing would be left of it")
    text, numbers = _verbatim(node), {one.key.start: number for number, one in enumerate(entries)}
    if is_flow(node):
        spans = [(one.key.start, end_of(one)) for one in entries]
        return tuple(_out_of(spans, numbers[one.key.start], text) for one in lost)
    return tuple(_without_lines(text, entries, numbers[one.key.start]) for one in lost)


def _without_lines(text: str, entries: List[Entry], at: int) -> Edit:
    """The lines of one of the entries of a mapping without brackets."""
    start, rest = line_start(text, entries[at].key.start), rest_of_line(text, end_of(entries[at]))
    if rest is None:
        raise NotEditable("the field does not stand on lines of its own")
    if not text[start : entries[at].key.start].strip(" \t"):
        return Edit(start, next_line(text, rest), "")
    following = entries[at + 1].key.start if at + 1 < len(entries) else -1
    if following < 0 or line_start(text, following) != next_line(text, rest):
        raise NotEditable("the field does not stand on lines of its own")
    return Edit(entries[at].key.start, following, "")


def _out_of(spans: list[tuple[int, int]], index: int, text: str) -> Edit:
    """What is written between commas, without one of them."""
    one = spans[index]
    edit = Edit(one[0], spans[index + 1][0], "") if index + 1 < len(spans) else Edit(spans[index - 1][1], one[1], "")
    gap = (one[1], edit.end) if index + 1 < len(spans) else (edit.start, one[0])
    if _COMMA.fullmatch(text, *gap) is None:
        raise NotEditable("a comment stands between the items")
    return edit


def with_item(items: Sequence, index: int, flow: str, lines: List[str]) -> Edit:
    """The list with an item more, in front of the one at an index, or behind them all. Raises NotEditable.

    flow, lines: the item between brackets, and by lines.
    """
    text = _verbatim(items)
    if is_flow(items):
        if not items.items:
            return Edit(items.start + 1, items.start + 1, flow)
        return _into([(one.start, one.end) for one in items.items], index, flow, items.start, text)
    if not items.items:
        raise NotEditable("the list is empty")
    near = items.items[min(index, len(items.items) - 1)]
    start = line_start(text, near.start)
    dash = _DASH.fullmatch(text, start, near.start)
    if dash is None:
        raise NotEditable("the items do not stand on lines of their own")
    lead, gap = text[start : near.start].split("-")
    prefixes = [f"{lead}-{gap}", *[f"{lead} {' ' * len(gap)}"] * (len(lines) - 1)]
    whole = [prefix + line for prefix, line in zip(prefixes, lines, strict=True)]
    if index >= len(items.items):
        return _behind(text, near.end, whole)
    at = above_comments(text, start, next_line(text, items.items[index - 1].end) if index else 0)
    return Edit(at, at, _joined(whole, line_break(text, start)))


def _joined(lines: List[str], end: str) -> str:
    return "".join(line + end for line in lines)


def _behind(text: str, end: int, lines: List[str]) -> Edit:
    """Lines behind the line on which something ends."""
    rest = rest_of_line(text, end)
    if rest is None:
        raise NotEditable("something else stands on the same line")
    at, breaks = next_line(text, rest), line_break(text, end)
    if at == line_end(text, rest):  # the last line has no end
        return Edit(at, at, breaks + breaks.join(lines))
    return Edit(at, at, _joined(lines, breaks))


def _into(spans: list[tuple[int, int]], index: int, flow: str, opened: int, text: str) -> Edit:
    """Something more between commas, set off as the others are."""
    separator = ", "
    if len(spans) > 1:
        gap = text[spans[0][1] : spans[1][0]]
        separator = gap if _COMMA.fullmatch(gap) else separator
    elif _BREAK.search(gap := text[opened + 1 : spans[0][0]]) and not gap.strip():
        separator = f",{gap}"
    if index < len(spans):
        return Edit(spans[index][0], spans[index][0], flow + separator)
    return Edit(spans[-1][1], spans[-1][1], separator + flow)


def with_entry(node: Mapping, near: Entry, flow: str, lines: List[str], before: bool = False) -> Edit:
    """The mapping with an entry more behind (or in front of) another one. Raises NotEditable."""
    text, entries = _verbatim(node), written(node)
    at = entries.index(near) + (not before)
    if is_flow(node):
        return _into([(one.key.start, end_of(one)) for one in entries], at, flow, node.start, text)
    start = line_start(text, near.key.start)
    prefix = text[start : near.key.start]
    if _DASHES.fullmatch(prefix) is None or (before and prefix.strip(" \t")):
        raise NotEditable("the field does not stand on a line of its own")
    whole = [prefix.replace("-", " ") + line for line in lines]
    if not before:
        return _behind(text, end_of(near), whole)
    limit = next_line(text, end_of(entries[at - 1])) if at else node.start
    top = above_comments(text, start, limit)
    return Edit(top, top, _joined(whole, line_break(text, start)))


def in_json(node: Node) -> bool:
    """Whether what is around a node is written as JSON: with brackets, and keys in quotes."""
    if isinstance(node, Mapping):
        entries = written(node)
        return is_flow(node) and bool(entries) and is_quoted(entries[0].key)
    return isinstance(node, Sequence) and is_flow(node) and any(map(in_json, node.items))


def is_quoted(node: Node) -> bool:
    """Whether a key or value is written in double quotes."""
    return node.source.text[node.start : node.start + 1] == '"'
