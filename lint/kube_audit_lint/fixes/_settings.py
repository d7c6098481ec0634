"""What the kinds of fixes for API servers share: flags and volumes added and removed, in the keys of the file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from kube_audit_lint.fixes import Edit, NotEditable, Target
from kube_audit_lint.fixes import _tree as tree
from kube_audit_lint.fixes import _write as write
from kube_audit_lint.fixes._lines import line_break, line_end, line_start, next_line
from kube_audit_lint.model.server import Flag
from kube_audit_lint.syntax.nodes import Document, Entry, Mapping, Node, Scalar, Sequence
from kube_audit_lint.syntax.offsets import embedded_text
from kube_audit_lint.syntax.reader import read_documents
from kube_audit_lint.syntax.source import Place

_PREFERRED = ("audit-log-max", "audit-log-path", "audit-log", "audit")
_CONTINUED = re.compile(r"[ \t]*\\[ \t]*\Z")
_DEEPEST = 4


def spot_of(target: Target, place: Place) -> tree.Spot | None:
    """The innermost key or value of the file, or of a text in a block of it, that a place is in."""
    spot = _spot(target.documents, place)
    for _ in range(_DEEPEST):
        node = None if spot is None else spot.node
        if not isinstance(node, Scalar) or not node.block:
            return spot
        text, offsets = embedded_text(node)
        inner = _spot(tuple(read_documents(node.source, text, offsets)), place)
        if inner is None or (isinstance(inner.node, Scalar) and not inner.way):
            return spot
        spot = inner
    return spot


def _spot(documents: tuple[Document, ...], place: Place) -> tree.Spot | None:
    found = (tree.spot_around(one.root, place) for one in documents if one.root is not None)
    return next((one for one in found if one is not None), None)


def with_flag(target: Target, name: str, value: str) -> Iterator[tuple[Edit, ...]]:
    """A flag more, beside one that is there: the ways to write it, the best first."""
    server = target.server.server
    own = [one for one in server.flags if one.place.source is target.source]
    for anchor in sorted(own, key=_rank):
        spot = spot_of(target, anchor.place)
        edit = _in_text(anchor, name, value) if spot is None else _beside(target, anchor, spot, name, value)
        if edit is not None:
            yield (edit,)
            return


def _rank(flag: Flag) -> tuple[int, int]:
    for rank, start in enumerate(_PREFERRED):
        if flag.name.startswith(start):
            return rank, -flag.place.start
    return len(_PREFERRED), -flag.place.start


def _beside(target: Target, anchor: Flag, spot: tree.Spot, name: str, value: str) -> Edit | None:
    """A flag beside another one in YAML or JSON: a word of a list, a key, a name with a value, or in a command line."""
    node = spot.node
    if not isinstance(node, Scalar):
        return None
    if spot.is_item:
        items, index = spot.item
        if node.value.strip() == f"{anchor.written}={anchor.value}":
            word = f"{anchor.written.removesuffix(_as_written(anchor))}{_spelt(anchor, name)}={value}"
            text = _like(node, word)
            return tree.with_item(items, index + 1, text, [text])
        if anchor.value is not None and node.value.strip() == anchor.written and index + 1 < len(items.items):
            word = f"{anchor.written.removesuffix(_as_written(anchor))}{_spelt(anchor, name)}={value}"
            text = _like(node, word)
            return tree.with_item(items, index + 2, text, [text])
        return _in_text(anchor, name, value)
    mapping, entry = spot.mapping
    if spot.is_key and entry.key.value == anchor.written:
        return _new_key(target, mapping, entry, name, value)
    if entry.key.value in ("name", "key") and len(spot.way) > 1 and node.value == anchor.written:
        return _new_pair(spot, mapping, name, value)
    return _in_text(anchor, name, value)


def _as_written(flag: Flag) -> str:
    return flag.written.lstrip("-")


def _spelt(anchor: Flag, name: str) -> str:
    return name.replace("-", "_") if "_" in anchor.written and "-" not in _as_written(anchor) else name


def _like(node: Node, text: str) -> str:
    """A text in the quotes of another one, as long as it needs no others."""
    quote = node.source.text[node.start : node.start + 1]
    return f"{quote}{text}{quote}" if quote in ('"', "'") else text


def _new_key(target: Target, mapping: Mapping, entry: Entry, name: str, value: str) -> Edit:
    """A key of arguments or settings, its value written as other numbers of the file are."""
    spelling = target.server.server.spelling
    key, colon, text = (spelling(name, value) if spelling else f'{name}: "{value}"').partition(": ")
    if not colon or key.startswith("-"):
        raise NotEditable(f"there is no setting for --{name} here")
    if tree.in_json(mapping):
        key, text = f'"{key}"', text if text.isdigit() else f'"{value}"'
    numbers = [
        one.value for one in tree.written(mapping) if isinstance(one.value, Scalar) and one.value.value.isdigit()
    ]
    if text.startswith('"') and numbers and not tree.in_json(mapping):
        text = _like(numbers[0], value) if numbers[0].kind == "string" else text
    line = f"{key}: {text}"
    return tree.with_entry(mapping, entry, line, [line])


def _new_pair(spot: tree.Spot, mapping: Mapping, name: str, value: str) -> Edit:
    """An item with name and value, written as the one beside it."""
    step = spot.way[-2]
    if not isinstance(step.container, Sequence):
        raise NotEditable("the arguments are no list")
    keys = [one.key.value for one in tree.written(mapping)]
    values = {keys[0]: name, keys[1]: value} if keys[0] in ("name", "key") else {keys[0]: value, keys[1]: name}
    style = write.JSON if tree.in_json(mapping) else write.PLAIN
    flow = write.flow(values, style)
    lines = [flow] if tree.is_flow(mapping) else [f"{key}: {_quoted(one, mapping)}" for key, one in values.items()]
    return tree.with_item(step.container, step.number + 1, flow, lines)


def _quoted(text: str, mapping: Mapping) -> str:
    return f'"{text}"' if text.isdigit() else text


def _in_text(anchor: Flag, name: str, value: str) -> Edit | None:
    """A flag behind another one of a command line: on a line of its own where that one is."""
    text, place = anchor.place.source.text, anchor.place
    if place.text != f"{anchor.written}={anchor.value}" or not anchor.written.startswith("--"):
        return None
    word = f"--{_spelt(anchor, name)}={value}"
    start, end = line_start(text, place.start), line_end(text, place.end)
    if not text[start : place.start].strip() and _CONTINUED.match(text, place.end, end):
        line = text[start : place.start] + word + text[place.end : end]
        at = next_line(text, place.end)
        return Edit(at, at, line + line_break(text, place.end))
    return Edit(place.end, place.end, f" {word}")


def without_flag(target: Target, flag: Flag) -> Edit:
    """The arguments without a flag. Raises NotEditable."""
    spot = spot_of(target, flag.place)
    if spot is None or not isinstance(spot.node, Scalar):
        return _out_of_text(flag)
    if spot.is_item:
        if spot.node.value.strip() == f"{flag.written}={flag.value}":
            return tree.without_item(*spot.item)
        return _out_of_text(flag)
    mapping, entry = spot.mapping
    if spot.is_key and entry.key.value == flag.written:
        return tree.without_entry(mapping, entry)
    step = spot.way[-2] if len(spot.way) > 1 else None
    if entry.key.value in ("name", "key") and step is not None and isinstance(step.container, Sequence):
        return tree.without_item(step.container, step.number)
    return _out_of_text(flag)


def _out_of_text(flag: Flag) -> Edit:
    text, place = flag.place.source.text, flag.place
    if place.text != f"{flag.written}={flag.value}":
        raise NotEditable("the flag and its value are not one word")
    start, end = line_start(text, place.start), line_end(text, place.end)
    if not text[start : place.start].strip() and _CONTINUED.match(text, place.end, end):
        return Edit(start, next_line(text, place.end), "")
    if text[place.start - 1 : place.start] == " ":
        return Edit(place.start - 1, place.end, "")
    raise NotEditable("the flag does not stand by itself")


def ordered_as(values: dict[str, Any], models: list[Node]) -> dict[str, Any]:
    """The fields in the order in which the items beside it have them."""
    keys = [key for node in models if isinstance(node, Mapping) for key in node.entries]
    return {key: values[key] for key in (*(one for one in dict.fromkeys(keys) if one in values), *values)}
