"""MicroShift's config.yaml: apiServer.auditLog.

Sources, openshift/microshift: pkg/config/apiserver.go (AuditLog), pkg/config/config.go (defaults: maxFileAge 0,
maxFiles 10, maxFileSize 200, profile Default; a 0 and an empty profile are the default; what is wrong stops
MicroShift; keys that are not known are dropped), assets/controllers/kube-apiserver/defaultconfig.yaml.
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.extra_args import flags_of_settings
from kube_audit_lint.forms.common.levels import Levels, settled
from kube_audit_lint.forms.common.reader import Reader, unknown_keys
from kube_audit_lint.forms.openshift.profiles import SERVER_DEFAULTS, profile_of, shape_of_profile
from kube_audit_lint.model.found import Found, Misshape
from kube_audit_lint.model.server import ApiServer
from kube_audit_lint.syntax.nodes import Document, Mapping, Scalar

MARKS = ("auditLog", "apiServer")
ORDER = 7

_READER = Reader("MicroShift", "it is dropped", "MicroShift does not start")
_FLAGS = {"maxFileAge": "audit-log-maxage", "maxFiles": "audit-log-maxbackup", "maxFileSize": "audit-log-maxsize"}
_SAYS = 'invalid value for apiserver.auditlog.profile: unknown audit profile "{}"'
_KEYS = (*_FLAGS, "profile")
_LEVELS = Levels(
    {"": ("apiServer",), "apiServer": ("auditLog",), "apiServer/auditLog": _KEYS},
    sure=frozenset(("auditLog", *_FLAGS)),
    folds=True,  # encoding/json, through sigs.k8s.io/yaml
)


def read(document: Document, context: Context) -> Found | None:
    """A configuration with an auditLog section."""
    root = document.mapping
    if root is None or "kind" in root.entries or "apiVersion" in root.entries:
        return None
    if "apiServer" not in root.entries and "microshift" not in context.path + context.text:
        return None  # many a program has an `auditLog`
    root, misshapes = settled(root, _LEVELS, _READER)
    server = root.mapping("apiServer")
    section, named = (server.mapping("auditLog"), server.key("auditLog")) if server is not None else (None, None)
    if server is None or section is None or named is None or not any(name in section.entries for name in _KEYS):
        return None
    misshapes += [*unknown_keys(server, ("auditLog",), _READER), *unknown_keys(section, _KEYS, _READER)]
    if section.string("profile") != "":
        misshapes += shape_of_profile(section.get("profile"), _READER, _SAYS)
    misshapes += _numbers(section)
    found = ApiServer(
        "microshift",
        named.place,
        tuple(flags_of_settings(section, _FLAGS, ("0",))),
        defaults=SERVER_DEFAULTS,
        profile=profile_of(section.get("profile")),
        flags_fixed=True,
        spelling=_spelling,
        name="kube-apiserver",
    )
    return Found(servers=(found,), misshapes=tuple(misshapes))


def _spelling(name: str, value: str) -> str:
    key = next((key for key, flag in _FLAGS.items() if flag == name), name)
    return f"{key}: {value}" if value else key


def _numbers(section: Mapping) -> Iterator[Misshape]:
    for key in _FLAGS:
        node = section.get(key)
        if isinstance(node, Scalar) and node.kind == "string" and node.value.isascii():
            message = (
                f"`{key}` is a number, and this is a string: {_READER.refused} "
                f"(`json: cannot unmarshal string into Go struct field AuditLog.apiServer.auditLog.{key} of type int`)."
            )
            yield Misshape("wrong-shape", node.place, message, "Write the number without quotes.")
