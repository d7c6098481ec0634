"""From the flag of a manifest to the policy that it loads, and from a policy to the servers that load it."""

from __future__ import annotations

from kube_audit_lint.kubernetes.flags import POLICY_FILE
from kube_audit_lint.model.server import ApiServer
from kube_audit_lint.server.checked import Checked
from kube_audit_lint.server.pointed import pointed
from kube_audit_lint.syntax.source import Place


def definition(checked: Checked, offset: int) -> list[Place]:
    """Where the other half of a pair is written; nothing where the offset is on neither.

    Of a server: at its `--audit-policy-file`. Of a policy: at whatever is beside its rules.
    """
    for server in checked.servers:
        flag = server.server.flag(POLICY_FILE)
        if flag is not None and server.policy is not None and flag.place.start <= offset <= flag.place.end:
            return [server.policy.document.place]
    at = pointed(checked, offset)
    if at is None or at.rule is not None:
        return []
    return [_loading(server) for server in at.policy.servers]


def _loading(server: ApiServer) -> Place:
    flag = server.flag(POLICY_FILE)
    return server.place if flag is None else flag.value_place
