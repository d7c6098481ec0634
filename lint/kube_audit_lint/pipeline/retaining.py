"""How long the rotation settings of an API server hold a log that grows at a measured rate."""

from __future__ import annotations

from kube_audit_lint.checks._server import log_file
from kube_audit_lint.checks.retention import limits
from kube_audit_lint.discovery.roots import read_own
from kube_audit_lint.errors import OwnFileError
from kube_audit_lint.model.replayed import Retention
from kube_audit_lint.model.server import ApiServer
from kube_audit_lint.model.version import DEFAULT, Versions
from kube_audit_lint.pipeline.documents import collect

MEGABYTE = 1 << 20
"""As natefinch/lumberjack counts, which kube-apiserver rotates with."""


def retained(path: str, per_day: tuple[float, float], versions: Versions | None = None) -> tuple[Retention, ...]:
    """What the API servers of a file keep, for each that writes a log; per_day: bytes now and under the policy.

    Raises OwnFileError where the file cannot be read or holds no such server.
    """
    try:
        data = read_own(path, (path,))
    except OSError as error:
        raise OwnFileError(path, error.strerror or str(error)) from error
    file = collect(path, data)
    servers = [] if file is None else [one for one in file.found.servers if log_file(one) is not None or one.partial]
    if not servers:
        raise OwnFileError(path, "holds no settings of an API server that writes an audit log into a file")
    return tuple(_retention(path, server, per_day, versions) for server in servers)


def _retention(path: str, server: ApiServer, per_day: tuple[float, float], versions: Versions | None) -> Retention:
    minor = ((versions or server.versions or DEFAULT).known or DEFAULT).last
    kept = limits(server, minor)
    size = kept.megabytes * MEGABYTE
    now, under = (size / rate if rate else 0.0 for rate in per_day)
    return Retention(path, minor, size, kept.days or 0, now, under)
