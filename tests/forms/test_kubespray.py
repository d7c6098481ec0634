"""kubespray's variables: switches, defaults, mounts, custom rules, and names that nothing reads."""

from __future__ import annotations

from textwrap import indent

import pytest
from form_samples import POLICY, flags, found_in, linked, misshapes, notes, policy_in, server_in

ON = "kubernetes_audit: true\n"
VARIABLES = """audit_log_path: /var/log/kube/audit.log
audit_log_maxage: 30
audit_log_maxbackups: 10
audit_log_maxsize: 100
audit_policy_file: /etc/kubernetes/audit/policy.yaml
"""
WEBHOOK = "kubernetes_audit_webhook: true\naudit_webhook_mode: blocking\naudit_webhook_batch_max_size: 5\n"


def test_variables_become_flags() -> None:
    text = ON + VARIABLES + "kube_version: v1.30.4\n"
    server = server_in(text)
    assert flags(server) == {
        "audit-policy-file": "/etc/kubernetes/audit/policy.yaml",
        "audit-log-path": "/var/log/kube/audit.log",
        "audit-log-maxage": "30",
        "audit-log-maxbackup": "10",
        "audit-log-maxsize": "100",
    }
    flag = server.flag("audit-log-maxbackup")
    assert flag is not None
    assert (flag.place.text, flag.written) == ("audit_log_maxbackups: 10", "audit_log_maxbackups")
    assert server.place.text == "kubernetes_audit: true"
    assert str(server.versions) == "1.30"
    assert not server.partial
    assert not misshapes(text)


def test_what_kubespray_sets_itself() -> None:
    server = server_in(ON)
    assert not server.flags
    assert server.defaults == {
        "audit-policy-file": "/etc/kubernetes/audit-policy/apiserver-audit-policy.yaml",
        "audit-log-path": "/var/log/audit/kube-apiserver-audit.log",
        "audit-log-maxage": "30",
        "audit-log-maxbackup": "10",
        "audit-log-maxsize": "100",
    }
    assert server_in(ON + "kube_version: v1.22.8\n").defaults["audit-log-maxbackup"] == "1"


def test_switched_off() -> None:
    server = server_in("kubernetes_audit: false\n" + VARIABLES)
    assert not server.flags
    assert not server.defaults
    assert not server.partial


def test_without_a_switch_the_file_is_a_part() -> None:
    server = server_in(VARIABLES)
    assert server.partial
    assert not server.defaults
    assert len(flags(server)) == 5


@pytest.mark.parametrize("path", ["roles/kubernetes/control-plane/defaults/main.yml", "a/roles/x/vars/main.yml"])
def test_a_role_says_nothing_of_a_cluster(path: str) -> None:
    assert server_in("kubernetes_audit: false\n", path).partial


def test_the_webhook() -> None:
    server = server_in(WEBHOOK)
    assert flags(server) == {"audit-webhook-mode": "blocking"}
    assert set(server.defaults) == {"audit-policy-file", "audit-webhook-config-file", "audit-webhook-mode"}
    batched = server_in(WEBHOOK.replace("blocking", "batch"))
    assert flags(batched) == {"audit-webhook-mode": "batch", "audit-webhook-batch-max-size": "5"}
    assert batched.defaults["audit-webhook-batch-max-wait"] == "1s"


def test_extra_arguments_come_last() -> None:
    text = ON + "audit_log_maxage: 30\nkube_kubeadm_apiserver_extra_args:\n  audit-log-maxage: 5\n"
    assert server_in(text).value("audit-log-maxage") == "5"


def mounted(text: str) -> dict[str, tuple[str, bool]]:
    found = {}
    for mount in server_in(text).mounts or ():
        own = mount.volume is None or mount.volume.name.startswith("/") or mount.volume.name.endswith("-certs")
        if not own and mount.volume is not None and mount.volume.path is not None:
            found[mount.path.text] = (mount.volume.path.text, mount.read_only)
    return found


def test_mounts() -> None:
    assert mounted(ON) == {
        "/etc/kubernetes/audit-policy": ("/etc/kubernetes/audit-policy", True),
        "/var/log/audit": ("/var/log/kubernetes/audit", False),
    }
    assert mounted(ON + VARIABLES + "audit_log_hostpath: /logs\n") == {
        "/etc/kubernetes/audit": ("/etc/kubernetes/audit", True),
        "/var/log/kube": ("/logs", False),
    }
    assert mounted(ON + "audit_log_mountpath: /elsewhere\n")["/elsewhere"] == ("/var/log/kubernetes/audit", False)
    assert set(mounted(ON + "audit_log_path: '-'\n")) == {"/etc/kubernetes/audit-policy"}
    assert not mounted("kubernetes_audit: false\n")


def test_extra_volumes() -> None:
    volumes = """apiserver_extra_volumes:
- {name: a, hostPath: /a, mountPath: /ma}
- {name: b, hostPath: /b, mountPath: /mb, writable: true}
- {name: c, hostPath: /c, mountPath: /mc, readOnly: false}
- {name: d}
"""
    found = mounted(ON + volumes)
    assert (found["/ma"], found["/mb"], found["/mc"]) == (("/a", True), ("/b", False), ("/c", False))


RULES = "- level: None\n  users: [a]\n- level: Metadata\n"


def test_custom_rules() -> None:
    text = ON + "kube_version: 1.30.1\naudit_policy_custom_rules: |\n" + indent(RULES, "  ")
    policy = policy_in(text)
    place = policy.at("rules", 1, "level")
    assert text[place.start : place.end] == "Metadata"
    assert place.start == text.index("Metadata")
    assert policy.place.text == "audit_policy_custom_rules"
    assert str(policy.versions) == "1.30"
    assert linked(("a.yml", text)) is not None
    assert not misshapes(text)


def test_custom_rules_that_cannot_be_read() -> None:
    policy = policy_in(ON + 'audit_policy_custom_rules: |\n  - level: "None\n')
    assert policy.document.problem is not None


@pytest.mark.parametrize("value", ["", "''", "null"])
def test_no_custom_rules(value: str) -> None:
    assert not found_in(ON + f"audit_policy_custom_rules: {value}\n").policies


def test_custom_rules_of_a_wrong_type() -> None:
    text = ON + "audit_policy_custom_rules:\n" + RULES
    assert misshapes(text) == [("wrong-shape", "audit_policy_custom_rules")]
    assert policy_in(text).at("rules", 1, "level").text == "Metadata"
    assert misshapes(ON + "audit_policy_custom_rules: {}\n") == [("wrong-shape", "audit_policy_custom_rules")]


def test_custom_rules_of_a_template() -> None:
    text = ON + "audit_policy_custom_rules: \"{{ lookup('file', 'rules.yaml') }}\"\n"
    assert not found_in(text).policies
    assert "a template decides what audit_policy_custom_rules holds" in notes(text)


def test_no_other_file_stands_for_kubesprays_policy() -> None:
    assert linked(("a/all.yml", ON + VARIABLES), ("a/policy.yaml", POLICY)) is None
    own = ON + "kube_kubeadm_apiserver_extra_args: {audit-policy-file: /etc/kubernetes/pki/own.yaml}\n"
    assert linked(("a/all.yml", own), ("a/own.yaml", POLICY)) is not None


def helps(text: str, path: str = "inventory/a/group_vars/k8s_cluster/k8s-cluster.yml") -> dict[str, str]:
    return {shape.place.text: shape.help for shape in found_in(text, path).misshapes}


def test_invented_names() -> None:
    text = """kube_audit_enabled: true
kube_apiserver_enable_audit_log: true
kube_audit_log_path: /var/log/audit.log
kube_apiserver_audit_log_maxbackup: 5
audit_log_max_age: 30
audit_policy_global_omit_stages: [RequestReceived]
audit_log_format: json
"""
    assert helps(text) == {
        "kube_audit_enabled": "Write `kubernetes_audit: true`.",
        "kube_apiserver_enable_audit_log": "Write `kubernetes_audit: true`.",
        "kube_audit_log_path": "Write `audit_log_path`.",
        "kube_apiserver_audit_log_maxbackup": "Write `audit_log_maxbackups`.",
        "audit_log_max_age": "Write `audit_log_maxage`.",
        "audit_policy_global_omit_stages": "",
        "audit_log_format": "Write `audit-log-format: json` below `kube_kubeadm_apiserver_extra_args:`.",
    }


def test_names_that_are_somebodys() -> None:
    text = """kube_pod_security_default_audit: restricted
cilium_policy_audit_mode: false
auditd_log_path: /a
gatekeeper_audit_interval: 5
kube_audit_log_path: /var/log/audit.log
kube_kubeadm_apiserver_extra_args:
  audit-log-path: "{{ kube_audit_log_path }}"
"""
    assert not helps(text)


def test_invented_names_need_a_file_of_kubesprays() -> None:
    text = "kube_audit_log_path: /var/log/audit.log\n"
    assert not found_in(text, "group_vars/all.yml")
    assert helps(text, "kubespray/group_vars/all.yml")
    assert helps("# for kubespray\n" + text, "group_vars/all.yml")
    assert helps("kube_network_plugin: calico\n" + text, "group_vars/all.yml")


def test_a_placeholder_for_a_switch() -> None:
    server = server_in("kubernetes_audit: '{{ audited }}'\naudit_log_maxage: 5\n")
    assert server.partial
    assert flags(server) == {"audit-log-maxage": "5"}


@pytest.mark.parametrize(
    "text",
    [
        "audit_log_path: /var/log/audit/audit.log\n",
        "audit_log_file: /a\naudit_log_format: raw\naudit_log_policy: ALL\n",
        "apiVersion: v1\nkubernetes_audit: true\n",
        "- kubernetes_audit: true\n",
        "kube_network_plugin: calico\nkube_pod_security_default_audit: restricted\n# audit_log_path: x\n",
    ],
)
def test_others_are_passed_over(text: str) -> None:
    assert not found_in(text)


def test_another_roles_variables_of_the_same_names() -> None:
    text = "audit_log_path: /var/log/a.log\naudit_log_maxage: 30\naudit_log_maxbackup: 10\naudit_policy_file: a.yaml\n"
    assert not found_in(text, "defaults/main.yml").servers
    assert not misshapes(text, "defaults/main.yml")
    assert server_in(text, "inventory/prod/group_vars/k8s_cluster/k8s-cluster.yml")


class TestAsAnsibleReadsIt:
    def test_a_variable_twice(self) -> None:
        text = ON + "audit_log_maxage: 1\naudit_log_maxage: 30\naudit_log_maxsize: 100\naudit_log_maxsize: 100\n"
        assert misshapes(text) == [("wrong-shape", "audit_log_maxage")]
        assert server_in(text).value("audit-log-maxage") == "30"

    def test_somebodys_variable_twice(self) -> None:
        assert misshapes(ON + VARIABLES + "mine: 1\nmine: 2\n") == []

    def test_what_ansible_refuses(self) -> None:
        (refused,) = found_in(ON + VARIABLES + 'motd: "a \\\' b"\n').misshapes
        assert refused.message.startswith("Ansible cannot read this as YAML, and the play stops: ")
