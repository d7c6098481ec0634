"""What surrounds a k0s ClusterConfig: k0sctl's Cluster, k0smotron's and Cluster API's control planes.

Sources: k0sproject/k0sctl pkg/apis/k0sctl.k0sproject.io/v1beta1 (spec.k0s.config, spec.k0s.version;
spec.hosts[].files are uploaded from src or data to dst or dstDir); k0sproject/k0smotron
api/controlplane/v1beta1 and v1beta2 (K0sControlPlane: spec.k0sConfigSpec.k0s and .files; K0smotronControlPlane),
api/k0smotron.io (Cluster: spec.k0sConfig, and spec.mounts into the pod), internal/controller/k0smotron.io
k0smotroncluster_statefulset.go (what is mounted besides is below /var/lib/k0s).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.host_files import brought_file
from kube_audit_lint.forms.common.inside import found_inside
from kube_audit_lint.forms.common.local_files import brought_from, is_several
from kube_audit_lint.forms.common.misplaced import misplaced_in, of_local
from kube_audit_lint.forms.common.nodes import below, version_at
from kube_audit_lint.forms.common.split import FILE, UPLOAD, split, whole
from kube_audit_lint.model.found import Found, Misshape, joined
from kube_audit_lint.model.server import HostFile, clean
from kube_audit_lint.model.value import Value
from kube_audit_lint.model.version import Versions
from kube_audit_lint.syntax.nodes import Mapping, Scalar
from kube_audit_lint.syntax.parts import part_of
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Place
from kube_audit_lint.syntax.unknown import is_unknown

_OBJECTS = {"configMap": "ConfigMap", "configMapRef": "ConfigMap", "secret": "Secret", "secretRef": "Secret"}
_OF_ROOT = ("/var/log", "/var/lib/k0s", "/etc", "/opt", "/srv")
_KEPT = ("/var/lib/k0s/", "/etc/k0s/")
"""Where k0s' data and configuration lie, which may be on a volume."""
_SHARED = ("/", "/etc", "/etc/k0s", "/opt", "/root", "/srv", "/var", "/var/lib", "/var/lib/k0s", "/var/log")
"""Folders that belong to root on every host, and are nobody else's to be given."""
_CLOSED = re.compile(r"[\"']?(?:0o?)?[0-7]{2}[0-3][\"']?")
"""Modes in which others may not read."""


class Around(NamedTuple):
    """What a carrying object says: the version, the files it brings, and what is in them.

    part: it may be laid over another (an overlay without a version), or is a template that others fill.
    """

    configuration: Mapping | None = None
    versions: Versions | None = None
    version_place: Place | None = None
    files: tuple[HostFile, ...] = ()
    found: Found = Found()
    part: bool = False


def around(root: Mapping, context: Context) -> Around | None:
    """The ClusterConfig that an object carries; None when it is no such object."""
    group, kind = (root.string("apiVersion") or "").partition("/")[0], root.string("kind") or ""
    spec = root.mapping("spec")
    if spec is None or group not in ("k0sctl.k0sproject.io", "k0smotron.io", "controlplane.cluster.x-k8s.io"):
        return None
    if group == "k0sctl.k0sproject.io":
        k0s = spec.mapping("k0s")
        versions = version_at(k0s.get("version"))[0] if k0s is not None else None
        files = [one for host in spec.items("hosts") for one in _uploaded(host, context, versions)]
        one = _around(k0s or spec, k0s.mapping("config") if k0s is not None else None, files)
        wrong = (shape for host in spec.items("hosts") for shape in (*_split(host), *_closed(host, one.configuration)))
        return one._replace(found=one.found.with_misshapes((*wrong, *_not_writable(spec, one.configuration))))
    template = spec.mapping("template")
    if kind.endswith("Template") and template is not None:
        spec = template.mapping("spec") or spec
    found = _control_plane(spec, group, kind, context)
    return found._replace(part="version" not in spec.entries) if found is not None else None


def _control_plane(spec: Mapping, group: str, kind: str, context: Context) -> Around | None:
    if kind.startswith("K0sControlPlane"):
        inner = spec.mapping("k0sConfigSpec")
        return (
            Around()
            if inner is None
            else _around(spec, inner.mapping("k0s"), list(_files(inner, context, version_at(spec.get("version"))[0])))
        )
    if kind.startswith("K0smotronControlPlane") or (group == "k0smotron.io" and kind == "Cluster"):
        one = _around(spec, spec.mapping("k0sConfig"), [(file, Found()) for file in _mounted(spec)])
        wrong = () if context.is_template else _not_mounted(spec, one.configuration)
        return one._replace(found=one.found.with_misshapes(wrong))
    return None


def _not_mounted(spec: Mapping, configuration: Mapping | None) -> Iterator[Misshape]:
    """A policy that nothing mounts into k0smotron's pod, in which k0s runs: its image holds none."""
    arguments = below(configuration, "spec", "api", "extraArgs") if configuration is not None else None
    node = arguments.get("audit-policy-file") if arguments is not None else None
    if not isinstance(node, Scalar) or not node.value.startswith("/") or is_unknown(node.value):
        return
    path = clean(node.value)
    mounts = [item.string("path") if isinstance(item, Mapping) else None for item in spec.items("mounts")]
    known = "image" not in spec.entries and "version" in spec.entries  # else a part, or an image of one's own
    covered = any(
        one is None or is_unknown(one) or f"{path}/".startswith(clean(one).rstrip("/") + "/") for one in mounts
    )
    if known and not covered and not path.startswith(_KEPT):
        message = f"Nothing mounts {path} into k0smotron's pod: none of its `mounts` has a path at or above it. "
        message += f'kube-apiserver does not start: loading audit policy file: failed to read file path "{path}": open '
        message += f"{path}: no such file or directory"
        help = f"Add to `mounts`: `{{path: {path.rpartition('/')[0]}, configMap: {{name: audit-policy}}}}`."
        yield Misshape("not-on-host", part_of(node, 0, len(node.value)), message, help)


def _around(versioned: Mapping, configuration: Mapping | None, files: list[tuple[HostFile, Found]]) -> Around:
    found = joined([found for _, found in files])
    return Around(configuration, *version_at(versioned.get("version")), tuple(file for file, _ in files), found)


def _uploaded(host: object, context: Context, versions: Versions | None) -> Iterator[tuple[HostFile, Found]]:
    """The files that k0sctl uploads to a host that runs a controller."""
    if not isinstance(host, Mapping) or host.string("role") == "worker":
        return
    for item in whole(host.items("files"), UPLOAD):
        if not isinstance(item, Mapping):
            continue
        source, data, path = item.get("src"), item.get("data"), _path(item)
        found = Found()
        if isinstance(data, Scalar) and data.kind == "string":
            found = found_inside(data, context, name=path, versions=versions)
        local = Value(source.value, source.place) if isinstance(source, Scalar) and source.kind == "string" else None
        if local is not None and is_several(local, item.place):
            several = brought_from(local, item.string("dstDir") or path, item.place)
            yield from ((one, Found()) for one in several)
            continue
        policy, kubeconfig = next(iter(found.policies), None), next(iter(found.kubeconfigs), None)
        wrong = of_local(path, local, context) if local is not None else None
        found = found if wrong is None else found.with_misshapes((wrong,))
        yield HostFile(path, item.place, policy, local, kubeconfig), misplaced_in(found, path, item.place)


def _closed(host: object, configuration: Mapping | None) -> Iterator[Misshape]:
    """The policy, with a mode in which only its owner may read it, who is root unless `user` says otherwise."""
    api = below(configuration, "spec", "api", "extraArgs") if configuration is not None else None
    wanted = api.string("audit-policy-file") if api is not None else None
    runs_as = _runs_as(configuration)
    for item in host.items("files") if isinstance(host, Mapping) and host.string("role") != "worker" else ():
        mode = item.get("perm") if isinstance(item, Mapping) else None
        if not isinstance(item, Mapping) or not isinstance(mode, Scalar) or not _is_others(item, runs_as):
            continue
        if wanted and _path(item) == wanted and _CLOSED.fullmatch(mode.place.text):
            message = f"k0s runs kube-apiserver as the user {runs_as}, which may not read {wanted} in this mode: "
            message += "it does not start (permission denied)."
            yield Misshape("not-readable", mode.place, message)


def _runs_as(configuration: Mapping | None) -> str:
    """The user that k0s runs kube-apiserver as (pkg/apis/k0s/v1beta1/system.go of k0sproject/k0s)."""
    users = below(configuration, "spec", "installConfig", "users") if configuration is not None else None
    return (users.string("kubeAPIserverUser") if users is not None else None) or "kube-apiserver"


def _not_writable(spec: Mapping, configuration: Mapping | None) -> Iterator[Misshape]:
    """The log, where only root may write and no hook of a host makes a folder for it."""
    api = below(configuration, "spec", "api", "extraArgs") if configuration is not None else None
    log, user = api.get("audit-log-path") if api is not None else None, _runs_as(configuration)
    folder = os.path.dirname(log.value) if isinstance(log, Scalar) else ""
    if not isinstance(log, Scalar) or not folder.startswith(_OF_ROOT) or user == "root":
        return
    hosts = [one for one in spec.items("hosts") if isinstance(one, Mapping) and one.string("role") != "worker"]
    hooks = [hook.place.text for one in hosts if (hook := one.get("hooks")) is not None]
    steps = folder.split("/")
    made = {"/".join(steps[:end]) for end in range(min(4, len(steps)), len(steps) + 1)}
    if hosts and not any(one in text for text in hooks for one in made):
        message = f"k0s runs kube-apiserver as the user {user}, which may not write to {folder} unless that folder is "
        message += "given to it, and no hook of a host does so: it does not start (ensureLogFile: permission denied)."
        yield Misshape("not-writable", log.place, message, _folder_help(folder, user))


def log_of_root(configuration: Mapping) -> Iterator[Misshape]:
    """The log of a ClusterConfig that is alone, right in a folder of the system: a file that is made for the
    server there is not enough, as it renames it and makes another when it rotates."""
    api = below(configuration, "spec", "api", "extraArgs")
    log, user = api.get("audit-log-path") if api is not None else None, _runs_as(configuration)
    folder = clean(os.path.dirname(log.value)) if isinstance(log, Scalar) else ""
    if isinstance(log, Scalar) and folder in _SHARED and user != "root":
        message = f"k0s runs kube-apiserver as the user {user}, and only root may write to {folder}: it does not start "
        message += "(ensureLogFile: permission denied)."
        help = _folder_help(folder, user).replace("in a hook of each controller", "on each controller")
        yield Misshape("not-writable", log.place, message, help)


def _folder_help(folder: str, user: str) -> str:
    """How the user gets the folder; one that belongs to the whole system is not given away."""
    shared = folder in _SHARED
    own = f"{folder}/kube-audit" if shared else folder
    first = f"Write the log to a folder of its own, such as {own}, and make" if shared else "Make"
    help = (
        f"{first} the folder in a hook of each controller, such as `install -d -o {user} -m 0700 {own}`; or suppress "
    )
    return help + "this finding where the hosts come with the folder."


def _is_others(item: Mapping, user: str) -> bool:
    """Whether a file belongs to root alone, as it does unless `user` or `group` say otherwise."""
    owner, group = item.string("user") or "root", item.string("group") or "root"
    return user != "root" and owner in ("root", "0") and group in ("root", "0")


def _path(item: Mapping) -> str:
    """Where an uploaded file is on the host."""
    source, folder, name = item.string("src"), item.string("dstDir"), item.string("dst") or ""
    name = name or os.path.basename(source or "")
    return name if name.startswith("/") or not folder else f"{folder.rstrip('/')}/{name}"


def _split(host: object) -> Iterator[Misshape]:
    if isinstance(host, Mapping):
        yield from split(host.items("files"), UPLOAD, "file")


def _files(spec: Mapping, context: Context, versions: Versions | None) -> Iterator[tuple[HostFile, Found]]:
    """The files of a K0sControlPlane."""
    for item in whole(spec.items("files"), FILE):
        one = brought_file(item, context, versions=versions) if isinstance(item, Mapping) else None
        if isinstance(item, Mapping) and one is not None:
            source = item.mapping("contentFrom")
            yield one.file._replace(local=_object(source, None) or one.file.local), one.found


def _mounted(spec: Mapping) -> Iterator[HostFile]:
    """The objects that k0smotron mounts into the pod of the control plane."""
    for item in spec.items("mounts"):
        path = item.string("path") if isinstance(item, Mapping) else None
        if not isinstance(item, Mapping) or not path:
            continue
        source = item.mapping("configMap") or item.mapping("secret")
        keys = [one for one in source.items("items") if isinstance(one, Mapping)] if source is not None else []
        for one in keys:
            yield HostFile(
                f"{path.rstrip('/')}/{one.string('path')}", item.place, None, _object(item, one.string("key"))
            )
        if not keys:  # every key is a file of its name
            yield HostFile(path, item.place, None, _object(item, ""))


def _object(item: Mapping | None, key: str | None) -> Value | None:
    """The key of a ConfigMap or Secret, as linking names it; "" where the files of a folder are called as the keys."""
    for name, kind in _OBJECTS.items() if item is not None else ():
        source = item.mapping(name) if item is not None else None
        if source is not None:
            which = source.string("name") or source.string("secretName")
            key = source.string("key") if key is None else key
            return Value(f"{kind}:{which}/{key}", source.place) if which and key is not None else None
    return None
