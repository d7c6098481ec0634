"""kube-apiserver's own configuration in OpenShift: apiServerArguments, and the older auditConfig.

Sources: openshift/api kubecontrolplane/v1/types.go (KubeAPIServerConfig: a list of strings for each flag),
legacyconfig/v1 and config/v1 (AuditConfig of OpenShift 3's MasterConfig), operator/v1 (KubeAPIServer with
unsupportedConfigOverrides); openshift/origin pkg/cmd/server/apis/config/validation/master.go (one of policyFile and
policyConfiguration). Such files are laid over others, so that what they do not say is not known.
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.forms.common.arguments import setting
from kube_audit_lint.forms.common.extra_args import flags_of_settings, value_of
from kube_audit_lint.forms.common.nodes import first_place
from kube_audit_lint.forms.common.reader import Reader, unknown_keys
from kube_audit_lint.forms.common.settings import part_as_policy
from kube_audit_lint.model.document import PolicyDocument
from kube_audit_lint.model.found import Found, Misshape
from kube_audit_lint.model.server import ApiServer, Flag
from kube_audit_lint.model.value import Value
from kube_audit_lint.model.version import OLDEST, Versions
from kube_audit_lint.syntax.nodes import Mapping, Scalar, Sequence
from kube_audit_lint.syntax.unknown import is_unknown

_READER = Reader("KubeAPIServerConfig", "it is dropped", "kube-apiserver refuses its configuration")

AUDIT_CONFIG = {
    "auditFilePath": "audit-log-path",
    "logFormat": "audit-log-format",
    "maximumFileRetentionDays": "audit-log-maxage",
    "maximumFileSizeMegabytes": "audit-log-maxsize",
    "maximumRetainedFiles": "audit-log-maxbackup",
    "policyFile": "audit-policy-file",
    "webHookKubeConfig": "audit-webhook-config-file",
    "webHookMode": "audit-webhook-mode",
}
_OPENSHIFT_3 = Versions(OLDEST, 11)
"""OpenShift 3.11, the last with a MasterConfig, is Kubernetes 1.11."""

_OWN_KEYS = frozenset((*AUDIT_CONFIG, "enabled", "policyConfiguration"))


def found_in_arguments(root: Mapping, group: str, spec: Mapping | None) -> Found | None:
    """The API server of a KubeAPIServerConfig, a MasterConfig or the operator's overrides."""
    kind = root.string("kind")
    if group == "operator.openshift.io" and kind == "KubeAPIServer" and spec is not None:
        overrides = spec.mapping("unsupportedConfigOverrides")
        return _found(overrides) if overrides is not None else None
    if group == "kubecontrolplane.config.openshift.io" and kind == "KubeAPIServerConfig":
        return _found(root)
    if group == "v1" and kind == "MasterConfig" and "auditConfig" in root.entries:
        return found_in_master(root)
    return None


def found_in_master(section: Mapping) -> Found | None:
    """The API server of OpenShift 3's MasterConfig, or of the variables that become a part of one."""
    found = _found(section, master=True)
    at = section.get("kind") or section.key("auditConfig")
    if found is None or at is None:
        return found
    return found.with_servers(lambda one: one._replace(versions=_OPENSHIFT_3, version_place=at.place))


def _found(section: Mapping, master: bool = False) -> Found | None:
    arguments, audit = section.get("apiServerArguments"), section.mapping("auditConfig")
    flags = [*_flags(arguments)] if isinstance(arguments, Mapping) else []
    policy: PolicyDocument | None = None
    misshapes: list[Misshape] = [*_shapes(arguments)] if isinstance(arguments, Mapping) else []
    in_arguments = any(flag.name.startswith("audit-") for flag in flags)
    if audit is not None:
        flags += flags_of_settings(audit, AUDIT_CONFIG, ("", "0"))
        reader = _READER._replace(name="MasterConfig" if master else section.string("kind") or _READER.name)
        misshapes += unknown_keys(audit, _OWN_KEYS, reader)
        # The switch is about these settings alone, and flags among the arguments count all the same:
        # AuditFlags in pkg/config/configflags of openshift/library-go.
        misshapes += () if in_arguments else _switched_off(audit)
        misshapes += () if in_arguments or not master else _not_switched_on(audit, section.key("auditConfig"))
        misshapes += _two_policies(audit) if master else ()
        node, key = audit.mapping("policyConfiguration"), audit.key("policyConfiguration")
        if node is not None and key is not None and node.entries:
            policy = part_as_policy(node, key.place, "openshift")
    if not policy and not any(flag.name.startswith("audit-") for flag in flags):
        return Found(misshapes=tuple(misshapes)) if misshapes else None
    place = section.key("apiServerArguments") or section.key("auditConfig")
    at = place.place if place else section.place
    spelling = _in_lists if isinstance(arguments, Mapping) or audit is None else _in_audit_config
    server = ApiServer("openshift", at, tuple(flags), policy=policy, partial=True, spelling=spelling)
    return Found((policy,) if policy else (), (server,), tuple(misshapes))


def _switched_off(audit: Mapping) -> Iterator[Misshape]:
    switch = audit.get("enabled")
    if isinstance(switch, Scalar) and switch.kind == "bool" and switch.value == "false":
        message = "Auditing is switched off: no request is recorded at all, whatever else stands in `auditConfig`."
        yield Misshape("switched-off", switch.place, message, "Write `enabled: true`.")


def _not_switched_on(audit: Mapping, key: Scalar | None) -> Iterator[Misshape]:
    """A MasterConfig's auditConfig is off where it does not say that it is on."""
    known = not any(is_unknown(name) for name in audit.entries)
    if key is not None and known and audit.entries and "enabled" not in audit.entries:
        message = "Auditing is switched off: `enabled` is missing in it, which is false by default, "
        message += "and no request is recorded at all."
        yield Misshape("switched-off", key.place, message, "Add `enabled: true`.")


def _two_policies(audit: Mapping) -> Iterator[Misshape]:
    """A policy in the file beside the path of another one."""
    path, policy = audit.get("policyFile"), audit.get("policyConfiguration")
    key = audit.key("policyFile")
    named = isinstance(path, Scalar) and path.kind == "string" and path.value and not is_unknown(path.value)
    if key is not None and named and isinstance(policy, Mapping):
        message = "`policyFile` and `policyConfiguration` exclude each other: the master does not start "
        message += "(`auditConfig.policyFile: Forbidden: both policyFile and policyConfiguration cannot be specified`)."
        yield Misshape("wrong-shape", key.place, message, "Keep one of them.")


def _flags(arguments: Mapping) -> Iterator[Flag]:
    for entry in arguments.entries.values():
        name = Value(entry.key.value, entry.key.place)
        for node in entry.value.items if isinstance(entry.value, Sequence) else [entry.value]:
            yield setting(name, value_of(node))


def _in_audit_config(name: str, value: str) -> str:
    key = next((key for key, flag in AUDIT_CONFIG.items() if flag == name), None)
    if key is None:
        return _in_lists(name, value)
    return f"{key}: {value}" if value else key


def _in_lists(name: str, value: str) -> str:
    return f'{name}: ["{value}"]' if value else name


def _shapes(arguments: Mapping) -> Iterator[Misshape]:
    for entry in arguments.entries.values():
        if not entry.key.value.startswith("audit"):
            continue
        value = entry.value
        if not isinstance(value, Sequence) and not (isinstance(value, Scalar) and is_unknown(value.value)):
            message = f"Each argument is a list of strings here, and this is none: {_READER.refused}."
            yield Misshape("wrong-shape", first_place(value), message, 'Write `["value"]`.')
        for item in value.items if isinstance(value, Sequence) else ():
            if isinstance(item, Scalar) and item.kind in ("int", "float", "bool"):
                message = f"Arguments are strings here, and {item.place.text} is none: {_READER.refused}."
                yield Misshape("wrong-shape", item.place, message, f'Write "{item.place.text}" in quotes.')
