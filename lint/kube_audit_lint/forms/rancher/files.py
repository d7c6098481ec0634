"""The files that Rancher brings onto its machines: the policy in the Cluster, and keys of Secrets and ConfigMaps.

Source: rancher/rancher pkg/capr/planner/config.go: `audit-policy-file` holds the policy's text, never a path; a value
that is no string becomes Go's print of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.inside import found_inside
from kube_audit_lint.forms.common.split import KEY, split, whole
from kube_audit_lint.model.document import PolicyDocument
from kube_audit_lint.model.found import Found, Misshape
from kube_audit_lint.model.server import HostFile
from kube_audit_lint.model.value import Value
from kube_audit_lint.model.version import Versions
from kube_audit_lint.syntax.nodes import Document, Entry, Mapping, Scalar
from kube_audit_lint.syntax.unknown import is_unknown

_PATH = re.compile(r"\s*/[^\s:]*\s*\Z")


def policy_of(entry: Entry, versions: Versions | None, context: Context) -> Found:
    """The policy that `audit-policy-file` holds."""
    node = entry.value
    if isinstance(node, Mapping):
        policy = PolicyDocument(
            Document(node.source, node.start, node.end, node), entry.key.place, form="rancher", versions=versions
        )
        message = "Rancher takes the policy as text, and this is a mapping: kube-apiserver gets `map[...]` to read."
        help = f"Put `|` behind `{entry.key.value}:`."
        return Found((policy,), misshapes=(Misshape("wrong-shape", entry.key.place, message, help),))
    if not isinstance(node, Scalar) or node.kind != "string" or is_unknown(node.value):
        return Found()
    if _PATH.match(node.value):
        message = "Rancher takes the policy itself here, not its path: it writes this text into a file, "
        message += "and kube-apiserver does not start with that as its policy."
        help = f"Write the policy's text here, or `audit-policy-file={node.value.strip()}` below `kube-apiserver-arg`."
        return Found(misshapes=(Misshape("wrong-shape", node.place, message, help),))
    return found_inside(node, context, name="audit-policy-file", versions=versions, hint="policy")


def files_of(config: Mapping) -> tuple[HostFile, ...]:
    """The files of machineSelectorFiles, each with the object's key that it comes from."""
    return tuple(_files(config))


def shapes_of_files(config: Mapping) -> Iterator[Misshape]:
    """Keys of an object that a dash too many has split in two."""
    for _, inner in _sources(config):
        yield from split(inner.items("items"), KEY, "file")


def _files(config: Mapping) -> Iterator[HostFile]:
    for kind, inner in _sources(config):
        name = inner.string("name")
        if name:
            yield from _keys(inner, f"{kind}:{name}")


def _sources(config: Mapping) -> Iterator[tuple[str, Mapping]]:
    """The objects that files are taken from, by their kind."""
    for item in config.items("machineSelectorFiles"):
        for source in item.items("fileSources") if isinstance(item, Mapping) else ():
            for kind, section in (("Secret", "secret"), ("ConfigMap", "configMap")):
                inner = source.mapping(section) if isinstance(source, Mapping) else None
                if inner is not None:
                    yield kind, inner


def _keys(inner: Mapping, named: str) -> Iterator[HostFile]:
    for item in whole(inner.items("items"), KEY):
        if isinstance(item, Mapping):
            key, path = item.string("key"), item.string("path")
            if key and path:
                yield HostFile(path, item.place, None, Value(f"{named}/{key}", item.place))
