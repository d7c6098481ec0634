"""The variables by which Logtail collects audit logs on Alibaba Cloud.

Source: sources/ack-registered-cluster-auditing.txt, "Add log collection environment variables".
"""

from __future__ import annotations

from kube_audit_lint.model.server import ApiServer, EnvironmentVariable
from kube_audit_lint.syntax.record import NamedTuple

PREFIX = "aliyun_logs_audit-"
SUFFIXES = ("", "_tags", "_product", "_jsonfile")
"""The path itself, and what a message adds about it."""

_OTHERS = ("_logstore", "_project", "_ttl", "_shard", "_machinegroup", "_format", "_timekey", "_logconfig")
"""Further settings of Logtail, which are none of these four."""


class LogVariable(NamedTuple):
    """One of the four variables: of which cluster, and which."""

    cluster: str
    suffix: str
    variable: EnvironmentVariable


def log_variables(server: ApiServer) -> list[LogVariable]:
    """The variables of audit collection that a container has."""
    found: list[LogVariable] = []
    for variable in server.environment:
        name = variable.name.text.removeprefix(PREFIX)
        suffix = next((one for one in SUFFIXES[1:] if name.endswith(one)), "")
        cluster = name.removesuffix(suffix)
        if variable.name.text.startswith(PREFIX) and cluster and not name.endswith(_OTHERS):
            found.append(LogVariable(cluster, suffix, variable))
    return found
