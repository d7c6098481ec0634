"""A certificate, key or token that the webhook's kubeconfig names and that no mount brings into the container."""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._mounts import mounts_known, nearest_mounts
from kube_audit_lint.checks._server import is_placeholder
from kube_audit_lint.checks._subject import Params, ServerSubject
from kube_audit_lint.kubernetes.flags import WEBHOOK_CONFIG
from kube_audit_lint.kubernetes.paths import webhook_path
from kube_audit_lint.model.finding import Related
from kube_audit_lint.model.server import clean, covering
from kube_audit_lint.syntax.typed import Any

SUBJECT = "server"
PARAMS: dict[str, Any] = {"type": "object", "additionalProperties": False}


def check(subject: ServerSubject, params: Params) -> Iterator[Hit]:
    """One hit for each file that is not there; nothing where the server runs on the host."""
    server, config, path = subject.server, subject.webhook, webhook_path(subject.server)
    if config is None or path is None or not mounts_known(server) or covering(server.mounts or (), clean(path)) is None:
        return
    from kube_audit_lint.kubernetes.kubeconfig import files_of  # most servers have no webhook

    flag = server.flag(WEBHOOK_CONFIG)
    for at, value, error in files_of(config.root, path):
        if covering(server.mounts or (), clean(at)) is None and not is_placeholder(at):
            message = f"No volumeMount covers {at}. {error}"
            related = (*((Related(flag.place, "it is loaded here"),) if flag else ()), *nearest_mounts(server, at))
            yield Hit(
                value.place, message, related, help=server.mounting(WEBHOOK_CONFIG, at) if server.mounting else ""
            )
