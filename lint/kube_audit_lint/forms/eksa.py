"""EKS Anywhere's Cluster: its inline audit policy and extra arguments, over the settings that it makes itself.

Sources (aws/eks-anywhere, August 2026): pkg/api/v1alpha1/cluster_types.go (ControlPlaneConfiguration);
pkg/api/v1alpha1/cluster.go (the file is read strictly: the content is a string);
pkg/providers/*/config/template-cp.yaml (the settings of every provider but Snow); pkg/providers/docker/docker.go
(Docker always takes the default policy); pkg/providers/snow/apibuilder.go (no audit settings at all).
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.extra_args import flags_of_arguments, ordered, spelling
from kube_audit_lint.forms.common.inside import found_inside
from kube_audit_lint.forms.common.levels import Levels, settled
from kube_audit_lint.forms.common.nodes import version_at
from kube_audit_lint.forms.common.reader import Reader, unknown_keys
from kube_audit_lint.forms.common.settings import part_as_policy
from kube_audit_lint.forms.common.shapes import shape_of_arguments
from kube_audit_lint.model.found import Found, Misshape
from kube_audit_lint.model.server import ApiServer
from kube_audit_lint.syntax.nodes import Document, Mapping, Scalar, Sequence

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
_READER = Reader(
    "EKS Anywhere", "the cluster keeps the default audit policy", "EKS Anywhere refuses the file", "", "EKS Anywhere"
)
_CONTENT = _READER._replace(go="ControlPlaneConfiguration.spec.controlPlaneConfiguration.auditPolicyContent")
_KEYS = ("auditPolicyContent", "apiServerExtraArgs")
_WITHOUT = {
    "DockerDatacenterConfig": "With the Docker provider EKS Anywhere always uses its own default policy",
    "SnowDatacenterConfig": "With the Snow provider EKS Anywhere configures no auditing at all",
}
_LEVELS = Levels(
    {"spec": ("controlPlaneConfiguration",), "spec/controlPlaneConfiguration": _KEYS},
    flags="spec/controlPlaneConfiguration/apiServerExtraArgs",
    folds=True,  # encoding/json, through sigs.k8s.io/yaml
)


def read(document: Document, context: Context) -> Found | None:
    """The API server of a cluster with audit settings of its own; None for one that takes the defaults."""
    root = document.mapping
    if root is None or root.string("kind") != "Cluster" or not (root.string("apiVersion") or "").startswith(GROUP):
        return None
    root, misplaced = settled(root, _LEVELS, _READER)
    spec = root.mapping("spec")
    section = spec.mapping("controlPlaneConfiguration") if spec is not None else None
    if spec is None or section is None:
        return None
    found = _policy(section, context)
    arguments = section.get("apiServerExtraArgs")
    flags = ordered(flags_of_arguments(arguments))
    misshapes = [
        *misplaced,
        *found.misshapes,
        *unknown_keys(section, _KEYS, _READER, f"Write `{_KEYS[0]}`."),
        *_not_supported(spec, section),
        *_no_string(section),
    ]
    key = section.key("auditPolicyContent")
    if key is None and not any("audit" in flag.name for flag in flags):
        return Found(misshapes=tuple(misshapes)) if misshapes else None
    misshapes += shape_of_arguments(arguments, "v1beta3", _READER)
    versions, place = version_at(spec.get("kubernetesVersion"))
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
    if isinstance(node, Mapping) and node.entries:  # which is refused, and has mistakes of its own
        key = section.entries["auditPolicyContent"].key
        return Found((part_as_policy(node, key.place, "eks-anywhere"),))
    if not isinstance(node, Scalar) or node.kind != "string" or not node.value:
        return Found()
    return found_inside(node, context, name=_PATH, hint="policy")


def _no_string(section: Mapping) -> Iterator[Misshape]:
    """A policy that is no text, but a part of the file."""
    content, key = section.get("auditPolicyContent"), section.key("auditPolicyContent")
    if key is not None and isinstance(content, Mapping | Sequence):
        what = "object" if isinstance(content, Mapping) else "array"
        message = f"`auditPolicyContent` is a string: EKS Anywhere refuses the file{_CONTENT.cannot(what)}."
        yield Misshape("wrong-shape", key.place, message, "Write `auditPolicyContent: |`, and the policy below it.")


def _not_supported(spec: Mapping, section: Mapping) -> list[Misshape]:
    datacenter, key = spec.mapping("datacenterRef"), section.key("auditPolicyContent")
    why = _WITHOUT.get((datacenter.string("kind") if datacenter is not None else None) or "")
    if why is None or key is None:
        return []
    return [Misshape("unknown-key", key.place, f"{why}: this content is never used.")]
