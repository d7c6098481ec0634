"""k0rdent's ClusterAuditPolicy: an audit policy's fields below `spec.policy`, for clusters that refer to it.

Source: K0rdent/kcm api/v1beta1/clusterauditpolicy_types.go (GetPolicy puts apiVersion and kind to the fields) and
internal/util/validation (the object is refused where kube-apiserver would refuse the policy).
"""

from __future__ import annotations

from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.settings import part_as_policy
from kube_audit_lint.model.found import Found
from kube_audit_lint.syntax.nodes import Document, Entry, Mapping, Scalar

MARKS = ("ClusterAuditPolicy",)
LOOK = (("clusterauditpolicy", r"\b", "k0rdent.mirantis.com/"),)

_HEAD = {"apiVersion": "audit.k8s.io/v1", "kind": "Policy"}
_GROUP = "k0rdent.mirantis.com/"


def read(document: Document, context: Context) -> Found | None:
    """The policy that a ClusterAuditPolicy holds."""
    root = document.mapping
    if root is None or root.string("kind") != "ClusterAuditPolicy":
        return None
    spec = root.mapping("spec") if (root.string("apiVersion") or "").startswith(_GROUP) else None
    policy, key = (spec.mapping("policy"), spec.key("policy")) if spec is not None else (None, None)
    if policy is None or key is None:
        return None
    head = {name: Entry(_at(key, name), _at(key, value)) for name, value in _HEAD.items()}
    whole = Mapping(policy.source, policy.start, policy.end, {**head, **policy.entries}, policy.duplicates)
    return Found((part_as_policy(whole, key.place, "k0rdent"),))


def _at(key: Scalar, text: str) -> Scalar:
    """A string that the controller puts there, at the key that stands for it."""
    return Scalar(key.source, key.start, key.end, "string", text)
