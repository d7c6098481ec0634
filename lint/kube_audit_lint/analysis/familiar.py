"""Names that a reader knows: where any value would do, a witness takes one of these."""

from __future__ import annotations

from kube_audit_lint.syntax.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

ORDER = (
    ("", "secrets", ""),
    ("", "configmaps", ""),
    ("", "pods", ""),
    ("apps", "deployments", ""),
    ("", "services", ""),
    ("", "namespaces", ""),
    ("", "nodes", ""),
    ("", "serviceaccounts", ""),
    ("rbac.authorization.k8s.io", "clusterroles", ""),
    ("rbac.authorization.k8s.io", "clusterrolebindings", ""),
    ("rbac.authorization.k8s.io", "roles", ""),
    ("rbac.authorization.k8s.io", "rolebindings", ""),
    ("apps", "daemonsets", ""),
    ("apps", "statefulsets", ""),
    ("batch", "jobs", ""),
    ("batch", "cronjobs", ""),
    ("networking.k8s.io", "ingresses", ""),
    ("networking.k8s.io", "networkpolicies", ""),
    ("", "pods", "exec"),
    ("", "pods", "log"),
    ("", "pods", "attach"),
    ("", "pods", "portforward"),
    ("", "serviceaccounts", "token"),
    ("", "pods", "status"),
    ("apps", "deployments", "scale"),
    ("coordination.k8s.io", "leases", ""),
    ("storage.k8s.io", "storageclasses", ""),
)
"""The built-in resources that a witness takes first."""

USERS = ("jane", "alice", "bob", "carol")
NODES = ("system:node:worker-1", "system:node:worker-2", "system:node:worker-3")
COMPONENTS = ("system:kube-scheduler", "system:kube-controller-manager", "system:kube-proxy", "system:kube-router")
ADMINS = ("kubernetes-admin", "admin")
MEMBERS = {"system:masters": ADMINS, "system:bootstrappers": ("system:bootstrap:abcdef", "system:bootstrap:ghijkl")}
"""Who is in a group that goes with a kind of user."""

ACCOUNTS = ("web", "api", "worker", "batch")
NAMESPACES = ("payments", "shop", "default", "team-a")
SUBRESOURCES = ("status", "scale", "logs", "render")
VERBS = ("approve", "bind", "escalate", "impersonate")
PATHS = ("/version", "/healthz", "/metrics", "/openapi/v2", "/livez", "/logs", "/")
OPEN = (
    ("cert-manager.io", "certificates"),
    ("argoproj.io", "applications"),
    ("monitoring.coreos.com", "prometheuses"),
    ("example.com", "widgets"),
)
"""Groups that no API server builds in, with a resource of each."""

OPEN_RESOURCES = {
    **dict(OPEN),
    "metrics.k8s.io": "pods",
    "custom.metrics.k8s.io": "services",
    "snapshot.storage.k8s.io": "volumesnapshots",
    "gateway.networking.k8s.io": "gateways",
    "networking.istio.io": "virtualservices",
}
CLUSTER_OPEN = {"metrics.k8s.io": "nodes", "cert-manager.io": "clusterissuers"}
OBJECTS = {
    "secrets": "db-password",
    "configmaps": "app-config",
    "pods": "web-6d4b75cb6d-hx7zq",
    "nodes": "worker-1",
    "namespaces": "payments",
    "serviceaccounts": "web",
    "clusterroles": "cluster-admin",
    "clusterrolebindings": "cluster-admins",
    "roles": "deployer",
    "rolebindings": "deployers",
    "customresourcedefinitions": "widgets.example.com",
}
OBJECT = "web"
"""The name of any other object."""


def plainest(names: Iterable[str]) -> list[str]:
    """Names as people have them first, then those of the system's own, then placeholders (`$X`, `{{x}}`, `<x>`)."""
    return sorted(names, key=_oddness)


def _oddness(name: str) -> int:
    if "$" in name or "<" in name or "{" in name:
        return 2
    return 1 if name.startswith("system:") else 0


def pick(candidates: Iterable[str], taken: Container[str]) -> str:
    """The first candidate that is not in use, or one made up from the last."""
    name = ""
    for name in candidates:
        if name not in taken:
            return name
    number = 2
    while f"{name}-{number}" in taken:
        number += 1
    return f"{name}-{number}"
