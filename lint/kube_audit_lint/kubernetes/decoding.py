"""Which values kube-apiserver cannot decode, and which fields it drops.

Source: staging/src/k8s.io/apiserver/pkg/audit/policy/reader.go, staging/src/k8s.io/apimachinery/pkg/runtime/
serializer/json/json.go, sigs.k8s.io/json (1.23 and later) and json-iterator (before), sigs.k8s.io/yaml.
A value of a wrong type is fatal, null is as good as absent, and unknown fields and repeated keys pass: in
silence to 1.25, with a warning in the server's log from 1.26.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kube_audit_lint.kubernetes.fields import ROOT, Field, Type
from kube_audit_lint.kubernetes.problems import Problem, fatal, harmless
from kube_audit_lint.kubernetes.written import first_key
from kube_audit_lint.model.finding import Related, SeverityOrNone
from kube_audit_lint.model.version import NEWEST, OLDEST
from kube_audit_lint.syntax.nodes import Entry, Mapping, Node, Scalar, Sequence
from kube_audit_lint.syntax.source import Place
from kube_audit_lint.syntax.unknown import UNKNOWN

_JSON_KINDS = {"string": "string", "int": "number", "float": "number", "bool": "bool"}
_INTEGER = r"-?[0-9]{1,19}\Z"
TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]+)?(?:Z|[+-][0-9]{2}:[0-9]{2})\Z"

Minors = tuple[int, int]


def check(root: Mapping, *, json: bool, partial: bool, claimed: frozenset[int]) -> list[Problem]:
    """What is wrong with the types and names of fields in a policy.

    json: the file is JSON, not YAML. partial: a template decides which parts of it are there. claimed: keys (by
    id of their nodes) that were read as another field, and are reported as that.
    """
    decoder = _Decoder(json, partial, claimed)
    decoder.object(root, ROOT, "", "", (OLDEST, NEWEST))
    return decoder.found


class _Decoder:
    """One walk through the document along the types of the fields.

    `path` is where a value is, with indexes (`rules[0].users`), `go` the same as Go's messages have it
    (`PolicyRule.rules.users`), `minors` those that know the field at all.
    """

    __slots__ = ("claimed", "found", "json", "partial")

    def __init__(self, json: bool, partial: bool, claimed: frozenset[int]) -> None:
        self.json = json
        self.partial = partial
        self.claimed = claimed
        self.found: list[Problem] = []

    def value(self, node: Node, wanted: Type, path: str, go: str, minors: Minors) -> None:
        kind = wanted.kind
        if isinstance(node, Scalar):
            if node.kind != "null" and UNKNOWN not in node.value and not _fits(node, kind):
                self._wrong(node, wanted, path, go, minors)
        elif kind == "any":
            self._repeated_below(node)
        elif isinstance(node, Sequence) and kind == "list" and wanted.items is not None:
            for index, item in enumerate(node.items):
                if wanted.items.kind != "string" or not isinstance(item, Scalar) or item.kind != "string":
                    self.value(item, wanted.items, f"{path}[{index}]", go, minors)
        elif isinstance(node, Mapping) and kind == "object":
            self.object(node, wanted, path, go, minors)
        elif isinstance(node, Mapping) and kind == "map" and wanted.items is not None:
            self._repeated(node)
            for entry in self._entries(node):
                self.value(entry.value, wanted.items, f"{path}.{entry.key.value}", go, minors)
        else:
            self._wrong(node, wanted, path, go, minors)

    def object(self, node: Mapping, wanted: Type, path: str, go: str, minors: Minors) -> None:
        fields = wanted.fields or {}
        inside = go.partition(".")[2]
        prefix = f"{wanted.go.partition('.')[2]}.{inside}." if inside else f"{wanted.go.partition('.')[2]}."
        self._repeated(node)
        for entry in self._entries(node):
            name = entry.key.value
            field = fields.get(name)
            below = f"{path}.{name}" if path else name
            if field is None:
                self._unknown(entry, node, wanted, below)
                continue
            known = (max(minors[0], field.first), min(minors[1], field.last))
            if known != minors:
                self._not_in_version(entry, field, below)
            self.value(entry.value, field.type, below, prefix + name, known)

    def _entries(self, node: Mapping) -> Iterator[Entry]:
        if self.json:  # every one of them is decoded, in order; of YAML only what is left of them
            for lost, _ in node.duplicates:
                yield lost
        yield from node.entries.values()

    def _wrong(self, node: Node, wanted: Type, path: str, go: str, minors: Minors) -> None:
        if path in ("apiVersion", "kind"):
            return  # header.py reports them
        from kube_audit_lint.kubernetes.wording import wrong_type

        message, help = wrong_type(node, wanted, path)
        server = ""
        if wanted.kind != "time" and go:
            server = f"json: cannot unmarshal {_json_kind(node)} into Go struct field {go} of type {wanted.go}"
        self.found.append(fatal("wrong-type", head(node), message, server=server, help=help, minors=minors))
        if isinstance(node, Mapping) and wanted.items is not None and wanted.items.kind == "object":
            self.object(node, wanted.items, f"{path}[0]", go, minors)  # what one item of the list would have wrong

    def _unknown(self, entry: Entry, node: Mapping, wanted: Type, path: str) -> None:
        if UNKNOWN in entry.key.value or id(entry.key) in self.claimed:
            return
        from kube_audit_lint.kubernetes.wording import unknown_field

        message, help, severity = unknown_field(entry, node, wanted)
        self.found.append(
            harmless(
                "unknown-field",
                entry.key.place,
                message,
                help=help,
                severity=severity,
                server=f'strict decoding error: unknown field "{path}"',
            )
        )
        self._repeated_below(entry.value)

    def _not_in_version(self, entry: Entry, field: Field, path: str) -> None:
        value = entry.value
        if isinstance(value, Scalar) and (value.value in ("null", "false") or UNKNOWN in value.value):
            return  # what an older version does anyway
        message, help = _dropped(entry.key.value, field)
        severity: SeverityOrNone = "info" if path.startswith("metadata.") else ""
        for minors in ((OLDEST, field.first - 1), (field.last + 1, NEWEST)):
            if minors[0] <= minors[1]:
                self.found.append(
                    harmless(
                        "field-not-in-version",
                        entry.key.place,
                        message,
                        help=help,
                        severity=severity,
                        minors=minors,
                    )
                )

    def _repeated(self, node: Mapping) -> None:
        if self.partial:
            return  # both branches of a template's condition are here
        repeated: dict[str, list[Entry]] = {}
        for lost, _ in node.duplicates:
            repeated.setdefault(lost.key.value, []).append(lost)
        if "rules" in repeated and "apiVersion" in repeated:
            repeated = {"rules": repeated["rules"]}  # several policies in one document: what counts is the rules
        for name, lost_ones in repeated.items():
            self._one_repeated(name, lost_ones, node.entries[name])

    def _one_repeated(self, name: str, lost: list[Entry], kept: Entry) -> None:
        from kube_audit_lint.kubernetes.wording import repeated_key

        at, message, help, severity = repeated_key(lost, kept, self.json)
        self.found.append(
            harmless(
                "duplicate-key",
                at,
                message,
                help=help,
                severity=severity,
                related=tuple(
                    Related(one.key.place, f"`{name}` is here as well.") for one in (*lost, kept) if one.key.place != at
                ),
                server=f'key "{name}" already set in map',
            )
        )

    def _repeated_below(self, node: Node) -> None:
        """Repeated keys count wherever they are, also below fields that are dropped."""
        pending = [node]  # as deep as a user nests them, which is deeper than Python calls
        while pending:
            node = pending.pop()
            if isinstance(node, Mapping):
                self._repeated(node)
                pending += [entry.value for entry in reversed(node.entries.values())]
            elif isinstance(node, Sequence):
                pending += reversed(node.items)


def head(node: Node) -> Place:
    """What to underline of a value: all of it on one line, of more lines the first key or item."""
    while not isinstance(node, Scalar) and node.source.text.find("\n", node.start, node.end) >= 0:
        if isinstance(node, Mapping):
            return first_key(node)
        if not node.items:
            break
        node = node.items[0]
    return node.place


def _fits(node: Scalar, kind: str) -> bool:
    if kind in ("string", "bool"):
        return node.kind == kind
    if kind == "int":
        return node.kind in ("int", "float") and re.match(_INTEGER, node.value) is not None
    if kind == "time":
        return node.kind == "string" and re.match(TIME, node.value) is not None
    return kind == "any"


def _dropped(name: str, field: Field) -> tuple[str, str]:
    """Message and help for a field that not every version knows."""
    if field.first > 10:
        return (
            f"`{name}` is known from Kubernetes 1.{field.first}; older versions drop it without a word.",
            "",
        )
    return (
        f"`{name}` is known up to Kubernetes 1.{field.last}; later versions drop it.",
        f"Leave `{name}` out.",
    )


def _json_kind(node: Node) -> str:
    if isinstance(node, Scalar):
        return _JSON_KINDS[node.kind]
    return "array" if isinstance(node, Sequence) else "object"
