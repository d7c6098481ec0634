"""Which audit flag a misspelt name was meant as."""

from __future__ import annotations

import pytest

from kube_audit_lint.kubernetes.flags import all_names
from kube_audit_lint.kubernetes.meant_flags import NOT_AUDIT, is_about_auditing, meant


@pytest.mark.parametrize(
    ("written", "flag"),
    [
        ("audit-webhook-config", "audit-webhook-config-file"),
        ("audit-webhook", "audit-webhook-config-file"),
        ("audit-webhook-kubeconfig", "audit-webhook-config-file"),
        ("audit-policy", "audit-policy-file"),
        ("audit-policy-path", "audit-policy-file"),
        ("audit-log", "audit-log-path"),
        ("audit-log-file", "audit-log-path"),
        ("audit-log-dir", "audit-log-path"),
        ("audit-path", "audit-log-path"),
        ("audit-maxage", "audit-log-maxage"),
        ("audit-log-size", "audit-log-maxsize"),
        ("audit-log-max-backups", "audit-log-maxbackup"),
        ("audit_log_max_age", "audit-log-maxage"),
        ("webhook-config-file", "audit-webhook-config-file"),
        ("webhook-config", "audit-webhook-config-file"),
        ("policy-file", "audit-policy-file"),
        ("log-path", "audit-log-path"),
        ("log-maxage", "audit-log-maxage"),
        ("log-max-size", "audit-log-maxsize"),
        ("log-maxbackups", "audit-log-maxbackup"),
        ("audti-log-path", "audit-log-path"),
        ("Audit.LogOptions.Path", "audit-log-path"),
        ("Audit.LogOptions.MaxBackups", "audit-log-maxbackup"),
        ("Audit.PolicyFile", "audit-policy-file"),
        ("Audit.WebhookOptions.ConfigFile", "audit-webhook-config-file"),
    ],
)
def test_meant(written: str, flag: str) -> None:
    assert meant(written) == flag


def test_flags_of_auditing_are_meant_as_themselves() -> None:
    assert [name for name in all_names() if meant(name) != name] == []


@pytest.mark.parametrize(
    "name",
    [
        *sorted(NOT_AUDIT - {"audit-file"}),
        "admission-control-config-file",
        "authentication-token-webhook-cache-ttl",
        "authentication-token-webhook-config-file",
        "authentication-token-webhook-version",
        "authorization-policy-file",
        "authorization-webhook-config-file",
        "authorization-webhook-cache-authorized-ttl",
        "authorization-webhook-version",
        "max-mutating-requests-inflight",
        "max-requests-inflight",
        "tls-cert-file",
        "token-auth-file",
    ],
)
def test_flags_of_something_else_are_nothing_of_auditing(name: str) -> None:
    assert not is_about_auditing(name)


@pytest.mark.parametrize("name", ["audit-file", "audit-log-level", "audit-everything"])
def test_where_nobody_can_tell_nothing_is_suggested(name: str) -> None:
    assert (is_about_auditing(name), meant(name)) == (True, None)
