"""Names that no user has: of groups, of roles, and the start of names of nodes and service accounts; names that no
object has.

Sources: k8s.io/apiserver pkg/authentication/user/user.go and serviceaccount/util.go, 1.12 to 1.37; the ClusterRoles
are those of kubernetes plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go, and `cluster-reader` is
OpenShift's. A certificate may put any name into a group, and some do for `system:kube-scheduler`, so only those
groups count that kube-apiserver or kubeadm itself gives out, and of the roles only those that nobody is called by:
`system:node-problem-detector` is a user where GCE set the cluster up, and installers write kubeconfigs for `admin`.
"""

from __future__ import annotations

import re

_GROUPS = (
    "system:masters",
    "system:authenticated",
    "system:unauthenticated",
    "system:nodes",
    "system:serviceaccounts",
    "system:bootstrappers",
    "system:monitoring",
    "kubeadm:cluster-admins",
)
_USERS = ("system:anonymous", "system:apiserver", "system:unsecured")
_ROLES = (
    "cluster-admin",
    "cluster-reader",
    "edit",
    "view",
    "system:auth-delegator",
    "system:basic-user",
    "system:cluster-trust-bundle-discovery",
    "system:csi-external-attacher",
    "system:csi-external-provisioner",
    "system:discovery",
    "system:heapster",
    "system:kube-aggregator",
    "system:kube-dns",
    "system:kubelet-api-admin",
    "system:node-bootstrapper",
    "system:node-proxier",
    "system:persistent-volume-provisioner",
    "system:public-info-viewer",
    "system:service-account-issuer-discovery",
    "system:volume-scheduler",
)


def group_meant(name: str) -> str:
    """The group that a name among the users is, or is the start of; "" when it may be a user."""
    if name in _GROUPS or name.startswith(("system:serviceaccounts:", "system:bootstrappers:")):
        return name
    if name in ("system:node", "system:node:"):
        return "system:nodes"
    parts = name.split(":")
    if parts[:2] == ["system", "serviceaccount"] and len(parts) <= 3:
        return ":".join(["system", "serviceaccounts", *[part for part in parts[2:] if part]])
    return ""


def is_role(name: str) -> bool:
    """Whether a name is that of a ClusterRole of every cluster, which users are bound to and not called."""
    return name in _ROLES or name.startswith(
        ("system:controller:", "system:aggregate-to-", "system:certificates.k8s.io:")
    )


def no_user_has(name: str) -> bool:
    """Whether no user has a name that a policy lists among its users."""
    return "*" in name or is_role(name) or group_meant(name) != ""


def is_user(name: str) -> bool:
    """Whether a name among the groups is certainly that of a user."""
    parts = name.split(":")
    if "*" in name:
        return False
    if name in _USERS or (parts[:2] == ["system", "node"] and len(parts) == 3 and parts[2] != ""):
        return True
    return parts[:2] == ["system", "serviceaccount"] and len(parts) == 4


_SUBDOMAIN = r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?\Z"
_NAMED_FREELY = ("rbac.authorization.k8s.io", "certificates.k8s.io", "flowcontrol.apiserver.k8s.io")
"""Built-in groups of which some objects have other names than DNS has."""


def may_be_name(name: str, group: str) -> bool:
    """Whether an object of a group may have a name; anything of groups that are not built in.

    Sources: k8s.io/apimachinery pkg/api/validation/path/name.go (what no path can hold) and generic.go
    (NameIsDNSSubdomain, of which all others are narrower), kubernetes pkg/apis/rbac, certificates and flowcontrol,
    validation (paths alone).
    """
    from kube_audit_lint.kubernetes.resources import is_builtin_group

    if not is_builtin_group(group) or group in _NAMED_FREELY:
        return not re.search(r"[/%]", name) and name not in (".", "..")
    return name == "" or re.match(_SUBDOMAIN, name) is not None
