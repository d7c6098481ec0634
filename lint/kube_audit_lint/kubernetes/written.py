"""A policy as somebody wrote it: the values of its rules, each with its place.

Reads as much as can be made sense of, also where kube-apiserver would not: one string where a list belongs
is a list of one. kubernetes/decoding.py says what is wrong with it.
"""

from __future__ import annotations

from kube_audit_lint.syntax.nodes import Mapping, Node, Scalar, Sequence
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Place
from kube_audit_lint.syntax.unknown import UNKNOWN

LISTS = ("users", "userGroups", "verbs", "namespaces", "nonResourceURLs", "omitStages")
"""The fields of a rule that are lists of strings."""


class Text(NamedTuple):
    """A string in a policy and where it is written. An empty list item is the empty string."""

    text: str
    place: Place

    @property
    def known(self) -> bool:
        """Whether no template decides any part of it."""
        return UNKNOWN not in self.text


class WrittenEntry:
    """One item of a rule's `resources`. `group` is None where it is left out: the core group."""

    __slots__ = ("group", "names", "node", "place", "resources")

    def __init__(self, place: Place, node: Mapping | None = None) -> None:
        self.place = place
        self.node = node
        self.group: Text | None = None
        self.resources: list[Text] = []
        self.names: list[Text] = []

    @property
    def group_name(self) -> str:
        """The group, "" for core."""
        return "" if self.group is None else self.group.text


class WrittenRule:
    """One rule. `lists` has an item for each of LISTS, `level` is None where it is missing.

    node: None for a rule that is no mapping. empty: null or `{}`. place: what to underline for the rule as a
    whole. strange: some value of it could not be made sense of. unknown: a template decides some part of it.
    """

    __slots__ = (
        "empty",
        "entries",
        "index",
        "level",
        "lists",
        "node",
        "omit_managed_fields",
        "place",
        "strange",
        "unknown",
    )

    def __init__(self, index: int, place: Place, node: Mapping | None = None) -> None:
        self.index = index
        self.place = place
        self.node = node
        self.level: Text | None = None
        self.lists: dict[str, list[Text]] = {name: [] for name in LISTS}
        self.entries: list[WrittenEntry] = []
        self.omit_managed_fields: bool | None = None
        self.empty = node is not None and not node.entries
        self.strange = False
        self.unknown = False

    @property
    def urls_only(self) -> bool:
        """Whether only requests for URLs can match."""
        return bool(self.lists["nonResourceURLs"]) and not self.resources_only

    @property
    def resources_only(self) -> bool:
        """Whether only requests for resources can match."""
        return bool(self.entries or self.lists["namespaces"])


class WrittenPolicy:
    """The rules and what stands beside them."""

    __slots__ = ("omit_managed_fields", "omit_stages", "rules", "strange", "unknown")

    def __init__(self) -> None:
        self.rules: list[WrittenRule] = []
        self.omit_stages: list[Text] = []
        self.omit_managed_fields: bool | None = None
        self.strange = False
        self.unknown = False


class _Trouble:
    """What was met on the way: something strange, something unknown."""

    __slots__ = ("strange", "unknown")

    def __init__(self) -> None:
        self.strange = False
        self.unknown = False


def written_policy(root: Mapping, rules: Node | None) -> WrittenPolicy:
    """What a mapping says as a policy; `rules` is the node that holds its rules."""
    policy = WrittenPolicy()
    met = _Trouble()
    if isinstance(rules, Sequence):
        policy.rules = [_rule(index, node) for index, node in enumerate(rules.items)]
    elif rules is not None and not _is_null(rules):
        met.unknown |= _is_unknown(rules)
        met.strange |= not _is_unknown(rules)
    policy.omit_stages = _texts(root.get("omitStages"), met)
    policy.omit_managed_fields = _bool(root.get("omitManagedFields"), met)
    met.unknown |= _unknown_keys(root)
    policy.strange = met.strange or any(rule.strange for rule in policy.rules)
    policy.unknown = met.unknown or any(rule.unknown for rule in policy.rules)
    return policy


def _rule(index: int, node: Node) -> WrittenRule:
    if not isinstance(node, Mapping):
        rule = WrittenRule(index, node.place)
        rule.empty = _is_null(node)
        rule.unknown = _is_unknown(node)
        rule.strange = not rule.unknown and not rule.empty
        return rule
    rule = WrittenRule(index, first_key(node), node)
    met = _Trouble()
    met.unknown = _unknown_keys(node)
    for name, entry in node.entries.items():
        if name in rule.lists:
            rule.lists[name] = _texts(entry.value, met)
        elif name == "level":
            rule.level = _text(entry.value, met)
        elif name == "resources":
            rule.entries = _entries(entry.value, met)
        elif name == "omitManagedFields":
            rule.omit_managed_fields = _bool(entry.value, met)
    rule.strange, rule.unknown = met.strange, met.unknown
    return rule


def first_key(node: Mapping) -> Place:
    """What to underline for a mapping as a whole: its first own key; for an empty one, the braces."""
    for entry in node.entries.values():
        if not entry.merged:
            return entry.key.place
    return node.place


def _entries(node: Node, met: _Trouble) -> list[WrittenEntry]:
    if isinstance(node, Sequence):
        return [entry for item in node.items for entry in _entry(item, met)]
    if isinstance(node, Mapping):
        return _entry(node, met)
    if _is_unknown(node):
        met.unknown = True
    elif not _is_null(node):
        met.strange = True
    return []


def _entry(node: Node, met: _Trouble) -> list[WrittenEntry]:
    if isinstance(node, Mapping):
        entry = WrittenEntry(first_key(node), node)
        group = node.get("group")
        entry.group = None if group is None or _is_null(group) else _text(group, met)
        entry.resources = _texts(node.get("resources"), met)
        entry.names = _texts(node.get("resourceNames"), met)
        met.unknown |= _unknown_keys(node)
        return [entry]
    if _is_null(node):
        return [WrittenEntry(node.place)]
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
    entry = WrittenEntry(node.place)
    entry.group = Text(serving[0][0], node.place)
    entry.resources = [Text(name, node.place)]
    return [entry]


def _texts(node: Node | None, met: _Trouble) -> list[Text]:
    if isinstance(node, Sequence):
        return [text for item in node.items if (text := _text(item, met)) is not None]
    if node is None or _is_null(node):
        return []
    if _is_unknown(node):
        met.unknown = True  # `{{ toYaml .Values.users }}` may be a whole list
        return []
    if isinstance(node, Scalar):
        return [Text(part.strip(), node.place) for part in _shown(node).split(",")]
    met.strange = True
    return []


def _text(node: Node, met: _Trouble) -> Text | None:
    if isinstance(node, Scalar):
        if UNKNOWN in node.value:
            met.unknown = True
        return Text(_shown(node), node.place)
    met.strange = True
    return None


def _shown(node: Scalar) -> str:
    """The string, or what somebody meant as one: `on` that YAML takes for a boolean."""
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
