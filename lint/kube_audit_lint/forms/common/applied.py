"""Audit policies that somebody applies to the API server, which serves no such object.

Sources: kubectl's and kustomize's error `no matches for kind "Policy" in version "audit.k8s.io/v1"`
(k8s.io/apimachinery pkg/api/meta, NoKindMatchError); k3s-io/k3s pkg/deploy (whatever lies in server/manifests is
applied); Helm, docs/chart_template_guide (every file of templates/ but partials and NOTES.txt is applied).
"""

from __future__ import annotations

import os
import re

from kube_audit_lint.model.finding import Related
from kube_audit_lint.model.found import Misshape
from kube_audit_lint.syntax.nodes import Document
from kube_audit_lint.syntax.source import Place

_OBJECTS = (
    *("Namespace", "ConfigMap", "Secret", "Deployment", "DaemonSet", "StatefulSet", "Job", "CronJob", "Service"),
    *("ServiceAccount", "ClusterRole", "Role", "ClusterRoleBinding", "RoleBinding", "Ingress", "NetworkPolicy"),
)
_DEPLOYED = r"(?:\A|/)server/manifests/[^/]+\.ya?ml\Z"
_CHART = r"(?:\A|/)templates/(?:[^_/][^/]*/)*[^_/][^/]*\.ya?ml\Z"


def applied(place: Place, version: str, by: str, policy: Place | None = None) -> Misshape:
    """That a policy is applied. by: who does so, as the beginning of a sentence. policy: where it is another file."""
    message = f'{by}: no matches for kind "Policy" in version "{version}". An audit policy is a file on the hosts of '
    message += "the control plane, no object in the cluster."
    return with_policy(Misshape("applied", place, message), policy)


def with_policy(wrong: Misshape, policy: Place | None) -> Misshape:
    """What is wrong with how another file's policy is brought, with the place of that; none where it is not seen."""
    if policy is None or not policy.text:
        return wrong
    return wrong._replace(related=(Related(policy, "the policy"),))


def applied_by(documents: tuple[Document, ...], path: str) -> str:
    """Who applies the policies of a file, by its path and what else is in it; "" when nothing says so."""
    path = path.replace("\\", "/")
    if "manifests/" in path and re.search(_DEPLOYED, path):
        return "K3s and RKE2 apply every file of server/manifests, and fail at this one"
    if "templates/" in path and re.search(_CHART, path) and _has_chart(path):
        return "Helm applies what the chart's templates give, and fails at this one"
    kinds = {root.string("kind") for one in documents if (root := one.mapping) is not None}
    if len(documents) > 1 and kinds.intersection(_OBJECTS):
        return "The other objects of this file are applied, and this one is refused"
    return ""


def _has_chart(path: str) -> bool:
    folder = path[: path.rindex("templates/")]
    return os.path.exists(os.path.join(folder, "Chart.yaml"))
