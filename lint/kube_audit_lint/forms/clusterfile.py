"""Config objects of a Clusterfile, sealos' or sealer's: a policy that is put in place of the image's own.

Sources: labring/sealos lifecycle/pkg/config/config.go (`data` is written to `path` below the image's files; `merge`
lays it over what is there, without a strategy it replaces that), lifecycle/pkg/runtime/kubernetes/static_files.go (of
`statics/` audit-policy.yml alone is copied to /etc/kubernetes of the masters) and types/default_kubeadm_config.go (the
API server loads that path); sealerio/sealer pkg/runtime/kubernetes/utils.go and kubeadm/common.go, the same.
"""

from __future__ import annotations

import posixpath

from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.inside import found_inside
from kube_audit_lint.model.found import Found, Misshape
from kube_audit_lint.syntax.nodes import Document, Scalar

MARKS = ("sealos.io/", "sealer.io/", "sealer.cloud/", "sealer.aliyun.com/")

_STATIC = "statics/audit-policy.yml"
_LOADED = "/etc/kubernetes/audit-policy.yml"
_GROUPS = ("sealos.io", "sealer.io", "sealer.cloud", "sealer.aliyun.com")
_WHOLE = ("", "override", "overwrite")


def read(document: Document, context: Context) -> Found | None:
    """The policy that a Config brings; None for other documents, and for a Config with anything else."""
    root = document.mapping
    group = ((root.string("apiVersion") or "") if root is not None else "").partition("/")[0]
    spec = root.mapping("spec") if root is not None and root.string("kind") == "Config" else None
    path, data = (spec.get("path"), spec.get("data")) if spec is not None else (None, None)
    if spec is None or not group.endswith(_GROUPS) or not isinstance(path, Scalar) or not isinstance(data, Scalar):
        return None
    at = posixpath.normpath(path.value).lstrip("/")
    loaded, whole = at == _STATIC, (spec.string("strategy") or "") in _WHOLE
    found = found_inside(data, context, name=_LOADED if loaded else at, hint="policy" if loaded and whole else "")
    if not found.policies:
        return None
    if not whole:
        found = found.with_policies(lambda one: one._replace(partial=True))
    return found if loaded else found.with_misshapes(_not_copied(path, at, context))


def _not_copied(path: Scalar, at: str, context: Context) -> tuple[Misshape, ...]:
    """A policy that lies beside the one that is copied. Of other folders the image's scripts may copy what they like,
    and so where the file gives the API server another path."""
    other_path = "audit-policy-file" in context.text and _LOADED not in context.text
    if posixpath.dirname(at) != posixpath.dirname(_STATIC) or other_path:
        return ()
    message = f"Of statics/ audit-policy.yml alone is copied to the masters: this policy stays in {at}, and the API "
    message += "server loads that of the image."
    return (Misshape("not-on-host", path.place, message, f"Write `path: {_STATIC}`."),)
