"""Kamaji: an API server as a Deployment of a management cluster.

Sources: clastix/kamaji api/v1alpha1/tenantcontrolplane_types.go (ControlPlaneExtraArgs: words for kube-apiserver,
applied last; AdditionalVolumes and AdditionalVolumeMounts as a pod has them). The certificates that Kamaji makes lie
in /etc/kubernetes/pki, as kubeadm has them.
"""

from __future__ import annotations

from kube_audit_lint.forms.common.arguments import flags_of
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.extra_args import own_mount
from kube_audit_lint.forms.common.levels import Levels, settled
from kube_audit_lint.forms.common.nodes import below, version_at
from kube_audit_lint.forms.common.pod import mounts_of, volumes_of
from kube_audit_lint.forms.common.pod_shape import shapes_of_container, shapes_of_pod
from kube_audit_lint.forms.common.reader import Reader
from kube_audit_lint.model.found import Found
from kube_audit_lint.model.server import ApiServer
from kube_audit_lint.model.value import Value
from kube_audit_lint.syntax.nodes import Document, Mapping, strings
from kube_audit_lint.syntax.parts import part_of

MARKS = ("kamaji.clastix.io/",)
LOOK = (("kamaji.clastix.io", "/"),)

_DEPLOYMENT = "spec/controlPlane/deployment"
_LEVELS = Levels(
    {
        "spec": ("controlPlane",),
        "spec/controlPlane": ("deployment",),
        _DEPLOYMENT: ("extraArgs", "additionalVolumes", "additionalVolumeMounts"),
        f"{_DEPLOYMENT}/extraArgs": ("apiServer",),
        f"{_DEPLOYMENT}/additionalVolumeMounts": ("apiServer",),
    },
    known={f"{_DEPLOYMENT}/{name}": ("apiServer",) for name in ("resources", "probes", "registrySettings")},
    foreign=frozenset(("kubelet", "addons", "konnectivity")),
)
_READER = Reader("Kamaji", "it is dropped when the object is applied")


def read(document: Document, context: Context) -> Found | None:
    """The API server of a TenantControlPlane that is given audit flags."""
    root = document.mapping
    if root is None or not (root.string("apiVersion") or "").startswith("kamaji.clastix.io/"):
        return None
    root, misplaced = settled(root, _LEVELS, _READER)
    spec = root.mapping("spec")
    deployment = below(spec, "controlPlane", "deployment")
    arguments = below(deployment, "extraArgs")
    nodes = list(strings(arguments.get("apiServer"))) if arguments is not None else []
    words = [Value(node.value, part_of(node, 0, len(node.value))) for node in nodes]
    flags = flags_of(words)
    if deployment is None or not any(flag.name.startswith("audit") for flag in flags):
        return Found(misshapes=tuple(misplaced))
    pod = _part(deployment, "additionalVolumes", "volumes")
    container = _part(deployment.mapping("additionalVolumeMounts"), "apiServer", "volumeMounts") or _nothing(deployment)
    place = flags[0].place
    volumes = volumes_of(pod or _nothing(deployment))
    versions, version_place = version_at((below(spec, "kubernetes") or root).get("version"))
    server = ApiServer(
        "kamaji",
        place,
        flags,
        versions=versions,
        version_place=version_place,
        mounts=(own_mount("/etc/kubernetes/pki", place, True), *mounts_of(container, volumes)),
        volumes=tuple(volumes.values()),
        spelling=lambda name, value: f"- --{name}" + (f"={value}" if value else ""),
        name="kube-apiserver",
        host_names=False,
    )
    wrong = [*misplaced, *(shapes_of_pod(pod, _nothing(deployment)) if pod is not None else ())]
    return Found(servers=(server,), misshapes=(*wrong, *shapes_of_container(container, _nothing(deployment))))


def _part(section: Mapping | None, key: str, name: str) -> Mapping | None:
    """A section with one of its entries alone, under the name that a pod has for it."""
    entry = section.entries.get(key) if section is not None else None
    if section is None or entry is None:
        return None
    return Mapping(section.source, section.start, section.end, {name: entry})


def _nothing(section: Mapping) -> Mapping:
    return Mapping(section.source, section.start, section.start, {})
