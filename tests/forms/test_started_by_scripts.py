"""Scripts that start kube-apiserver themselves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from form_samples import POLICY, flags, found_in

from kube_audit_lint.cli import main

SET = "--audit-policy-file=/etc/kubernetes/audit.yaml --audit-log-path=/var/log/audit.log --audit-log-maxage=30"
WHOLE = f"kube-apiserver --etcd-servers=http://127.0.0.1:2379 \\\n  {SET}"
RUN = f"docker run -d -v /etc/kubernetes:/etc/kubernetes:ro %s {SET}\n"

STARTED = [
    f"{WHOLE} &\n",
    f"kube-apiserver {SET} > log 2>&1\n",
    f'${{SUDO}} "${{OUT}}/kube-apiserver" "${{ARGS[@]}}" {SET} &\n',
    f"sudo -E nohup /opt/bin/kube-apiserver {SET} &\n",
    f"go run k8s.io/kubernetes/cmd/kube-apiserver {SET}\n",
    f"/hyperkube apiserver {SET}\n",
    f"if true; then exec kube-apiserver {SET}; fi\n",
    f'sh -c "kube-apiserver {SET}"\n',
    f"cat > x <<EOF\ntext\nEOF\nkube-apiserver {SET}\n",
    RUN % "registry.k8s.io/kube-apiserver:v1.30.1",
    RUN % "example.com/x:1 kube-apiserver",
    RUN % "--entrypoint kube-apiserver example.com/x:1",
]
NAMED = [
    f"check kube-apiserver {SET}\n",
    f"ps -ef | grep kube-apiserver | grep -- {SET}\n",
    f'echo "kube-apiserver {SET}"\n',
    f"echo kube-apiserver {SET}\n",
    f"ssh m1 kube-apiserver {SET}\n",
    f"kubectl exec kube-apiserver-m1 -- kube-apiserver {SET}\n",
    f"docker exec api kube-apiserver {SET}\n",
    f"kube-apiserver() {{ echo {SET}; }}\n",
    f"# kube-apiserver {SET}\n",
    f"cat <<X\nkube-apiserver {SET}\nX\n",
    f"sed -i 's/kube-apiserver/kube-apiserver {SET}/' x\n",
    "kube-apiserver --etcd-servers=http://127.0.0.1:2379\n",
    "kube-apiserver --audit-policy-file={{ policy }}\n",
    f"{{% if a %}}kube-apiserver {SET} {{% if b %}}--audit-log-path=x{{% endif %}}\n",
]


@pytest.mark.parametrize("path", ["start.sh", "start"])
@pytest.mark.parametrize("script", STARTED)
def test_started(script: str, path: str) -> None:
    (server,) = found_in(f"#!/bin/bash\nset -e\n{script}", path).servers
    assert flags(server)["audit-log-maxage"] == "30"
    assert server.value("audit-policy-file") == "/etc/kubernetes/audit.yaml"


@pytest.mark.parametrize("script", NAMED)
def test_only_named(script: str) -> None:
    assert found_in(f"#!/bin/bash\nset -e\n{script}", "start.sh").servers == ()


def test_what_a_container_is_given() -> None:
    (server,) = found_in(RUN % "registry.k8s.io/kube-apiserver:v1.30.1", "start.sh").servers
    assert [one.path.text for one in server.mounts or ()] == ["/etc/kubernetes"]
    assert str(server.versions) == "1.30"


def test_what_may_bring_more_leaves_it_open() -> None:
    assert not found_in(f"{WHOLE}\n", "a.sh").servers[0].partial
    for more in ('"$@"', "$ARGS", '"${ARGS[@]}"'):
        assert found_in(WHOLE.replace(SET, f"{SET} {more}"), "a.sh").servers[0].partial
    assert found_in(f"COMMAND=(\n  {WHOLE}\n)\n", "a.sh").servers[0].partial


def test_a_plain_run_reads_such_scripts_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write = f"cat > /etc/kubernetes/audit.yaml <<EOF\n{POLICY.replace('Metadata', 'Metadat')}EOF\n"
    Path("start.sh").write_text(f"#!/bin/sh\n{write}{WHOLE.replace('=30', '=30d')}\n")
    Path("write.sh").write_text(f"#!/bin/sh\n{write}")
    for paths in (["."], ["start.sh"]):
        main(["check", "--format", "json", *paths])
        report = json.loads(capsys.readouterr().out)
        assert report["files"] == {"read": 1, "policies": 1, "servers": 1, "managed": 0}
        rules = [one["rule"] for one in report["findings"] if one["severity"] == "error"]
        assert rules == ["invalid-level", "invalid-flag-value"]
