"""Terraform in JSON, for which no extra is needed."""

from __future__ import annotations

import json

from form_samples import POLICY, found_in, misshapes, notes, policy_in, server_in


def test_managed_control_planes() -> None:
    clusters = {
        "off": {"enabled_cluster_log_types": ["api"]},
        "on": {"enabled_cluster_log_types": ["api", "audit"]},
        "open": [{"enabled_cluster_log_types": "${var.types}"}],
        "none": {"name": "c"},
    }
    text = json.dumps({"resource": {"aws_eks_cluster": clusters}})
    off = [("control-plane-logging-off", '"enabled_cluster_log_types"'), ("control-plane-logging-off", '"none"')]
    assert misshapes(text, "main.tf.json") == off
    assert misshapes(text, "main.json") == []
    setting = {"target_resource_id": "${azurerm_kubernetes_cluster.c.id}", "enabled_log": [{"category": "guard"}]}
    text = json.dumps({"resource": {"azurerm_monitor_diagnostic_setting": {"d": setting}}})
    assert misshapes(text, "main.tf.json") == [("control-plane-logging-off", '"enabled_log"')]
    text = json.dumps({"cluster_enabled_log_types": ["api"]})
    assert misshapes(text, "prod.tfvars.json") == [("control-plane-logging-off", '"cluster_enabled_log_types"')]


def test_a_cluster_of_rancher() -> None:
    audit = {"enabled": True, "configuration": [{"max_age": 5, "policy": POLICY}]}
    config = {"rke_config": [{"services": [{"kube_api": {"audit_log": [audit]}}]}]}
    more = {"module": {"m": {"kube_apiserver_args": ["audit-log-maxage=3"]}}}
    text = json.dumps({"resource": {"rancher2_cluster": {"c": config}}})
    server = server_in(text, "main.tf.json")
    assert server.policy is not None
    assert policy_in(text, "main.tf.json").at("rules", 0, "level").text == "Metadata"
    both = json.dumps({**json.loads(text), **more})
    assert [one.form for one in found_in(both, "main.tf.json").servers] == ["rke1", "elsewhere"]
    assert notes(both, "main.tf.json") == []
