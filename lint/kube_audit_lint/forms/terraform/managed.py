"""Control planes that a provider runs, in Terraform: whether the audit log is delivered.

Sources: hashicorp/terraform-provider-aws website/docs/r/eks_cluster (enabled_cluster_log_types: nothing without it);
terraform-aws-modules/terraform-aws-eks variables.tf (cluster_enabled_log_types, from v21 enabled_log_types: audit is
among the defaults since v18); hashicorp/terraform-provider-azurerm docs of azurerm_monitor_diagnostic_setting
(enabled_log, formerly log); rancher/terraform-provider-rancher2 (eks_config_v2.logging_types). Of GKE nothing can be
off: its Admin Activity log is always written, whatever `logging_config` says; a component that does not exist is
refused (google.golang.org/genproto container/v1 LoggingComponentConfig). An AKS cluster has its diagnostic settings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kube_audit_lint.forms.managed import EKS, NAMES_OF_AKS, aks_off, delivers_audit, off, state_of
from kube_audit_lint.forms.terraform.values import Block, Head
from kube_audit_lint.model.found import Found, Misshape, joined
from kube_audit_lint.syntax.nodes import Mapping, Node, Scalar, Sequence
from kube_audit_lint.syntax.source import Place
from kube_audit_lint.syntax.unknown import is_unknown

_TYPES = ("enabled_cluster_log_types", "cluster_enabled_log_types")
_COMPONENTS = ("SYSTEM_COMPONENTS", "APISERVER", "CONTROLLER_MANAGER", "SCHEDULER", "WORKLOADS")
_OF_MODULE = (*_TYPES, "enabled_log_types")
_MODULES = ("terraform-aws-modules/eks/aws", "terraform-google-modules/kubernetes-engine/google", "Azure/aks/azurerm")
_REFUSED = (
    'Terraform refuses that (`expected enabled_cluster_log_types.{at} to be one of ["api" "audit" "authenticator" '
    '"controllerManager" "scheduler"], got {word}`)'
)
_HELP = "Write `audit` among the types."


def control_planes(blocks: Iterable[tuple[Head, Block]]) -> Found:
    """The managed control planes of a file, and what is off; diagnostic settings are looked at together."""
    settings: list[Block] = []
    parts: list[Found] = []
    has_aks = False
    for head, body in blocks:
        if _kind(head) == "azurerm_monitor_diagnostic_setting":
            settings.append(body)
        else:
            has_aks = has_aks or _kind(head) == "azurerm_kubernetes_cluster"
            found = tuple(_logging_off(head, body))
            place = body.place._replace(start=head.start, end=head.end)
            parts.append(Found(misshapes=found, managed=(place,) if found or _is_plane(head, body) else ()))
    of_aks = _settings_of_aks(settings)
    return joined([*parts, of_aks._replace(managed=()) if has_aks else of_aks])


def _is_plane(head: Head, body: Block) -> bool:
    """Whether a block makes a cluster whose control plane a provider runs."""
    kind = _kind(head)
    if kind == "module":
        source = body.string("source") or ""
        of_eks = "eks" in source.lower()
        return source.endswith(_MODULES) or any(one in body.entries for one in (_OF_MODULE if of_eks else _TYPES))
    if kind == "rancher2_cluster":
        return any(f"{one}_config_v2" in body.entries for one in ("aks", "eks", "gke"))
    return True


def may_be_off(head: Head) -> bool:
    """Whether a block is one of those that are looked at."""
    return _kind(head) in _KINDS


_KINDS = (
    "aws_eks_cluster",
    "module",
    "rancher2_cluster",
    "azurerm_monitor_diagnostic_setting",
    "google_container_cluster",
    "azurerm_kubernetes_cluster",
)


def _kind(head: Head) -> str:
    return head.labels[0] if head.type == "resource" and head.labels else head.type


def _logging_off(head: Head, body: Block) -> Iterator[Misshape]:
    kind = _kind(head)
    place = body.place._replace(start=head.start, end=head.end)
    if kind == "aws_eks_cluster":
        types = body.get(_TYPES[0])
        if state_of(types) == "off":
            help = f'Write `{_TYPES[0]} = ["audit"]`, with the other types that you need.'
            yield off(_key(body, _TYPES[0]) or place, EKS, types, help, _REFUSED)
    elif kind == "module":
        of_eks = "eks" in (body.string("source") or "").lower()
        yield from _listed(body, _OF_MODULE if of_eks else _TYPES)
    elif kind == "google_container_cluster":
        for config in _blocks(body.get("logging_config")):
            yield from _components(config.get("enable_components"))
    elif kind == "rancher2_cluster":
        for config in _blocks(body.get("eks_config_v2")):
            yield from _listed(config, ("logging_types",))


def _components(node: Node | None) -> Iterator[Misshape]:
    """Misspelt components of GKE, of which it collects logs; its audit log is none of them."""
    from kube_audit_lint.kubernetes.spelling import nearest

    for one in node.items if isinstance(node, Sequence) else ():
        if isinstance(one, Scalar) and one.kind == "string" and one.value not in _COMPONENTS:
            near = nearest(one.value, _COMPONENTS)
            if near is not None:
                message = f"GKE has no component `{one.value}`: Terraform refuses the plan "
                message += f"(`expected logging_config.0.enable_components to be one of [...], got {one.value}`)."
                yield Misshape("wrong-shape", one.place, message, f"Write `{near}`.")


def given(section: Mapping) -> Found:
    """What a list of types leaves off that is given to a module, by variables or by Terragrunt."""
    places = [key.place for name in _TYPES if (key := section.key(name)) is not None]
    return Found(misshapes=tuple(_listed(section, _TYPES)), managed=tuple(places[:1]))


def _listed(section: Mapping, names: Iterable[str]) -> Iterator[Misshape]:
    for name in names:
        types = section.get(name)
        if isinstance(types, Sequence) and state_of(types) == "off":
            yield off(section.entries[name].key.place, EKS, types, _HELP, _REFUSED)


def _settings_of_aks(blocks: Iterable[Block]) -> Found:
    """The diagnostic settings of AKS in a file, and that none of them delivers the audit log."""
    about = [(one, logs) for one in blocks if (logs := _logs(one)) is not None]
    managed = tuple(one.place for one, _ in about)
    if any(logs.open or logs.audited for _, logs in about):
        return Found(managed=managed)
    misshapes = []
    for block, logs in about:
        name = "enabled_log" if "enabled_log" in block.entries else "log"
        help = 'Write `enabled_log { category = "kube-audit" }`'
        misshapes.append(aks_off(block.entries[name].key.place, help, logs.names))
    return Found(misshapes=tuple(misshapes), managed=managed)


class _Logs:
    """The categories of a diagnostic setting. open: whether some of them are not known."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.open = False
        self.of_aks = False

    @property
    def audited(self) -> bool:
        """Whether the audit log is among them."""
        return delivers_audit((name, True) for name in self.names)


def _logs(block: Block) -> _Logs | None:
    """The logs of a setting; None for one that has none, or is about something else."""
    if not {"enabled_log", "log"} & block.entries.keys():
        return None
    found = _Logs()
    target = block.get("target_resource_id")
    about = target.place.text if target is not None else ""
    found.of_aks = "kubernetes_cluster" in about or "aks" in about.lower()
    for name in ("enabled_log", "log"):
        for log in _blocks(block.get(name)):
            value, enabled = log.get("category") or log.get("category_group"), log.get("enabled")
            if log.dynamic or not isinstance(value, Scalar) or is_unknown(value.value):
                found.open = True
            elif not (isinstance(enabled, Scalar) and enabled.value == "false"):
                found.names.append(value.value)
                found.of_aks = found.of_aks or value.value.startswith(NAMES_OF_AKS)
            else:
                found.of_aks = found.of_aks or value.value.startswith(NAMES_OF_AKS)
    return found if found.of_aks else None


def _blocks(node: Node | None) -> Iterator[Block]:
    for one in node.items if isinstance(node, Sequence) else [node]:
        if isinstance(one, Block):
            yield one


def _key(section: Mapping, name: str) -> Place | None:
    key = section.key(name)
    return key.place if key is not None else None
