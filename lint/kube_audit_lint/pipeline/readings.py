"""What a rule may be whose values a template decides in part, and what is beside the rules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product

from kube_audit_lint.analysis.familiar import COMPONENTS
from kube_audit_lint.analysis.identities import ANONYMOUS, API_SERVER
from kube_audit_lint.model.policy import LEVELS
from kube_audit_lint.pipeline.arms import Span, entries_without
from kube_audit_lint.syntax.nodes import Entry, Mapping, Node, Scalar, strings
from kube_audit_lint.syntax.nodes import Sequence as NodeList
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.unknown import UNKNOWN, is_unknown

Entries = dict[str, Entry]
Named = dict[str, tuple[str, ...]]
"""The names that an unknown value may have, as far as it matters, by the condition: there are always others."""

_SETTINGS = ("level", "omitStages", "omitManagedFields")
"""What a rule records; its other keys say of which requests."""
_WHO = ("users", "userGroups")
_NAMESPACES = ("", "default", "kube-node-lease", "kube-public", "kube-system")
"""The namespaces of every cluster, and that of what is in none."""
_STAGES = ("RequestReceived", "ResponseStarted", "Panic")
"""What stages a policy may omit that still records what requests came to."""
_SOME = "unknown"
"""A value that nobody uses, in place of one that is not known."""


class Way(NamedTuple):
    """A rule as it may be. changed: whether it is not as written.

    told: whether what is found about it may be reported. counts: whether what is not found about it is not.
    """

    node: Node
    changed: bool = False
    told: bool = True
    counts: bool = True


def ways_of(item: Node, named: Named) -> list[Way | None]:
    """What a rule may be: with some values for the unknown ones, with all that may be there, nothing."""
    if not isinstance(item, Mapping):
        return [None, *_with_settings(item, {}, False, False)] if has_unknown(item) else [Way(item)]
    unknown = {key: one for key, one in item.entries.items() if not is_unknown(key) and has_unknown(one.value)}
    known = {key: one for key, one in item.entries.items() if key not in unknown and not is_unknown(key)}
    any_key = any(map(is_unknown, item.entries))
    if not unknown and not any_key:
        return [Way(item)]
    conditions = {key: one for key, one in unknown.items() if key not in _SETTINGS}
    if any_key:
        return [None, *_with_settings(item, known, False, False)]
    if not conditions:
        return [*_with_settings(item, known)]
    some = {key: Entry(one.key, _some(key, one.value)) for key, one in conditions.items()}
    least = [] if all(_matches_some(key, one.value) for key, one in conditions.items()) else [None]
    wide = {key: wider for key, one in conditions.items() if (wider := _wide(key, one, named)) is not None}
    # Whom a rule is about tells how grave it is: nothing is reported about one of which nobody is certain.
    told = all(key not in _WHO or _has_known(key, one.value) for key, one in conditions.items())
    return [*least, *_with_settings(item, known | some, told), *_with_settings(item, known | wide, told)]


def named_in(root: Mapping) -> Named:
    """The users and namespaces that a policy names in any of its rules, and those that every cluster has."""
    lists = [one.value for one in entries_without(root, ()) if one.key.value == "rules"]
    rules = [item for one in lists if isinstance(one, NodeList) for item in one.items if isinstance(item, Mapping)]
    everywhere = {"users": (*COMPONENTS, API_SERVER, ANONYMOUS), "namespaces": _NAMESPACES}
    return {
        key: tuple(dict.fromkeys((*names, *(one for rule in rules for one in _known_names(rule.get(key))))))
        for key, names in everywhere.items()
    }


def _known_names(value: Node | None) -> Iterator[str]:
    return (one.value for one in strings(value) if not is_unknown(one.value))


def _wide(key: str, entry: Entry, named: Named) -> Entry | None:
    """A condition with all that an unknown value in it may take; None where that is everything."""
    node = entry.value
    if not isinstance(node, NodeList):
        return None
    if key in named:
        items = [one for item in node.items for one in _wide_names(item, named[key])]
        return Entry(entry.key, NodeList(node.source, node.start, node.end, items))
    if key == "nonResourceURLs":
        every = Scalar(node.source, node.start, node.start, "string", "*")
        return Entry(entry.key, NodeList(node.source, node.start, node.end, [every]))
    if key != "resources":
        return None
    wide: list[Node] = [one for item in node.items if (one := _wide_entry(item)) is not None]
    return Entry(entry.key, NodeList(node.source, node.start, node.end, wide)) if len(wide) == len(node.items) else None


def _wide_entry(item: Node) -> Node | None:
    """What one of `resources` takes at most; None where its group is not known."""
    if not has_unknown(item):
        return item
    if not isinstance(item, Mapping) or any(map(is_unknown, item.entries)):
        return None
    group = item.entries.get("group")
    if group is not None and has_unknown(group.value):
        return None
    return Mapping(item.source, item.start, item.end, {"group": group} if group is not None else {})


def _wide_names(item: Node, names: tuple[str, ...]) -> Iterator[Node]:
    """A name that is known, or those that an unknown one may be, of which one is nobody's."""
    yield _some_scalar(item)
    if isinstance(item, Scalar) and is_unknown(item.value):
        pattern = re.compile(".*".join(map(re.escape, re.split(f"{UNKNOWN}+", item.value))), re.DOTALL)
        for name in filter(pattern.fullmatch, names):
            yield Scalar(item.source, item.start, item.start, "string", name)


def _with_settings(item: Node, known: Entries, told: bool = True, counts: bool = True) -> Iterator[Way]:
    """A rule with every level and every stages that it may have, where they are not known."""
    entries = item.entries if isinstance(item, Mapping) else {}
    levels = [known["level"]] if "level" in known else [_level(item, one) for one in LEVELS]
    stages = [known.get("omitStages")]
    if "omitStages" in entries and stages == [None]:
        stages = list(_stages(entries["omitStages"]))
    for level, omitted in product(levels, stages):
        settings = {"level": level} if omitted is None else {"level": level, "omitStages": omitted}
        inner = {key: both[key] for key in (*entries, *settings) if key in (both := known | settings)}
        yield Way(Mapping(item.source, item.start, item.end, inner), changed=True, told=told, counts=counts)


def _level(item: Node, level: str) -> Entry:
    """A level where an unknown one is, or without a place of its own."""
    entry = item.entries.get("level") if isinstance(item, Mapping) else None
    if entry is None:
        return _entry(item, "level", level)
    return Entry(entry.key, Scalar(item.source, entry.value.start, entry.value.end, "string", level))


def _stages(entry: Entry) -> Iterator[Entry | None]:
    """The stages that are certain, and with all others that may be omitted."""
    node = entry.value
    certain = [one for one in node.items if not has_unknown(one)] if isinstance(node, NodeList) else []
    more = [Scalar(node.source, node.start, node.start, "string", one) for one in _STAGES]
    for items in (certain, [*certain, *more]):
        yield Entry(entry.key, NodeList(node.source, node.start, node.end, list(items)))


def beside_rules(root: Mapping, gone: tuple[Span, ...]) -> list[Entries]:
    """What may be beside the rules where parts of the file are not there."""
    entries = {one.key.value: one for one in entries_without(root, gone) if not is_unknown(one.key.value)}
    open_keys = [
        key for key in ("omitStages", "omitManagedFields") if key in entries and has_unknown(entries[key].value)
    ]
    left = {key: one for key, one in entries.items() if key not in open_keys}
    stages = entries.get("omitStages")
    if stages is not None and "omitStages" in open_keys:
        return [left | {"omitStages": one} for one in _stages(stages) if one is not None]
    if stages is None and any(map(is_unknown, root.entries)):
        return [left, left | {"omitStages": _entry(root, "omitStages", *_STAGES)}]
    return [left]


def _entry(near: Node, key: str, *texts: str) -> Entry:
    """A key with a value, or a list of them, without a place of its own."""
    named, *values = (Scalar(near.source, near.start, near.start, "string", one) for one in (key, *texts))
    value: Node = values[0] if key == "level" else NodeList(near.source, near.start, near.start, list(values))
    return Entry(named, value)


def level_of(way: Way | None) -> int:
    """The level of a rule by its number; behind all where there is no rule."""
    level = way.node.get("level") if way is not None and isinstance(way.node, Mapping) else None
    text = level.value if isinstance(level, Scalar) else ""
    return LEVELS.index(text) if text in LEVELS else len(LEVELS)


def _some(key: str, value: Node) -> Node:
    """A condition with values that nobody uses in place of the unknown ones."""
    items = value.items if isinstance(value, NodeList) else [value]
    found = [
        _some_entry(one) if key == "resources" else _some_scalar(one, url=key == "nonResourceURLs") for one in items
    ]
    return NodeList(value.source, value.start, value.end, found)


def _some_entry(item: Node) -> Node:
    if not isinstance(item, Mapping):
        if not has_unknown(item):
            return item
        scalar = _some_scalar(item)
        listed = NodeList(item.source, item.start, item.end, [scalar])
        return Mapping(item.source, item.start, item.end, {"resources": Entry(_entry(item, "resources").key, listed)})
    entries = {
        key: one if not has_unknown(one.value) else Entry(one.key, _some_value(key, one.value))
        for key, one in item.entries.items()
        if not is_unknown(key)
    }
    return Mapping(item.source, item.start, item.end, entries)


def _some_value(key: str, value: Node) -> Node:
    return _some_scalar(value) if key == "group" else _some("", value)


def _some_scalar(node: Node, url: bool = False) -> Node:
    if not isinstance(node, Scalar) or not is_unknown(node.value):
        return node
    text = f"/{_SOME}" if url else re.sub(f"{UNKNOWN}+", _SOME, node.value)
    return Scalar(node.source, node.start, node.end, "string", text)


def _has_known(key: str, value: Node) -> bool:
    """Whether a condition matches something whatever the unknown values are."""
    items = value.items if isinstance(value, NodeList) else []
    if key == "resources":
        return any(isinstance(one, Mapping) and all(_is_sure(*entry) for entry in one.entries.items()) for one in items)
    return any(not has_unknown(one) for one in items)


def _matches_some(key: str, value: Node) -> bool:
    """Whether a condition matches some requests whatever the unknown values are: any name is one that is sent."""
    return _has_known(key, value) or (key not in ("verbs", "resources") and isinstance(value, NodeList))


def _is_sure(key: str, entry: Entry) -> bool:
    if is_unknown(key) or not has_unknown(entry.value):
        return not is_unknown(key)
    return key != "group" and _has_known("", entry.value)


def has_unknown(node: Node | None) -> bool:
    """Whether a template decides some part of a node, which may be nested deeper than Python calls."""
    pending = [node]
    while pending:
        one = pending.pop()
        if isinstance(one, Mapping):
            if any(map(is_unknown, one.entries)):
                return True
            pending += [entry.value for entry in one.entries.values()]
        elif isinstance(one, NodeList):
            pending += one.items
        elif isinstance(one, Scalar) and is_unknown(one.value):
            return True
    return False
