"""Paths that are not absolute: they mean what the working directory makes of them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._server import placeholders
from kube_audit_lint.checks._subject import Params, ServerSubject
from kube_audit_lint.kubernetes.flags import LOG_PATH, POLICY_FILE, WEBHOOK_CONFIG
from kube_audit_lint.syntax.typed import Any
from kube_audit_lint.syntax.unknown import UNKNOWN

SUBJECT = "server"
_TO_REPLACE = r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?:/|\Z)"
"""How scripts name what they put another text for, as in `LOG_DIR/audit.log`."""
PARAMS: dict[str, Any] = {
    "type": "object",
    "properties": {"flags": {"type": "array", "items": {"enum": [POLICY_FILE, LOG_PATH, WEBHOOK_CONFIG]}}},
    "additionalProperties": False,
}


def check(subject: ServerSubject, params: Params) -> Iterator[Hit]:
    """Hits for the paths of the policy, the log and the webhook's configuration."""
    server = subject.server
    for name in params.get("flags", (POLICY_FILE, LOG_PATH, WEBHOOK_CONFIG)):
        flag = server.flag(name)
        if flag is None or not flag.value or flag.value.startswith(("/", UNKNOWN)):
            continue
        if name == LOG_PATH and flag.value == "-":
            continue
        if any(found.start() == 0 for found in placeholders(flag.value)) or re.match(_TO_REPLACE, flag.value):
            continue
        message = (
            f"`{flag.value}` is not absolute: kube-apiserver takes it from its working directory, "
            "which the image or the unit decides."
        )
        # `--audit-log-path =/a` are two words, and the value is `=/a`.
        help = "Delete the space in front of `=`." if flag.value.startswith("=/") else ""
        yield Hit(flag.value_place, message, help=help)
