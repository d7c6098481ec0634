"""Objects that carry other objects: each of those is read as if it stood in a file of its own.

Compositions of Crossplane (`base`, also in the input of function-patch-and-transform) and its provider for Kubernetes
(`manifest`), ConfigurationPolicies of Open Cluster Management (`objectDefinition`, but for `mustnothave`, also in the
text of `object-templates-raw`) and its
ManifestWorks, SyncSets of Hive (`resources`), ResourceGraphDefinitions of kro (`template`), OpenShift's Templates
(`objects`), Lists within any of them. What is patched into an object on the way is not known, so that it is a part.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kube_audit_lint.forms.common.applied import applied_in, version_of
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.inside import found_inside
from kube_audit_lint.model.found import Found, joined
from kube_audit_lint.syntax.nodes import Document, Mapping, Node, Scalar, Sequence

MARKS = (
    "objectDefinition",
    "crossplane.io/",
    "policy.open-cluster-management.io/",
    "work.open-cluster-management.io/",
    "hive.openshift.io/",
    "kro.run/",
    "template.openshift.io/",
    "kind: Template",
)
ORDER = 8

_APPLIES = "What this object carries is applied, and this is refused"
_GROUPS = (
    *("apiextensions.crossplane.io", "kubernetes.crossplane.io", "kubernetes.m.crossplane.io"),
    *("policy.open-cluster-management.io", "work.open-cluster-management.io", "hive.openshift.io"),
    *("kro.run", "template.openshift.io"),
)
_PATCHED = re.compile(r"toFieldPath\"?:[^\n]*(?:LogTypes|logging|enabledLog)")
"""That a Composition sets what is logged by a patch."""
_HELD = "objectDefinition"
_LIMIT = 20_000
"""How many nodes are looked at, as in elsewhere.py."""


def read(document: Document, context: Context) -> Found | None:
    """What any form finds in the objects that an object carries."""
    root = document.root
    listed = isinstance(root, Sequence) and any(isinstance(one, Mapping) and _HELD in one.entries for one in root.items)
    if root is None or not (listed or (isinstance(root, Mapping) and _carries(root))):
        return None
    parts = [part for one in _carried(root) if (part := _read(one, context)) is not None]
    parts += [found_inside(one, context) for one in _raw(root)]
    if _PATCHED.search(root.place.text):
        parts = [
            part._replace(misshapes=tuple(one for one in part.misshapes if one.kind != "logging-off")) for part in parts
        ]
    found = joined(parts).with_servers(lambda server: server if server.flags_fixed else server._replace(partial=True))
    return found if found else None


def _carries(root: Mapping) -> bool:
    version = root.string("apiVersion") or ""
    return version.partition("/")[0] in _GROUPS or (version == "v1" and root.string("kind") == "Template")


def _read(one: Mapping, context: Context) -> Found | None:
    document = Document(one.source, one.start, one.end, one)
    inner = context._replace(documents=(document,), depth=context.depth + 1)
    readers = context.readers.of_document(context.text) if context.readers else ()
    found = next((found for read_one in readers if (found := read_one(document, inner)) is not None), None)
    return applied_in(found, _APPLIES) if found is not None and version_of(one) else found


def _carried(root: Node) -> Iterator[Mapping]:
    """The objects inside an object, from the outside to the inside, but none inside another."""
    waiting: list[Node] = _inside(root)
    count = 0
    while waiting and count < _LIMIT:
        node, count = waiting.pop(), count + 1
        if isinstance(node, Sequence):
            waiting += reversed(node.items)
        elif isinstance(node, Mapping) and not _unwanted(node):
            if _is_object(node) and not _carries(node):
                yield node
            else:
                waiting += _inside(node)


def _inside(node: Node) -> list[Node]:
    if isinstance(node, Mapping):
        return [entry.value for entry in reversed(node.entries.values())]
    return list(reversed(node.items)) if isinstance(node, Sequence) else []


def _raw(root: Node) -> Iterator[Scalar]:
    """The texts with lists of objects in a ConfigurationPolicy, or in a Policy around it."""
    waiting, count = [root], 0
    while waiting and count < _LIMIT:
        node, count = waiting.pop(), count + 1
        raw = node.get("object-templates-raw") if isinstance(node, Mapping) else None
        if isinstance(raw, Scalar) and raw.kind == "string":
            yield raw
        waiting += _inside(node)


def _is_object(node: Mapping) -> bool:
    kind = node.string("kind")
    return bool(kind and node.string("apiVersion")) and kind != "Resources"  # the input of Crossplane's function


def _unwanted(node: Mapping) -> bool:
    """Whether an object must not be there."""
    wanted = node.get("complianceType")
    return isinstance(wanted, Scalar) and wanted.value.lower() == "mustnothave"
