"""Deckhouse: the audit settings of the module control-plane-manager, and the Secret with the policy.

Sources, deckhouse/deckhouse modules/040-control-plane-manager: openapi/config-values.yaml (settings and defaults;
a property that is not known is refused), hooks/audit_policy.go (Deckhouse's own rules come first, those of the key
audit-policy.yaml of the Secret kube-system/audit-policy behind them; without either there is no policy).
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.inside import found_inside
from kube_audit_lint.forms.common.levels import Levels, settled
from kube_audit_lint.forms.common.nodes import below
from kube_audit_lint.forms.common.reader import Reader, unknown_keys
from kube_audit_lint.model.found import Found, Misshape
from kube_audit_lint.model.server import ApiServer, HostFile
from kube_audit_lint.model.value import Value
from kube_audit_lint.syntax.nodes import Document, Mapping, Node, Scalar
from kube_audit_lint.syntax.unknown import is_unknown

MARKS = ("control-plane-manager", "controlPlaneManager", "auditPolicyEnabled")
ORDER = 7

_READER = Reader("control-plane-manager", "Deckhouse refuses the settings", "Deckhouse refuses the settings")
_MODULE = "control-plane-manager"
_OLD_KEY = "controlPlaneManager"
_OWN, _BASIC, _LOG = "auditPolicyEnabled", "basicAuditPolicyEnabled", "auditLog"
_KEYS = (_OWN, _BASIC, _LOG)
_POLICY = "/etc/kubernetes/deckhouse/extra-files/audit-policy.yaml"
_OUTPUTS = ("File", "Stdout")
_SECTIONS = {"": ("apiserver",), "apiserver": _KEYS, f"apiserver/{_LOG}": ("output", "path")}
_LEVELS = Levels(_SECTIONS)
_IN_OBJECT = {f"spec/settings/{name}".rstrip("/"): keys for name, keys in _SECTIONS.items()}
_OF_OBJECT = Levels({"": ("spec",), "spec": ("settings",), **_IN_OBJECT})


def read(document: Document, context: Context) -> Found | None:
    """A ModuleConfig of control-plane-manager, or the module's section of the older ConfigMap."""
    root = document.mapping
    if root is None:
        return None
    if "kind" in root.entries or "apiVersion" in root.entries:
        metadata = root.mapping("metadata")
        if root.string("kind") != "ModuleConfig" or metadata is None or metadata.string("name") != _MODULE:
            return None
        root, misshapes = settled(root, _OF_OBJECT, _READER)
        settings = below(root, "spec", "settings")
        return _found(settings, misshapes) if settings is not None else None
    old = root.get(_OLD_KEY)
    if isinstance(old, Scalar) and old.kind == "string":
        found = found_inside(old, context, name=_OLD_KEY)
        return found if found else None
    return _found(*settled(root, _LEVELS, _READER)) if context.name == _OLD_KEY else None


def _found(settings: Mapping, misshapes: list[Misshape]) -> Found | None:
    section = settings.mapping("apiserver")
    if section is None or not any("audit" in key.lower() for key in section.entries):
        return None
    misshapes += unknown_keys(settings, ("apiserver",), _READER, "Write it below `apiserver`.")
    misshapes += unknown_keys(section, _KEYS, _READER)
    misshapes += _shapes(section)
    own, basic = _is(section.get(_OWN), False), _is(section.get(_BASIC), True)
    place = next((node.place for key in _KEYS if (node := section.key(key)) is not None), section.place)
    if own is False and basic is False:
        switch = section.get(_BASIC)
        message = "Neither Deckhouse's own audit rules nor yours are switched on: no request is recorded at all."
        help = f"Write `{_OWN}: true`, with a policy in the Secret kube-system/audit-policy, or `{_BASIC}: true`."
        misshapes.append(Misshape("switched-off", switch.place if switch else place, message, help))
    defaults = {"audit-policy-file": _POLICY}
    if own is False and basic is False:
        defaults = {}
    local = Value("Secret:audit-policy/audit-policy.yaml", place) if own else None
    files = (HostFile(_POLICY, place, None, local),)
    server = ApiServer("deckhouse", place, defaults=defaults, files=files, flags_fixed=True, name="kube-apiserver")
    return Found(servers=(server,), misshapes=tuple(misshapes))


def _is(node: Node | None, default: bool) -> bool | None:
    """A setting's value; None when it is not known."""
    if node is None:
        return default
    return node.value == "true" if isinstance(node, Scalar) and node.kind == "bool" else None


def _shapes(section: Mapping) -> Iterator[Misshape]:
    for key in (_OWN, _BASIC):
        node = section.get(key)
        if isinstance(node, Scalar) and node.kind == "string" and not is_unknown(node.value):
            message = f"`{key}` is true or false, and this is a string: {_READER.refused} (`must be of type boolean`)."
            yield Misshape("wrong-shape", node.place, message, f"Write `{key}: true`.")
    log = section.mapping(_LOG)
    if log is not None:
        yield from unknown_keys(log, ("output", "path"), _READER)
        output = log.get("output")
        if isinstance(output, Scalar) and not is_unknown(output.value) and output.value not in _OUTPUTS:
            message = f"`output` is one of {' and '.join(_OUTPUTS)}: {_READER.refused}."
            yield Misshape("wrong-shape", output.place, message, "Write `output: File`.")
