"""EKS Anywhere's Cluster: its inline audit policy and extra arguments, over the settings that it makes itself.

Sources (aws/eks-anywhere, August 2026): pkg/api/v1alpha1/cluster_types.go (ControlPlaneConfiguration);
pkg/providers/*/config/template-cp.yaml (the settings of every provider but Snow); pkg/providers/docker/docker.go
(Docker always takes the default policy); pkg/providers/snow/apibuilder.go (no audit settings at all).
"""

from __future__ import annotations

from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.extra_args import flags_of_arguments, ordered, spelling
from kube_audit_lint.forms.common.inside import found_inside
from kube_audit_lint.forms.common.shapes import Words, near_key, shape_of_arguments
from kube_audit_lint.model.found import Found, Misshape
from kube_audit_lint.model.server import ApiServer
from kube_audit_lint.model.version import Versions, parse_versions
from kube_audit_lint.syntax.nodes import Document, Mapping, Scalar
from kube_audit_lint.syntax.source import Place
from kube_audit_lint.syntax.unknown import is_unknown

MARKS = ("anywhere.eks.amazonaws.com/",)

GROUP = "anywhere.eks.amazonaws.com/"

_PATH = "/etc/kubernetes/audit-policy.yaml"
_DEFAULTS = {
    "audit-policy-file": _PATH,
    "audit-log-path": "/var/log/kubernetes/api-audit.log",
    "audit-log-maxage": "30",
    "audit-log-maxbackup": "10",
    "audit-log-maxsize": "512",
}
_KEYS = ("auditPolicyContent", "apiServerExtraArgs")
_WITHOUT = {
    "DockerDatacenterConfig": "With the Docker provider EKS Anywhere always uses its own default policy",
    "SnowDatacenterConfig": "With the Snow provider EKS Anywhere configures no auditing at all",
}


def read(document: Document, context: Context) -> Found | None:
    """The API server of a cluster with audit settings of its own; None for one that takes the defaults."""
    root = document.mapping
    if root is None or root.string("kind") != "Cluster" or not (root.string("apiVersion") or "").startswith(GROUP):
        return None
    spec = root.mapping("spec")
    section = spec.mapping("controlPlaneConfiguration") if spec is not None else None
    if spec is None or section is None:
        return None
    found = _policy(section, context)
    arguments = section.get("apiServerExtraArgs")
    flags = ordered(flags_of_arguments(arguments))
    misshapes = [*found.misshapes, *_misspelt(section), *_not_supported(spec, section)]
    key = section.key("auditPolicyContent")
    if key is None and not any("audit" in flag.name for flag in flags):
        return Found(misshapes=tuple(misshapes)) if misshapes else None
    misshapes += shape_of_arguments(arguments, "v1beta3", _words())
    versions, place = _versions(spec)
    key = key or section.key("apiServerExtraArgs")
    server = ApiServer(
        "eks-anywhere",
        key.place if key is not None else section.place,
        flags,
        defaults=_DEFAULTS,
        versions=versions,
        version_place=place,
        policy=found.policies[0] if found.policies else None,
        spelling=spelling(None, None),
    )
    return found._replace(servers=(server,), misshapes=tuple(misshapes))


def _policy(section: Mapping, context: Context) -> Found:
    node = section.get("auditPolicyContent")
    if not isinstance(node, Scalar) or node.kind != "string" or not node.value:
        return Found()
    return found_inside(node, context, name=_PATH, hint="policy")


def _versions(spec: Mapping) -> tuple[Versions | None, Place | None]:
    node = spec.get("kubernetesVersion")
    if not isinstance(node, Scalar) or is_unknown(node.value):
        return None, None
    versions = parse_versions(node.value if node.kind == "string" else node.place.text)
    return versions, node.place if versions else None


def _words() -> Words:
    return Words("EKS Anywhere", "EKS Anywhere refuses the file", "EKS Anywhere")


def _misspelt(section: Mapping) -> list[Misshape]:
    found = []
    for key, entry in section.entries.items():
        if key in _KEYS or is_unknown(key):
            continue
        near = near_key(section, key, _KEYS)
        if near is not None or "audit" in key.lower():
            message = f"`{key}` is no setting of EKS Anywhere: the cluster keeps the default audit policy."
            found.append(Misshape("unknown-key", entry.key.place, message, f"Write `{near or _KEYS[0]}`."))
    return found


def _not_supported(spec: Mapping, section: Mapping) -> list[Misshape]:
    datacenter, key = spec.mapping("datacenterRef"), section.key("auditPolicyContent")
    why = _WITHOUT.get((datacenter.string("kind") if datacenter is not None else None) or "")
    if why is None or key is None:
        return []
    return [Misshape("unknown-key", key.place, f"{why}: this content is never used.")]
