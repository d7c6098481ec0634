"""Which Kubernetes a kubeadm configuration can be for.

Sources: cmd/kubeadm/app/util/config/common.go (validateSupportedVersion: which API versions a kubeadm reads;
NormalizeKubernetesVersion: a kubeadm makes clusters of its own minor and the one before), kubernetes pull requests
101129 (1.22), 114540 (1.27), 125029 (1.31); app/util/version.go (labels such as `stable-1.30`).
"""

from __future__ import annotations

import re

from kube_audit_lint.forms.common.shapes import GROUP
from kube_audit_lint.model.found import Misshape
from kube_audit_lint.model.version import DEFAULT, NEWEST, OLDEST, Versions, parse_versions
from kube_audit_lint.syntax.nodes import Mapping, Scalar
from kube_audit_lint.syntax.source import Place
from kube_audit_lint.syntax.unknown import is_unknown

_LABEL = re.compile(r"(?:ci/|ci-cross/|release/)?(?:stable|latest|k8s-release|k8s-master)-(1\.\d+)(?:\.\d+)?\Z")

# The first and the last minor of kubeadm that reads an API version; 0 for one that is not known to end.
_READ_BY = {
    "v1alpha1": (8, 11),
    "v1alpha2": (11, 12),
    "v1alpha3": (12, 13),
    "v1beta1": (13, 21),
    "v1beta2": (15, 26),
    "v1beta3": (22, 0),
    "v1beta4": (31, 0),
}


def kubernetes_of(configuration: Mapping, version: str | None) -> tuple[Versions | None, Place | None]:
    """The Kubernetes that a ClusterConfiguration is for, by its own field, else by its API version."""
    own = configuration.get("kubernetesVersion")
    if isinstance(own, Scalar) and own.kind != "null":
        written = own.value if own.kind == "string" else own.place.text
        label = _LABEL.match(written)
        versions = None if is_unknown(written) else parse_versions(label[1] if label else written)
        if versions is not None:
            return versions, own.place
    return _by_api_version(configuration, version)


def _by_api_version(configuration: Mapping, version: str | None) -> tuple[Versions | None, Place | None]:
    served = _served(version)
    node = configuration.get("apiVersion")
    if served is None or node is None:
        return None, None
    both = served.overlap(DEFAULT) or served
    return (None, None) if both == DEFAULT else (both, node.place)


def _served(version: str | None) -> Versions | None:
    """The Kubernetes that some kubeadm which reads this API version can make."""
    first, last = _READ_BY.get(version or "", (0, 0))
    return Versions(max(first - 1, OLDEST), last or NEWEST) if first else None


def not_read(configuration: Mapping, version: str | None, versions: Versions | None) -> Misshape | None:
    """An API version that no kubeadm reads which can make the cluster of the file's version."""
    node, served = configuration.get("apiVersion"), _served(version)
    own = configuration.get("kubernetesVersion")
    if node is None or own is None or served is None or versions is None or versions.overlap(served):
        return None
    first, last = _READ_BY[version or ""]
    if not last and versions.first > NEWEST:
        return None  # a kubeadm of which nothing is known: it may read it
    reads = f"1.{first} to 1.{last}" if last else f"1.{first} and later"
    return Misshape(
        "wrong-shape",
        node.place,
        f"{GROUP}{version} is read by kubeadm {reads}, and no such kubeadm makes a cluster of Kubernetes {versions} "
        "(its own minor, or the one before): kubeadm refuses the file.",
        "Run `kubeadm config migrate` with the kubeadm that you use, or correct kubernetesVersion.",
    )
