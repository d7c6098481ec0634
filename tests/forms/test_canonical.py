"""Canonical Kubernetes: the arguments of one node's API server."""

from __future__ import annotations

from form_samples import flags, found_in, server_in

HEAD = "cluster-config: {network: {enabled: true}}\nextra-node-kube-apiserver-args:\n"


def test_arguments_with_their_dashes() -> None:
    server = server_in(HEAD + '  --audit-log-path: /a.log\n  --audit-log-maxage: 30\n  "--audit-log-maxsize": "100"\n')
    assert flags(server) == {"audit-log-path": "/a.log", "audit-log-maxage": "30", "audit-log-maxsize": "100"}
    assert server.place.text == "extra-node-kube-apiserver-args"
    assert server.mounts is None
    assert not server.partial
    assert server.spelling is not None
    assert server.spelling("audit-log-maxage", "30") == '--audit-log-maxage: "30"'
    assert server.spelling("audit-log-maxage", "") == "--audit-log-maxage"


def test_null_takes_a_flag_back() -> None:
    assert flags(server_in(HEAD + "  --audit-log-path: /a.log\n  --audit-log-maxage: null\n")) == {
        "audit-log-path": "/a.log"
    }


def test_passed_over_without_audit_flags() -> None:
    assert not found_in(HEAD + "  --feature-gates: AllAlpha=false  # audit-log-path\n")
    assert not found_in("apiVersion: v1\nextra-node-kube-apiserver-args:\n  --audit-log-path: /a\n")
    assert not found_in("extra-node-kube-apiserver-args: [--audit-log-path=/a]\n")
