"""KubeOne clusters."""

from __future__ import annotations

from pathlib import Path

import pytest
from form_samples import POLICY, flags, found_in, linked, misshapes, server_in

from kube_audit_lint.catalogue.shipped import shipped
from kube_audit_lint.pipeline.config import load_config
from kube_audit_lint.pipeline.options import Options
from kube_audit_lint.pipeline.run import run

HEAD = "apiVersion: kubeone.k8c.io/v1beta3\nkind: KubeOneCluster\nversions: {kubernetes: 1.30.4}\n"
STATIC = """features:
  staticAuditLog:
    enable: true
    config:
      policyFilePath: ./files/audit.yaml
      logPath: /var/log/audit/a.log
      logMaxAge: 7
"""


def test_the_static_log() -> None:
    server = server_in(HEAD + STATIC)
    assert flags(server) == {"audit-log-maxage": "7", "audit-log-path": "/var/log/audit/a.log"}
    assert server.value("audit-log-maxbackup") == "3"
    assert server.value("audit-policy-file") == "/etc/kubernetes/audit/policy.yaml"
    assert server.mounts is None
    assert str(server.versions) == "1.30"
    assert server.place.text == "staticAuditLog"


def test_linked_to_the_authors_file() -> None:
    policy = linked(("k/kubeone.yaml", HEAD + STATIC), ("k/files/audit.yaml", POLICY), ("policy.yaml", POLICY))
    assert policy is not None
    assert policy.source.path == "k/files/audit.yaml"


def test_zero_is_the_default() -> None:
    server = server_in(HEAD + STATIC.replace("logMaxAge: 7", "logMaxAge: 0"))
    assert server.value("audit-log-maxage") == "30"


def test_switched_off() -> None:
    server = server_in(HEAD + STATIC.replace("enable: true", "enable: false"))
    assert server.value("audit-policy-file") is None
    assert not server.flags


def test_flags_of_the_component_count_more() -> None:
    server = server_in(HEAD + STATIC + "controlPlaneComponents: {apiServer: {flags: {audit-log-maxage: '60'}}}\n")
    assert flags(server) == {"audit-log-maxage": "60", "audit-log-path": "/var/log/audit/a.log"}


def test_the_webhook() -> None:
    server = server_in(
        HEAD
        + "features:\n  webhookAuditLog:\n    enable: true\n    config:\n      policyFilePath: p.yaml\n"
        + "      configFilePath: w.yaml\n      mode: blocking\n      batch: {maxSize: 5}\n"
        + "      truncate: {enable: true}\n"
    )
    assert flags(server) == {
        "audit-webhook-batch-max-size": "5",
        "audit-webhook-mode": "blocking",
        "audit-webhook-truncate-enabled": "true",
    }
    assert server.value("audit-webhook-config-file") == "/etc/kubernetes/audit/webhook-config.yaml"
    assert server.value("audit-log-path") is None


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("staticAuditLog", "staticAuditlog", ("unknown-setting", "staticAuditlog")),
        ("logMaxAge", "logMaxAges", ("unknown-setting", "logMaxAges")),
        ("logMaxAge: 7", 'logMaxAge: "7"', ("wrong-shape", '"7"')),
        ("    config:\n      policy", "    policy", ("unknown-setting", "policyFilePath")),
    ],
)
def test_wrong_shapes(old: str, new: str, expected: tuple[str, str]) -> None:
    text = HEAD + STATIC.replace(old, new)
    if "config:" not in text:
        text = text.replace("      log", "    log")
    assert misshapes(text)[0] == expected


@pytest.mark.parametrize("rest", ["", "features: {encryptionProviders: {enable: true}}  # audit-log\n"])
def test_others_are_passed_over(rest: str) -> None:
    assert not found_in(HEAD + rest)


def test_a_policy_that_is_not_there_is_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("kubeone.yaml").write_text(HEAD + STATIC)
    notes = run(Options(("kubeone.yaml",)), load_config(), shipped()).report.notes
    assert [one.place.text for one in notes if "in no file of this run" in one.message] == ["./files/audit.yaml"]
