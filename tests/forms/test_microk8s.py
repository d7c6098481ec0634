"""MicroK8s' launch configuration: arguments, and the files that it brings."""

from __future__ import annotations

from textwrap import indent

import pytest
from form_samples import POLICY, found_in

ARGUMENTS = """version: 0.1.0
addons: [{name: dns}]
extraKubeAPIServerArgs:
  --audit-policy-file: $SNAP_DATA/args/audit.yaml
  --audit-log-maxage: "30"
"""
FILES = "extraConfigFiles:\n  %s: |\n" + indent(POLICY, "    ")
FOLDER = "/var/snap/microk8s/current/args/"


def test_the_policy_among_its_files() -> None:
    found = found_in(ARGUMENTS + FILES % "audit.yaml")
    (server,) = found.servers
    assert server.value("audit-policy-file") == f"{FOLDER}audit.yaml"
    assert server.value("audit-log-maxage") == "30"
    assert server.partial
    assert [one.names for one in found.policies] == [(f"{FOLDER}audit.yaml",)]
    assert [(one.path, one.content) for one in server.files] == [(f"{FOLDER}audit.yaml", found.policies[0])]


def test_what_the_server_loads_is_a_policy_whatever_it_says() -> None:
    text = ARGUMENTS + "extraConfigFiles:\n  audit.yaml: |\n    rules: [{level: Bad}]\n"
    assert found_in(text).policies[0].at("rules", 0, "level").text == "Bad"


def test_files_alone() -> None:
    found = found_in(FILES % "audit.yaml")
    assert (len(found.policies), found.servers) == (1, ())


@pytest.mark.parametrize("name", ["audit.yaml", "policy.yaml"])
def test_files_are_known_by_their_paths(name: str) -> None:
    (server,) = found_in(ARGUMENTS + FILES % name).servers
    assert server.files_known
    assert [one.path for one in server.files] == [FOLDER + name]


def test_others() -> None:
    assert not found_in("a: 1\nextraConfigFiles: {a: b}\n")
    (server,) = found_in("kind: A\n" + ARGUMENTS).servers
    assert server.files == ()
