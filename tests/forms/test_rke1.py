"""RKE's cluster.yml: audit_log with RKE's own defaults, extra arguments, binds, and what RKE drops or refuses."""

from __future__ import annotations

from textwrap import indent

import pytest
from form_samples import POLICY, flags, found_in, linked, misshapes, policy_in, server_in

NODES = "nodes:\n- {address: 10.0.0.1, user: root, role: [controlplane]}\n"
CONFIGURATION = "max_age: 30\nmax_backup: 10\nmax_size: 100\npath: /var/log/kube-audit/audit.json\nformat: json\n"


def cluster(kube_api: str, head: str = NODES + "kubernetes_version: v1.26.8-rancher1-1\n") -> str:
    return head + "services:\n  kube-api:\n" + indent(kube_api, "    ")


def audited(configuration: str = CONFIGURATION, policy: str = "", more: str = "") -> str:
    policy = "policy:\n" + indent(policy, "  ") if policy else ""
    inner = indent(configuration + policy, "    ")
    return cluster("audit_log:\n  enabled: true\n  configuration:\n" + inner + more)


RKES_OWN = {
    "audit-log-maxage": "30",
    "audit-log-maxbackup": "10",
    "audit-log-maxsize": "100",
    "audit-log-path": "/var/log/kube-audit/audit-log.json",
    "audit-log-format": "json",
    "audit-policy-file": "/etc/kubernetes/audit-policy.yaml",
}


def test_settings_become_flags() -> None:
    text = audited()
    server = server_in(text)
    assert flags(server) == {
        "audit-log-maxage": "30",
        "audit-log-maxbackup": "10",
        "audit-log-maxsize": "100",
        "audit-log-path": "/var/log/kube-audit/audit.json",
        "audit-log-format": "json",
    }
    flag = server.flag("audit-log-maxbackup")
    assert flag is not None
    assert (flag.place.text, flag.written, flag.value_place.text) == ("max_backup: 10", "max_backup", "10")
    assert str(server.versions) == "1.26"
    assert server.value("audit-policy-file") == "/etc/kubernetes/audit-policy.yaml"
    assert not server.partial
    assert not misshapes(text)


@pytest.mark.parametrize("log", ["", "audit_log:\n", "audit_log: {enabled: true}\n"])
def test_what_rke_sets_itself(log: str) -> None:
    server = server_in(cluster("service_cluster_ip_range: 10.43.0.0/16\n" + log))
    assert not server.flags
    assert server.defaults == RKES_OWN


@pytest.mark.parametrize(
    ("version", "on"),
    [("v1.15.10", False), ("v1.15.11", True), ("v1.16.7", False), ("v1.17.4", True), ("v1.17.3", False)],
)
def test_since_when_auditing_is_on_by_itself(version: str, on: bool) -> None:
    head = NODES + f"kubernetes_version: {version}-rancher1-1\n"
    server = server_in(cluster("always_pull_images: false\n", head))
    assert bool(server.defaults) == on


@pytest.mark.parametrize("enabled", ["  enabled: false\n", ""])
def test_switched_off(enabled: str) -> None:
    server = server_in(cluster("audit_log:\n" + enabled + "  configuration:\n" + indent(CONFIGURATION, "    ")))
    assert not server.flags
    assert not server.defaults


def test_what_a_configuration_leaves_out_is_nothing() -> None:
    server = server_in(audited("path: /var/log/kube-audit/a\n"))
    assert server.value("audit-log-maxage") == "0"
    assert server.value("audit-log-format") == ""
    flag = server.flag("audit-log-format")
    assert flag is not None
    assert flag.place.text == "configuration"
    assert not server_in(audited("max_age: 5\n")).value("audit-log-path")


def test_the_policy_in_place() -> None:
    text = audited(policy=POLICY)
    policy = policy_in(text)
    assert policy.embedded
    assert policy.place.text == "policy"
    assert str(policy.versions) == "1.26"
    assert policy.at("rules", 0, "level").text == "Metadata"
    assert linked(("cluster.yml", text)) is not None
    assert not misshapes(text)


def test_no_other_file_stands_for_rkes_own_policy() -> None:
    assert linked(("a/cluster.yml", audited()), ("a/audit-policy.yaml", POLICY)) is None


def test_extra_arguments_win() -> None:
    text = audited(
        policy=POLICY, more="extra_args:\n  audit-log-maxage: 5\n  audit-policy-file: /etc/kubernetes/p.yaml\n"
    )
    server = server_in(text)
    assert [flag.value for flag in server.flags if flag.name == "audit-log-maxage"] == ["5"]
    assert server.policy is None
    assert linked(("a/cluster.yml", text), ("a/p.yaml", POLICY)) is not None
    assert not misshapes(text)


def test_extra_arguments_in_lists() -> None:
    text = cluster("extra_args_array:\n  audit-log-maxage: ['5', '6']\n")
    assert [flag.value_place.text for flag in server_in(text).flags] == ["'5'", "'6'"]


def test_binds() -> None:
    text = cluster('extra_binds: ["/opt/audit:/audit:ro", "/var/log/a:/var/log/b", "broken"]\nextra_args: {v: 2}\n')
    mounts = {mount.path.text: mount for mount in server_in(text).mounts or ()}
    assert list(mounts) == [
        "/etc/kubernetes",
        "/etc/kubernetes/audit-policy.yaml",
        "/var/log/kube-audit",
        "/audit",
        "/var/log/b",
    ]
    audit = mounts["/audit"]
    assert audit.read_only
    assert audit.path.place.text == "/audit"
    assert audit.volume is not None
    assert audit.volume.path is not None
    assert audit.volume.path.place.text == "/opt/audit"
    assert not mounts["/var/log/b"].read_only


@pytest.mark.parametrize("head", ["rancher_kubernetes_engine_config", "rke_config"])
def test_as_rancher_carries_it(head: str) -> None:
    text = f"{head}:\n" + indent(audited(CONFIGURATION.replace("30", '"30"')).replace(NODES, ""), "  ")
    server = server_in(text)
    assert not server.partial
    assert server.value("audit-log-maxage") == "30"
    assert not misshapes(text)


def test_a_part_of_a_cluster() -> None:
    assert server_in(cluster("audit_log: {enabled: true}\n", "")).partial
    assert server_in(cluster("extra_args: {v: 2}\n", "").replace("kube-api", "kube_api")).partial


def test_what_rke_refuses() -> None:
    assert misshapes(audited(CONFIGURATION.replace("30", '"30"'))) == [("wrong-shape", '"30"')]
    assert misshapes(cluster("audit_log: true\n")) == [("wrong-shape", "true")]
    assert misshapes(cluster("extra_args: {--audit-log-maxage: '5'}\n")) == [("wrong-shape", "--audit-log-maxage")]
    text = cluster("audit_log:\n  enabled: true\n  configuration:\n    policy: |\n" + indent(POLICY, "      "))
    assert misshapes(text) == [("wrong-shape", "policy")]
    assert policy_in(text).at("rules", 0, "level").text == "Metadata"


def test_the_only_version_that_rke_decodes() -> None:
    text = audited(policy=POLICY.replace("v1", "v1beta1"))
    assert not misshapes(text)
    assert misshapes(text.replace("v1.26.8", "v1.20.8")) == [("wrong-shape", "audit.k8s.io/v1beta1")]


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("audit_log", "auditLog"), ("max_backup", "max_backups"), ("configuration", "configurations")],
)
def test_misspelt_keys(wrong: str, right: str) -> None:
    text = audited().replace(wrong, right)
    assert misshapes(text) == [("unknown-setting", right)]


def test_the_wrong_service_name() -> None:
    text = audited().replace("kube-api", "kube_api")
    assert misshapes(text) == [("unknown-setting", "kube_api")]


def test_templates() -> None:
    text = audited("max_age: ${age}\nmax_backup: 10\n")
    assert not misshapes(text, "cluster.yml.tpl")
    assert not misshapes(cluster("audit_log: {enabled: '{{ on }}'}\n"))
    assert server_in(cluster("audit_log: {enabled: '{{ on }}'}\n")).partial


@pytest.mark.parametrize(
    "text",
    [
        "services:\n  kube-api:\n    image: nginx\n    environment: {A: audit-log}\n",
        "services:\n  etcd: {snapshot: true}\n",
        NODES + "services: {kube-api: }\n",
        "apiVersion: v1\nservices: {kube-api: {audit_log: {enabled: true}}}\n",
    ],
)
def test_others_are_passed_over(text: str) -> None:
    assert not found_in(text)


@pytest.mark.parametrize(
    ("log", "head", "written"),
    [
        ("audit_log: {enabled: false}\n", NODES, "`enabled: true` in `audit_log`"),
        ("audit_log: {}\n", NODES, "`enabled: true` in `audit_log`"),
        ("", NODES + "kubernetes_version: v1.14.1\n", "`audit_log: {enabled: true}`"),
        ("audit_log: {enabled: true}\n", NODES, ""),
    ],
)
def test_what_is_off_is_switched_on(log: str, head: str, written: str) -> None:
    """RKE brings the policy then: nobody has to write one, and RKE has no place for one without it."""
    assert written in (switch := server_in(cluster("always_pull_images: true\n" + log, head)).switch)
    assert bool(switch) == bool(written)


def test_a_policy_file_of_ones_own_needs_no_switch() -> None:
    text = "audit_log: {enabled: false}\nextra_args: {audit-policy-file: ''}\n"
    assert not server_in(cluster(text)).switch


@pytest.mark.parametrize("key", ["max_age: 30", "policy: {apiVersion: audit.k8s.io/v1, kind: Policy}"])
def test_settings_beside_their_section_are_dropped(key: str) -> None:
    found = misshapes(cluster(f"audit_log:\n  enabled: true\n  {key}\n"))
    assert found == [("unknown-setting", key.partition(":")[0])]
