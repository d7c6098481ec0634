"""`kops create cluster --set spec.kubeAPIServer.auditLogMaxAge=30` in scripts: a part of a cluster's settings.

Source: kubernetes/kops cmd/kops/create_cluster.go and edit_cluster.go (--set, --override), pkg/commands/set_cluster.go
(the path of a field with `cluster.` in front or not; what is not a field is refused).
"""

from __future__ import annotations

import re

from kube_audit_lint.forms.common.arguments import setting
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.kops.settings import SETTINGS
from kube_audit_lint.kubernetes.spelling import nearest
from kube_audit_lint.model.found import Found, Misshape
from kube_audit_lint.model.server import ApiServer, Flag
from kube_audit_lint.model.value import Value
from kube_audit_lint.syntax.unknown import UNKNOWN

_SET = re.compile(
    r"--(?:set|override)(?:=|[ \t]+)[\"']?(?:cluster\.)?spec\.kubeAPIServer\."
    r"(?P<name>audit\w+)=(?P<value>[^\s\"'\\;|&]*)"
)


def started(text: str, context: Context) -> Found:
    """The API server that the settings of a script's commands are about."""
    found = [one for one in _SET.finditer(text) if not _in_comment(text, one.start())]
    flags = [_flag(one, context) for one in found if one["name"] in SETTINGS]
    servers: tuple[ApiServer, ...] = ()
    if flags:
        place, own = flags[0].place, tuple(flags)
        server = ApiServer("kops", place, own, partial=True, spelling=_spelling, mounts_itself=True)
        servers = (server._replace(name="kube-apiserver"),)
    unknown = (one for one in found if one["name"] not in SETTINGS)
    return Found(servers=servers, misshapes=tuple(_unknown(one, context) for one in unknown))


def _in_comment(text: str, at: int) -> bool:
    return text[text.rfind("\n", 0, at) + 1 : at].lstrip().startswith("#")


def _flag(found: re.Match[str], context: Context) -> Flag:
    value = found["value"]
    known = UNKNOWN * len(value) if "$" in value or "`" in value else value
    made = setting(
        Value(found["name"], context.place(*found.span("name"))), Value(known, context.place(*found.span("value")))
    )
    return made._replace(name=SETTINGS[found["name"]][0])


def _spelling(flag: str, value: str) -> str:
    name = next((key for key, (known, _) in SETTINGS.items() if known == flag), flag)
    return f"--set spec.kubeAPIServer.{name}" + (f"={value}" if value else "")


def _unknown(found: re.Match[str], context: Context) -> Misshape:
    near = nearest(found["name"], SETTINGS)
    message = f"`{found['name']}` is no setting of kops: the command is refused, and nothing is changed."
    place = context.place(*found.span("name"))
    return Misshape("unknown-key", place, message, f"Write `{near}`." if near else "")
