"""Audit policies that a user applies to the API server, which serves no such object.

Sources: kubectl's and kustomize's error `no matches for kind "Policy" in version "audit.k8s.io/v1"`
(k8s.io/apimachinery pkg/api/meta, NoKindMatchError); k3s-io/k3s pkg/deploy (.yaml, .yml and .json of server/manifests
and of the folders below are applied); k0sproject/k0s pkg/applier (the .yaml files of each folder below manifests);
Helm, docs/chart_template_guide (every file of templates/ but partials and NOTES.txt is applied) and
docs/chart_best_practices/custom_resource_definitions (so is every file of crds/); rancher/fleet docs (bundle contents:
a folder with a fleet.yaml and neither chart nor kustomization is raw YAML).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from kube_audit_lint.discovery.look import KUSTOMIZATIONS, MANIFEST_ENDS
from kube_audit_lint.discovery.roots import read_named_by
from kube_audit_lint.model.document import PolicyDocument
from kube_audit_lint.model.finding import Related
from kube_audit_lint.model.found import Found, Misshape
from kube_audit_lint.syntax.nodes import Document, Mapping
from kube_audit_lint.syntax.source import Place

OTHER_TOOLS = (*KUSTOMIZATIONS, "Chart.yaml")
"""What says that a folder's files are not applied as they stand."""

BY_KUSTOMIZE = "kustomize takes this for an object, and nobody can apply it"
_OBJECTS = (
    *("Namespace", "ConfigMap", "Secret", "Deployment", "DaemonSet", "StatefulSet", "Job", "CronJob", "Service"),
    *("ServiceAccount", "ClusterRole", "Role", "ClusterRoleBinding", "RoleBinding", "Ingress", "NetworkPolicy"),
)
_K3S = r"(?:\A|/)server/manifests/(?:[^/]+/)*[^/]+\.(?:ya?ml|json)\Z"
_K0S = r"(?:\A|/)k0s/manifests/[^/]+/[^/]+\.yaml\Z"
_CHART = r"(?:\A|/)(?:templates/(?:[^_/][^/]*/)*[^_/][^/]*\.ya?ml|crds/(?:[^/]+/)*[^/]+\.(?:ya?ml|json))\Z"
_LARGEST = 100_000
HOLDERS = ("ConfigMap:", "Secret:")
"""How the name of a policy begins that says which object holds it."""


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


def applied_in(found: Found, by: str) -> Found:
    """What is applied as it stands: with that for each policy in it that no other object holds."""
    return found.with_misshapes(applied(one.place, own_version(one), by) for one in found.policies if own_version(one))


def policies_by_name(found: Found) -> Iterator[tuple[str, str]]:
    """The apiVersions of the same by the paths that they are written to."""
    return ((name, own_version(one)) for one in found.policies if own_version(one) for name in one.names)


def own_version(policy: PolicyDocument) -> str:
    """The apiVersion of what says itself that it is a policy, and is in no ConfigMap; "" for others."""
    held = any(name.startswith(HOLDERS) for name in policy.names)
    return "" if held or not isinstance(policy.root, Mapping) else version_of(policy.root)


def version_of(root: Mapping) -> str:
    """The apiVersion of an object that says itself that it is a policy; "" for others."""
    version = root.string("apiVersion") or ""
    return version if root.string("kind") == "Policy" and version.startswith("audit.k8s.io/") else ""


def applied_by(documents: tuple[Document, ...], path: str) -> str:
    """Who applies the policies of a file, by its path and what else is in it; "" when nothing says so."""
    path = path.replace("\\", "/")
    by = applier(path)
    if by:
        return by
    if ("templates/" in path or "crds/" in path) and re.search(_CHART, path) and _has_chart(path):
        return "Helm applies what the chart's templates give, and fails at this one"
    if _is_bundle(path):
        return "Fleet applies the files of a folder with a fleet.yaml, and fails at this one"
    kinds = {root.string("kind") for one in documents if (root := one.mapping) is not None}
    if len(documents) > 1 and kinds.intersection(_OBJECTS):
        return "The other objects of this file are applied, and this one is refused"
    return ""


def applier(path: str) -> str:
    """Who applies a file at a path of the host, as the beginning of a sentence; "" for nobody."""
    if "manifests/" not in path:
        return ""
    if re.search(_K3S, path):
        return "K3s and RKE2 apply every file of server/manifests, and fail at this one"
    return "k0s applies every file of its folder of manifests, and fails at this one" if re.search(_K0S, path) else ""


def _is_bundle(path: str) -> bool:
    """Whether a file is in a folder that Fleet deploys as it stands: charts and kustomizations say what is applied."""
    folder = os.path.dirname(path)
    fleet = os.path.join(folder, "fleet.yaml")
    data = read_named_by(path, fleet, _LARGEST) if os.path.exists(fleet) else None
    if data is None or not path.endswith(MANIFEST_ENDS) or b"chart:" in data or b"kustomize:" in data:
        return False
    return not any(os.path.lexists(os.path.join(folder, name)) for name in OTHER_TOOLS)


def _has_chart(path: str) -> bool:
    folders = (path[: found.start()] for found in re.finditer(r"(?:templates|crds)/", path))
    return any(os.path.exists(os.path.join(folder, "Chart.yaml")) for folder in folders)
