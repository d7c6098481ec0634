"""Gardener: the audit policy of a Shoot or a Garden, in a ConfigMap of the same namespace.

Sources, gardener/gardener: pkg/apis/core/v1beta1/types_shoot.go (AuditConfig), pkg/component/apiserver/audit.go (the
mount; the policy that Gardener takes by itself records nothing), docs/usage/security/shoot_auditpolicy.md (the key
`policy`). The log's backend is the operator's business, and no flag can be set.
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.levels import Levels, settled
from kube_audit_lint.forms.common.nodes import below, version_at
from kube_audit_lint.forms.common.reader import Reader, meant, unknown_keys
from kube_audit_lint.model.found import Found, Misshape
from kube_audit_lint.model.server import ApiServer, HostFile
from kube_audit_lint.model.value import Value
from kube_audit_lint.syntax.nodes import Document, Mapping, Scalar
from kube_audit_lint.syntax.source import Place
from kube_audit_lint.syntax.unknown import is_unknown

MARKS = ("kubeAPIServer", "auditConfig", "gardener.cloud/")
ORDER = 7

_READER = Reader("Gardener", "it is dropped, and the policy that records nothing stays", "Gardener refuses the object")
_PATH = "/etc/kubernetes/audit/audit-policy.yaml"
_GROUPS = ("core.gardener.cloud", "operator.gardener.cloud", "seedmanagement.gardener.cloud", "garden.sapcloud.io")
_OTHERS = frozenset(("gardener", "gardenlet", "seedConfig"))
_STEPS = (("spec",), ("spec", "virtualCluster"), ("spec", "shootTemplate", "spec"), ("spec", "template", "spec"))


def read(document: Document, context: Context) -> Found | None:
    """An object with `kubernetes.kubeAPIServer` that says something about auditing; without a kind, a part of one."""
    root = document.mapping
    if root is None:
        return None
    group = (root.string("apiVersion") or "").partition("/")[0]
    if group not in _GROUPS and ("apiVersion" in root.entries or "kind" in root.entries):
        return None
    root, misshapes = _settled(root) if group in _GROUPS else (root, [])
    for steps in _STEPS:
        kubernetes = below(root, *steps, "kubernetes")
        server = kubernetes.mapping("kubeAPIServer") if kubernetes is not None else None
        if kubernetes is not None and server is not None and any("audit" in key.lower() for key in server.entries):
            return _found(kubernetes, server).with_misshapes(misshapes)
    return None


def _settled(root: Mapping) -> tuple[Mapping, list[Misshape]]:
    """The object with the settings where Gardener reads them, and those that were elsewhere."""
    spec = max(_STEPS, key=lambda steps: len(steps) if below(root, *steps) is not None else 0)
    at = "/".join((*spec, "kubernetes"))
    server = f"{at}/kubeAPIServer"
    homes: dict[str, tuple[str, ...]] = {
        "/".join(spec): ("kubernetes",),
        at: ("kubeAPIServer",),
        server: ("auditConfig",),
        f"{server}/auditConfig": ("auditPolicy",),
        f"{server}/auditConfig/auditPolicy": ("configMapRef",),
    }
    known = {server: ("auditWebhook",), f"{'/'.join(spec)}/gardener/gardenerAPIServer": ("auditConfig", "auditWebhook")}
    return settled(root, Levels(homes, known, _OTHERS), _READER)


def _found(kubernetes: Mapping, section: Mapping) -> Found:
    misshapes = [*unknown_keys(section, ("auditConfig", "auditWebhook"), _READER, "Write it below `auditConfig`.")]
    key = meant(section, "auditConfig")
    audit = section.mapping(key)
    policy = audit.mapping(meant(audit, "auditPolicy")) if audit is not None else None
    if audit is not None:
        misshapes += unknown_keys(audit, ("auditPolicy",), _READER, "Write it below `auditPolicy`.")
    if policy is not None:
        misshapes += unknown_keys(policy, ("configMapRef",), _READER)
        misshapes += _shapes(policy)
    place = section.key(key) or section.key(next(iter(section.entries)))
    versions, version_place = version_at(kubernetes.get("version"))
    server = ApiServer(
        "gardener",
        place.place if place else section.place,
        defaults={"audit-policy-file": _PATH},
        versions=versions,
        version_place=version_place,
        files=(_file(policy, section.place),),
        flags_fixed=True,
        name="kube-apiserver",
    )
    return Found(servers=(server,), misshapes=tuple(misshapes))


def _file(policy: Mapping | None, place: Place) -> HostFile:
    """What Gardener mounts: the key `policy` of the ConfigMap."""
    reference = policy.mapping("configMapRef") if policy is not None else None
    name = reference.get("name") if reference is not None else None
    if not isinstance(name, Scalar) or name.kind != "string" or is_unknown(name.value):
        return HostFile(_PATH, place)
    return HostFile(_PATH, name.place, None, Value(f"ConfigMap:{name.value}/policy", name.place))


def _shapes(policy: Mapping) -> Iterator[Misshape]:
    node = policy.get("configMapRef")
    if isinstance(node, Scalar) and node.kind == "string" and not is_unknown(node.value):
        message = f"`configMapRef` is a mapping with the ConfigMap's name: {_READER.refused}."
        yield Misshape("wrong-shape", node.place, message, f"Write `configMapRef: {{name: {node.value}}}`.")
    elif isinstance(node, Mapping) and "name" not in node.entries:
        yield from unknown_keys(node, ("name", "namespace"), _READER)
