"""Keys that occur twice in a document that configures an API server, whatever its form.

YAML forbids them. Go's usual readers (sigs.k8s.io/yaml without its strict mode, gopkg.in/yaml.v2 into maps) and PyYAML
keep the last one; stricter ones (gopkg.in/yaml.v3, kind, Docker Compose) refuse the file. Either way the first is lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kube_audit_lint.forms.common.reader import in_branches
from kube_audit_lint.model.found import Found, Misshape
from kube_audit_lint.syntax.nodes import Document, Entry, Mapping, Node
from kube_audit_lint.syntax.nodes import Sequence as NodeList

_MOST = 20_000
"""How many nodes are looked at."""


def with_doubled(found: Found, documents: Sequence[Document]) -> Found:
    """What was found, and the keys about auditing that are lost to another of the same name."""
    if not found.servers and not found.managed:
        return found
    policies = [(one.root.start, one.root.end) for one in found.policies if one.root is not None]
    told = {one.place.start for one in found.misshapes}
    lost = (
        _misshape(*pair)
        for document in documents
        for pair in _lost(document.root)
        if pair[0].key.start not in told and not any(start <= pair[0].key.start < end for start, end in policies)
    )
    return found.with_misshapes(tuple(lost))


def _lost(root: Node | None) -> Iterator[tuple[Entry, Entry]]:
    """The entries about auditing that occur twice with different values: the lost one, and the one that wins."""
    pending = [root]
    seen = 0
    while pending and seen < _MOST:
        node, seen = pending.pop(), seen + 1
        if isinstance(node, NodeList):
            pending += reversed(node.items)
        elif isinstance(node, Mapping):
            yield from (pair for pair in node.duplicates if _counts(*pair))
            pending += [entry.value for entry in reversed(node.entries.values()) if not entry.merged]


def _counts(lost: Entry, wins: Entry) -> bool:
    text = lost.key.source.text
    if (
        lost.merged
        or wins.merged
        or lost.key.start == wins.key.start
        or "audit" not in text[lost.key.start : lost.value.end].lower()
    ):
        return False
    same = text[lost.value.start : lost.value.end] == text[wins.value.start : wins.value.end]
    return not same and not in_branches(lost.key, wins.key)


def _misshape(lost: Entry, wins: Entry) -> Misshape:
    name, line = lost.key.value, wins.key.source.position(wins.key.start)[0]
    message = (
        f"`{name}` stands twice, here and in line {line}: the last one counts, where the file is not refused, and "
    )
    message += "nothing of this one reaches kube-apiserver."
    return Misshape("wrong-shape", lost.key.place, message, f"Keep one `{name}`, with everything that was meant.")
