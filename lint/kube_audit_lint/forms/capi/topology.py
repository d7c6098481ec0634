"""ClusterClass: the JSON patches that put audit settings into a KubeadmControlPlaneTemplate.

Source: api/core/v1beta1 and v1beta2 of Cluster API (ClusterClassPatch: definitions with jsonPatches, each with a
value, or a valueFrom that is known only with a cluster's variables).
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.extra_args import always_mounted, ordered
from kube_audit_lint.forms.common.host_files import brought_file, policy_paths
from kube_audit_lint.forms.common.json_patch import operations, patched
from kube_audit_lint.model.found import Found, Note, joined
from kube_audit_lint.model.server import ApiServer
from kube_audit_lint.syntax.nodes import Mapping, Scalar

_SPEC = "/spec/template/spec/kubeadmConfigSpec"
_CONFIGURATION = f"{_SPEC}/clusterConfiguration"


def found_in_class(root: Mapping, context: Context) -> Found | None:
    """What the patches put in, taken together; None when nothing of it is about auditing."""
    patches = list(_patches(root))
    what = patched(patches, _CONFIGURATION)
    servers: tuple[ApiServer, ...] = ()
    if any("audit" in flag.name for flag in what.flags):
        place = what.flags[0].place
        mounts = (*always_mounted(place), *what.mounts)
        servers = (ApiServer("cluster-api", place, ordered(what.flags), mounts=mounts, partial=True),)
    wanted = policy_paths(servers)
    files = []
    for operation in operations(patches):
        if operation.path.value.startswith(f"{_SPEC}/files/") and isinstance(operation.value, Mapping):
            one = brought_file(operation.value, context, wanted)
            files += [one] if one is not None else []
    servers = tuple(server._replace(files=tuple(one.file for one in files)) for server in servers)
    found = joined([Found(servers=servers, notes=tuple(_notes(patches))), *(one.found for one in files)])
    return found if found else None


def _patches(root: Mapping) -> Iterator[Mapping]:
    spec = root.mapping("spec")
    for patch in spec.items("patches") if spec is not None else ():
        for definition in patch.items("definitions") if isinstance(patch, Mapping) else ():
            for one in definition.items("jsonPatches") if isinstance(definition, Mapping) else ():
                if isinstance(one, Mapping):
                    yield one


def _notes(patches: list[Mapping]) -> Iterator[Note]:
    for patch in patches:
        path = patch.get("path")
        if isinstance(path, Scalar) and "valueFrom" in patch.entries and _about_audit(patch, path):
            yield Note(path.place, "the value is known only with a cluster's variables")


def _about_audit(patch: Mapping, path: Scalar) -> bool:
    inside = patch.source.text[patch.start : patch.end]
    return path.value.startswith(_SPEC) and "audit" in inside
