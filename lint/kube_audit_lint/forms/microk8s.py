"""MicroK8s' launch configuration: arguments for kube-apiserver, and the files that it brings.

Source: canonical/microk8s-cluster-agent pkg/k8sinit/schema.go (`extraKubeAPIServerArgs`, a part of the arguments;
`extraConfigFiles`, written to $SNAP_DATA/args). The server runs on the host: no mounts.
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.host_files import policy_paths
from kube_audit_lint.forms.common.inside import found_inside
from kube_audit_lint.forms.common.loose import loose_arguments
from kube_audit_lint.forms.common.snap import VARIABLES
from kube_audit_lint.model.found import Found, joined
from kube_audit_lint.model.server import HostFile
from kube_audit_lint.syntax.nodes import Document, Entry, Mapping, Scalar

MARKS = ("extraKubeAPIServerArgs", "extraConfigFiles")

_FOLDER = f"{VARIABLES['SNAP_DATA']}/args/"


def read(document: Document, context: Context) -> Found | None:
    """The API server of a launch configuration, and the policies among its files; None for other documents."""
    root = document.mapping
    if root is None or "kind" in root.entries or not any(key in root.entries for key in MARKS):
        return None
    found = loose_arguments(root)
    wanted = policy_paths(found.servers)
    files = list(_files(root.mapping("extraConfigFiles"), wanted, context))
    brought = tuple(file for file, _ in files)
    found = found.with_servers(lambda one: one._replace(files=brought, files_known=not context.is_template))
    return joined([found, *(held for _, held in files)])


def _files(section: Mapping | None, wanted: set[str], context: Context) -> Iterator[tuple[HostFile, Found]]:
    for name, entry in section.entries.items() if section is not None else ():
        path = f"{_FOLDER}{name}"
        found = _held(entry, path, "policy" if path in wanted else "", context)
        policy, webhook = next(iter(found.policies), None), next(iter(found.kubeconfigs), None)
        yield HostFile(path, entry.key.place, policy, None, webhook), found


def _held(entry: Entry, path: str, hint: str, context: Context) -> Found:
    content = entry.value
    if not isinstance(content, Scalar) or content.kind != "string":
        return Found()
    return found_inside(content, context, name=path, hint=hint)
