"""Units, environment files and argument files: words as systemd and MicroK8s make them, places to the character."""

from __future__ import annotations

from pathlib import Path

import pytest
from form_samples import POLICY, flags, found_in, linked, misshapes, server_in

from kube_audit_lint.catalogue.shipped import shipped
from kube_audit_lint.pipeline.config import load_config
from kube_audit_lint.pipeline.options import Options
from kube_audit_lint.pipeline.run import run
from kube_audit_lint.syntax.unknown import is_unknown

UNIT = """[Unit]
Description=Kubernetes API Server

[Service]
ExecStart=/usr/bin/kube-apiserver \\
  --etcd-servers=http://127.0.0.1:2379 \\
  # a comment is left out
  --audit-policy-file=/etc/kubernetes/audit-policy.yaml \\
  --audit-log-maxage=30 --audit-log-mode blocking \\
  "--audit-log-path=/var/log/kube audit.log"
Restart=always
"""


def unit(exec_start: str, more: str = "") -> str:
    return f"[Service]\n{more}ExecStart={exec_start}\n"


def test_a_unit() -> None:
    server = server_in(UNIT, "kube-apiserver.service")
    assert flags(server) == {
        "etcd-servers": "http://127.0.0.1:2379",
        "audit-policy-file": "/etc/kubernetes/audit-policy.yaml",
        "audit-log-maxage": "30",
        "audit-log-mode": "blocking",
        "audit-log-path": "/var/log/kube audit.log",
    }
    flag = server.flag("audit-log-maxage")
    assert flag is not None
    assert flag.value_place.start == UNIT.index("30 --")
    assert flag.place.text == "--audit-log-maxage=30"
    assert server.place.text == "/usr/bin/kube-apiserver"
    assert server.mounts is None
    assert server.versions is None
    assert not server.partial


def test_carriage_returns() -> None:
    server = server_in(UNIT.replace("\n", "\r\n"), "kube-apiserver.service")
    assert flags(server)["audit-log-maxage"] == "30"
    assert not misshapes(UNIT.replace("\n", "\r\n"), "kube-apiserver.service")


def test_a_unit_that_a_shell_is_still_to_write() -> None:
    assert flags(server_in(UNIT.replace("\\\n", "\\\\\n")))["audit-log-maxage"] == "30"


def test_linked_on_the_host() -> None:
    policy = linked(("units/kube-apiserver.service", UNIT), ("files/audit-policy.yaml", POLICY))
    assert policy is not None


def test_an_empty_exec_start_takes_back_the_earlier() -> None:
    text = unit("/usr/bin/kube-apiserver --audit-log-maxage=1\nExecStart=\nExecStart=-/kube-apiserver --v=2")
    assert flags(server_in(text)) == {"v": "2"}
    assert not found_in(unit("/usr/bin/kube-apiserver --audit-log-maxage=1\nExecStart=")).servers


def test_variables() -> None:
    text = unit(
        "@/usr/bin/kube-apiserver api $ARGS --audit-log-path=${LOG}/a --audit-log-maxage=${AGE} $$X --a=50%% $REST",
        "Environment='ARGS=--audit-log-mode=batch --v=2' LOG=/var/log\n",
    )
    server = server_in(text)
    assert server.partial
    assert server.value("audit-log-mode") == "batch"
    assert server.value("audit-log-path") == "/var/log/a"
    assert server.value("a") == "50%"
    assert is_unknown(server.value("audit-log-maxage") or "")
    flag = server.flag("audit-log-mode")
    assert flag is not None
    assert flag.value_place.text == "batch"


def test_a_drop_in_of_variables_alone_is_a_part() -> None:
    server = server_in('[Service]\nEnvironment="KUBE_API_ARGS=--audit-log-maxage=7 --v=2"\n')
    assert flags(server) == {"audit-log-maxage": "7", "v": "2"}
    assert server.partial


def test_a_shell_in_a_unit() -> None:
    server = server_in(unit('/bin/bash -c "exec /opt/kube-apiserver --audit-log-maxage=30 $ARGS"'))
    flag = server.flag("audit-log-maxage")
    assert flag is not None
    assert flag.value_place.text == "30"


def test_a_wrapper_in_a_unit_of_this_name() -> None:
    text = unit("/usr/lib/coreos/kubelet-wrapper --etcd-servers=http://x")
    assert server_in(text, "kube-apiserver.service").place.text == "/usr/lib/coreos/kubelet-wrapper"
    assert not found_in(text, "other.service").servers


def test_blanks_behind_a_backslash() -> None:
    text = unit("/usr/bin/kube-apiserver \\ \n  --audit-log-maxage=30")
    assert misshapes(text) == [("wrong-shape", "\\ ")]
    assert flags(server_in(text)) == {"audit-log-maxage": "30"}


def test_a_line_that_lacks_its_backslash() -> None:
    text = unit(
        "kube-apiserver --audit-log-path=- \\\n  --audit-policy-file=/a\n  --audit-log-mode=batch \\\n  --v=2\n"
    )
    assert misshapes(text) == [("wrong-shape", "--audit-log-mode=batch")]
    assert flags(server_in(text))["audit-log-mode"] == "batch"
    assert misshapes(unit("kube-apiserver --audit-policy-file=/a\nRestart=always\n")) == []
    # Ansible leaves out the line break behind a statement.
    text = unit("kube-apiserver {% for one in more %}\n  --{{ one }} \\\n{% endfor %}\n  --audit-policy-file=/a\n")
    server = server_in(text, "kube-apiserver.service.j2")
    assert (server.value("audit-policy-file"), misshapes(text, "kube-apiserver.service.j2")) == ("/a", [])


def test_a_template_of_a_unit() -> None:
    text = unit(
        "{{ bin }}/kube-apiserver \\\n{% if audit %}\n  --audit-log-maxage=7 \\\n{% endif %}\n  --v={{ v }} \\\n  --a=b"
    )
    server = server_in(text, "kube-apiserver.service.j2")
    assert server.value("audit-log-maxage") == "7"
    assert server.value("a") == "b"
    assert not server.partial  # no arm of the statement holds another flag


def test_a_template_of_a_unit_with_lines_that_it_does_not_show() -> None:
    text = unit("/usr/bin/kube-apiserver \\\n{% for one in more %}\n  --{{ one }}=x \\\n{% endfor %}\n  --a=b")
    assert server_in(text, "kube-apiserver.service.j2").partial


def test_a_template_of_a_unit_that_begins_with_macros() -> None:
    macro = "{% macro peers() -%}\n{% for host in all %}https://{{ host }}:2379{% endfor %}\n{% endmacro -%}\n\n"
    server = server_in(macro + unit("/usr/bin/kube-apiserver --a={{ peers() }}"), "kube-apiserver.service.j2")
    assert [flag.name for flag in server.flags] == ["a"]
    assert not server.partial
    script = "cat > kube-apiserver.service <<EOF\n"
    assert not found_in("{% set a = 1 %}\n" + script + unit("/usr/bin/kube-apiserver --a=b"), "x.service.j2").servers


@pytest.mark.parametrize(
    "text",
    [
        unit("/usr/bin/kubelet --audit-log-maxage=3"),
        unit("/usr/bin/operator --target kube-apiserver"),
        "[Service]\nExecStartPre=/usr/bin/kube-apiserver --version\n",
        "[Install]\nExecStart=/usr/bin/kube-apiserver --v=2\n",
        "#!/bin/sh\nKUBE_API_ARGS='--audit-log-maxage=7'\nstart\n",
        "- --audit-log-maxage=7\n",
        "A=b --audit-log-maxage=7\nfoo: bar\n",
    ],
)
def test_passed_over(text: str) -> None:
    assert not found_in(text, "some.service")


ENVIRONMENT = """# flags
KUBE_LOGTOSTDERR="--logtostderr=true"
KUBE_ETCD_SERVERS="--etcd-servers=http://127.0.0.1:2379"
export KUBE_API_ARGS="--audit-log-path=/var/log/a.log --audit-log-maxage=7 \\
  --audit-policy-file='/etc/audit policy.yaml'"
KUBELET_ARGS="--v=2"
"""


def test_an_environment_file() -> None:
    server = server_in(ENVIRONMENT, "apiserver")
    assert list(flags(server)) == [
        "logtostderr",
        "etcd-servers",
        "audit-log-path",
        "audit-log-maxage",
        "audit-policy-file",
    ]
    assert server.value("audit-policy-file") == "/etc/audit policy.yaml"
    assert server.place.text == "KUBE_LOGTOSTDERR"
    assert not server.partial


def test_an_environment_file_of_many_lines() -> None:
    text = 'KUBE_APISERVER_ARGS="""\n  --etcd-servers=x\n  --audit-log-maxage=7\n"""\n'
    assert flags(server_in(text, "apiserver")) == {"etcd-servers": "x", "audit-log-maxage": "7"}


@pytest.mark.parametrize("value", ["--audit-log-maxage=7", "--etcd-servers=x --audit-log-maxage=7 $MORE"])
def test_a_part_of_an_environment(value: str) -> None:
    assert server_in(f'KUBE_APISERVER_OPTS="{value}"\n', "apiserver").partial


def test_a_unit_and_its_environment_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unit_text = unit(
        "/usr/bin/kube-apiserver --audit-policy-file=/p.yaml $KUBE_API_ARGS",
        "EnvironmentFile=-/etc/kubernetes/apiserver\n",
    )
    files = {"kube-apiserver.service": unit_text, "apiserver": ENVIRONMENT.replace("--audit-policy-file", "--x")}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)

    def said(*paths: str) -> list[str]:
        return [one.rule for one in run(Options(paths), load_config(), shipped()).report.findings]

    assert "no-audit-policy" not in said(".")
    assert said(".").count("log-maxage") == 1
    assert "log-maxbackup" in said(".")
    assert "no-audit-policy" not in said("apiserver")
    (tmp_path / "kube-apiserver.service").unlink()
    assert "no-audit-policy" in said("apiserver")


ARGUMENTS = """--cert-dir=${SNAP_DATA}/certs
--etcd-servers='unix://${SNAP_DATA}/kine.sock'

# audit
--audit-policy-file=${SNAP_DATA}/args/audit-policy.yaml
--audit-log-maxage 7
--audit-log-path="/var/log/audit.log"
"""


def test_an_argument_file() -> None:
    server = server_in(ARGUMENTS, "args/kube-apiserver")
    assert server.value("audit-policy-file") == "/var/snap/microk8s/current/args/audit-policy.yaml"
    assert server.value("audit-log-maxage") == "7"
    assert server.value("audit-log-path") == "/var/log/audit.log"
    flag = server.flag("audit-log-path")
    assert flag is not None
    assert flag.value_place.text.strip('"') == "/var/log/audit.log"
    assert not server.partial
    assert linked(("args/kube-apiserver", ARGUMENTS), ("args/audit-policy.yaml", POLICY)) is not None


def test_lines_to_append_are_a_part() -> None:
    assert server_in("# add\n--audit-log-maxage=7\n", "append.txt").partial


def test_the_unit_of_k3s() -> None:
    text = (
        "[Unit]\nDescription=Lightweight Kubernetes\n\n[Service]\nType=notify\n"
        "EnvironmentFile=-/etc/systemd/system/k3s.service.env\nExecStart=/usr/local/bin/k3s \\\n    server \\\n"
        "\t'--kube-apiserver-arg=audit-log-path=/var/log/k3s.log' \\\n\t'--kube-apiserver-arg=audit-log-maxage=7' \\\n"
    )
    server = server_in(text, "k3s.service")
    assert flags(server) == {"audit-log-path": "/var/log/k3s.log", "audit-log-maxage": "7"}
    assert not server.partial
    assert server.mounts is None
