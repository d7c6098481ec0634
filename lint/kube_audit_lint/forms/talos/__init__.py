"""Talos: the machine configuration (v1alpha1) and its newer documents, and patches of them.

Sources, siderolabs/talos v1.0 to v1.15: pkg/machinery/config/types/v1alpha1/v1alpha1_types.go (APIServerConfig;
extraArgs takes lists from v1.13), types/k8s/apiserver.go and audit_policy.go (KubeAPIServerConfig and
KubeAuditPolicyConfig, from v1.14), internal/app/machined/pkg/controllers/k8s (the flags and mounts that Talos
sets itself; an empty auditPolicy is the default, everything at Metadata), pkg/machinery/config/decoder (a key
that is not known is an error; numbers are taken for strings), internal/app/machined/pkg/runtime/v1alpha1
(v1alpha1_sequencer_tasks.go, WriteUserFiles: what is created is below /var).
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.forms.common.arguments import setting
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.extra_args import value_of
from kube_audit_lint.forms.common.host_files import brought_file, policy_paths
from kube_audit_lint.forms.common.json_patch import operations
from kube_audit_lint.forms.common.levels import Levels, settled
from kube_audit_lint.forms.common.manifests import applied_files, applied_text
from kube_audit_lint.forms.common.nodes import below, version_at
from kube_audit_lint.forms.common.reader import Reader, meant, unknown_keys
from kube_audit_lint.forms.common.settings import in_map, part_as_policy
from kube_audit_lint.forms.common.shapes import shape_of_flags
from kube_audit_lint.forms.common.split import HOST_MOUNT, split
from kube_audit_lint.forms.talos.mounts import CONFIG_FOLDER, DEFAULTS, VOLUME_KEYS, mounts_of
from kube_audit_lint.model.document import PolicyDocument
from kube_audit_lint.model.found import Found, Misshape, joined
from kube_audit_lint.model.server import ApiServer, Flag, HostFile
from kube_audit_lint.model.value import Value
from kube_audit_lint.model.version import version_of_image
from kube_audit_lint.syntax.nodes import Document, Mapping, Node, Scalar
from kube_audit_lint.syntax.nodes import Sequence as List
from kube_audit_lint.syntax.parts import part_of
from kube_audit_lint.syntax.source import Place
from kube_audit_lint.syntax.unknown import is_unknown

MARKS = (
    "apiServer",
    "auditPolicy",
    "inlineManifests",
    "extraManifests",
    "KubeAPIServerConfig",
    "KubeAuditPolicyConfig",
)
ORDER = 8

_READER = Reader(
    "Talos",
    "Talos refuses the configuration (`unknown keys found during decoding`)",
    "Talos refuses the configuration",
    numbers=True,
    lists=True,
)
_TOP = frozenset(("version", "debug", "persist", "machine", "cluster"))
_KEYS = frozenset(
    (
        *("image", "extraArgs", "extraVolumes", "env", "certSANs", "disablePodSecurityPolicy"),
        *("admissionControl", "auditPolicy", "resources", "authorizationConfig"),
    )
)
_SIGNS = _KEYS - {"image", "env", "resources"}
_SERVER = "KubeAPIServerConfig"
_SERVER_KEYS = frozenset(
    ("apiVersion", "kind", "image", "extraArgs", "env", "resources", "apiPort", "certExtraSANs", "startupProbes")
)
_POLICY = "KubeAuditPolicyConfig"
_POLICY_KEYS = frozenset(("apiVersion", "kind", "configuration"))
_LEVELS = Levels(
    {"cluster": ("apiServer",), "cluster/apiServer": ("auditPolicy", "extraArgs", "extraVolumes")},
    foreign=frozenset(("controllerManager", "scheduler", "proxy", "etcd", "kubelet")),
    flags="cluster/apiServer/extraArgs",
)
_PATH = "/cluster/apiServer"
_APPLIES = "Talos applies its inline and extra manifests, and fails at this one"


def read(document: Document, context: Context) -> Found | None:
    """A machine configuration, one of the newer documents, or a patch of either."""
    root = document.mapping
    if root is None:
        return _json_patch(document.root)
    if "apiVersion" in root.entries or "kind" in root.entries:
        if root.string("apiVersion") != "v1alpha1":
            return None
        if root.string("kind") == _SERVER:
            return _server_document(root, context)
        return _policy_document(root, context) if root.string("kind") == _POLICY else None
    if _TOP.isdisjoint(root.entries) or not (_TOP | _KEYS | {"apiServer"}).issuperset(root.entries):
        return None
    root, misshapes = settled(root, _LEVELS, _READER)
    if not _TOP.issuperset(root.entries):
        return None
    found = _machine(root, context)
    return found.with_misshapes(misshapes) if found is not None else None


def _machine(root: Mapping, context: Context) -> Found | None:
    cluster, machine = root.mapping("cluster"), root.mapping("machine")
    if machine is not None and machine.string("type") in ("worker", "join"):
        return Found()  # Talos runs no API server there, whatever the file says of one
    if cluster is None:
        return None
    applied = joined([applied_text(one, _APPLIES, context) for one in _inline_manifests(cluster)])
    applied = applied.with_misshapes(applied_files(cluster.items("extraManifests"), _APPLIES, context))
    found = _server_of(root, cluster, machine, context)
    return joined([found, applied]) if found is not None else (applied or None)


def _inline_manifests(cluster: Mapping) -> Iterator[Node | None]:
    for item in cluster.items("inlineManifests"):
        yield item.get("contents") if isinstance(item, Mapping) else None


def _server_of(root: Mapping, cluster: Mapping, machine: Mapping | None, context: Context) -> Found | None:
    key = meant(cluster, "apiServer")
    section = cluster.mapping(key)
    whole = machine is not None and root.string("version") == "v1alpha1"
    if section is None or not (whole or any(meant(section, name) in section.entries for name in _SIGNS)):
        return None
    policy = _inline_policy(section) if "auditPolicy" in section.entries else _policy_beside(context)
    named = cluster.key(key)
    server = _server(section, named.place if named else section.place, policy, partial=not whole)
    items = [item for item in machine.items("files") if isinstance(item, Mapping)] if machine is not None else []
    wanted = policy_paths([server])
    files = [one for item in items if (one := brought_file(item, context, wanted, server.versions)) is not None]
    on_host = (*server.files, *(one.file for one in files))
    # A patch that brings the policy is where its path is said, too.
    known = not context.is_template and any(one.content is not None for one in on_host)
    server = server._replace(files=on_host, files_known=known)
    misshapes = [*unknown_keys(cluster, ("apiServer",), _READER, "Write it below `apiServer`.")]
    misshapes += unknown_keys(section, _KEYS, _READER, "Write the policy as `auditPolicy`, a flag in `extraArgs`.")
    misshapes += _no_mapping(section, "auditPolicy")
    misshapes += split(section.items("extraVolumes"), HOST_MOUNT, "volume")
    for item in section.items("extraVolumes"):
        misshapes += unknown_keys(item, VOLUME_KEYS, _READER) if isinstance(item, Mapping) else ()
    misshapes += shape_of_flags(section.get("extraArgs"), _READER)
    misshapes += (shape for item in items for shape in _created(item))
    own = Found((policy,) if policy else (), (server,), tuple(misshapes))
    return joined([own, *(one.found for one in files)])


def _created(item: Mapping) -> Iterator[Misshape]:
    """A policy that Talos does not write: only below /var does it create files."""
    path, operation = item.string("path") or "", item.get("op")
    if not isinstance(operation, Scalar) or operation.value != "create" or path.startswith("/var/"):
        return
    if path.startswith("/") and ("audit" in path or "audit.k8s.io/" in (item.string("content") or "")):
        message = f'Talos writes no new files outside of /var: create operation not allowed outside of /var: "{path}".'
        help = "Write the policy below `cluster.apiServer.auditPolicy`, or the file to a path below /var."
        yield Misshape("wrong-shape", operation.place, message, help)


def _server_document(root: Mapping, context: Context) -> Found | None:
    kind = root.key("kind")
    policy = _policy_beside(context)
    server = _server(root, kind.place if kind else root.place, policy)
    misshapes = [*unknown_keys(root, _SERVER_KEYS, _READER, f"Write the policy as a document `kind: {_POLICY}`.")]
    misshapes += shape_of_flags(root.get("extraArgs"), _READER)
    return Found((policy,) if policy else (), (server,), tuple(misshapes))


def _inline_policy(section: Mapping) -> PolicyDocument | None:
    """The policy of `auditPolicy`; none when it is empty or taken out, for then it is Talos's own."""
    node, key = section.mapping("auditPolicy"), section.key("auditPolicy")
    if node is None or key is None or not node.entries or "$patch" in node.entries:
        return None
    return part_as_policy(node, key.place, "talos", version_at(section.get("image"), version_of_image)[0])


def _policy_document(root: Mapping, context: Context) -> Found:
    """The policy for itself; where a document of the same file holds the server, that one has it."""
    misshapes = (
        *unknown_keys(root, _POLICY_KEYS, _READER, "Write the policy below `configuration`."),
        *_no_mapping(root, "configuration"),
    )
    policy = None if any(_takes_policy(other.mapping) for other in context.documents) else _policy_in(root)
    return Found((policy,) if policy else (), misshapes=misshapes)


def _takes_policy(root: Mapping | None) -> bool:
    if root is None or root.string("kind") == _SERVER:
        return root is not None
    section = below(root, "cluster", "apiServer")
    return "kind" not in root.entries and section is not None and "auditPolicy" not in section.entries


def _policy_beside(context: Context) -> PolicyDocument | None:
    """The policy of another document of the file."""
    for other in context.documents:
        root = other.mapping
        if root is not None and root.string("kind") == _POLICY and root.string("apiVersion") == "v1alpha1":
            return _policy_in(root)
    return None


def _policy_in(root: Mapping) -> PolicyDocument | None:
    node, key = root.get("configuration"), root.key("configuration")
    return part_as_policy(node, key.place, "talos") if isinstance(node, Mapping) and key is not None else None


def _no_mapping(section: Mapping, name: str) -> Iterator[Misshape]:
    """A policy that is a string, as ConfigMaps have it."""
    node, key = section.get(name), section.key(name)
    if key is None or node is None or isinstance(node, Mapping) or is_unknown(node.place.text):
        return
    if isinstance(node, Scalar) and (node.kind == "null" or is_unknown(node.value)):
        return
    text = isinstance(node, Scalar) and node.block
    yield Misshape(
        "wrong-shape",
        key.place,
        f"`{name}` is a mapping, and this is {'a string' if isinstance(node, Scalar) else 'a list'}: "
        f"{_READER.refused}.",
        "Remove the `|` behind the key." if text else "Write the policy's fields below it.",
    )


def _server(section: Mapping, place: Place, policy: PolicyDocument | None, partial: bool = False) -> ApiServer:
    versions, version_place = version_at(section.get("image"), version_of_image)
    flags = tuple(_flags(section.get("extraArgs")))
    return ApiServer(
        "talos",
        place,
        flags,
        defaults=DEFAULTS,
        policy=None if any(flag.name == "audit-policy-file" for flag in flags) else policy,
        partial=partial,
        versions=versions,
        version_place=version_place,
        mounts=tuple(mounts_of(section.get("extraVolumes"), place)),
        files=(HostFile(CONFIG_FOLDER, place),),
        spelling=in_map,
        name="kube-apiserver",
        namespace="kube-system",
    )


def _flags(arguments: Node | None) -> Iterator[Flag]:
    """The flags of extraArgs: one for each item of a list."""
    for entry in arguments.entries.values() if isinstance(arguments, Mapping) else ():
        name = Value(entry.key.value, entry.key.place)
        for node in entry.value.items if isinstance(entry.value, List) else [entry.value]:
            yield setting(name, value_of(node))


def _json_patch(root: Node | None) -> Found | None:
    """A patch in the form of RFC 6902."""
    flags: list[Flag] = []
    policies: list[PolicyDocument] = []
    misshapes: list[Misshape] = []
    place: Place | None = None
    for operation in operations(root.items) if isinstance(root, List) else ():
        path, value = operation.path.value, operation.value
        if path.endswith("/auditPolicy") and path.startswith(("/cluster/", "/machine/")) and isinstance(value, Mapping):
            if path != f"{_PATH}/auditPolicy":
                message = f"`{path}` is no path of a machine configuration: {_READER.unknown}."
                help = f"Write `{_PATH}/auditPolicy`."
                misshapes.append(Misshape("unknown-key", operation.path.place, message, help))
            policies.append(part_as_policy(value, operation.path.place, "talos"))
        elif path == f"{_PATH}/extraArgs":
            flags += _flags(value)
        elif path.startswith(f"{_PATH}/extraArgs/"):
            name = path.removeprefix(f"{_PATH}/extraArgs/")
            at = part_of(operation.path, len(path) - len(name), len(path))
            flags.append(setting(Value(name, at), value_of(value)))
        else:
            continue
        place = place or operation.path.place
    if place is None:
        return None
    last = policies[-1] if policies else None
    server = ApiServer("talos", place, tuple(flags), defaults=DEFAULTS, policy=last, partial=True, spelling=in_map)
    return Found(tuple(policies), (server,), tuple(misshapes))
