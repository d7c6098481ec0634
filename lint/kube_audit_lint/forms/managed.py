"""Clusters whose control plane a provider runs: whether the audit log is delivered at all.

Sources: the CloudFormation reference (AWS::EKS::Cluster: all log types are off where EnabledTypes is empty or missing);
the EKS API reference (LogSetup); eksctl's user guide (cloudWatch.clusterLogging.enableTypes, `all` and `*`; off by
default); cluster-api-provider-aws controlplane/eks/api (ControlPlaneLoggingSpec); Crossplane's providers for AWS and
the EKS controller of ACK (enabledClusterLogTypes, logging.clusterLogging); rancher/eks-operator (loggingTypes); Azure
Monitor's reference of log categories (kube-audit, kube-audit-admin; the groups allLogs and audit); Kubermatic's
documentation (auditLogging); Tanzu's class-based clusters (the variable auditLogging). GKE's Admin Activity log cannot
be switched off. The answers to a type that does not exist: eksctl pkg/apis/eksctl.io/v1alpha5/validation.go;
CloudFormation's schema of the resource (an enum); `validation.StringInSlice` of Terraform's SDK; Azure Monitor.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Literal

from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.nodes import below, objects
from kube_audit_lint.forms.common.reader import Reader, unknown_keys
from kube_audit_lint.model.found import Found, Misshape
from kube_audit_lint.syntax.nodes import Document, Entry, Mapping, Node, Scalar, Sequence
from kube_audit_lint.syntax.source import Place
from kube_audit_lint.syntax.unknown import is_unknown

MARKS = (
    "AWS::EKS::Cluster",
    "eksctl.io/",
    "AWSManagedControlPlane",
    "eks.aws.",
    "eks.services.k8s.aws/",
    "EKSClusterConfig",
    "iagnosticSetting",
    "iagnosticsetting",
    "kubermatic.k8c.io/",
    "auditLogging",
    "ENABLE_AUDIT_LOGGING",
    "Custom::AWSCDK-EKS-Cluster",
    "eks:Cluster",
    "ContainerService/managedClusters",
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
AKS_TYPES = ("kube-audit", "kube-audit-admin")
AKS_GROUPS = ("audit", "allLogs")
NAMES_OF_AKS = ("kube-", "guard", "cluster-autoscaler", "cloud-controller-manager", "csi-")
_KUBERMATIC = Reader("Kubermatic", "it is dropped when the object is applied")
_OF_KUBERMATIC = ("enabled", "policyPreset", "sidecar", "webhookBackend")
"""Of Kubermatic's AuditLoggingSettings (sdk/apis/kubermatic/v1/audit_logging.go)."""
PRESETS = ("", "metadata", "recommended", "minimal")
"""Of Kubermatic: kubermatic/kubermatic sdk/apis/kubermatic/v1/audit_logging.go"""

State = Literal["on", "off", "open"]
"""Whether the audit log is delivered; open: the file does not decide it."""


def read(document: Document, context: Context) -> Found | None:
    """What is off; None for documents that configure no such cluster."""
    root = document.mapping
    if root is None:
        return None
    if "updateClusterConfig" in root.place.text:
        return None  # a custom resource of CDK, which switches logging on by a call
    found = [list(reader(root)) for reader in _READERS]
    misshapes = tuple(one for some in found for one in some)
    known = misshapes or any(_is_cluster(item) for item in objects(root))
    return Found(misshapes=misshapes) if known else None


def _is_cluster(item: Mapping) -> bool:
    version, kind = item.string("apiVersion") or "", item.string("kind")
    return version.startswith("eksctl.io/") or kind in ("AWSManagedControlPlane", "EKSClusterConfig")


def _eksctl(root: Mapping) -> Iterator[Misshape]:
    if not (root.string("apiVersion") or "").startswith("eksctl.io/") or root.string("kind") != "ClusterConfig":
        return
    logging = below(root, "cloudWatch", "clusterLogging")
    types = logging.get("enableTypes") if logging is not None else None
    if state_of(types) != "off":
        return
    if types is None and not _makes_cluster(root):
        return  # such a file is often used for node groups only
    place = _place(logging, "enableTypes") or _place(root, "cloudWatch") or _place(root, "kind")
    help = "Write `audit` into `cloudWatch.clusterLogging.enableTypes`."
    refused = 'eksctl refuses that (`log type "{word}" (cloudWatch.clusterLogging.enableTypes[{at}]) is unknown`)'
    yield off(place or root.place, EKS, types, help, refused)


def _makes_cluster(root: Mapping) -> bool:
    metadata = root.mapping("metadata")
    version = metadata is not None and "version" in metadata.entries
    alone = root.entries.keys() <= {"apiVersion", "kind", "metadata"}
    return (
        version
        or alone
        or any(key in root.entries for key in ("vpc", "availabilityZones", "cloudWatch", "autoModeConfig"))
    )


def _cloudformation(root: Mapping) -> Iterator[Misshape]:
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


def _pulumi(root: Mapping) -> Iterator[Misshape]:
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
            yield from _logs(inside.get("logs") or inside.get("enabledLogs"), inside, False)


def _cluster_api(root: Mapping) -> Iterator[Misshape]:
    for item in objects(root):
        if item.string("kind") == "AWSManagedControlPlane" and (spec := item.mapping("spec")) is not None:
            logging = spec.get("logging")
            audit = logging.get("audit") if isinstance(logging, Mapping) else logging
            if audit is None or (isinstance(audit, Scalar) and audit.value == "false"):
                section = logging if isinstance(logging, Mapping) else None
                place = _place(section, "audit") or _place(spec, "logging") or _place(item, "kind") or item.place
                yield off(place, EKS, None, "Write `logging: {audit: true}` into `spec`.")


def _aws_objects(root: Mapping) -> Iterator[Misshape]:
    """Crossplane's and ACK's clusters, and Rancher's."""
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
            if isinstance(types, Sequence) and state_of(types) == "off":
                yield off(_place(item.mapping("spec"), "loggingTypes") or types.place, EKS, types, help)


def _along(
    resource: Mapping, path: tuple[str, ...], inner: str, help: str, refused: str = REFUSED
) -> Iterator[Misshape]:
    """What a list of types at the end of a path leaves off. inner: the key of an item that holds the types."""
    node: Node | None = resource
    place = _place(resource, "Type") or _place(resource, "type") or _place(resource, "kind") or resource.place
    for key in path:
        if not isinstance(node, Mapping):
            return  # a function that is known only when it is deployed
        place = _place(node, key) or place
        if any(one.startswith(("Fn::", "Ref")) or is_unknown(one) for one in node.entries):
            return
        node = node.get(key)
        if node is None:
            break
    if state_of(node, inner) == "off":
        yield off(place, EKS, node, help, refused)


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


def _azure(root: Mapping) -> Iterator[Misshape]:
    """Diagnostic settings of AKS: in ARM templates (those that Bicep makes, too), and as objects."""
    for resource in _arm(root):
        yield from _logs((resource.mapping("properties") or resource).get("logs"), resource, True)
    for item in objects(root):
        group = (item.string("apiVersion") or "").partition("/")[0]
        if "DiagnosticSetting" in (item.string("kind") or "") and "azure" in group:
            spec = below(item, "spec", "forProvider") or item.mapping("spec") or item
            yield from _logs(spec.get("enabledLog") or spec.get("log") or spec.get("logs"), item, False)


def _arm(root: Mapping) -> Iterator[Mapping]:
    """The diagnostic settings of AKS clusters among a template's resources, those of nested ones too."""
    resources = root.get("resources")
    listed = resources.items if isinstance(resources, Sequence) else []
    if isinstance(resources, Mapping):
        listed = [entry.value for entry in resources.entries.values()]
    for item in listed:
        if not isinstance(item, Mapping):
            continue
        kind, scope = (item.string("type") or "").lower(), (item.string("scope") or "").lower()
        if kind.endswith("diagnosticsettings") and "managedclusters" in kind + scope:
            yield item
        yield from _arm(below(item, "properties", "template") or item)


def _logs(node: Node | None, owner: Mapping, surely: bool) -> Iterator[Misshape]:
    """What a list of categories leaves off. surely: whether it is known that they are those of AKS."""
    items: list[tuple[str, bool]] = []
    for item in node.items if isinstance(node, Sequence) else ():
        enabled = item.get("enabled") if isinstance(item, Mapping) else None
        value = (item.get("category") or item.get("categoryGroup")) if isinstance(item, Mapping) else None
        if not isinstance(value, Scalar) or is_unknown(value.value) or value.value.startswith(("[", "$")):
            return
        items.append((value.value, not (isinstance(enabled, Scalar) and enabled.value.lower() == "false")))
    known = surely or any(name.startswith(NAMES_OF_AKS) for name, _ in items)
    if isinstance(node, Sequence) and known and not delivers_audit(items):
        key = next((entry.key for entry in _entries(owner) if entry.value is node), None)
        place = key.place if key is not None else owner.place
        yield aks_off(place, "Write `{category: kube-audit, enabled: true}`", (name for name, on in items if on))


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


def _switched_off(root: Mapping) -> Iterator[Misshape]:
    """Kubermatic's clusters, and Tanzu's, where it is said that auditing is off."""
    what = "The API server of this cluster records nothing"
    for item in objects(root):
        spec = item.mapping("spec")
        of_kubermatic = (item.string("apiVersion") or "").startswith("kubermatic.k8c.io/")
        sections = [spec.get("auditLogging")] if spec is not None and of_kubermatic else []
        topology = below(spec, "topology") if spec is not None else None
        variables = [one for one in (topology.items("variables") if topology else ()) if isinstance(one, Mapping)]
        sections += [one.get("value") for one in variables if one.string("name") == "auditLogging"]
        yield from _presets(sections if of_kubermatic else [])
        for section in sections if of_kubermatic else []:
            if isinstance(section, Mapping):
                yield from unknown_keys(section, _OF_KUBERMATIC, _KUBERMATIC)
        for section in sections:
            enabled = section.get("enabled") if isinstance(section, Mapping) else None
            if isinstance(enabled, Scalar) and enabled.value == "false":
                yield off(enabled.place, what, None, "Write `enabled: true`.")
    flat = root.get("ENABLE_AUDIT_LOGGING")
    if isinstance(flat, Scalar) and flat.value.lower() == "false" and "INFRASTRUCTURE_PROVIDER" in root.entries:
        yield off(flat.place, what, None, "Write `ENABLE_AUDIT_LOGGING: true`.")


def _presets(sections: Iterable[Node | None]) -> Iterator[Misshape]:
    """Kubermatic's presets of policies, by which the object's schema holds the value."""
    from kube_audit_lint.kubernetes.spelling import nearest

    for section in sections:
        preset = section.get("policyPreset") if isinstance(section, Mapping) else None
        if isinstance(preset, Scalar) and not is_unknown(preset.value) and preset.value not in PRESETS:
            message = f"There is no preset `{preset.value}`: the object is refused (`spec.auditLogging.policyPreset: "
            message += f'Unsupported value: "{preset.value}": supported values: {", ".join(map(_quoted, PRESETS))}`).'
            near = nearest(preset.value, PRESETS)
            yield Misshape("wrong-shape", preset.place, message, f"Write `{near or 'recommended'}`.")


def _quoted(text: str) -> str:
    return f'"{text}"'


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


_READERS: tuple[Callable[[Mapping], Iterator[Misshape]], ...] = (
    *(_eksctl, _cloudformation, _pulumi, _cluster_api, _aws_objects, _azure, _switched_off),
)
