"""Arguments in INI, properties and inventories of Ansible, with OpenShift 3's variables in them."""

from __future__ import annotations

import pytest
from form_samples import flags, found_in, misshapes, server_in

from kube_audit_lint.syntax.ini import read_ini
from kube_audit_lint.syntax.source import Source

AUDIT = '{"enabled": true, "auditFilePath": "/a", "maximumFileRetentionDays": 14, "policyFile": "/p.yaml"}'


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.properties", "kube-apiserver.audit-log-maxage=2\n"),
        ("a.properties", "# Spring\nkube.apiserver.args[0]=--audit-log-maxage=2\n! no more\n"),
        ("a.properties", "kube.apiserver.extraArgs: --v=1 \\\n  --audit-log-maxage=2\n"),
        ("a.properties", "kube-apiserver-arg.audit-log-maxage = 2\n"),
        ("a.properties", "extra_args=--audit-log-maxage=2\r\n"),
        ("a.ini", "[k3s]\nextra_server_args = --kube-apiserver-arg=audit-log-maxage=2\n"),
        ("a.cfg", "; x\n[kube-apiserver]\nserver-name = a\naudit-log-maxage = 2\n"),
        ("k3s.service.env", 'INSTALL_K3S_EXEC="server --kube-apiserver-arg=audit-log-maxage=2"\n'),
        (".env", "KUBE_APISERVER_OPTS='--audit-log-maxage=2'\n"),
        ("hosts", "a ansible_connection=local\n[k3s:vars]\nextra_args='--kube-apiserver-arg=audit-log-maxage=2'\n"),
        ("hosts", '[a]\nm1 kube_apiserver_args="--audit-log-maxage=2"  # first\nm2\n[b:children]\na\n'),
        ("inventory/all", '[all:vars]\nkube_apiserver_extra_args={"audit-log-maxage": "2"}\n'),
        ("hosts.ini", "[all:vars]\nkubernetes_audit=True\naudit_log_maxage=2\n"),  # kubespray
    ],
)
def test_arguments_under_a_key_that_says_so(path: str, text: str) -> None:
    assert flags(server_in(text, path))["audit-log-maxage"] == "2"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.properties", "vault.args=--audit-log-maxage=2\n"),  # of another program
        ("a.conf", "[audit-log]\naudit-log-maxage = 2\n"),
        ("a.txt", "[kube-apiserver]\naudit-log-maxage=2\n"),
        ("a.ini", "what follows is no setting\nextra_args=--audit-log-maxage=2\n"),
        ("a.ini", "# kube-apiserver-arg=audit-log-maxage=2\n"),
    ],
)
def test_what_says_nothing_of_an_api_server(path: str, text: str) -> None:
    assert not found_in(text, path).servers


def test_a_word_that_a_line_ends_is_put_together() -> None:
    text = "kube-apiserver-arg=audit-log-max\\\n    age=2\n"
    root = read_ini(Source("a.properties", text), properties=True)
    assert root is not None
    assert root.string("kube-apiserver-arg") == "audit-log-maxage=2"
    (flag,) = server_in(text, "a.properties").flags
    assert (flag.name, flag.value, flag.value_place.text) == ("audit-log-maxage", "2", "2")


def test_no_character_of_a_text_stops_the_reader() -> None:
    for text in (
        "[",
        "[a",
        "=",
        "\\",
        "a=\\",
        "[[0]]\nb[0]=1\nb[0]=2",
        "a={",
        "a='",
        "a..b=1\n.=2\n",
        "\0",
        "a[0]=1\na=2\na[1]=3",
    ):
        for properties in (True, False):
            read_ini(Source("a", text), properties)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (
            "inventory/hosts",
            f"[OSEv3:vars]\nopenshift_master_audit_config={AUDIT}\n[masters]\nm1 openshift_hostname=m1\n",
        ),
        ("vars.yml", f"openshift_master_audit_config: {AUDIT}\n"),
        ("vars.yml", f"all: {{vars: {{openshift_master_audit_config: '{AUDIT}'}}}}\n"),
    ],
)
def test_openshift_3(path: str, text: str) -> None:
    """As in the manual of OpenShift Container Platform 3.11, 7.6.18."""
    server = server_in(text, path)
    assert flags(server) == {"audit-log-path": "/a", "audit-log-maxage": "14", "audit-policy-file": "/p.yaml"}
    assert server.versions is not None
    assert server.versions.last == 11
    assert misshapes(text, path) == []
    assert misshapes(text.replace("true", "false"), path) == [("no-audit-policy", "false")]
    off = text.replace('"enabled": true, ', "")
    assert misshapes(off, path) == [("no-audit-policy", "openshift_master_audit_config")]
    assert misshapes(text.replace("RetentionDays", "RetentionDay"), path) == [
        ("unknown-setting", '"maximumFileRetentionDay"')
    ]


def test_openshift_3_arguments() -> None:
    text = 'openshift_master_audit_config: {}\nosm_api_server_args: {audit-log-maxage: ["7"]}\n'
    assert flags(server_in(text, "vars.yml")) == {"audit-log-maxage": "7"}
    assert flags(server_in('osm_api_server_args: {audit-log-maxage: ["7"]}\n', "vars.yml")) == {"audit-log-maxage": "7"}
