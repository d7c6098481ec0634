"""How long OpenShift's log stores keep the audit log: LokiStack, and ClusterLogging before it.

Sources: grafana/loki operator/api/loki/v1 lokistack_types.go (limits.global and limits.tenants.audit: retention.days;
streams have days of their own; without any, nothing is deleted); openshift/cluster-logging-operator apis/logging/v1
(logStore.retentionPolicy.audit.maxAge: a number with one of y, M, w, d, h, H, m, s).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kube_audit_lint.forms.common.nodes import below
from kube_audit_lint.model.found import Misshape
from kube_audit_lint.syntax.nodes import Mapping, Scalar

_LEAST = 30
_AGE = re.compile(r"(\d+)([yMwdhHms])")
_DAYS = {"y": 365.0, "M": 30.0, "w": 7.0, "d": 1.0, "h": 1 / 24, "H": 1 / 24, "m": 1 / 1440, "s": 1 / 86400}


def kept_short(kind: str | None, spec: Mapping) -> Iterator[Misshape]:
    """That the store deletes the audit log too early."""
    if kind == "LokiStack":
        limits = spec.mapping("limits")
        sections = (below(limits, *path, "retention") for path in (("tenants", "audit"), ("global",))) if limits else ()
        section = next((one for one in sections if one is not None), None)
        node = section.get("days") if section is not None and "streams" not in section.entries else None
        if isinstance(node, Scalar) and node.kind == "int" and int(node.value) < _LEAST:
            yield _short(node, f"{node.value} days", f"Write `days: {_LEAST}` or more.")
    elif kind == "ClusterLogging":
        policy = below(spec, "logStore", "retentionPolicy", "audit")
        node = policy.get("maxAge") if policy is not None else None
        found = _AGE.fullmatch(node.value) if isinstance(node, Scalar) else None
        if isinstance(node, Scalar) and found is not None and int(found[1]) * _DAYS[found[2]] < _LEAST:
            yield _short(node, node.value, f"Write `maxAge: {_LEAST}d` or more.")


def _short(node: Scalar, age: str, help: str) -> Misshape:
    message = f"The log store deletes the audit log after {age}. At least {_LEAST} days are asked for."
    return Misshape("kept-short", node.place, message, help)
