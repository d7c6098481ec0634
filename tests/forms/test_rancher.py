"""Rancher's provisioning Cluster: global and selected settings, the policy in place, files from Secrets."""

from __future__ import annotations

from base64 import b64encode
from textwrap import indent

import pytest
from form_samples import POLICY, flags, found_in, linked, misshapes, policy_in, server_in

HEAD = "apiVersion: provisioning.cattle.io/v1\nkind: Cluster\nmetadata: {name: a}\nspec:\n"
SELECTOR = "  machineLabelSelector:\n    matchLabels: {rke.cattle.io/control-plane-role: 'true'}\n"


def cluster(config: str, version: str = "v1.28.9+rke2r1") -> str:
    return HEAD + f"  kubernetesVersion: {version}\n  rkeConfig:\n" + indent(config, "    ")


def everywhere(settings: str, version: str = "v1.28.9+rke2r1") -> str:
    return cluster("machineGlobalConfig:\n" + indent(settings, "  "), version)


def selected(settings: str, selector: str = SELECTOR) -> str:
    return "machineSelectorConfig:\n- config:\n" + indent(settings, "    ") + selector


ARGUMENTS = "kube-apiserver-arg:\n- audit-policy-file=/etc/rancher/dev.yaml\n- audit-log-path=/var/log/a.log\n"
IN_PLACE = "audit-policy-file: |\n" + indent(POLICY, "  ")


def test_arguments_become_flags() -> None:
    server = server_in(everywhere(ARGUMENTS))
    assert flags(server) == {"audit-policy-file": "/etc/rancher/dev.yaml", "audit-log-path": "/var/log/a.log"}
    assert str(server.versions) == "1.28"
    assert server.version_place is not None
    assert server.version_place.text == "v1.28.9+rke2r1"
    assert not server.defaults
    assert server.mounts is None
    assert not misshapes(everywhere(ARGUMENTS))


def test_the_policy_in_place() -> None:
    text = everywhere(IN_PLACE)
    found = found_in(text)
    (server,), (policy,) = found.servers, found.policies
    assert server.policy is policy
    assert not server.flags
    assert server.defaults == {
        "audit-policy-file": "/var/lib/rancher/rke2/etc/config-files/audit-policy-file",
        "audit-log-maxage": "30",
        "audit-log-maxbackup": "10",
        "audit-log-maxsize": "100",
        "audit-log-path": "/var/lib/rancher/rke2/server/logs/audit.log",
    }
    place = policy.at("rules", 0, "level")
    assert text[place.start : place.end] == "Metadata"
    assert str(policy.versions) == "1.28"
    assert not misshapes(text)


def test_another_data_directory() -> None:
    text = everywhere(IN_PLACE) + "    dataDirectories: {k8sDistro: /data}\n"
    assert server_in(text).defaults["audit-log-path"] == "/data/server/logs/audit.log"


def test_arguments_win_over_the_policy_in_place() -> None:
    server = server_in(everywhere(IN_PLACE + ARGUMENTS))
    assert server.policy is None
    assert server.value("audit-policy-file") == "/etc/rancher/dev.yaml"


def test_a_profile_brings_defaults() -> None:
    text = everywhere("profile: cis\n")
    assert server_in(text).defaults["audit-policy-file"] == "/etc/rancher/rke2/audit-policy.yaml"
    assert found_in(text).notes


def test_settings_for_all_machines_by_a_selector_that_takes_all() -> None:
    text = cluster("machineGlobalConfig:\n  cni: calico\n" + selected(IN_PLACE, "") + selected(ARGUMENTS, "")[23:])
    server = server_in(text)
    assert server.value("audit-log-path") == "/var/log/a.log"
    assert policy_in(text)


def test_settings_for_some_machines() -> None:
    text = cluster(
        "machineGlobalConfig:\n  kube-apiserver-arg: [audit-log-maxage=1]\n"
        + selected("kube-apiserver-arg: [audit-log-maxage=2]\n")
        + "- config: {protect-kernel-defaults: true}\n"
        + SELECTOR
    )
    assert flags(server_in(text)) == {"audit-log-maxage": "2"}


def test_one_server_for_each_kind_of_machines() -> None:
    text = cluster(
        "machineGlobalConfig:\n"
        + indent(IN_PLACE, "  ")
        + selected("kube-apiserver-arg: [audit-log-maxage=2]\n")
        + selected("kube-apiserver-arg: [audit-log-maxage=3]\n")[23:]
    )
    found = found_in(text)
    assert [server.value("audit-log-maxage") for server in found.servers] == ["2", "3"]
    assert len(found.policies) == 1
    assert not found.misshapes


FILES = """machineSelectorFiles:
- fileSources:
  - configMap: {name: ''}
    secret:
      name: dev
      items: [{key: audit-policy, path: /etc/rancher/dev.yaml}]
"""


def test_the_policy_in_a_secret() -> None:
    cluster_file = everywhere(ARGUMENTS) + indent(FILES, "    ")
    secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: dev}\ndata: {audit-policy: %s}\n"
    text = secret % b64encode(POLICY.encode()).decode()
    assert linked(("a/cluster.yaml", cluster_file), ("b/secret.yaml", text)) is not None
    other = text.replace("name: dev", "name: other")
    assert linked(("a/cluster.yaml", cluster_file), ("b/secret.yaml", other)) is None


def test_the_policy_in_a_config_map() -> None:
    files = FILES.replace("configMap: {name: ''}\n    secret:", "configMap:")
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: dev}\ndata:\n  audit-policy: |\n" + indent(POLICY, "    ")
    assert linked(("a.yaml", everywhere(ARGUMENTS) + indent(files, "    ")), ("b.yaml", text)) is not None


def test_drop_ins_hide_settings() -> None:
    files = FILES.replace("/etc/rancher/dev.yaml", "/etc/rancher/rke2/config.yaml.d/audit.yaml")
    assert server_in(everywhere("cni: calico\n") + indent(files, "    ")).partial


def test_a_cluster_without_auditing() -> None:
    server = server_in(everywhere("cni: calico\n"))
    assert not server.flags
    assert not server.defaults
    assert server.place.text == "machineGlobalConfig"


def test_a_path_is_no_policy() -> None:
    text = everywhere("audit-policy-file: /etc/rancher/rke2/policy.yaml\n")
    assert misshapes(text) == [("wrong-shape", "/etc/rancher/rke2/policy.yaml")]
    assert not found_in(text).policies


def test_a_policy_that_is_no_text() -> None:
    text = everywhere("audit-policy-file:\n" + indent(POLICY, "  "))
    assert misshapes(text) == [("wrong-shape", "audit-policy-file")]
    assert policy_in(text).at("rules", 0, "level").text == "Metadata"


def test_k3s_has_no_policy_in_place() -> None:
    text = everywhere(IN_PLACE, "v1.28.9+k3s1")
    assert misshapes(text) == [("unknown-setting", "audit-policy-file")]
    assert server_in(text).policy is None
    assert not server_in(text).defaults


def test_settings_at_a_wrong_place() -> None:
    text = HEAD + "  audit-policy-file: x\n  machineGlobalConfig: {}\n  rkeConfig:\n    kube-apiserver-arg: []\n"
    assert [place for _, place in misshapes(text)] == ["audit-policy-file", "machineGlobalConfig", "kube-apiserver-arg"]
    assert misshapes(everywhere(ARGUMENTS).replace("machineGlobal", "machinesGlobal")) == [
        ("unknown-setting", "machinesGlobalConfig")
    ]
    assert misshapes(everywhere(ARGUMENTS).replace("-arg", "-args")) == [("unknown-setting", "kube-apiserver-args")]


def test_templates() -> None:
    text = everywhere("audit-policy-file: {{ policy }}\nkube-apiserver-arg: ['audit-log-maxage={{ age }}']\n")
    found = found_in(text)
    assert not found.misshapes
    assert not found.policies


@pytest.mark.parametrize(
    "text",
    [
        HEAD + "  kubernetesVersion: v1.28.9+rke2r1\n  # audit-policy\n",
        HEAD.replace("Cluster", "Other") + "  rkeConfig: {machineGlobalConfig: {audit-policy-file: a}}\n",
        "apiVersion: management.cattle.io/v3\nkind: Cluster\nspec: {rkeConfig: {}}\n# audit-policy\n",
    ],
)
def test_others_are_passed_over(text: str) -> None:
    assert not found_in(text)
