"""Heredocs and fenced blocks: what they become, where every character stands, what is unknown in them."""

from __future__ import annotations

from textwrap import indent

import pytest
from form_samples import POLICY, flags

from kube_audit_lint.model.document import PolicyDocument
from kube_audit_lint.model.found import Found
from kube_audit_lint.model.server import ApiServer
from kube_audit_lint.pipeline.documents import collect
from kube_audit_lint.pipeline.linking import Linker
from kube_audit_lint.pipeline.repository import Repository, absolute
from kube_audit_lint.syntax.unknown import is_unknown


def embedded(text: str, path: str = "install.sh", asked: bool = True) -> Found:
    one = collect(path, text.encode(), embedded=asked)
    return Found() if one is None else one.found


def the_policy(text: str, path: str = "install.sh") -> PolicyDocument:
    (policy,) = embedded(text, path).policies
    return policy


def the_server(text: str, path: str = "install.sh") -> ApiServer:
    (server,) = embedded(text, path).servers
    return server


@pytest.mark.parametrize(
    "command",
    [
        "cat > /etc/kubernetes/audit-policy.yaml <<EOF",
        "cat <<'EOF' > /etc/kubernetes/audit-policy.yaml",
        "cat <<\"EOF\" >> '/etc/kubernetes/audit-policy.yaml'",
        "sudo tee /etc/kubernetes/audit-policy.yaml >/dev/null <<EOF",
        "cat <<EOF | sudo tee -a /etc/kubernetes/audit-policy.yaml 2>&1",
        "cat \\\n  > /etc/kubernetes/audit-policy.yaml \\\n  << EOF",
    ],
)
def test_a_policy_in_a_script(command: str) -> None:
    text = f"#!/bin/sh\nset -e\n{command}\n{POLICY}EOF\necho done\n"
    policy = the_policy(text)
    assert policy.names == ("/etc/kubernetes/audit-policy.yaml",)
    place = policy.at("rules", 0, "level")
    assert (place.text, place.start) == ("Metadata", text.index("Metadata"))
    assert not policy.partial
    assert not embedded(text, asked=False)


def test_indentation_is_taken_away() -> None:
    text = "cat <<-EOF > audit-policy.yaml\n" + indent(POLICY, "\t\t") + "\tEOF\n"
    place = the_policy(text).at("rules", 0, "level")
    assert (place.text, place.start) == ("Metadata", text.index("Metadata"))


def test_escapes_are_undone_with_exact_places() -> None:
    text = "cat <<EOF > audit-policy.yaml\n" + POLICY + "- level: None\n  users: ['\\$a', \"b\"]\nEOF\n"
    policy = the_policy(text)
    assert policy.at("rules", 1, "users", 0).text == "'\\$a'"
    assert policy.at("rules", 1, "users", 1).text == '"b"'


def test_what_only_the_running_script_knows() -> None:
    text = (
        "cat <<EOF > audit-policy.yaml\n" + POLICY + "- level: ${LEVEL}\n  users: [$USER, `id -un`, $(whoami)]\nEOF\n"
    )
    policy = the_policy(text)
    assert policy.at("rules", 1, "level").text == "${LEVEL}"
    assert not policy.partial
    literal = the_policy(text.replace("<<EOF", "<<'EOF'").replace("`id -un`, ", ""))
    assert literal.at("rules", 1, "users", 0).text == "$USER"
    assert the_policy(text.replace("- level: ${LEVEL}\n", "$RULES\n- level: None\n")).partial


def test_a_unit_and_an_environment_in_a_script() -> None:
    text = (
        "cat <<EOF | sudo tee /etc/systemd/system/kube-apiserver.service\n[Service]\n"
        "ExecStart=/usr/local/bin/kube-apiserver \\\\\n  --advertise-address=${IP} \\\\\n  --audit-log-maxage=7 \\\\\n"
        "  --v=2\nEOF\n"
    )
    server = the_server(text)
    assert server.value("audit-log-maxage") == "7"
    assert is_unknown(server.value("advertise-address") or "")
    flag = server.flag("audit-log-maxage")
    assert flag is not None
    assert flag.value_place.start == text.index("7 \\")
    assert not server.partial
    environment = 'cat >/etc/apiserver <<EOF\nKUBE_API_ARGS="--audit-log-maxage=7 \\\\\n  --etcd-servers=$E"\nEOF\n'
    assert the_server(environment).value("audit-log-maxage") == "7"


def test_linked_inside_one_script() -> None:
    text = (
        f"cat <<'EOF' > /etc/kubernetes/audit-policy.yaml\n{POLICY}EOF\n"
        "cat <<EOF > kubeadm.yaml\napiVersion: kubeadm.k8s.io/v1beta3\nkind: ClusterConfiguration\napiServer:\n"
        "  extraArgs: {audit-policy-file: /etc/kubernetes/audit-policy.yaml}\n  extraVolumes:\n"
        "  - {name: a, hostPath: /etc/kubernetes, mountPath: /etc/kubernetes}\nEOF\n"
    )
    file = collect("install.sh", text.encode(), embedded=True)
    assert file is not None
    link = Linker(Repository({absolute("install.sh"): file})).link(file.found.servers[0])
    assert link.policy is file.found.policies[0]


def test_terraform() -> None:
    text = 'resource "x" "y" {\n  content = <<-EOT\n' + indent(POLICY, "    ") + "    - level: ${var.level}\n  EOT\n}\n"
    policy = the_policy(text, "main.tf")
    assert policy.at("rules", 0, "level").start == text.index("Metadata")
    assert not policy.partial
    branched = text.replace("    - level: ${", "    %{ if a }\n    - level: ${").replace(
        "  EOT", "    %{ endif }\n  EOT"
    )
    assert the_policy(branched, "main.tf").partial


def test_a_string_of_terraform() -> None:
    value = POLICY.replace("\n", "\\n") + '- level: ${var.level}\\n  users: [\\"a\\"]\\n'
    text = f'audit_log {{\n  policy = "{value}"\n  other = "x"\n}}\n'
    policy = the_policy(text, "main.tf")
    assert policy.at("rules", 0, "level").start == text.index("Metadata")
    assert policy.at("rules", 1, "level").text == "${var.level}"
    assert policy.at("rules", 1, "users", 0).text == '\\"a\\"'


@pytest.mark.parametrize("fence", ["```", "````", "~~~"])
def test_a_fenced_block(fence: str) -> None:
    text = f"# Audit\n\n1. Write\n   {fence}yaml\n" + indent(POLICY, "   ") + f"   {fence}\n\nand so on\n"
    place = the_policy(text, "README.md").at("rules", 0, "level")
    assert (place.text, place.start) == ("Metadata", text.index("Metadata"))
    assert not embedded(text, "README.md", asked=False)


def test_a_script_in_a_fenced_block_and_beside_one() -> None:
    script = f"cat <<EOF > audit-policy.yaml\n{POLICY}EOF\n"
    for text in (f"Do:\n```bash\n{script}```\n", f"{{{{< code >}}}}\n{script}{{{{< /code >}}}}\n"):
        place = the_policy(text, "README.md").at("rules", 0, "level")
        assert (place.text, place.start) == ("Metadata", text.index("Metadata"))


def test_commands_in_front_of_what_they_write() -> None:
    text = f"```shell\nminikube stop\n\ncat <<EOF > audit-policy.yaml\n# All of it.\n{POLICY}EOF\n```\n"
    policy = the_policy(text, "README.md")
    assert policy.document.problem is None
    assert policy.names == ("audit-policy.yaml",)
    quoted = f"sudo sh -c 'cat >/etc/audit-policy.yaml <<EOL\n{POLICY}EOL'\n"
    assert the_policy(quoted).names == ("/etc/audit-policy.yaml",)


def test_what_documentation_leaves_out() -> None:
    assert the_policy(f"```yaml\n{POLICY}...\n```\n", "README.md").partial
    found = embedded(f"```yaml\n{POLICY}  - <your rules here>\n```\n", "README.md")
    assert not found.policies
    assert [note.message for note in found.notes] == ["this block cannot be read as it stands"]


def test_documentation_about_something_else() -> None:
    text = "kube-apiserver\n```yaml\napiVersion: k0s.k0sproject.io/v1beta1\nkind: ClusterConfig\nspec: {api: {}}\n```\n"
    assert not embedded(text, "README.md").servers
    assert embedded(text.replace("api: {}", "api: {extraArgs: {audit-log-maxage: '7'}}"), "README.md").servers


def test_a_policy_that_a_script_writes_wrongly() -> None:
    found = embedded(f"cat <<'EOF' > audit-policy.yaml\n{POLICY}  - level: None\nEOF\n")
    assert found.policies[0].document.problem is not None


MINIKUBE = (
    "minikube start --driver=docker \\\n  --kubernetes-version=v1.30.0 \\\n"
    "  --extra-config=apiserver.audit-policy-file=/etc/ssl/certs/audit-policy.yaml \\\n"
    "  --extra-config apiserver.audit-log-maxage=7 \\\n  --extra-config=kubelet.max-pods=9\n"
)


@pytest.mark.parametrize("text", [MINIKUBE, f"```sh\n$ {MINIKUBE}```\n", f"Run\n\n{MINIKUBE}"])
def test_minikube(text: str) -> None:
    server = the_server(text, "README.md")
    assert flags(server) == {"audit-policy-file": "/etc/ssl/certs/audit-policy.yaml", "audit-log-maxage": "7"}
    assert str(server.versions) == "1.30"
    assert server.place.text == "minikube"
    assert not embedded(text, "README.md", asked=False)


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("--kubernetes-version=1.30.4", "1.30"),
        ("--kubernetes-version v1.29.1", "1.29"),
        ("--kubernetes-version=stable", "None"),
    ],
)
def test_the_version_that_minikube_is_given(version: str, expected: str) -> None:
    server = the_server(MINIKUBE.replace("--kubernetes-version=v1.30.0", version), "README.md")
    assert str(server.versions) == expected
    assert (server.version_place is None) == (expected == "None")


def test_advice_for_minikube_is_an_option() -> None:
    spelling = the_server(MINIKUBE, "README.md").spelling
    assert spelling is not None
    assert spelling("audit-log-maxage", "30") == "--extra-config=apiserver.audit-log-maxage=30"
    assert spelling("audit-log-maxage", "") == "--extra-config=apiserver.audit-log-maxage"


@pytest.mark.parametrize("settings", ["", "--extra-config=apiserver.v=4", "--extra-config=apiserver.audit-log-path"])
def test_minikube_without_an_audit_setting(settings: str) -> None:
    assert not embedded(f"minikube start --driver=docker {settings} # audit-log-path=/a\n", "install.sh").servers


K3S = (
    'curl -sfL https://get.k3s.io | INSTALL_K3S_EXEC="server \\\n'
    "  --kube-apiserver-arg=audit-log-path=/var/log/k3s.log \\\n"
    '  --kube-apiserver-arg=audit-log-maxage=7" sh -\n'
)
K3D = (
    "k3d cluster create demo \\\n"
    '  --k3s-arg "--kube-apiserver-arg=audit-log-path=/var/log/k3s.log@server:*" \\\n'
    "  --k3s-arg '--kube-apiserver-arg=audit-log-maxage=7@server:0'\n"
)


@pytest.mark.parametrize("text", [K3S, K3D, f"k3s server {K3S.partition('server')[2]}", f"sudo true\n{K3S}"])
@pytest.mark.parametrize("path", ["install.sh", "README.md"])
def test_k3s(text: str, path: str) -> None:
    server = the_server(text if path == "install.sh" else f"```sh\n{text}```\n", path)
    assert flags(server) == {"audit-log-path": "/var/log/k3s.log", "audit-log-maxage": "7"}
    assert server.place.text == "audit-log-path=/var/log/k3s.log"
    assert not server.partial
    assert server.mounts is None


def test_variables_that_bring_no_argument_of_k3s() -> None:
    more = ("--token $TOKEN", '--volume "$(pwd)/audit.yaml:/etc/audit.yaml"', '"$NAME"')
    assert not any(the_server(K3S.replace("server ", f"server {one} ")).partial for one in more)


def test_arguments_of_k3s_that_are_not_seen() -> None:
    assert the_server(K3S.replace("server ", 'server "$@" ')).partial
    assert the_server(f"```ini\n{K3S.partition(chr(10))[2]}```\n", "README.md").partial
    assert not embedded("Set k3s's `--kube-apiserver-arg=audit-log-path=/k3s.log`.\n", "README.md")
    assert the_server(K3S.replace("server ", "server $MORE ")).partial
    assert the_server(K3S.replace("server ", "server --config /etc/k3s.yaml ")).partial
    (age,) = (flag for flag in the_server(K3S.replace("=7", "=$DAYS")).flags if flag.name == "audit-log-maxage")
    assert age.value is not None
    assert is_unknown(age.value)


@pytest.mark.parametrize(
    "text",
    [
        "# k3s server --kube-apiserver-arg=audit-log-maxage=7\n",
        "k3s server --kube-apiserver-arg=profiling=false\n",
        "# minikube start --extra-config=apiserver.audit-log-maxage=7\n",
        "minikube start --extra-config=kubelet.audit-log-maxage=7\n",
        "x=$((1 << audit)) # audit-log\ncat <<EOF\naudit-log\nEOF\n",
        f"cat <<EOF\n{POLICY}",
        f"cat <<< EOF\n{POLICY}EOF\n",
    ],
)
def test_passed_over(text: str) -> None:
    assert not embedded(text)
