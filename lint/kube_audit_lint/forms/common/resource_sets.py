"""Policies that a ClusterResourceSet applies: those that lie in the ConfigMaps and Secrets themselves that it names.

Source: kubernetes-sigs/cluster-api exp/addons (ClusterResourceSetSpec.resources, each by kind and name in the set's own
namespace; the values of such an object are applied; a Secret has a type of its own).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from kube_audit_lint.discovery.roots import read_named_by
from kube_audit_lint.forms.common.applied import HOLDERS, applied, version_of
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.nodes import objects
from kube_audit_lint.model.found import Found, Misshape
from kube_audit_lint.syntax.decode import decode
from kube_audit_lint.syntax.nodes import Document, Mapping
from kube_audit_lint.syntax.reader import read_documents
from kube_audit_lint.syntax.source import Source

_TYPE = "addons.cluster.x-k8s.io/resource-set"
_APPLIES = "A ClusterResourceSet applies this to the clusters, and fails"
_KIND = "ClusterResourceSet"
_FEW = 50
"""How many files beside an object are looked at."""
_LARGEST = 200_000
"""Bytes of one of them."""


def applied_by_sets(found: Found, items: list[Mapping], context: Context) -> Iterator[Misshape]:
    """The policies of some objects that a ClusterResourceSet applies, of the same file or of one beside it."""
    named = {name for set_ in _sets(context) for name in _named(set_)}
    for item in items:
        if item.string("type") == _TYPE:
            named.add((f"Secret:{(item.mapping('metadata') or item).string('name')}", ""))
    for policy in found.policies:
        holders = [name for name in policy.names if name.startswith(HOLDERS)]
        spaces = {namespace for name, namespace in named if name in holders}
        is_named = spaces and (not policy.namespace or not spaces.isdisjoint((policy.namespace, "")))
        if len(holders) == 1 and is_named and isinstance(policy.root, Mapping):
            yield applied(policy.place, version_of(policy.root) or "audit.k8s.io/v1", _APPLIES)


def _named(one: Mapping) -> Iterator[tuple[str, str]]:
    """The objects that a set names, as policies name them, each with the namespace of the set."""
    metadata, spec = one.mapping("metadata"), one.mapping("spec")
    namespace = (metadata.string("namespace") if metadata is not None else None) or ""
    for item in spec.items("resources") if spec is not None else ():
        if isinstance(item, Mapping):
            yield f"{item.string('kind')}:{item.string('name')}", namespace


def _sets(context: Context) -> Iterator[Mapping]:
    if _KIND in context.text:
        yield from _among(context.documents)
    if context.offsets is None:
        yield from (one for documents in _beside(context.source.path) for one in _among(documents))


def _among(documents: Iterable[Document]) -> Iterator[Mapping]:
    for document in documents:
        for item in objects(document.mapping) if document.mapping is not None else ():
            if item.string("kind") == _KIND:
                yield item


def _beside(path: str) -> Iterator[list[Document]]:
    """The documents of the files in a file's folder that have such a set."""
    folder, own = os.path.split(path)
    try:
        names = sorted(os.listdir(folder or "."))
    except OSError:
        return
    files = [name for name in names if name.endswith((".yaml", ".yml")) and name != own]
    for name in files if len(files) <= _FEW else ():
        data = read_named_by(path, os.path.join(folder, name), _LARGEST)
        if data is not None and _KIND.encode() in data:
            yield read_documents(Source(name, decode(data)[0]))
