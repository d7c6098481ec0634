"""A certificate, key or token that the webhook's kubeconfig names and that nothing brings into the container: no mount
does, or the object has no such key that the kubeconfig is mounted from, too."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._mounts import mounts_known, nearest_mounts
from kube_audit_lint.checks._server import is_placeholder
from kube_audit_lint.checks._subject import Params, ServerSubject
from kube_audit_lint.kubernetes.flags import WEBHOOK_CONFIG
from kube_audit_lint.kubernetes.paths import taken_from, webhook_path
from kube_audit_lint.model.finding import Related
from kube_audit_lint.model.server import ApiServer, clean, covering
from kube_audit_lint.syntax.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kube_audit_lint.model.kubeconfig import Kubeconfig

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
        elif (lacking := _lacking_key(server, path, at, config)) is not None:
            kind, _, name = lacking[0].partition(":")
            message = f"The {kind} {name}, which is mounted there, has no key `{lacking[1]}`: there is no {at}. {error}"
            yield Hit(value.place, message, help=f"Add `{lacking[1]}` to the {kind}, or name the key that it has.")


def _lacking_key(server: ApiServer, path: str, at: str, config: Kubeconfig) -> tuple[str, str] | None:
    """The object that both the kubeconfig and a file that it names are taken from, and the key that it lacks of it."""
    own, other = taken_from(server, path), taken_from(server, at)
    if own is None or other is None or not own[0] or own[0] != other[0] or own[0] not in config.names:
        return None
    text = config.source.text
    held = re.search(rf"[\"']?{re.escape(other[1])}[\"']?[ \t]*:", text)
    return None if held is not None or "{{" in text else other
