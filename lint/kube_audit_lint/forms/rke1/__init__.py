"""RKE's cluster.yml, also as Rancher carries it: `services.kube-api` with its `audit_log` and `extra_args`.

Sources: rancher/rke types/rke_types.go (KubeAPIService, BaseService, AuditLog), cluster/plan.go
(BuildKubeAPIProcess: extra_args win over audit_log), cluster/hosts.go (the policy is written to
/etc/kubernetes/audit-policy.yaml, unless extra_args name another), cluster/cluster.go (ParseConfig is not strict).
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.extra_args import flags_of_arguments, value_of
from kube_audit_lint.forms.common.levels import ANY, Levels, settled
from kube_audit_lint.forms.common.manifests import applied_files, applied_text
from kube_audit_lint.forms.common.nodes import version_at
from kube_audit_lint.forms.common.reader import meant, unknown_keys
from kube_audit_lint.forms.common.shapes import argument_names
from kube_audit_lint.forms.rke1.audit import (
    CONFIGURATION_KEYS,
    CONFIGURATION_NEEDS,
    READER,
    audit_log,
    spelling,
    switch,
)
from kube_audit_lint.forms.rke1.mounts import mounts_of
from kube_audit_lint.kubernetes.flags import POLICY_FILE
from kube_audit_lint.model.found import Found, Misshape, joined
from kube_audit_lint.model.server import ApiServer, Flag, HostFile
from kube_audit_lint.model.value import Value
from kube_audit_lint.model.version import Versions
from kube_audit_lint.syntax.nodes import Document, Mapping, Scalar, Sequence
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Place

MARKS = ("kube-api:", "kube_api:", "kubeApi:", 'kube-api"', 'kube_api"')
LOOK = (("kube-api", r"\"?:"),)
ORDER = 3

_APPLIES = "RKE applies its addons with kubectl, and fails at this one"
_WRAPPERS = ("rancher_kubernetes_engine_config", "rke_config")
_SIGNS = frozenset(
    (
        *("admission_configuration", "always_pull_images", "audit_log", "event_rate_limit", "extra_args"),
        *("extra_args_array", "extra_binds", "pod_security_configuration", "pod_security_policy"),
        *("secrets_encryption_config", "service_cluster_ip_range", "service_node_port_range"),
    )
)
_KNOWN = _SIGNS | {"extra_env", "image"} | {f"win_extra_{name}" for name in ("args", "args_array", "binds", "env")}


_OTHERS = frozenset(("etcd", "kube-controller", "kube_controller", "scheduler", "kubelet", "kubeproxy"))


class _Cluster(NamedTuple):
    """The settings of a cluster. wrapped: as Rancher carries them, under a key of its own. misshapes: those that were
    elsewhere."""

    config: Mapping
    key: Scalar
    section: Mapping
    wrapped: bool
    misshapes: list[Misshape]

    @property
    def whole(self) -> bool:
        """Whether it is all of a cluster: RKE asks for nodes, Rancher knows them otherwise."""
        return self.wrapped or "nodes" in self.config.entries


def read(document: Document, context: Context) -> Found | None:
    """The API server of a cluster.yml; None when the document shows no `services.kube-api`."""
    root = document.mapping
    cluster = None if root is None or "apiVersion" in root.entries else _cluster(root)
    return None if cluster is None else _found(cluster, context)


def _cluster(root: Mapping) -> _Cluster | None:
    wrapped = next((inner for name in _WRAPPERS if (inner := root.mapping(name)) is not None), None)
    config, misshapes = _settled(wrapped or root)
    services = config.mapping("services")
    for name in ("kube-api", "kube_api"):
        section = services.mapping(name) if services is not None else None
        key = services.key(name) if services is not None else None
        if section is not None and key is not None and any(_is_ours(section, key) for key in _SIGNS):
            return _Cluster(config, key, section, wrapped is not None, misshapes)
    return None


def _settled(config: Mapping) -> tuple[Mapping, list[Misshape]]:
    """The settings where RKE reads them, and those that were elsewhere."""
    services = config.mapping("services")
    if services is None:
        return config, []
    name = "kube_api" if "kube_api" in services.entries else "kube-api"
    homes = {
        "services": (name,),
        f"services/{name}": ("audit_log", "extra_args", "extra_binds"),
        f"services/{name}/audit_log": ("enabled", "configuration"),
        f"services/{name}/audit_log/configuration": CONFIGURATION_KEYS,
    }
    defaults = {f"services/{name}/audit_log/configuration": CONFIGURATION_NEEDS}
    known: dict[str, tuple[str, ...]] = {f"services/{name}/extra_args_array": (ANY,)}
    levels = Levels(homes, known, _OTHERS, flags=f"services/{name}/extra_args", defaults=defaults)
    return settled(config, levels, READER)


def _is_ours(section: Mapping, name: str) -> bool:
    return meant(section, name) in section.entries if name == "audit_log" else name in section.entries


def _found(cluster: _Cluster, context: Context) -> Found:
    section = cluster.section
    versions, version_place, version = _versions(cluster.config)
    audit = audit_log(section, version, versions, cluster.wrapped, context)
    extra = tuple(_extra(section))
    overridden = {flag.name for flag in extra}
    flags = (*(flag for flag in audit.flags if flag.name not in overridden), *extra)
    server = ApiServer(
        "rke1",
        audit.place or cluster.key.place,
        flags,
        defaults=audit.defaults,
        versions=versions,
        version_place=version_place,
        partial=not cluster.whole or audit.unknown,
        spelling=spelling,
        switch="" if audit.enabled or POLICY_FILE in overridden else switch(section),
        name="kube-apiserver",
        namespace="kube-system",
    )
    if POLICY_FILE in audit.defaults and server.flag(POLICY_FILE) is None:
        file = HostFile(audit.defaults[POLICY_FILE], server.place)
        server = server._replace(policy=audit.policy, files=(file,))
    server = server._replace(mounts=mounts_of(server, section, audit.enabled))
    misshapes = (*cluster.misshapes, *_shapes(cluster), *audit.misshapes)
    policies = () if audit.policy is None else (audit.policy,)
    return joined([Found(policies, (server,), misshapes, audit.notes), _addons(cluster.config, context)])


def _addons(config: Mapping, context: Context) -> Found:
    """What RKE applies when the cluster is up: manifests in place, and files."""
    included = applied_files(config.items("addons_include"), _APPLIES, context)
    return applied_text(config.get("addons"), _APPLIES, context).with_misshapes(included)


def _extra(section: Mapping) -> Iterator[Flag]:
    """The flags of extra_args, and of extra_args_array, whose flags may occur several times."""
    yield from flags_of_arguments(section.mapping("extra_args"))
    arrays = section.mapping("extra_args_array")
    for entry in arrays.entries.values() if arrays is not None else ():
        for item in entry.value.items if isinstance(entry.value, Sequence) else ():
            value = value_of(item)
            if value is not None:
                name = Value(entry.key.value, entry.key.place)
                yield Flag(name.text.replace("_", "-"), name.text, value.text, value.place, value.place)


def _shapes(cluster: _Cluster) -> Iterator[Misshape]:
    yield from unknown_keys(cluster.section, _KNOWN, READER)
    if cluster.key.value == "kube_api" and "nodes" in cluster.config.entries:
        message = "`kube_api` is no service of RKE: it is dropped, and nothing of it reaches kube-apiserver."
        yield Misshape("unknown-key", cluster.key.place, message, "Write `kube-api`.")
    for name in argument_names(cluster.section.mapping("extra_args")):
        if name.value.startswith("--"):
            message = f"RKE puts `--` in front of the name itself: kube-apiserver gets `--{name.value}` and does not "
            message += f"start (`bad flag syntax: --{name.value}=...`)."
            yield Misshape("wrong-shape", name.place, message, f"Write `{name.value.lstrip('-')}`.")


def _versions(config: Mapping) -> tuple[Versions | None, Place | None, str]:
    versions, place = version_at(config.get("kubernetes_version"))
    return versions, place, (config.string("kubernetes_version") or "") if versions else ""
