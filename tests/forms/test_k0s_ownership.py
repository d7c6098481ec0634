"""k0s runs kube-apiserver as a user of its own: what that user may not read, and where it may not write."""

from __future__ import annotations

import pytest
from form_samples import found_in

K0SCTL = """apiVersion: k0sctl.k0sproject.io/v1beta1
kind: Cluster
spec:
  hosts:
  - role: controller
    HOOKS
    files:
    - {src: p.yaml, dst: /etc/k0s/p.yaml, FILE}
  k0s:
    version: 1.30.0+k0s.0
    config:
      kind: ClusterConfig
      apiVersion: k0s.k0sproject.io/v1beta1
      spec:
        installConfig: {users: {kubeAPIserverUser: USER}}
        api: {extraArgs: {audit-policy-file: /etc/k0s/p.yaml, audit-log-path: LOG}}
"""


def told(file: str = "perm: '0644'", log: str = "'-'", hooks: str = "", user: str = "kube-apiserver") -> list[str]:
    text = K0SCTL.replace("FILE", file).replace("LOG", log).replace("HOOKS", hooks).replace("USER", user)
    return [one.kind for one in found_in(text).misshapes]


@pytest.mark.parametrize(
    ("file", "user", "wrong"),
    [
        ("perm: '0600'", "kube-apiserver", True),
        ("perm: 0640", "kube-apiserver", True),
        ("perm: '0400', user: root", "kube-apiserver", True),
        ("perm: '0600'", "audit", True),
        ("perm: '0600'", "root", False),
        ("perm: '0600', user: kube-apiserver", "kube-apiserver", False),
        ("perm: '0640', group: kube-apiserver", "kube-apiserver", False),
        ("perm: '0644', user: root", "kube-apiserver", False),
    ],
)
def test_a_policy_that_it_may_not_read(file: str, user: str, wrong: bool) -> None:
    assert told(file, user=user) == ["not-readable"] * wrong


@pytest.mark.parametrize(
    ("log", "hooks", "wrong"),
    [
        ("/var/log/k0s/audit.log", "", True),
        ("/var/log/audit.log", "", True),
        ("/var/lib/k0s/audit/audit.log", "hooks: {apply: {before: [date]}}", True),
        ("/var/log/k0s/audit/a.log", "hooks: {apply: {before: [chown kube-apiserver /var/log/k0s]}}", False),
        ("/tmp/audit.log", "", False),
        ("'-'", "", False),
    ],
)
def test_a_log_that_it_may_not_write(log: str, hooks: str, wrong: bool) -> None:
    assert told(log=log, hooks=hooks) == ["not-writable"] * wrong
    assert told(log=log, hooks=hooks, user="root") == []


@pytest.mark.parametrize(
    ("log", "folder"),
    [
        ("/var/lib/k0s/audit/audit.log", "/var/lib/k0s/audit"),
        ("/opt/k0s/audit.log", "/opt/k0s"),
        ("/var/log/audit.log", "/var/log/kube-audit"),
    ],
)
def test_the_help_names_the_folder_of_the_log(log: str, folder: str) -> None:
    text = K0SCTL.replace("FILE", "perm: '0644'").replace("LOG", log).replace("HOOKS", "").replace("USER", "audit")
    (one,) = found_in(text).misshapes
    assert f"`install -d -o audit -m 0700 {folder}`" in one.help


@pytest.mark.parametrize(
    ("log", "user", "wrong"),
    [
        ("/var/log/audit.log", "kube-apiserver", True),
        ("/var/lib/k0s/audit.log", "kube-apiserver", True),
        ("/var/log/../log/audit.log", "audit", True),
        ("/var/log/k0s/audit.log", "kube-apiserver", False),
        ("/data/audit.log", "kube-apiserver", False),
        ("/var/log/audit.log", "root", False),
        ("'-'", "kube-apiserver", False),
    ],
)
def test_a_configuration_that_stands_alone(log: str, user: str, wrong: bool) -> None:
    """Nothing shows what the hosts come with; in a folder of the system itself it is root alone that may write."""
    head = "apiVersion: k0s.k0sproject.io/v1beta1\nkind: ClusterConfig\nspec:\n"
    users = f"  installConfig: {{users: {{kubeAPIserverUser: {user}}}}}\n"
    text = f"{head}{users}  api: {{extraArgs: {{audit-log-path: {log}}}}}\n"
    assert [one.kind for one in found_in(text).misshapes] == ["not-writable"] * wrong
