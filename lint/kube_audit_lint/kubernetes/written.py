"""A policy as a user wrote it: the values of its rules, each with its place.

Reads as much as can be made sense of, also where kube-apiserver would not: one string where a list belongs
is a list of one. kubernetes/decoding.py and validation.py find what is wrong with it.
"""

from __future__ import annotations

from kube_audit_lint.kubernetes.fields import POLICY, RULE
from kube_audit_lint.kubernetes.spelling import nearest
from kube_audit_lint.syntax.nodes import Mapping, Node, Scalar, Sequence
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Place
from kube_audit_lint.syntax.unknown import UNKNOWN

LISTS = ("users", "userGroups", "verbs", "namespaces", "nonResourceURLs", "omitStages")
"""The fields of a rule that are lists of strings."""


class Text(NamedTuple):
    """A string in a policy and the node that it is written in. An empty list item is the empty string."""

    text: str
    node: Node

    @property
    def place(self) -> Place:
        """Where it is written."""
        return self.node.place

    @property
    def known(self) -> bool:
        """Whether no template decides any part of it."""
        return UNKNOWN not in self.text


class WrittenEntry(NamedTuple):
    """One item of a rule's `resources`. `group` is None where it is left out: the core group."""

    item: Node
    group: Text | None = None
    resources: list[Text] = []  # noqa: RUF012 (only ever read)
    names: list[Text] = []  # noqa: RUF012 (only ever read)

    @property
    def node(self) -> Mapping | None:
        """The item, None where it is no mapping."""
        return self.item if isinstance(self.item, Mapping) else None

    @property
    def place(self) -> Place:
        """What to underline for the entry as a whole."""
        return first_key(self.item) if isinstance(self.item, Mapping) else self.item.place

    @property
    def group_name(self) -> str:
        """The group, "" for core."""
        return "" if self.group is None else self.group.text


class _Lists(dict[str, list[Text]]):
    """Those of LISTS that a rule has; any other is empty."""

    __slots__ = ()

    def __missing__(self, name: str) -> list[Text]:
        return []


_NO_LISTS = _Lists()
_NO_ENTRIES: list[WrittenEntry] = []


class WrittenRule(NamedTuple):
    """One rule. `lists` gives a list for each of LISTS, `level` is None where it is missing.

    number: from 0. item: as it is written. level_key: the misspelt key that the level was read from. strange: some
    value of it could not be made sense of. unknown: a template decides some part of it.
    """

    number: int
    item: Node
    level: Text | None = None
    level_key: Scalar | None = None
    lists: dict[str, list[Text]] = _NO_LISTS
    entries: list[WrittenEntry] = _NO_ENTRIES
    omit_managed_fields: bool | None = None
    strange: bool = False
    unknown: bool = False

    @property
    def node(self) -> Mapping | None:
        """The item, None for a rule that is no mapping."""
        return self.item if isinstance(self.item, Mapping) else None

    @property
    def place(self) -> Place:
        """What to underline for the rule as a whole."""
        return first_key(self.item) if isinstance(self.item, Mapping) else self.item.place

    @property
    def empty(self) -> bool:
        """Whether it is null or `{}`."""
        return not self.item.entries if isinstance(self.item, Mapping) else _is_null(self.item)

    @property
    def urls_only(self) -> bool:
        """Whether only requests for URLs can match."""
        return bool(self.lists["nonResourceURLs"]) and not self.resources_only

    @property
    def resources_only(self) -> bool:
        """Whether only requests for resources can match."""
        return bool(self.entries or self.lists["namespaces"])


class WrittenPolicy(NamedTuple):
    """The rules and what is beside them.

    rules_key: the misspelt key that the rules were read from. strange, unknown: as for a rule.
    """

    rules: list[WrittenRule]
    rules_key: Scalar | None
    omit_stages: list[Text]
    omit_managed_fields: bool | None
    strange: bool
    unknown: bool


class _Trouble:
    """What was met on the way: something strange, something unknown."""

    __slots__ = ("strange", "unknown")

    def __init__(self) -> None:
        self.strange = False
        self.unknown = False


def written_policy(root: Mapping) -> WrittenPolicy:
    """What a mapping holds as a policy, read as it was meant where a key is misspelt."""
    met = _Trouble()
    node = root.get("rules")
    rules_key = misspelt_key(root, "rules") if node is None else None
    if rules_key is not None:
        node = root.entries[rules_key.value].value
    rules = [_rule(index, item) for index, item in enumerate(node.items)] if isinstance(node, Sequence) else []
    if node is not None and not isinstance(node, Sequence) and not _is_null(node):
        met.unknown |= _is_unknown(node)
        met.strange |= not _is_unknown(node)
    omit_stages = _texts(root.get("omitStages"), met)
    omit_managed_fields = _bool(root.get("omitManagedFields"), met)
    return WrittenPolicy(
        rules,
        rules_key,
        omit_stages,
        omit_managed_fields,
        met.strange or any(rule.strange for rule in rules),
        met.unknown or _unknown_keys(root) or any(rule.unknown for rule in rules),
    )


def misspelt_key(node: Mapping, name: str) -> Scalar | None:
    """The key that was probably meant as `name`, which is not there."""
    for key, entry in node.entries.items():
        if key not in RULE and key not in POLICY and nearest(key, (name,)) is not None:
            return entry.key
    return None


def _rule(index: int, node: Node) -> WrittenRule:
    met = _Trouble()
    if not isinstance(node, Mapping):
        unknown = _is_unknown(node)
        return WrittenRule(index, node, strange=not unknown and not _is_null(node), unknown=unknown)
    lists = _Lists((name, _texts(node.get(name), met)) for name in LISTS if name in node.entries)
    level, level_key = _level(node, met)
    entries = _entries(node.get("resources"), met)
    omit_managed_fields = _bool(node.get("omitManagedFields"), met)
    met.unknown |= _unknown_keys(node)
    return WrittenRule(
        index,
        node,
        level,
        level_key,
        lists or _NO_LISTS,
        entries,
        omit_managed_fields,
        met.strange,
        met.unknown,
    )


def _level(node: Mapping, met: _Trouble) -> tuple[Text | None, Scalar | None]:
    value = node.get("level")
    key = misspelt_key(node, "level") if value is None or _is_null(value) else None
    meant = None if key is None else node.entries[key.value].value
    if isinstance(meant, Scalar):
        return Text(meant.value, meant), key
    return (None if value is None else _text(value, met)), None


def first_key(node: Mapping) -> Place:
    """What to underline for a mapping as a whole: its first own key; for an empty one, the braces."""
    for entry in node.entries.values():
        if not entry.merged:
            return entry.key.place
    return node.place


def _entries(node: Node | None, met: _Trouble) -> list[WrittenEntry]:
    if isinstance(node, Sequence):
        return [entry for item in node.items for entry in _entry(item, met)]
    if isinstance(node, Mapping):
        return _entry(node, met)
    if node is not None and _is_unknown(node):
        met.unknown = True
    elif node is not None and not _is_null(node):
        met.strange = True
    return _NO_ENTRIES


def _entry(node: Node, met: _Trouble) -> list[WrittenEntry]:
    if isinstance(node, Mapping):
        group = node.get("group")
        met.unknown |= _unknown_keys(node)
        return [
            WrittenEntry(
                node,
                None if group is None or _is_null(group) else _text(group, met),
                _texts(node.get("resources"), met),
                _texts(node.get("resourceNames"), met),
            )
        ]
    if _is_null(node):
        return [WrittenEntry(node)]
    if _is_unknown(node):
        met.unknown = True
        return []
    return _named_resource(node, met)


def _named_resource(node: Node, met: _Trouble) -> list[WrittenEntry]:
    """`resources: [pods]`: the resource of that name in the group that has it."""
    from kube_audit_lint.kubernetes.resources import groups_serving

    name = node.value if isinstance(node, Scalar) else ""
    serving = groups_serving(name.partition("/")[0])
    if not serving:
        met.strange = True
        return []
    return [WrittenEntry(node, Text(serving[0][0], node), [Text(name, node)])]


def _texts(node: Node | None, met: _Trouble) -> list[Text]:
    if isinstance(node, Sequence):
        return [text for item in node.items if (text := _text(item, met)) is not None]
    if node is None or _is_null(node):
        return []
    if _is_unknown(node):
        met.unknown = True  # `{{ toYaml .Values.users }}` may be a whole list
        return []
    if isinstance(node, Scalar):
        return [Text(part.strip(), node) for part in _shown(node).split(",")]
    met.strange = True
    return []


def _text(node: Node, met: _Trouble) -> Text | None:
    if isinstance(node, Scalar):
        if UNKNOWN in node.value:
            met.unknown = True
        return Text(_shown(node), node)
    met.strange = True
    return None


def _shown(node: Scalar) -> str:
    """The string, or what a user meant as one: `on` that YAML takes for a boolean."""
    if node.kind == "string":
        return node.value
    return "" if node.kind == "null" else node.place.text


def _bool(node: Node | None, met: _Trouble) -> bool | None:
    if node is None or _is_null(node):
        return None
    value = node.value.strip().lower() if isinstance(node, Scalar) else ""
    if value in ("true", "false"):
        return value == "true"
    met.unknown |= _is_unknown(node)
    met.strange |= not _is_unknown(node)
    return None


def _is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and node.kind == "null"


def _is_unknown(node: Node) -> bool:
    return isinstance(node, Scalar) and UNKNOWN in node.value


def _unknown_keys(node: Mapping) -> bool:
    return any(UNKNOWN in key for key in node.entries)
