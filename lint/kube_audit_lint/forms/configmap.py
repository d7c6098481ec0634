"""ConfigMaps and Secrets that hold a policy, or anything else of ours, under whatever key.

Sources: k8s.io/api core/v1 ConfigMap (data: strings, binaryData: base64) and Secret (data: base64, stringData:
strings; a key in both is stringData's); pkg/volume/configmap of k8s.io/kubernetes (a mounted key is a file of
that name). Values that are no strings are refused when the object is applied.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.inside import found_inside
from kube_audit_lint.forms.common.nodes import objects
from kube_audit_lint.forms.common.reader import in_branches
from kube_audit_lint.model.found import Found, Misshape, joined
from kube_audit_lint.syntax.nodes import Document, Entry, Mapping, Node, Scalar

MARKS = ("ConfigMap", "Secret")
ORDER = 4

_SECTIONS = {
    "ConfigMap": (("data", ""), ("binaryData", "base64")),
    "Secret": (("data", "base64"), ("stringData", "")),
}

_OTHER_SERVERS = re.compile(r"metrics-(?:server|adapter)|prometheus-adapter")
"""API servers that serve nothing but measurements: their policies meet no secret, no token and no exec."""


def read(document: Document, context: Context) -> Found | None:
    """What the object's values hold; None when it is neither kind, or holds nothing of ours."""
    root = document.mapping
    if root is None:
        return None
    items = [item for item in objects(root) if item.string("kind") in _SECTIONS]
    found = joined([_found(item, context) for item in items if not _is_anothers(item)])
    if found.policies:
        from kube_audit_lint.forms.common.resource_sets import applied_by_sets

        found = found.with_misshapes(applied_by_sets(found, items, context))
    return found if found or any(_is_anothers(item) for item in items) else None


def _is_anothers(item: Mapping) -> bool:
    metadata = item.mapping("metadata")
    return _OTHER_SERVERS.search((metadata.string("name") if metadata else None) or "") is not None


def _found(item: Mapping, context: Context) -> Found:
    kind = item.string("kind") or ""
    metadata = item.mapping("metadata")
    name = (metadata.string("name") if metadata else None) or ""
    namespace = (metadata.string("namespace") if metadata else None) or ""
    parts: list[Found] = [Found(misshapes=tuple(_lost(item, kind, context)))]
    for section, encoding in _SECTIONS[kind]:
        values = item.mapping(section)
        for key, entry in values.entries.items() if values is not None else ():
            part = _value(entry.value, key, encoding, context, kind)
            part = part.with_policies(
                lambda one: one._replace(names=(*one.names, f"{kind}:{name}"), namespace=namespace)
            )
            parts.append(
                part.with_kubeconfigs(
                    lambda one: one._replace(names=(*one.names, f"{kind}:{name}"), namespace=namespace)
                )
            )
    return joined(parts)


def _lost(item: Mapping, kind: str, context: Context) -> Iterator[Misshape]:
    """What holds something of ours, and is lost to another key of the same name: a section, or a value."""
    for section, encoding in _SECTIONS[kind]:
        for whole, wins in item.duplicates:
            if whole.key.value == section and isinstance(whole.value, Mapping):
                held = [_value(one.value, key, encoding, context, kind) for key, one in whole.value.entries.items()]
                yield from _is_lost(joined(held), whole, wins, kind)
        values = item.mapping(section)
        for one, wins in values.duplicates if values is not None else ():
            yield from _is_lost(_value(one.value, one.key.value, encoding, context, kind), one, wins, kind)


def _is_lost(found: Found, lost: Entry, wins: Entry, kind: str) -> Iterator[Misshape]:
    """That an entry is lost, where something of ours was found in it."""
    if not (found.policies or found.servers or found.kubeconfigs) or in_branches(lost.key, wins.key):
        return
    name, line = lost.key.value, wins.key.source.position(wins.key.start)[0]
    message = f"`{name}` stands twice, here and in line {line}: kubectl takes the last one, "
    message += f"and nothing of this one gets into the {kind}."
    yield Misshape("wrong-shape", lost.key.place, message, f"Keep one `{name}`, with everything that was meant.")


def _value(node: Node, key: str, encoding: str, context: Context, kind: str) -> Found:
    if isinstance(node, Mapping):
        return Found(misshapes=(_not_a_string(node, kind),)) if _is_policy(node) else Found()
    if not isinstance(node, Scalar) or node.kind != "string":
        return Found()
    found = found_inside(node, context, name=key, encoding=encoding)
    if encoding and not (found.policies or found.servers or found.kubeconfigs):
        plain = found_inside(node, context, name=key)
        if plain.policies or plain.servers:
            return plain._replace(misshapes=(*plain.misshapes, _not_base64(node, kind)))
    return found


def _is_policy(node: Mapping) -> bool:
    return (node.string("apiVersion") or "").startswith("audit.k8s.io/")


def _not_a_string(node: Mapping, kind: str) -> Misshape:
    first = next(iter(node.entries.values())).key.place
    return Misshape(
        "wrong-shape",
        first,
        f"The values of a {kind} are strings, and this is a mapping: the {kind} is refused when it is applied "
        f"(`json: cannot unmarshal object into Go struct field {kind}.data of type "
        f"{'string' if kind == 'ConfigMap' else '[]uint8'}`).",
        "Put `|` behind the key in the line above, so that the policy is one string.",
    )


def _not_base64(node: Scalar, kind: str) -> Misshape:
    section = "stringData" if kind == "Secret" else "data"
    return Misshape(
        "wrong-shape",
        node.place._replace(end=node.start + 1) if node.block else node.place,
        f"This value of the {kind} is plain text where base64 belongs: the {kind} is refused when it is applied "
        "(`illegal base64 data at input byte ...`).",
        f"Move it to `{section}:`.",
    )
