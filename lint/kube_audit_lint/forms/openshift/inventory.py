"""OpenShift 3's inventories of Ansible: `openshift_master_audit_config`, which becomes `auditConfig` of the master.

Source: the manual of OpenShift Container Platform 3.11, "Configuring Clusters", 7.6.18: the variable holds auditConfig
as it stands in master-config.yaml, in JSON or as a mapping; `enabled` is false where it is not written.
`osm_api_server_args` becomes `apiServerArguments`, a list of strings for each.
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.forms.common.inside import decode
from kube_audit_lint.syntax.nodes import Entry, Mapping, Node, Scalar
from kube_audit_lint.syntax.reader import read_documents

_AUDIT = "openshift_master_audit_config"
_NAMES = {_AUDIT: "auditConfig", "osm_api_server_args": "apiServerArguments"}
_DEPTH = 8


def sections(root: Node, depth: int = 0) -> Iterator[Mapping]:
    """The mappings of variables in an inventory, each as the part of a MasterConfig that it becomes."""
    if not isinstance(root, Mapping) or depth > _DEPTH:
        return
    if _AUDIT in root.entries:
        entries = {}
        for name, key in _NAMES.items():
            entry = root.entries.get(name)
            node = _value(entry.value) if entry is not None else None
            if entry is not None and isinstance(node, Mapping):
                entries[key] = Entry(entry.key, node)
        if entries:
            yield Mapping(root.source, root.start, root.end, entries)
        return
    for entry in root.entries.values():
        yield from sections(entry.value, depth + 1)


def _value(node: Node) -> Node | None:
    """A value, or what the JSON in it holds."""
    if not isinstance(node, Scalar) or not node.value.lstrip().startswith("{"):
        return node
    decoded = decode(node)
    documents = read_documents(node.source, *decoded) if decoded is not None else []
    return documents[0].root if documents and documents[0].problem is None else None
