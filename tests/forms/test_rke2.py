"""The configuration file of RKE2 and K3s: arguments, RKE2's own defaults, drop-ins, and what is skipped."""

from __future__ import annotations

import pytest
from form_samples import POLICY, flags, found_in, linked, misshapes, notes, server_in

HEAD = "token: secret\ntls-san: [a.example.com]\n"
ARGUMENTS = """kube-apiserver-arg:
- audit-policy-file=/etc/rancher/k3s/policy.yaml
- "audit-log-path=/var/log/audit.log"
- 'audit-log-maxage=30'
- --audit_log_maxbackup=10
- audit-log-maxsize=100
"""


def test_arguments_become_flags() -> None:
    server = server_in(HEAD + ARGUMENTS)
    assert flags(server) == {
        "audit-policy-file": "/etc/rancher/k3s/policy.yaml",
        "audit-log-path": "/var/log/audit.log",
        "audit-log-maxage": "30",
        "audit-log-maxbackup": "10",
        "audit-log-maxsize": "100",
    }
    flag = server.flag("audit-log-path")
    assert flag is not None
    assert (flag.place.text, flag.written) == ("audit-log-path=/var/log/audit.log", "audit-log-path")
    assert server.place.text == "kube-apiserver-arg"
    assert server.mounts is None
    assert not server.partial
    assert not server.defaults
    assert not misshapes(HEAD + ARGUMENTS)


def test_a_single_argument() -> None:
    assert flags(server_in("kube-apiserver-arg: audit-log-maxage=30\n")) == {"audit-log-maxage": "30"}


def test_an_argument_without_a_value_is_true() -> None:
    server = server_in("kube-apiserver-arg: [audit-log-maxage, audit-log-path=/a]\n")
    assert server.value("audit-log-maxage") == "true"


RKE2S_OWN = {
    "audit-log-maxage": "30",
    "audit-log-maxbackup": "10",
    "audit-log-maxsize": "100",
    "audit-log-path": "/var/lib/rancher/rke2/server/logs/audit.log",
}


def test_what_rke2_sets_with_a_policy() -> None:
    server = server_in(HEAD + "audit-policy-file: /etc/rancher/rke2/policy.yaml\n")
    assert flags(server) == {"audit-policy-file": "/etc/rancher/rke2/policy.yaml"}
    assert server.defaults == {**RKE2S_OWN, "audit-policy-file": "/etc/rancher/rke2/policy.yaml"}
    assert server.place.text == "audit-policy-file"
    assert not found_in(HEAD + "audit-policy-file: /etc/rancher/rke2/policy.yaml\n").notes


@pytest.mark.parametrize("profile", ["cis", "cis-1.5", "cis-1.6", "cis-1.23"])
def test_what_rke2_sets_with_a_profile(profile: str) -> None:
    text = HEAD + f"profile: {profile}\ndata-dir: /data/\nkube-apiserver-arg: [audit-log-maxage=40]\n"
    server = server_in(text)
    assert server.defaults == {
        **RKE2S_OWN,
        "audit-log-path": "/data/server/logs/audit.log",
        "audit-policy-file": "/etc/rancher/rke2/audit-policy.yaml",
    }
    assert server.value("audit-log-maxage") == "40"
    assert "records nothing" in notes(text)[0]


def test_other_profiles_set_nothing() -> None:
    assert not server_in(HEAD + "profile: etcd\n" + ARGUMENTS).defaults


def test_rke2_sets_nothing_for_a_policy_among_the_arguments() -> None:
    text = HEAD + "cni: cilium\nkube-apiserver-arg: [audit-policy-file=/etc/rancher/rke2/policy.yaml]\n"
    server = server_in(text)
    assert not server.defaults
    assert not server.partial


def test_the_policy_that_is_read() -> None:
    for text in (HEAD + ARGUMENTS, HEAD + "audit-policy-file: /etc/rancher/rke2/policy.yaml\n"):
        assert linked(("a/config.yaml", text), ("a/policy.yaml", POLICY)) is not None
    text = HEAD + "profile: cis\n# audit-policy\naudit-policy-file:\n"
    assert linked(("a/config.yaml", text), ("a/audit-policy.yaml", POLICY)) is not None


@pytest.mark.parametrize(
    "path", ["etc/rancher/rke2/config.yaml.d/audit.yaml", "files/50-audit.yaml", "10_audit.yaml", "k3s/conf.d/x.yaml"]
)
def test_drop_ins_show_a_part(path: str) -> None:
    assert server_in("kube-apiserver-arg: [audit-log-maxage=30]\n", path).partial


def test_added_arguments_show_a_part() -> None:
    text = "kube-apiserver-arg:\n- audit-log-maxage=30\nkube-apiserver-arg+:\n- audit-log-maxsize=100\n"
    server = server_in(text)
    assert server.partial
    assert flags(server) == {"audit-log-maxage": "30", "audit-log-maxsize": "100"}
    assert not misshapes(text)


def test_arguments_alone_are_a_part_for_rke2_and_all_for_k3s() -> None:
    text = "kube-apiserver-arg: [audit-log-maxage=30]\n"
    assert server_in(text, "rke2/config.yaml").partial
    assert not server_in(text, "k3s/config.yaml").partial
    assert not server_in(text).partial


def test_k3s_does_not_know_the_settings_of_rke2() -> None:
    text = HEAD + "cluster-init: true\naudit-policy-file: /p.yaml\nkube-apiserver-extra-mount: [/a:/a]\n"
    server = server_in(text)
    assert server.form == "k3s"
    assert flags(server) == {"audit-policy-file": "/p.yaml"}  # as it was meant: one mistake, one finding
    assert not server.defaults
    assert misshapes(text) == [
        ("unknown-setting", "audit-policy-file"),
        ("unknown-setting", "kube-apiserver-extra-mount"),
    ]


def test_names_that_are_no_settings() -> None:
    wrong = {
        "kube-apiserver-args": "kube-apiserver-arg",
        "kube-api-server-arg": "kube-apiserver-arg",
        "kube-apiserver-extra-mounts": "kube-apiserver-extra-mount",
    }
    for name, right in wrong.items():
        value = "/a:/var/log/audit" if "mount" in name else "audit-log-maxage=30"
        text = HEAD + f"audit-policy-file: /p\n{name}: [{value}]\n"
        (shape,) = found_in(text).misshapes
        assert (shape.place.text, shape.help) == (name, f"Write `{right}`.")
    text = HEAD + "audit-log-path: /var/log/a.log\n"
    (shape,) = found_in(text).misshapes
    assert shape.help == "Write `- audit-log-path=/var/log/a.log` below `kube-apiserver-arg:`."


def test_misspelt_arguments_are_read_as_meant() -> None:
    assert flags(server_in("kube-apiserver-args: [audit-log-maxage=30]\n")) == {"audit-log-maxage": "30"}


@pytest.mark.parametrize(
    ("arguments", "underlined"),
    [
        ("kube-apiserver-arg: {audit-log-maxage: 30}\n", "audit-log-maxage"),
        ("kube-apiserver-arg:\n- audit-log-maxage: 30\n", "audit-log-maxage"),
        ("kube-apiserver-arg: audit-log-maxage=30 audit-log-maxsize=100\n", None),
        ("kube-apiserver-arg: 'audit-log-maxage=30,audit-log-maxsize=100'\n", None),
        ("kube-apiserver-arg: |\n  audit-log-maxage=30\n  audit-log-maxsize=100\n", "|"),
        ("kube-apiserver-arg:\n- audit-log-maxage 30\n", "audit-log-maxage 30"),
    ],
)
def test_wrong_shapes(arguments: str, underlined: str | None) -> None:
    ((rule, place),) = misshapes(arguments)
    assert rule == "wrong-shape"
    assert underlined is None or place == underlined


def test_wrong_shapes_are_read_as_meant() -> None:
    for text in ("kube-apiserver-arg: [{audit-log-maxage: 30}]\n", "kube-apiserver-arg: [audit-log-maxage 30]\n"):
        assert flags(server_in(text)) == {"audit-log-maxage": "30"}


def test_extra_mounts() -> None:
    text = HEAD + "audit-policy-file: /p\nkube-apiserver-extra-mount: ['/a:/a:ro', '/a:/b', /c, '/a:/b:readonly']\n"
    assert misshapes(text) == [("wrong-shape", "/c"), ("wrong-shape", "'/a:/b:readonly'")]


def test_templates() -> None:
    text = HEAD + "kube-apiserver-arg:\n- audit-log-maxage={{ age }}\n- audit-log-path=/var/log/a.log\n- {{ more }}\n"
    server = server_in(text, "config.yaml.j2")
    assert server.value("audit-log-path") == "/var/log/a.log"
    assert not misshapes(text, "config.yaml.j2")


@pytest.mark.parametrize(
    "text",
    [
        HEAD + "kube-apiserver-arg: [tls-min-version=VersionTLS12]\n# audit-log\n",
        HEAD + "disable: [traefik]\n# audit-log-path\n",
        "audit-policy-file: /a\naudit-log-path: /b\n",
        "apiVersion: x/v1\nkind: CustomResourceDefinition\nkube-apiserver-arg: [audit-log-maxage=30]\n",
        "- kube-apiserver-arg\n- audit-log-maxage=30\n",
    ],
)
def test_others_are_passed_over(text: str) -> None:
    assert not found_in(text)


@pytest.mark.parametrize("sign", ["+", "-", ""])
def test_a_sign_behind_the_name_is_k3ss_own(sign: str) -> None:
    """GetArgs of K3s: `name+=value` adds to the value that K3s itself would set; kube-apiserver never sees the sign."""
    server = server_in(f"kube-apiserver-arg: ['audit-log-maxage{sign}=30', 'audit-log-path=/a']\n")
    assert flags(server) == {"audit-log-maxage": "30", "audit-log-path": "/a"}


def test_a_plus_behind_the_key_adds_to_the_list() -> None:
    """Without it, what comes later stands for all that came before."""
    first, later = "kube-apiserver-arg: [audit-log-maxage=30]\n", "kube-apiserver-arg%s: [audit-log-path=/a]\n"
    assert flags(server_in(first + later % "+")) == {"audit-log-maxage": "30", "audit-log-path": "/a"}
