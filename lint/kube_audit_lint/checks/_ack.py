"""The variables by which Logtail collects audit logs on Alibaba Cloud.

Source: sources/ack-registered-cluster-auditing.txt, "Add log collection environment variables".
"""

from __future__ import annotations

import re

from kube_audit_lint.model.server import ApiServer, EnvironmentVariable
from kube_audit_lint.syntax.record import NamedTuple

PREFIX = "aliyun_logs_audit-"
SUFFIXES = ("", "_tags", "_product", "_jsonfile")
"""The path itself, and what has to be said of it."""

_NAME = re.compile(re.escape(PREFIX) + r"(?P<id>.+?)(?P<suffix>_tags|_product|_jsonfile)?\Z")
_OTHER = re.compile(r"_(?:logstore|project|ttl|shard|machinegroup|format|timekey|logconfig)\Z")
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
        name = _NAME.match(variable.name.text)
        if name and not _OTHER.search(variable.name.text):
            found.append(LogVariable(name["id"], name["suffix"] or "", variable))
    return found
