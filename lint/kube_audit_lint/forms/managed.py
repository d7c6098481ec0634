"""Clusters whose control plane a provider runs: whether the audit log is delivered at all.

Sources: the CloudFormation reference (AWS::EKS::Cluster: all log types are off where EnabledTypes is empty or
missing); the EKS API reference (LogSetup); eksctl's user guide (cloudWatch.clusterLogging.enableTypes, `all` and `*`;
off by default); cluster-api-provider-aws controlplane/eks/api (ControlPlaneLoggingSpec,
AWSManagedControlPlaneTemplate); Crossplane's providers for AWS and the EKS controller of ACK (enabledClusterLogTypes,
logging.clusterLogging); rancher/eks-operator (loggingTypes); Azure Monitor's reference of log categories (kube-audit,
kube-audit-admin; the groups allLogs and audit); Tanzu's class-based clusters (the variable auditLogging). GKE's Admin
Activity log cannot be switched off. The answers to a type that does not exist: eksctl
pkg/apis/eksctl.io/v1alpha5/validation.go; CloudFormation's schema of the resource (an enum);
`validation.StringInSlice` of Terraform's SDK; Azure Monitor.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Literal

from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.levels import Levels, settled
from kube_audit_lint.forms.common.nodes import below, objects
from kube_audit_lint.forms.common.reader import Reader
from kube_audit_lint.model.found import Found, Misshape, joined
from kube_audit_lint.syntax.nodes import Document, Entry, Mapping, Node, Scalar, Sequence
from kube_audit_lint.syntax.source import Place
from kube_audit_lint.syntax.unknown import is_unknown

MARKS = (
    "AWS::EKS::Cluster",
    "eksctl.io/",
    "ManagedControlPlane",
    "eks.aws.",
    "eks.services.k8s.aws/",
    "EKSClusterConfig",
    "iagnosticSetting",
    "iagnosticsetting",
    "auditLogging",
    "ENABLE_AUDIT_LOGGING",
    "Custom::AWSCDK-EKS-Cluster",
    "eks:Cluster",
    "ontainerService/managedClusters",
    "ontainerservice",
    "ContainerCluster",
    "GKEClusterConfig",
    "AKSClusterConfig",
    "gcp:container",
    "container.gcp.",
)
LOOK = (
    ("eks", r"ctl\.io/|:{1,2}cluster\b|\.aws\.|\.services\.k8s\.aws/|clusterconfig\b|(?<=awscdk-eks)-cluster\b"),
    ("awsmanagedcontrolplane", ""),
    ("diagnosticsetting", r"s?\b"),
)
ORDER = 2

_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")
_ALL = ("all", "*")
_AUDIT = re.compile(r"(?i)(?:kube[-_]?)?audits?(?:ing)?(?:[-_]?logs?)?")
_TAG = re.compile(r"!\S+[ \t]*\Z")
REFUSED = "EKS refuses that"
"""What becomes of a type that does not exist: `{word}` stands for it, `{at}` for its place in the list."""
EKS = "EKS delivers no audit log"
AKS = "AKS delivers no audit log"
RECORDS_NOTHING = "The API server of this cluster records nothing"
AKS_TYPES = ("kube-audit", "kube-audit-admin")
AKS_GROUPS = ("audit", "allLogs")
NAMES_OF_AKS = ("kube-", "guard", "cluster-autoscaler", "cloud-controller-manager", "csi-")
_WITHOUT_LOG_TYPES = (
    "gcp:container:cluster",
    "gcp:container/cluster:cluster",
    "azure-native:containerservice:managedcluster",
)
"""Clusters in Pulumi that have no setting of their own for the audit log."""
_OTHERS = (
    *(("AzureManagedControlPlane", ".cluster.x-k8s.io"), ("GCPManagedControlPlane", ".cluster.x-k8s.io")),
    *(("ContainerCluster", "container.cnrm.cloud.google.com"), ("Cluster", "container.gcp.upbound.io")),
    *(("KubernetesCluster", "containerservice.azure.upbound.io"), ("ManagedCluster", "containerservice.azure.com")),
    *(("GKEClusterConfig", "gke.cattle.io"), ("AKSClusterConfig", "aks.cattle.io")),
)
"""The same as objects: Cluster API, Google's and Azure's controllers, Crossplane, Rancher."""
_EKSCTL = Reader("eksctl", 'eksctl refuses the file (`unknown field "{key}"`)')
_LEVELS_OF_EKSCTL = Levels(
    {
        "": ("cloudWatch",),
        "cloudWatch": ("clusterLogging",),
        "cloudWatch/clusterLogging": ("enableTypes", "logRetentionInDays"),
    },
    sure=frozenset(("clusterLogging", "enableTypes")),
)

State = Literal["on", "off", "open"]
"""Whether the audit log is delivered; open: the file does not decide it."""


def read(document: Document, context: Context) -> Found | None:
    """The clusters of a document, and what is off; None for documents that configure no such cluster."""
    root = document.mapping
    if root is None:
        return None
    if "updateClusterConfig" in root.place.text:
        return None  # a custom resource of CDK, which switches logging on by a call
    found = joined([part for reader in _READERS for part in reader(root)])
    if not found:
        return Found() if any(_is_of_eksctl(item) for item in objects(root)) else None
    return joined([found, _besides(document, context)])


def _besides(document: Document, context: Context) -> Found:
    """What the forms behind this one find in a document: a stack has user data, too."""
    readers = iter(context.readers.of_document(context.text)) if context.readers else iter(())
    behind = any(one is read for one in readers)
    return (
        next((found for one in readers if (found := one(document, context)) is not None), Found())
        if behind
        else Found()
    )


def _is_of_eksctl(item: Mapping) -> bool:
    return (item.string("apiVersion") or "").startswith("eksctl.io/")


def _plane(place: Place, misshape: Misshape | None = None) -> Found:
    """A control plane that a provider runs, with what is off."""
    return Found(misshapes=() if misshape is None else (misshape,), managed=(place,))


def _eksctl(root: Mapping) -> Iterator[Found]:
    if not _is_of_eksctl(root) or root.string("kind") != "ClusterConfig":
        return
    root, misplaced = settled(root, _LEVELS_OF_EKSCTL, _EKSCTL)
    yield Found(misshapes=tuple(misplaced))
    logging = below(root, "cloudWatch", "clusterLogging")
    types = logging.get("enableTypes") if logging is not None else None
    if types is None and not _makes_cluster(root):
        return  # such a file is often used for node groups only
    place = _place(logging, "enableTypes") or _place(root, "cloudWatch") or _place(root, "kind") or root.place
    help = "Write `audit` into `cloudWatch.clusterLogging.enableTypes`."
    refused = 'eksctl refuses that (`log type "{word}" (cloudWatch.clusterLogging.enableTypes[{at}]) is unknown`)'
    yield _plane(root.place, off(place, EKS, types, help, refused) if state_of(types) == "off" else None)


def _makes_cluster(root: Mapping) -> bool:
    metadata = root.mapping("metadata")
    version = metadata is not None and "version" in metadata.entries
    alone = root.entries.keys() <= {"apiVersion", "kind", "metadata"}
    return (
        version
        or alone
        or any(key in root.entries for key in ("vpc", "availabilityZones", "cloudWatch", "autoModeConfig"))
    )


def _cloudformation(root: Mapping) -> Iterator[Found]:
    resources = root.mapping("Resources")
    for entry in resources.entries.values() if resources is not None else ():
        resource = entry.value
        kind = resource.string("Type") if isinstance(resource, Mapping) else None
        if isinstance(resource, Mapping) and kind == "AWS::EKS::Cluster":
            help = "Write `Logging: {ClusterLogging: {EnabledTypes: [{Type: audit}]}}` into its `Properties`."
            path = ("Properties", "Logging", "ClusterLogging", "EnabledTypes")
            refused = (
                "the stack fails (`#/Logging/ClusterLogging/EnabledTypes/{at}/Type: #: {word} is not a valid enum "
            )
            yield from _along(resource, path, "Type", help, refused + "value`)")
        elif isinstance(resource, Mapping) and kind == "Custom::AWSCDK-EKS-Cluster":
            help = "Give the construct `clusterLogging: [eks.ClusterLoggingTypes.AUDIT]`."
            yield from _along(resource, ("Properties", "Config", "logging", "clusterLogging"), "types", help)


def _pulumi(root: Mapping) -> Iterator[Found]:
    """The resources of a program in YAML: clusters, and diagnostic settings that name categories of AKS."""
    resources = root.mapping("resources")
    for entry in resources.entries.values() if resources is not None else ():
        resource = entry.value
        if not isinstance(resource, Mapping):
            continue
        kind = (resource.string("type") or "").lower()
        if kind in ("eks:cluster", "aws:eks:cluster", "aws:eks/cluster:cluster", "aws-native:eks:cluster"):
            native = ("properties", "logging", "clusterLogging", "enabledTypes")
            path, inner = (native, "type") if "native" in kind else (("properties", "enabledClusterLogTypes"), "")
            yield from _along(resource, path, inner, "Write `audit` among the types.")
        elif kind.endswith("diagnosticsetting"):
            inside = resource.mapping("properties") or resource
            yield _logs(inside.get("logs") or inside.get("enabledLogs"), inside, False)
        elif kind in _WITHOUT_LOG_TYPES:
            yield _plane(resource.place)


def _cluster_api(root: Mapping) -> Iterator[Found]:
    for item in objects(root):
        kind = item.string("kind") or ""
        inner = ("spec", "template", "spec") if kind.endswith("Template") else ("spec",)
        spec = below(item, *inner)
        if kind.removesuffix("Template") != "AWSManagedControlPlane" or spec is None:
            continue
        logging = spec.get("logging")
        audit = logging.get("audit") if isinstance(logging, Mapping) else logging
        if not (audit is None or (isinstance(audit, Scalar) and audit.value == "false")) or _is_patched(item):
            yield _plane(item.place)
            continue
        section = logging if isinstance(logging, Mapping) else None
        place = _place(section, "audit") or _place(spec, "logging") or _place(item, "kind") or item.place
        yield _plane(item.place, off(place, EKS, None, f"Write `logging: {{audit: true}}` into `{'.'.join(inner)}`."))


def _is_patched(template: Mapping) -> bool:
    """Whether a ClusterClass in a template's file puts something into `logging`."""
    of_class = template.string("kind") != "AWSManagedControlPlane" and "ClusterClass" in template.source.text
    return of_class and "/spec/template/spec/logging" in template.source.text


def _aws_objects(root: Mapping) -> Iterator[Found]:
    """Crossplane's and ACK's clusters, and Rancher's; those whose provider is told elsewhere what to deliver."""
    for item in objects(root):
        group, kind = (item.string("apiVersion") or "").partition("/")[0], item.string("kind")
        help = "Write `audit` among the types."
        if kind == "Cluster" and group in ("eks.aws.upbound.io", "eks.aws.m.upbound.io"):
            yield from _along(item, ("spec", "forProvider", "enabledClusterLogTypes"), "", help)
        elif kind == "Cluster" and group == "eks.aws.crossplane.io":
            yield from _along(item, ("spec", "forProvider", "logging", "clusterLogging"), "types", help)
        elif kind == "Cluster" and group == "eks.services.k8s.aws":
            yield from _along(item, ("spec", "logging", "clusterLogging"), "types", help)
        elif kind == "EKSClusterConfig":
            types = (item.mapping("spec") or item).get("loggingTypes")
            place = _place(item.mapping("spec"), "loggingTypes") or item.place
            is_off = isinstance(types, Sequence) and state_of(types) == "off"
            yield _plane(item.place, off(place, EKS, types, help) if is_off else None)
        elif any(kind == one and group.endswith(domain) for one, domain in _OTHERS):
            yield _plane(item.place)


def _along(resource: Mapping, path: tuple[str, ...], inner: str, help: str, refused: str = REFUSED) -> Iterator[Found]:
    """A cluster, with what a list of types at the end of a path leaves off. inner: the key of an item that holds the
    types."""
    yield _plane(resource.place, _left_off(resource, path, inner, help, refused))


def _left_off(resource: Mapping, path: tuple[str, ...], inner: str, help: str, refused: str) -> Misshape | None:
    node: Node | None = resource
    place = _place(resource, "Type") or _place(resource, "type") or _place(resource, "kind") or resource.place
    for key in path:
        if not isinstance(node, Mapping):
            return None  # a function that is known only when it is deployed
        place = _place(node, key) or place
        if any(one.startswith(("Fn::", "Ref")) or is_unknown(one) for one in node.entries):
            return None
        node = node.get(key)
        if node is None:
            break
    return off(place, EKS, node, help, refused) if state_of(node, inner) == "off" else None


def state_of(node: Node | None, inner: str = "") -> State:
    """Whether audit is among the types of a list; open where one of them is not known."""
    if node is None or (isinstance(node, Scalar) and node.kind == "null"):
        return "off"
    if not isinstance(node, Sequence):
        return "open"
    found: list[str] = []
    for item in node.items:
        value = item.get(inner) if inner and isinstance(item, Mapping) else item
        enabled = item.get("enabled") if isinstance(item, Mapping) else None
        if isinstance(enabled, Scalar) and enabled.value == "false":
            continue
        for one in value.items if isinstance(value, Sequence) else [value]:
            if not isinstance(one, Scalar) or one.kind != "string" or _TAG.search(one.source.text, 0, one.start):
                return "open"
            found.append(one.value)
    if "audit" in found or (len(found) == 1 and found[0] in _ALL):  # eksctl: SetClusterConfigDefaults
        return "on"
    return "off" if all(one in _TYPES or _meant(one) for one in found) else "open"


def _meant(word: str) -> str | None:
    """The type that a word is a slip for; other words may be names of something that is filled in."""
    from kube_audit_lint.kubernetes.spelling import nearest

    return "audit" if _AUDIT.fullmatch(word) else nearest(word, _TYPES)


def _azure(root: Mapping) -> Iterator[Found]:
    """Diagnostic settings of AKS: in ARM templates (those that Bicep makes, too), and as objects."""
    settings, clusters = [], []
    for resource, kind in _arm(root):
        if kind == "cluster":
            clusters.append(resource.place)
        else:
            settings.append(_logs((resource.mapping("properties") or resource).get("logs"), resource, True))
    of_template = joined(settings)
    yield of_template._replace(managed=tuple(clusters)) if clusters else of_template
    for item in objects(root):
        group = (item.string("apiVersion") or "").partition("/")[0]
        if "DiagnosticSetting" in (item.string("kind") or "") and "azure" in group:
            spec = below(item, "spec", "forProvider") or item.mapping("spec") or item
            yield _logs(spec.get("enabledLog") or spec.get("log") or spec.get("logs"), item, False)


def _arm(root: Mapping) -> Iterator[tuple[Mapping, Literal["cluster", "setting"]]]:
    """The AKS clusters among a template's resources and their diagnostic settings, those of nested templates too."""
    resources = root.get("resources")
    listed = resources.items if isinstance(resources, Sequence) else []
    if isinstance(resources, Mapping):
        listed = [entry.value for entry in resources.entries.values()]
    for item in listed:
        if not isinstance(item, Mapping):
            continue
        kind, scope = (item.string("type") or "").lower(), (item.string("scope") or "").lower()
        if kind.endswith("diagnosticsettings") and "managedclusters" in kind + scope:
            yield item, "setting"
        elif kind == "microsoft.containerservice/managedclusters":
            yield item, "cluster"
        yield from _arm(below(item, "properties", "template") or item)


def _logs(node: Node | None, owner: Mapping, surely: bool) -> Found:
    """A list of categories, and what it leaves off. surely: whether it is known that they are those of AKS."""
    unknown = _plane(owner.place) if surely else Found()
    items: list[tuple[str, bool]] = []
    for item in node.items if isinstance(node, Sequence) else ():
        enabled = item.get("enabled") if isinstance(item, Mapping) else None
        value = (item.get("category") or item.get("categoryGroup")) if isinstance(item, Mapping) else None
        if not isinstance(value, Scalar) or is_unknown(value.value) or value.value.startswith(("[", "$")):
            return unknown
        items.append((value.value, not (isinstance(enabled, Scalar) and enabled.value.lower() == "false")))
    known = surely or any(name.startswith(NAMES_OF_AKS) for name, _ in items)
    if not isinstance(node, Sequence) or not known:
        return unknown
    if delivers_audit(items):
        return _plane(owner.place)
    key = next((entry.key for entry in _entries(owner) if entry.value is node), None)
    place = key.place if key is not None else owner.place
    help = "Write `{category: kube-audit, enabled: true}`"
    return _plane(owner.place, aks_off(place, help, (name for name, on in items if on)))


def delivers_audit(items: Iterable[tuple[str, bool]]) -> bool:
    """Whether the audit log is among the categories, each with whether it is on."""
    delivering = {one.lower() for one in (*AKS_TYPES, *AKS_GROUPS)}
    return any(on and name.lower() in delivering for name, on in items)


def aks_off(place: Place, help: str, names: Iterable[str] = ()) -> Misshape:
    """That diagnostic settings leave the audit log out. help: how to add it. names: the categories that are there."""
    from kube_audit_lint.kubernetes.spelling import nearest

    for name in names:
        meant = nearest(name, AKS_TYPES)
        if meant is not None:
            message = f"{AKS}: `{meant}` is written `{name}` here, and Azure refuses that "
            message += f"(`Category '{name}' is not supported.`). {_NOBODY}"
            return Misshape("logging-off", place, message, f"Write `{meant}`.")
    return off(place, AKS, None, f"{help}, or `kube-audit-admin` for all but reads.")


def _entries(owner: Mapping) -> Iterator[Entry]:
    for entry in owner.entries.values():
        yield entry
        if isinstance(entry.value, Mapping):
            yield from _entries(entry.value)


def _tanzu(root: Mapping) -> Iterator[Found]:
    """Tanzu's clusters: the variable of a topology, or the flat file of one."""
    said = []
    for item in objects(root):
        topology = below(item, "spec", "topology")
        variables = [one for one in (topology.items("variables") if topology else ()) if isinstance(one, Mapping)]
        sections = [one.mapping("value") for one in variables if one.string("name") == "auditLogging"]
        said += [(section.get("enabled"), "enabled: true") for section in sections if section is not None]
    if "INFRASTRUCTURE_PROVIDER" in root.entries:
        said.append((root.get("ENABLE_AUDIT_LOGGING"), "ENABLE_AUDIT_LOGGING: true"))
    for enabled, wanted in said:
        if isinstance(enabled, Scalar):
            is_off = enabled.value.lower() == "false"
            yield _plane(
                enabled.place, off(enabled.place, RECORDS_NOTHING, None, f"Write `{wanted}`.") if is_off else None
            )


def off(place: Place, what: str, types: Node | None, help: str, refused: str = REFUSED) -> Misshape:
    """The finding about a cluster that delivers no audit log. types: those that it delivers. refused: see REFUSED."""
    for at, one in enumerate(_scalars(types)):
        if one.value not in _TYPES and _meant(one.value) == "audit":
            why = f"`audit` is written `{one.value}` here, and {refused.format(word=one.value, at=at)}"
            return Misshape("logging-off", one.place, f"{what}: {why}. {_NOBODY}", "Write `audit`.")
    listed = isinstance(types, Sequence) and types.items
    why = "is not among the log types here" if listed else "is not switched on here"
    return Misshape(
        "logging-off", place, f"{what}: `audit` {why}, and nothing is delivered by default. {_NOBODY}", help
    )


_NOBODY = "Nobody can tell who did what in the cluster."


def _scalars(node: Node | None) -> Iterator[Scalar]:
    if isinstance(node, Scalar):
        yield node
    for one in node.items if isinstance(node, Sequence) else ():
        yield from _scalars(one)
    for entry in node.entries.values() if isinstance(node, Mapping) else ():
        yield from _scalars(entry.value)


def _place(section: Mapping | None, name: str) -> Place | None:
    key = section.key(name) if section is not None else None
    return key.place if key is not None else None


_READERS: tuple[Callable[[Mapping], Iterator[Found]], ...] = (
    *(_eksctl, _cloudformation, _pulumi, _cluster_api, _aws_objects, _azure, _tanzu),
)
