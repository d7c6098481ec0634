"""Policies and more in ConfigMaps and Secrets."""

from __future__ import annotations

from base64 import b64encode
from textwrap import indent

import pytest
from form_samples import POLICY, found_in, linked, misshapes, policy_in, server_in

BLOCK = indent(POLICY, "    ")


@pytest.mark.parametrize(
    "text",
    [
        "kind: ConfigMap\nmetadata: {name: a}\ndata:\n  whatever: |\n" + BLOCK,
        "kind: Secret\nmetadata: {name: a}\nstringData:\n  whatever: |\n" + BLOCK,
        "apiVersion: v1\nkind: List\nitems:\n- kind: ConfigMap\n  metadata: {name: a}\n  data:\n    whatever: |\n"
        + indent(POLICY, "      "),
        "kind: ConfigMap\nmetadata: {name: a}\ndata:\n  whatever: "
        + '"apiVersion: audit.k8s.io/v1\\nkind: Policy\\nrules:\\n- level: Metadata\\n"\n',
        '{"kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"whatever": '
        '"apiVersion: audit.k8s.io/v1\\nkind: Policy\\nrules:\\n- level: Metadata\\n"}}',
    ],
)
def test_a_policy_under_any_key(text: str) -> None:
    policy = policy_in(text)
    assert policy.at("rules", 0, "level").text == "Metadata"
    assert policy.place.text == "kind: Policy"
    assert policy.names[0] == "whatever"
    assert policy.names[1] in ("ConfigMap:a", "Secret:a")


@pytest.mark.parametrize("section", ["kind: Secret\ndata", "kind: ConfigMap\nbinaryData"])
def test_a_policy_in_base64(section: str) -> None:
    packed = b64encode(POLICY.encode()).decode()
    policy = policy_in(f"{section}:\n  p.yaml: {packed}\n")
    place = policy.at("rules", 0, "level")
    assert place.text in packed
    assert b"Metadata" in POLICY.encode()[packed.index(place.text) // 4 * 3 :]
    assert place.source.position(place.start)[0] == 3


def test_linked_where_it_is_mounted() -> None:
    pod = """
apiVersion: v1
kind: Pod
spec:
  containers:
  - command: [kube-apiserver, --audit-policy-file=/etc/audit/policy.yaml]
    volumeMounts: [{name: audit, mountPath: /etc/audit}]
  volumes: [{name: audit, configMap: {name: a}}]
"""
    config = "kind: ConfigMap\nmetadata: {name: a}\ndata:\n  policy.yaml: |\n" + BLOCK
    found = linked(("pod.yaml", pod), ("config.yaml", config))
    assert found is not None
    assert found.source.path == "config.yaml"


def test_not_linked_as_a_file_of_the_host() -> None:
    pod = "spec:\n  containers:\n  - command: [kube-apiserver, --audit-policy-file=/etc/audit/policy.yaml]\n"
    config = "kind: ConfigMap\nmetadata: {name: a}\ndata:\n  policy.yaml: |\n" + BLOCK
    assert linked(("pod.yaml", pod), ("config.yaml", config)) is None


def test_a_kubeadm_configuration_in_it() -> None:
    text = (
        "kind: ConfigMap\nmetadata: {name: kubeadm-config}\ndata:\n  ClusterConfiguration: |\n"
        "    apiVersion: kubeadm.k8s.io/v1beta3\n    kind: ClusterConfiguration\n    kubernetesVersion: v1.30.1\n"
        '    apiServer:\n      extraArgs:\n        audit-log-maxage: "30"\n'
    )
    server = server_in(text)
    assert server.flags[0].value_place.text == "30"
    assert str(server.versions) == "1.30"


def test_plain_text_where_base64_belongs() -> None:
    text = "kind: Secret\ndata:\n  p.yaml: |\n" + BLOCK
    assert misshapes(text) == [("wrong-shape", "|")]
    assert policy_in(text).at("rules", 0, "level").text == "Metadata"


def test_a_mapping_where_a_string_belongs() -> None:
    text = "kind: ConfigMap\ndata:\n  p.yaml:\n" + BLOCK
    assert misshapes(text) == [("wrong-shape", "apiVersion")]


@pytest.mark.parametrize(
    "text",
    [
        "kind: ConfigMap\ndata:\n  audit: 'true'\n  audit-log.yaml: 'level: info'\n",
        "kind: ConfigMap\ndata:\n  audit-policy.rego: |\n    package audit\n",
        "kind: Secret\ndata:\n  audit-webhook.kubeconfig: AAAA\n  audit-policy-token: '%%%'\n",
        "kind: Secret\ntype: Opaque\n",
        "kind: ConfigMap\ndata: []\n",
        "kind: Settings\ndata:\n  audit-policy.yaml: |\n" + BLOCK.partition("\n")[2],
        "kind: ConfigMap\ndata:\n  p.yaml:\n    audit: {level: Metadata}\n",
        'kind: ConfigMap\ndata:\n  events.json: \'{"kind":"Event","apiVersion":"audit.k8s.io/v1"}\'\n',
    ],
)
def test_others_are_passed_over(text: str) -> None:
    found = found_in(text)
    assert not found.policies
    assert not found.servers
    assert not found.misshapes


def test_a_second_document_in_the_value_is_never_read() -> None:
    policy = policy_in("kind: ConfigMap\ndata:\n  p.yaml: |\n" + BLOCK + "    ---\n    a: 1\n")
    assert policy.whole_file
    assert len(policy.later) == 1


def test_a_key_named_so_is_meant_as_a_policy() -> None:
    assert policy_in("kind: ConfigMap\ndata:\n  audit-policy.yaml: ''\n").place.text == "''"
    rules = policy_in("kind: ConfigMap\ndata:\n  audit-policy.yaml: |\n    - level: Metadata\n")
    assert rules.at(0, "level").text == "Metadata"
    assert not found_in("kind: ConfigMap\ndata:\n  other.yaml: |\n    - level: Metadata\n    # audit-log\n")


@pytest.mark.parametrize("name", ["metrics-server-audit-profiles", "prometheus-adapter-audit-profiles"])
def test_policies_of_servers_of_measurements(name: str) -> None:
    assert not found_in(f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata:\n  a.yaml: |\n" + BLOCK)


def test_what_is_lost_to_a_key_of_the_same_name() -> None:
    """kubectl takes the last one, so that the policy does not get into the object."""
    head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
    held = "data:\n  p.yaml: |\n" + BLOCK
    assert misshapes(head + held + "data:\n  other: x\n") == [("wrong-shape", "data")]
    assert misshapes(head + held + "  p.yaml: x\n") == [("wrong-shape", "p.yaml")]
    assert misshapes(head + "data:\n  other: x\n" + held) == []
