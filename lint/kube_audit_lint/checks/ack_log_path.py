"""The path that Logtail collects is not the path that the API server writes."""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._ack import log_variables
from kube_audit_lint.checks._subject import Params, ServerSubject
from kube_audit_lint.kubernetes.flags import LOG_PATH
from kube_audit_lint.model.finding import Related
from kube_audit_lint.model.server import clean
from kube_audit_lint.syntax.typed import Any
from kube_audit_lint.syntax.unknown import is_unknown

SUBJECT = "server"
PARAMS: dict[str, Any] = {"type": "object", "additionalProperties": False}


def check(subject: ServerSubject, params: Params) -> Iterator[Hit]:
    """One hit when both are known and differ, or when no log is written at all."""
    server = subject.server
    path, flag = server.value(LOG_PATH), server.flag(LOG_PATH)
    if is_unknown(path or "") or (path is None and (server.partial or flag is not None)):
        return
    for one in log_variables(server):
        value = one.variable.value
        if one.suffix or value is None or is_unknown(value.text) or _same(value.text, path or ""):
            continue
        if not path:
            message = f"Logtail collects {value.text}, but kube-apiserver writes no audit log."
            yield Hit(value.place, message, help=f"Add `--{LOG_PATH}={value.text}`.")
        else:
            message = f"Logtail collects {value.text}, but kube-apiserver writes its audit log to {path}."
            related = (Related(flag.value_place, "where it is written"),) if flag is not None else ()
            yield Hit(value.place, message, related, help=f"Write `value: {path}`.")


def _same(collected: str, written: str) -> bool:
    return clean(collected) == clean(written) or (collected == "stdout" and written == "-")
