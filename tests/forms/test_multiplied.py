"""Variables that multiply text: what no kernel would start is unknown, and costs nothing."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from types import FrameType

import pytest

from kube_audit_lint import cli
from kube_audit_lint.pipeline.documents import collect

POD = """apiVersion: v1
kind: Pod
metadata: {{name: kube-apiserver}}
spec:
  containers:
  - name: kube-apiserver
    env:
{env}    command: [kube-apiserver, '--audit-log-path={path}']
"""


def doubling() -> str:
    env = "    - {name: V0, value: 0123456789}\n"
    env += "".join(f"    - {{name: V{at}, value: $(V{at - 1})$(V{at - 1})}}\n" for at in range(1, 60))
    return POD.format(env=env, path="$(V59)")


def long_value() -> str:
    return POD.format(env=f"    - {{name: A, value: {'x' * 10_000}}}\n", path="$(A)" * 20_000)


def unit() -> str:
    return f'[Service]\nEnvironment="A={"x" * 10_000}"\nExecStart=/usr/bin/kube-apiserver {"$A ${A} " * 12_000}\n'


def many_commands() -> str:
    return f'[Service]\nEnvironment="A={"x" * 10_000}"\n' + "ExecStart=/usr/bin/kube-apiserver $A\n" * 1_000


def many_containers() -> str:
    text = POD.format(env=f"    - {{name: A, value: {'x' * 10_000}}}\n", path="$(A)")
    head, containers = text.split("containers:\n")
    more = "  - {name: kube-apiserver, command: [kube-apiserver], env: *e, args: ['--audit-log-path=$(A)']}\n"
    return f"{head}containers:\n{containers.replace('env:', 'env: &e')}{more * 800}"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("kube-apiserver.yaml", doubling()),
        ("kube-apiserver.yaml", long_value()),
        ("kube-apiserver.yaml", many_containers()),
        ("kube-apiserver.service", unit()),
        ("kube-apiserver.service", many_commands()),
    ],
)
def test_a_few_lines_do_not_become_gigabytes(
    name: str, text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_text(text)
    started = time.process_time()
    assert cli.main(["check", str(tmp_path / name)]) in (0, 1)
    assert time.process_time() - started < 4
    output = capsys.readouterr()
    assert len(output.out) < 1_000_000
    assert "variables add more than 128 KiB to the commands here" in output.out + output.err


def test_the_volumes_of_a_pod_are_read_once_for_all_its_containers() -> None:
    """800 containers and 800 volumes took 26 seconds."""

    def steps(number: int) -> int:
        head = POD.format(env="    - {name: A, value: b}\n", path="/var/log/audit.log").encode()
        container = (
            b"  - {name: c, command: [kube-apiserver, --audit-log-path=-], volumeMounts: [{name: v1, mountPath: /p}]}\n"
        )
        volumes = b"".join(b"  - {name: v%d, hostPath: {path: /p%d}}\n" % (at, at) for at in range(number))
        taken = 0

        def count(frame: FrameType, event: str, argument: object) -> None:
            nonlocal taken
            taken += 1

        sys.setprofile(count)
        try:
            one = collect("kube-apiserver.yaml", head + container * number + b"  volumes:\n" + volumes)
        finally:
            sys.setprofile(None)
        assert one is not None
        assert len(one.found.servers) == number + 1
        (mount,) = one.found.servers[-1].mounts or ()
        assert mount.volume == one.found.servers[-1].volumes[1]
        return taken

    steps(50)  # what is imported and compiled once is not counted
    assert steps(200) < 4.5 * steps(50)


def test_what_fits_is_filled_in(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = POD.format(env="    - {name: A, value: 'not/absolute'}\n", path="$(A)" * 100)
    (tmp_path / "kube-apiserver.yaml").write_text(text)
    cli.main(["check", str(tmp_path / "kube-apiserver.yaml")])
    assert "not/absolutenot/absolute" in capsys.readouterr().out
