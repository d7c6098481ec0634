"""Whether a ClusterLogForwarder forwards the audit log.

Source: openshift/cluster-logging-operator api/observability/v1 (ClusterLogForwarderSpec: the inputs application,
infrastructure and audit, and inputs of one's own) and api/logging/v1.
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.model.found import Misshape
from kube_audit_lint.syntax.nodes import Mapping, Scalar, Sequence
from kube_audit_lint.syntax.unknown import is_unknown

_AUDIT = "audit"


def not_forwarded(spec: Mapping) -> Iterator[Misshape]:
    """That no pipeline takes the audit log; nothing where one of them, or an input, is not known."""
    key = spec.key("pipelines")
    pipelines = spec.items("pipelines")
    taken: list[str] = []
    for one in pipelines:
        inputs = one.get("inputRefs") if isinstance(one, Mapping) else None
        if not isinstance(inputs, Sequence):
            return
        taken += [item.value if isinstance(item, Scalar) else "" for item in inputs.items]
    if key is None or not pipelines or any(not name or is_unknown(name) for name in taken):
        return
    if _AUDIT not in taken and not any(name in _own_inputs(spec) for name in taken):
        message = (
            "No pipeline takes the audit log: it stays on the control plane, and is gone when its files are rotated."
        )
        yield Misshape("not-forwarded", key.place, message, "Write `audit` into the `inputRefs` of a pipeline.")


def _own_inputs(spec: Mapping) -> set[str]:
    """The inputs of the forwarder's own that hold audit logs."""
    found = [one for one in spec.items("inputs") if isinstance(one, Mapping)]
    return {one.string("name") or "" for one in found if _AUDIT in one.entries or one.string("type") == _AUDIT}
