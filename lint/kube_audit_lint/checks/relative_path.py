"""Paths that are not absolute: they mean what the working directory makes of them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._server import placeholders
from kube_audit_lint.checks._subject import Params, ServerSubject
from kube_audit_lint.kubernetes.flags import LOG_PATH, POLICY_FILE, WEBHOOK_CONFIG
from kube_audit_lint.model.server import Flag
from kube_audit_lint.syntax.typed import Any
from kube_audit_lint.syntax.unknown import UNKNOWN

SUBJECT = "server"
_TO_REPLACE = r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?:/|\Z)"
"""How scripts name what they put another text for, as in `LOG_DIR/audit.log`."""
_QUOTED = r"([\"'])(/[^\"']*|-)\1"
"""An absolute path in straight quotes. Where a shell or YAML takes these away, they are none of the value's."""
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
        quoted = re.fullmatch(_QUOTED, flag.value)
        if quoted is not None:
            yield _quoted(flag, quoted[2])
            continue
        if flag.value.startswith("--"):
            yield _taken(flag, flag.value)
            continue
        message = (
            f"`{flag.value}` is not absolute: kube-apiserver takes it from its working directory, "
            "which the image or the unit decides."
        )
        # `--audit-log-path =/a` are two words, and the value is `=/a`.
        help = "Delete the space in front of `=`." if flag.value.startswith("=/") else ""
        yield Hit(flag.value_place, message, help=help)


def _quoted(flag: Flag, path: str) -> Hit:
    """That quotes which YAML or an argument file leaves in a value make it another path."""
    message = f"The quotes are a part of the value here: kube-apiserver gets `{flag.value}`, with them. "
    if flag.name == LOG_PATH:
        message += (
            "The log goes to a path below its working directory, and nothing is written to the one that is meant."
        )
    else:
        message += "There is no such file, and it does not start."
    return Hit(flag.value_place, message, severity="error", help=f"Write `--{flag.name}={path}`, without the quotes.")


def _taken(flag: Flag, argument: str) -> Hit:
    """That a flag without a value takes the next one as its value."""
    lost = argument.partition("=")[0]
    message = (
        f"`--{flag.name}` stands without a value, so it takes the next argument as its path: `{argument}`. "
        f"`{lost}` is lost, and "
    )
    message += "the log goes to a file of that name." if flag.name == LOG_PATH else "kube-apiserver does not start."
    help = f"Write `--{flag.name}=` with the path."
    return Hit(flag.value_place, message, severity="error", help=help)
