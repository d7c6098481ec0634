"""Policies in documents of no form of their own: strings, base64, parts."""

from __future__ import annotations

from base64 import b64encode
from textwrap import indent

import pytest
from form_samples import POLICY, found_in, linked, notes, policy_in

IN_LINE = indent(POLICY, "      ")


@pytest.mark.parametrize(
    "text",
    [
        "options:\n  audit-policy:\n    default: |\n" + IN_LINE,
        "- name: policy\n  copy:\n    dest: /etc/kubernetes/policy.yaml\n    content: |\n" + IN_LINE,
        "values:\n  - a\n  -\n    policy: |\n" + IN_LINE,
        'apiVersion: x/v1\nkind: Y\nspec: {text: "' + POLICY.replace("\n", "\\n") + '"}\n',
    ],
)
def test_policies_in_strings(text: str) -> None:
    place = policy_in(text).at("rules", 0, "level")
    assert text[place.start : place.end] == "Metadata"


def test_policies_in_base64() -> None:
    text = '{"file": {"path": "/etc/policy.yaml", "content": "' + b64encode(POLICY.encode()).decode() + '"}}'
    policy = policy_in(text, "a.json")
    assert policy.names == ("/etc/policy.yaml",)
    assert policy.at("rules", 0, "level").text


def test_policies_as_a_part() -> None:
    text = "auditPolicy:\n" + indent(POLICY, "  ")
    policy = policy_in(text)
    assert policy.embedded
    assert policy.place.text == "kind: Policy"
    assert policy.at("rules", 0, "level").text == "Metadata"


def test_an_alias_is_the_same_policy() -> None:
    assert len(found_in("a: &p\n" + indent(POLICY, "  ") + "b: *p\nc: [*p]\n").policies) == 1


def test_a_file_that_a_task_brings_is_what_a_server_loads() -> None:
    task = "- copy:\n    dest: /etc/kubernetes/policy.yaml\n    content: |\n" + IN_LINE
    unit = "kube-apiserver-arg: [audit-policy-file=/etc/kubernetes/policy.yaml]\n"
    assert linked(("roles/tasks.yml", task), ("k3s.yaml", unit)) is not None
    named = "policy.yaml: |\n" + indent(POLICY, "  ")
    assert linked(("values.yaml", named), ("k3s.yaml", unit)) is None


ARGUMENTS = "kube-apiserver-arg: [audit-log-maxage=30]\n"


def test_files_of_an_api_server() -> None:
    task = "- copy:\n    dest: {}\n    {}: |\n      token: '{{{{ token }}}}'\n" + indent(ARGUMENTS, "      ")
    (server,) = found_in(task.format("/etc/rancher/rke2/config.yaml", "content")).servers
    assert server.value("audit-log-maxage") == "30"
    assert not server.partial
    (part,) = found_in(task.format("/etc/rancher/rke2/config.yaml.d/a.yaml", "content")).servers
    assert part.partial
    (line,) = found_in(task.format("/etc/rancher/rke2/config.yaml", "line")).servers
    assert line.partial  # one line of a file
    (other,) = found_in(task.format("/etc/other/config.yaml", "content")).servers
    assert other.partial  # what else the file is merged with is not known
    butane = "storage:\n  files:\n  - path: /etc/rancher/k3s/config.yaml\n    contents:\n      inline: |\n"
    assert found_in(butane + indent(ARGUMENTS, "        ")).servers


def test_manifests_in_strings() -> None:
    inner = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  policy: |\n" + indent(POLICY, "    ")
    assert policy_in("resources:\n- |\n" + indent(inner, "  ")).names[0] == "policy"


@pytest.mark.parametrize(
    "text",
    [
        "a: audit.k8s.io/v1\nb: |\n  see audit.k8s.io/v1 for more\n",
        "items:\n- {apiVersion: audit.k8s.io/v1, kind: Event, level: Metadata}\n",
        "spec: {apiVersion: audit.k8s.io/v1, kind: EventList}\n",
        'metadata:\n  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: "'
        + POLICY.replace("\n", "\\n")
        + '"\n',
        "text: YXVkaXQuazhzLmlv\n",
    ],
)
def test_others_are_passed_over(text: str) -> None:
    assert not found_in(text)


def test_settings_that_cannot_be_read_are_told() -> None:
    text = " kubeAPIServer:\n    auditPolicyFile: /etc/policy.yaml\n  encryptionConfig: true\n"
    (note,) = notes(text)
    assert note.startswith("audit settings in a file that cannot be read: yaml: ")
    assert not notes(text, "notes.txt")
    assert not notes(text.replace("auditPolicyFile", "other"))
