"""An audit policy as kube-apiserver holds it in memory, without positions: what the analysis works on."""

from __future__ import annotations

from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.typed import Literal, get_args

Level = Literal["None", "Metadata", "Request", "RequestResponse"]
Stage = Literal["RequestReceived", "ResponseStarted", "ResponseComplete", "Panic"]

LEVELS: tuple[Level, ...] = get_args(Level)
"""From least to most; an index into it orders levels."""

STAGES: tuple[Stage, ...] = get_args(Stage)

URL_VERBS = ("get", "post", "put", "patch", "delete", "head", "options")
"""Every verb of a request that names no resource: lower-cased HTTP methods."""


class GroupResources(NamedTuple):
    """One entry of a rule's `resources`. An empty `resources` means everything of the group."""

    group: str = ""
    resources: tuple[str, ...] = ()
    resource_names: tuple[str, ...] = ()


class PolicyRule(NamedTuple):
    """One rule. An empty tuple is no condition."""

    level: Level
    users: tuple[str, ...] = ()
    user_groups: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()
    resources: tuple[GroupResources, ...] = ()
    namespaces: tuple[str, ...] = ()
    non_resource_urls: tuple[str, ...] = ()
    omit_stages: tuple[Stage, ...] = ()
    omit_managed_fields: bool | None = None


class Policy(NamedTuple):
    """A policy that kube-apiserver has loaded."""

    rules: tuple[PolicyRule, ...]
    omit_stages: tuple[Stage, ...] = ()
    omit_managed_fields: bool = False


CONDITIONS = ("users", "user_groups", "verbs", "resources", "namespaces", "non_resource_urls")
"""The fields of a rule that limit what it matches, in the order of FIELD_NAMES."""

FIELD_NAMES = {
    "users": "users",
    "user_groups": "userGroups",
    "verbs": "verbs",
    "resources": "resources",
    "namespaces": "namespaces",
    "non_resource_urls": "nonResourceURLs",
    "omit_stages": "omitStages",
    "omit_managed_fields": "omitManagedFields",
}
"""Fields of PolicyRule and their names in a file."""
