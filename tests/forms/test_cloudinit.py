"""cloud-init user data: policies, manifests and kubeadm configurations among the written files."""

from __future__ import annotations

import gzip
from base64 import b64encode
from textwrap import indent

import pytest
from form_samples import POLICY, flags, found_in, linked, misshapes, policy_in, server_in

POD = """apiVersion: v1
kind: Pod
metadata: {name: kube-apiserver}
spec:
  containers:
  - command: [kube-apiserver, --audit-policy-file=/audit/policy.yaml, --audit-log-maxage=30]
    image: registry.k8s.io/kube-apiserver:v1.30.1
    volumeMounts: [{name: a, mountPath: /audit}]
  volumes: [{name: a, hostPath: {path: /etc/kubernetes/audit}}]
"""
KUBEADM = """apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
apiServer:
  extraArgs:
  - {name: audit-policy-file, value: /etc/kubernetes/audit/policy.yaml}
  extraVolumes:
  - {name: a, hostPath: /etc/kubernetes/audit, mountPath: /etc/kubernetes/audit}
"""


def file(path: str, text: str, encoding: str = "") -> str:
    data = text.encode()
    if encoding:
        packed = b64encode(gzip.compress(data) if encoding.startswith("g") else data).decode()
        return f"- path: {path}\n  encoding: {encoding}\n  content: {packed}\n"
    return f"- path: {path}\n  owner: root:root\n  content: |\n" + indent(text, "    ")


def user_data(*files: str) -> str:
    return "#cloud-config\nwrite_files:\n" + "".join(files) + "runcmd: [[kubeadm, init]]\n"


PATH = "/etc/kubernetes/audit/policy.yaml"


@pytest.mark.parametrize("encoding", ["", "b64", "base64", "B64", "gz+b64", "gzip+base64", "gz+base64", "gzip+b64"])
def test_a_policy(encoding: str) -> None:
    policy = policy_in(user_data(file(PATH, POLICY, encoding)))
    assert policy.names == (PATH,)
    assert policy.source.position(policy.place.start)[0] >= 3


def test_plain_text_is_an_encoding_too() -> None:
    text = user_data(file(PATH, POLICY).replace("owner: root:root", "encoding: text/plain"))
    assert policy_in(text).at("rules", 0, "level").text == "Metadata"


@pytest.mark.parametrize("server", [POD, KUBEADM])
@pytest.mark.parametrize("encoding", ["", "b64"])
def test_a_server_and_its_policy(server: str, encoding: str) -> None:
    text = user_data(file("/etc/kubernetes/x.yaml", server, encoding), file(PATH, POLICY))
    policy = linked(("user-data", text), ("policy.yaml", POLICY))
    assert policy is not None
    assert policy.source.path == "user-data"


def test_flags_stand_in_the_outer_file() -> None:
    text = user_data(file("/etc/kubernetes/manifests/kube-apiserver.yaml", POD))
    assert flags(server_in(text))["audit-log-maxage"] == "30"
    assert str(server_in(text).versions) == "1.30"


def test_what_is_loaded_is_a_policy_whatever_it_says() -> None:
    text = user_data(file("/etc/kubernetes/manifests/a.yaml", POD), file(PATH, "rules: [{level: Bad}]\n"))
    assert policy_in(text).at("rules", 0, "level").text == "Bad"


def test_user_data_in_a_secret() -> None:
    inner = user_data(file(PATH, POLICY))
    policy = policy_in("kind: Secret\nmetadata: {name: a}\nstringData:\n  userData: |\n" + indent(inner, "    "))
    assert policy.at("rules", 0, "level").text == "Metadata"
    assert policy.names[0] == PATH


def test_a_policy_beside_the_server_that_stands_elsewhere() -> None:
    pod = POD.replace("/etc/kubernetes/audit}", "/etc/kubernetes/audit}").replace(
        "{name: a, hostPath", "{name: a, hostPath"
    )
    assert linked(("a/user-data.yaml", user_data(file(PATH, POLICY))), ("b/pod.yaml", pod)) is not None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (user_data(file(PATH, POLICY)).replace("write_files", "write_file"), ("unknown-setting", "write_file")),
        (user_data(file(PATH, POLICY).replace("content", "contents")), ("unknown-setting", "contents")),
        (user_data(file(PATH, POLICY) + "  encoding: b64\n"), ("wrong-shape", "b64")),
    ],
)
def test_what_is_never_written(text: str, expected: tuple[str, str]) -> None:
    assert misshapes(text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "#cloud-config\npackages: [auditd]\n",
        user_data(file("/etc/audit/rules.d/audit.rules", "-w /etc/kubernetes/audit-policy.yaml -p wa\n")),
        user_data(file("/etc/audit/auditd.conf", "max_log_file = 8\n")),
        user_data("- path: /etc/kubernetes/audit-log\n  content: ''\n"),
        "kind: Thing\nwrite_files:\n" + file(PATH, POLICY.partition("\n")[2]),
    ],
)
def test_others_are_passed_over(text: str) -> None:
    assert not found_in(text)


def test_a_unit_and_its_policy() -> None:
    unit = (
        "[Service]\nExecStart=/usr/bin/kube-apiserver --etcd-servers=a \\\n  --audit-log-maxage=30 \\\n"
        f"  --audit-policy-file={PATH}\n"
    )
    text = user_data(file("/etc/systemd/system/kube-apiserver.service", unit), file(PATH, POLICY))
    assert flags(server_in(text))["audit-log-maxage"] == "30"
    assert linked(("user-data", text)) is not None


def test_an_empty_policy_is_no_template() -> None:
    text = user_data(file("/etc/kubernetes/manifests/a.yaml", POD), f"- path: {PATH}\n  content: ''\n")
    assert policy_in(text).place.text == "''"
    inside = "kind: Secret\nstringData:\n  a: |\n" + indent(text, "    ")
    assert policy_in(inside).place.text == "''"


class TestAsPyYAMLReadsIt:
    """cloud-init is a Python program: what yaml.safe_load refuses it drops, of a key that stands twice it keeps one."""

    def test_write_files_twice(self) -> None:
        first = user_data(file(PATH, POLICY)).replace("runcmd: [[kubeadm, init]]\n", "")
        text = first + "write_files:\n" + file("/etc/kubernetes/manifests/kube-apiserver.yaml", POD)
        assert misshapes(text) == [("wrong-shape", "write_files")]
        (lost,) = found_in(text).misshapes
        assert lost.place.start == text.index("write_files")
        assert not found_in(text).policies
        assert linked(("user-data", text)) is None

    def test_a_key_of_a_file_twice(self) -> None:
        text = user_data(f"- path: /etc/motd\n  path: {PATH}\n  content: |\n" + indent(POLICY, "    "))
        assert misshapes(text) == [("wrong-shape", "path")]
        assert policy_in(text).names == (PATH,)

    @pytest.mark.parametrize(
        "more",
        [
            "packages: [a]\npackages: [b]\n",
            "write_files: []\n",
            "#cloud-config\n",
        ],
    )
    def test_what_loses_nothing_of_auditing(self, more: str) -> None:
        assert misshapes(more.replace("write_files: []", "packages: []") + user_data(file(PATH, POLICY))) == []

    def test_what_only_the_servers_library_takes(self) -> None:
        text = user_data(file(PATH, POLICY)) + "bootcmd: [\"echo \\'a\\'\"]\n"
        (refused,) = found_in(text).misshapes
        assert (refused.kind, refused.place.text) == ("wrong-shape", "'")
        assert "cloud-init cannot read this as YAML, and does nothing of what it says: " in refused.message
        assert "unknown escape character" in refused.message

    def test_what_only_pyyaml_takes(self) -> None:
        text = user_data(file(PATH, POLICY)) + "bootcmd: !!null x\n"
        policy = policy_in(text)
        place = policy.at("rules", 0, "level")
        assert text[place.start : place.end] == place.text == "Metadata"

    def test_a_template_decides(self) -> None:
        text = user_data(file(PATH, POLICY)) + "bootcmd: [\"{{ x }} \\'a\\'\"]\n"
        assert misshapes("## template: jinja\n" + text, "user-data.j2") == []


@pytest.mark.parametrize(
    ("path", "command", "wrong"),
    [
        ("/etc/kubernetes/audit/policy.yaml", "[kubeadm, init]", True),
        ("/etc/kubernetes/anything", "[kubeadm, init]", True),
        ("/etc/kubernetes/policy.b64", "[kubeadm, init]", False),
        ("/tmp/policy", "base64 -d /tmp/policy > /etc/kubernetes/audit-policy.yaml", False),
    ],
)
def test_base64_that_nothing_decodes(path: str, command: str, wrong: bool) -> None:
    text = user_data(f"- path: {path}\n  content: {b64encode(POLICY.encode()).decode()}\n")
    found = misshapes(text.replace("[kubeadm, init]", command), "user-data.yaml")
    assert [rule for rule, _ in found] == ["wrong-shape"] * wrong
    assert misshapes(text.replace("  content", "  encoding: b64\n  content"), "user-data.yaml") == []
