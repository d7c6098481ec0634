"""kube-apiserver as a user configured it, in every form alike."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as MappingType
from functools import lru_cache
from types import MappingProxyType

from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from kube_audit_lint.model.document import PolicyDocument
    from kube_audit_lint.model.kubeconfig import Kubeconfig
    from kube_audit_lint.model.profile import AuditProfile
    from kube_audit_lint.model.value import Value
    from kube_audit_lint.model.version import Versions
    from kube_audit_lint.syntax.source import Place, Source


NEVER_ROTATED = 2_000_000_000
"""Megabytes that are written to have no rotation by size at all, where logrotate does it: cluster/gce of Kubernetes."""


class Flag(NamedTuple):
    """One flag as kube-apiserver gets it.

    `name` is without dashes and with `-` for `_`; `written` is as the file has it. `value` is None
    when the flag needs one and none follows. `place` covers name and value where they are
    together; `value_place` the value alone (the name, when there is no value). `argument`: it is meant as a flag, but
    no word that begins with `-`; then `name` begins with a space, as no flag's does.
    """

    name: str
    written: str
    value: str | None
    place: Place
    value_place: Place
    argument: bool = False


class Volume(NamedTuple):
    """A volume of the pod. `kind` is its source's key: `hostPath`, `emptyDir`, `configMap`, ...; "" when unset.

    `path` and `type` are a hostPath's. `refers`: the kind of object that it needs of an API server, as the kubelet
    names it ("configmaps"); "" for none. `object` is what the files come from (`ConfigMap:NAME`), where that is known;
    `keys` are its keys by the paths of the files, None where each is called as its key.
    """

    name: str
    kind: str
    place: Place
    path: Value | None = None
    type: Value | None = None
    refers: str = ""
    object: str = ""
    keys: MappingType[str, str] | None = None


class Mount(NamedTuple):
    """A volumeMount of the API server's container. `volume` is None when the pod has none of that name.

    `read_only_known` is false where a template decides it.
    """

    name: Value
    path: Value
    place: Place
    read_only: bool = False
    read_only_place: Place | None = None
    sub_path: Value | None = None
    volume: Volume | None = None
    read_only_known: bool = True


class EnvironmentVariable(NamedTuple):
    """A variable of the container; `value` is None when it comes from elsewhere (valueFrom)."""

    name: Value
    value: Value | None
    place: Place


class HostFile(NamedTuple):
    """A file that the form itself brings onto the host (cloud-init write_files, kops fileAssets, kind extraMounts).

    `path` is where it is on the host, for a directory with everything below it; "" where it is brought only to machines
    without an API server. `place` is the server's own where no entry of the file says what is brought. `content` is the
    policy in it, when it is given in place and is one, `kubeconfig` likewise; `local` the path on the
    author's machine (relative to the file that names it) that it comes from.
    """

    path: str
    place: Place
    content: PolicyDocument | None = None
    local: Value | None = None
    kubeconfig: Kubeconfig | None = None


class Overlay(NamedTuple):
    """What put a server together. base: the object in its own file. by: the kustomizations that make this of it, and
    what of each does; others: those that make something else of it."""

    base: Place
    by: tuple[Place, ...]
    others: tuple[Place, ...] = ()


class ApiServer(NamedTuple):
    """The settings of one API server; `_replace` gives a changed copy.

    form: the form's name (`workload`, `kubeadm`, ...), for tests and for people: no check reads it.
    place: what to underline when something is missing (the command, the section of arguments).
    flags: every flag in the order kube-apiserver reads them.
    defaults: flags that the distribution sets itself when the file does not, with their values.
    versions: those that the form names; None when it names none. version_place: where.
    mounts: the container's mounts; None when the form runs the server on the host or mounts by itself.
    volumes: the pod's volumes, also those that this container does not mount.
    environment: the container's variables.
    policy: the policy that the form carries itself, instead of by a file.
    profile: the audit profiles that decide the policy (OpenShift), instead of a policy.
    files: files that the form brings onto the host. files_known: whether these are all of them, although only a part
        of the settings is shown.
    partial: the file shows only a part of the settings (a template, a patch, a drop-in), so that
        nothing is known of what it does not show.
    flags_fixed: the form has no place for flags (OpenShift): rules about missing flags are silent.
    is_pod: the file is a manifest that a kubelet can run.
    spelling: how the form writes a flag with a value (`auditLogMaxAge: 30`); None where it is `--name=value`.
    mounting: how a file gets into the container, in the form's own keys: of a flag and its path; None in a pod.
    mounts_itself: the form mounts what the flags name, although `mounts` shows what.
    writes_policy: where no file is at the path that the distribution itself sets, it writes a policy that records
        nothing there.
    switch: how auditing is turned on where the form then brings policy and flags; "" where nothing does.
    type_key: what the form calls the type of a hostPath.
    flag_files: files that hold further flags (a unit's EnvironmentFile). variables: those that it takes from them;
        of such a file, all that it sets.
    name, namespace: the pod's, "" when the form has none.
    host_names: whether it resolves names as the host does, which mostly knows no Service of the cluster.
    overlay: of a server that kustomizations make of a base and patches.
    """

    form: str
    place: Place
    flags: tuple[Flag, ...] = ()
    defaults: MappingType[str, str] = MappingProxyType({})
    versions: Versions | None = None
    version_place: Place | None = None
    mounts: tuple[Mount, ...] | None = None
    volumes: tuple[Volume, ...] = ()
    environment: tuple[EnvironmentVariable, ...] = ()
    policy: PolicyDocument | None = None
    profile: AuditProfile | None = None
    files: tuple[HostFile, ...] = ()
    files_known: bool = False
    partial: bool = False
    flags_fixed: bool = False
    is_pod: bool = False
    spelling: Callable[[str, str], str] | None = None
    mounting: Callable[[str, str], str] | None = None
    mounts_itself: bool = False
    writes_policy: bool = False
    switch: str = ""
    type_key: str = "type"
    flag_files: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    name: str = ""
    namespace: str = ""
    host_names: bool = True
    is_static: bool = False
    overlay: Overlay | None = None

    @property
    def source(self) -> Source:
        """The file it was written in."""
        return self.place.source

    @property
    def audited(self) -> bool:
        """Whether any flag that the file shows is about auditing."""
        return any("audit" in flag.name for flag in self.flags)

    def flag(self, name: str) -> Flag | None:
        """The occurrence of a flag that counts: the last one."""
        for flag in reversed(self.flags):
            if flag.name == name:
                return flag
        return None

    def value(self, name: str) -> str | None:
        """What a flag is set to, by the file or by the distribution; None when by neither."""
        flag = self.flag(name)
        return self.defaults.get(name) if flag is None else flag.value

    def __repr__(self) -> str:
        return f"ApiServer({self.form!r}, {self.source.path!r}, {[flag.name for flag in self.flags]!r})"


def covering(mounts: tuple[Mount, ...], path: str) -> Mount | None:
    """The mount that decides what is seen at an absolute path: the one with the longest path above it."""
    best: Mount | None = None
    for mount in mounts:
        at = clean(mount.path.text)
        if (path == at or path.startswith(at.rstrip("/") + "/")) and (
            best is None or len(at) >= len(clean(best.path.text))
        ):
            best = mount
    return best


@lru_cache(maxsize=4096)
def clean(path: str) -> str:
    """A path without doubled or trailing slashes and dots, as Go's path.Clean leaves it."""
    absolute = path.startswith("/")
    parts: list[str] = []
    for part in path.split("/"):
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        elif part not in ("", ".") and not (part == ".." and absolute):
            parts.append(part)
    return ("/" if absolute else "") + "/".join(parts) or ("/" if absolute else ".")
