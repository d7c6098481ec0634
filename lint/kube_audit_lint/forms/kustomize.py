"""Kustomizations: patches that are written in place, and audit policies among the resources.

Sources: kubernetes-sigs/kustomize api/types/kustomization.go, patch.go (`patches[].patch`, `patchesJson6902[].patch`
and the strings of `patchesStrategicMerge` hold patches; `resources` are applied). A patch shows only what it changes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from kube_audit_lint.forms.common.applied import BY_KUSTOMIZE, applied
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.inside import found_inside
from kube_audit_lint.forms.common.loose import loose_arguments
from kube_audit_lint.forms.common.misplaced import version_at
from kube_audit_lint.model.found import Found, Misshape, joined
from kube_audit_lint.syntax.nodes import Document, Mapping, PiecedScalar, Scalar, strings
from kube_audit_lint.syntax.offsets import embedded_text
from kube_audit_lint.syntax.source import Chunk

MARKS = ("kustomize.config.k8s.io/", "patches", "resources:")
LOOK = (("kustomiz", r"ation\b"), ("audit", r"[\w.-]*\.ya?ml"))
ORDER = 4

_NAME = re.compile(r"(?:\A|/)kustomization\.ya?ml\Z|(?:\A|/)Kustomization\Z")


def read(document: Document, context: Context) -> Found | None:
    """The servers that patches change, and the policies that are applied."""
    root = document.mapping
    if root is None or not _is_kustomization(root, context):
        return None
    parts = [found_inside(one, context, name="patch.yaml") for one in _patches(root) if "audit" in one.value]
    parts += _generated(root, context)
    charts = (item.mapping("valuesInline") for item in root.items("helmCharts") if isinstance(item, Mapping))
    parts += [loose_arguments(values) for values in charts if values is not None]
    found = joined([Found(), *parts]).with_servers(lambda server: server._replace(partial=True))
    return found.with_misshapes(_applied(root, context))


def _is_kustomization(root: Mapping, context: Context) -> bool:
    if (root.string("apiVersion") or "").startswith("kustomize.config.k8s.io/"):
        return True
    return "kind" not in root.entries and context.offsets is None and _NAME.search(context.source.path) is not None


def _patches(root: Mapping) -> Iterator[Scalar]:
    for key in ("patches", "patchesJson6902"):
        for item in root.items(key):
            patch = item.get("patch") if isinstance(item, Mapping) else None
            if isinstance(patch, Scalar) and patch.kind == "string":
                yield patch
    yield from (one for one in strings(root.get("patchesStrategicMerge")) if "\n" in one.value)


def _generated(root: Mapping, context: Context) -> Iterator[Found]:
    """What the literals of generators hold: `NAME=VALUE`, without quotes around the value (kustomize api/kv/kv.go)."""
    for section, kind in (("configMapGenerator", "ConfigMap"), ("secretGenerator", "Secret")):
        items = [item for item in root.items(section) if isinstance(item, Mapping)]
        for item in items:
            name = f"{kind}:{item.string('name') or ''}"
            yield from (_literal(one, name, context) for one in strings(item.get("literals")))


def _literal(node: Scalar, object: str, context: Context) -> Found:
    key, _, value = node.value.partition("=")
    if "audit" not in value:
        return Found()
    bare = value[1:-1] if value[:1] in ("'", '"') and value[-1:] == value[:1] else value
    first = len(key) + 1 + value.index(bare)
    text, offsets = embedded_text(node)
    chunks: list[Chunk] = [
        (letter, offsets.outer(at), offsets.outer_end(at + 1) - offsets.outer(at))
        for at, letter in enumerate(text[first : first + len(bare)], first)
    ]
    content = PiecedScalar(node.source, offsets.outer(first), node.end, chunks)
    found = found_inside(content, context, name=key)
    found = found if found.policies else found_inside(node, context, name=key)
    return found.with_policies(lambda policy: policy._replace(names=(*policy.names, object)))


def _applied(root: Mapping, context: Context) -> Iterator[Misshape]:
    """The resources that are audit policies."""
    folder = os.path.dirname(context.source.path)
    for one in strings(root.get("resources")):
        policy = version_at(os.path.join(folder, one.value), context.source.path)
        if policy is not None and policy.text and context.offsets is None:
            yield applied(one.place, policy.text, BY_KUSTOMIZE, policy)
