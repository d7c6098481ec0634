"""OpenShift's audit profiles: one for everybody, and one for each of some groups of users.

Source: openshift/api config/v1/types_apiserver.go (Audit, AuditCustomRule); openshift/library-go
pkg/operator/apiserver/audit (the first custom rule that matches decides, then the profile).
"""

from __future__ import annotations

from kube_audit_lint.model.value import Value
from kube_audit_lint.syntax.record import NamedTuple


class ProfileRule(NamedTuple):
    """One of the customRules: the profile of the users of a group. None is what is not there, or not known."""

    group: Value | None = None
    profile: Value | None = None


class AuditProfile(NamedTuple):
    """`spec.audit`: the profile of everybody whom no rule matches; None is what is not there, or not known."""

    profile: Value | None = None
    rules: tuple[ProfileRule, ...] = ()
