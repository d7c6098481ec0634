"""Cluster API with RKE2 and K3s: RKE2ControlPlane, KThreesControlPlane and their templates.

Sources: rancher/cluster-api-provider-rke2 controlplane/api/v1beta1 (serverConfig, agentConfig.cisProfile, files) and
pkg/rke2/config.go newRKE2ServerConfig (kubeAPIServer.extraArgs becomes kube-apiserver-arg; auditPolicySecret the file
/etc/rancher/rke2/audit-policy.yaml, from the Secret's key audit-policy.yaml); k3s-io/cluster-api-k3s
controlplane/api/v1beta2 and pkg/k3s/config.go (kubeAPIServerArg). What RKE2 sets by itself: rke2/settings.py.
"""

from __future__ import annotations

from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.host_files import brought_file, policy_paths
from kube_audit_lint.forms.common.levels import Levels, settled
from kube_audit_lint.forms.common.nodes import below, version_at
from kube_audit_lint.forms.common.reader import Reader
from kube_audit_lint.forms.rke2.settings import ARGUMENTS, DEFAULT_POLICY, Settings, notes, shapes, spelling
from kube_audit_lint.kubernetes.flags import POLICY_FILE
from kube_audit_lint.model.found import Found, joined
from kube_audit_lint.model.server import ApiServer, HostFile
from kube_audit_lint.model.value import Value
from kube_audit_lint.syntax.nodes import Document, Entry, Mapping, Node, Scalar
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Place

MARKS = ("RKE2ControlPlane", "KThreesControlPlane")

_GROUP = ".cluster.x-k8s.io/"
_Path = tuple[str, tuple[str, ...], tuple[str, ...], str]
_PATHS: dict[str, _Path] = {
    "RKE2ControlPlane": ("RKE2", (), ("serverConfig", "kubeAPIServer"), "extraArgs"),
    "KThreesControlPlane": ("K3s", ("kthreesConfigSpec",), ("kthreesConfigSpec", "serverConfig"), "kubeAPIServerArg"),
}
"""Of each kind the distribution, where in the spec its files are, and where its arguments and under which key."""
_HOMES: dict[str, dict[str, tuple[str, ...]]] = {
    "RKE2ControlPlane": {
        "": ("serverConfig", "agentConfig", "files"),
        "serverConfig": ("kubeAPIServer", "auditPolicySecret"),
        "serverConfig/kubeAPIServer": ("extraArgs", "extraMounts"),
        "agentConfig": ("cisProfile",),
    },
    "KThreesControlPlane": {
        "": ("kthreesConfigSpec",),
        "kthreesConfigSpec": ("serverConfig", "files"),
        "kthreesConfigSpec/serverConfig": ("kubeAPIServerArg",),
    },
}
"""Where in the spec the settings are."""
_OTHERS = frozenset(
    (
        "kubeControllerManager",
        "kubeScheduler",
        "cloudControllerManager",
        "etcd",
        "kubelet",
        "kubeProxy",
        "machineTemplate",
    )
)


class ControlPlane(NamedTuple):
    """An object: its spec, what stands for it, and its settings as the distribution's own file has them."""

    reader: str
    spec: Mapping
    place: Place
    settings: Settings
    secret: HostFile | None


def read(document: Document, context: Context) -> Found | None:
    """The API server of a control plane that says something about auditing, and what its files hold."""
    root = document.mapping
    kind = (root.string("kind") or "") if root is not None else ""
    path = _PATHS.get(kind.removesuffix("Template"))
    if root is None or path is None or _GROUP not in f".{root.string('apiVersion') or ''}":
        return None
    above = ("spec", "template", "spec") if kind.endswith("Template") else ("spec",)
    homes = {"/".join((*above, name)).rstrip("/"): keys for name, keys in _HOMES[kind.removesuffix("Template")].items()}
    homes |= {"/".join(above[:at]): (above[at],) for at in range(len(above))}
    root, misshapes = settled(root, Levels(homes, foreign=_OTHERS), Reader("Cluster API"))
    spec = below(root, *above)
    return None if spec is None else _found(path, spec, root, context).with_misshapes(misshapes)


def found_in_class(spec: Mapping, root: Mapping, context: Context) -> Found:
    """What the patches of a ClusterClass put into the spec of such a control plane: a part of what it becomes."""
    found = joined([_found(path, spec, root, context) for path in _PATHS.values() if below(spec, *path[2]) is not None])
    return found.with_servers(lambda server: server._replace(partial=True))


def _found(path: _Path, spec: Mapping, root: Mapping, context: Context) -> Found:
    reader, around, section, name = path
    inside = below(spec, *section)
    arguments = inside.entries.get(name) if inside is not None else None
    secret = _secret(spec)
    settings = Settings((_as_file(spec, arguments, secret),))
    servers: tuple[ApiServer, ...] = ()
    if settings.audited or secret is not None:
        place = arguments.key.place if arguments is not None else root.place
        servers = (_server(ControlPlane(reader, spec, place, settings, secret)),)
    found = _with_files(servers, (below(spec, *around) or spec).items("files"), secret, context)
    return found.with_misshapes(shapes(settings.mappings[0], reader)) if arguments is not None else found


def _server(one: ControlPlane) -> ApiServer:
    versions, version_place = version_at(one.spec.get("version"))
    server = ApiServer(
        "capi-rke2",
        one.place,
        one.settings.flags(own=False),
        defaults=one.settings.defaults() if one.reader == "RKE2" else {},
        versions=versions,
        version_place=version_place,
        writes_policy=one.reader == "RKE2",
        spelling=spelling,
        name="kube-apiserver",
        namespace="kube-system",
        files_known=True,
    )
    # Without a policy it is RKE2's profile that decides, which a file or a template may bring.
    return server._replace(partial=one.reader == "RKE2" and server.value(POLICY_FILE) is None)


def _with_files(servers: tuple[ApiServer, ...], items: list[Node], secret: HostFile | None, context: Context) -> Found:
    wanted = policy_paths(servers)
    files = [one for item in items if isinstance(item, Mapping) and (one := brought_file(item, context, wanted))]
    brought = (*(one.file for one in files), *((secret,) if secret is not None else ()))
    told = () if secret is not None else tuple(note for server in servers for note in notes(server))
    found = Found(servers=tuple(server._replace(files=brought) for server in servers), notes=told)
    return joined([found, *(one.found for one in files)])


def _as_file(spec: Mapping, arguments: Entry | None, secret: HostFile | None) -> Mapping:
    """The settings as the distribution's own configuration file has them."""
    agent = spec.mapping("agentConfig")
    entries = {} if arguments is None else {ARGUMENTS: arguments}
    if agent is not None and "cisProfile" in agent.entries:
        entries["profile"] = agent.entries["cisProfile"]
    if secret is not None:
        at = secret.place
        policy = Scalar(at.source, at.start, at.end, "string", DEFAULT_POLICY)
        entries[POLICY_FILE] = Entry(policy, policy)
    return Mapping(spec.source, spec.start, spec.end, entries)


def _secret(spec: Mapping) -> HostFile | None:
    """The file that auditPolicySecret becomes."""
    reference = below(spec, "serverConfig", "auditPolicySecret")
    name = reference.string("name") if reference is not None else None
    if reference is None or not name:
        return None
    place = reference.place
    return HostFile(DEFAULT_POLICY, place, None, Value(f"Secret:{name}/audit-policy.yaml", place))
