"""API servers that container engines run: what they mount, and the files that are taken from beside."""

from __future__ import annotations

from pathlib import Path

import pytest
from form_samples import POLICY, flags, found_in, linked, mounts, server_in

from kube_audit_lint.catalogue.shipped import shipped
from kube_audit_lint.model.value import Value
from kube_audit_lint.pipeline.config import load_config
from kube_audit_lint.pipeline.options import Options
from kube_audit_lint.pipeline.run import run

SERVICE = "services:\n  api:\n    image: registry.k8s.io/kube-apiserver:v1.31.2\n    command:\n    - kube-apiserver\n"
WORDS = ("--etcd-servers=http://e", "--audit-policy-file=/etc/audit/p.yaml", "--audit-log-path=/var/log/k/a.log")
COMMAND = "".join(f"    - {word}\n" for word in WORDS)
UNIT = "[Service]\nExecStart=/usr/bin/%s run --rm %s registry.k8s.io/kube-apiserver:v1.31.2 kube-apiserver %s\n"


def rules(text: str, name: str) -> list[str]:
    Path(name).write_text(text)
    report = run(Options((name,), select=("mounts",)), load_config(), shipped()).report
    return [f"{one.rule}: {one.help}" for one in report.findings]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_compose() -> None:
    text = SERVICE + COMMAND + "    volumes: [./audit:/etc/audit:ro, 'logs:/var/log/k', '/data']\n"
    server = server_in(text, "compose.yaml")
    assert list(flags(server)) == ["etcd-servers", "audit-policy-file", "audit-log-path"]
    assert {one.path.text: one.read_only for one in server.mounts or ()} == {"/etc/audit": True, "/var/log/k": False}
    assert server.versions is not None
    assert server.versions.first == 31
    assert [one.path for one in server.files] == ["./audit"]
    assert linked(("compose.yaml", text), ("audit/p.yaml", POLICY), ("other/p.yaml", POLICY)) is not None


def test_compose_in_the_long_form_and_as_a_string() -> None:
    text = (
        "services:\n  k3s:\n    image: rancher/k3s:v1.30.1-k3s1\n"
        '    command: server --kube-apiserver-arg "audit-log-maxage=7" --kube-apiserver-arg=audit-log-path=/a/b.log\n'
        "    volumes: [{type: bind, source: /srv, target: /a, read_only: true}]\n"
    )
    server = server_in(text, "docker-compose.yml")
    assert flags(server) == {"audit-log-maxage": "7", "audit-log-path": "/a/b.log"}
    assert mounts(server) == {"/a": "/srv"}
    assert any("log-mount-read-only" in one for one in rules(text, "docker-compose.yml"))


@pytest.mark.parametrize(
    "text",
    [
        "services:\n  db: {image: postgres, command: postgres -c audit-log=1}\n",
        "services:\n  k3s: {image: rancher/k3s, command: server}\n",
        "apiVersion: v1\nkind: List\nservices: {a: {image: kube-apiserver}}\n",
        "services: [a, b]\n",
        "services:\n  a: {command: [1, {a: b}], volumes: 3, image: [x]}\n",
    ],
)
def test_other_services(text: str) -> None:
    assert not found_in(text, "compose.yaml").servers


def test_what_is_not_mounted_is_told_in_the_engine_s_words() -> None:
    assert rules(SERVICE + COMMAND, "compose.yaml") == [
        "policy-not-mounted: Add `- /etc/audit/p.yaml:/etc/audit/p.yaml:ro` to the service's `volumes`.",
        "log-directory-not-mounted: Add `- /var/log/k:/var/log/k` to the service's `volumes`.",
    ]
    assert rules(SERVICE + COMMAND + "    volumes: [/etc/audit:/etc/audit, /l:/var/log/k]\n", "compose.yaml") == [
        "policy-mount-writable: Add `:ro` to the mount."
    ]


@pytest.mark.parametrize(
    "mounting",
    [
        "-v /srv/audit:/etc/audit:ro -v /var/log/k:/var/log/k",
        "--volume=/srv/audit:/etc/audit:ro --volume /var/log/k:/var/log/k",
        "--mount type=bind,source=/srv/audit,target=/etc/audit,ro --mount=type=bind,src=/var/log/k,dst=/var/log/k",
    ],
)
@pytest.mark.parametrize("engine", ["docker", "podman", "nerdctl"])
def test_docker_run(engine: str, mounting: str) -> None:
    text = UNIT % (engine, mounting, " ".join(WORDS))
    server = server_in(text, "kube-apiserver.service")
    on_host = {one.path.text: one.volume.path for one in server.mounts or () if one.volume is not None}
    assert {path: source and source.text for path, source in on_host.items()} == {
        "/etc/audit": "/srv/audit",
        "/var/log/k": "/var/log/k",
    }
    assert rules(text, "kube-apiserver.service") == []
    assert [one.partition(":")[0] for one in rules(UNIT % (engine, "", " ".join(WORDS)), "kube-apiserver.service")] == [
        "policy-not-mounted",
        "log-directory-not-mounted",
    ]


@pytest.mark.parametrize(
    "options",
    [
        "--rm --name kube-apiserver --net=host -v /l:/var/log/k",
        "-d --name kube-apiserver -v=/l:/var/log/k -e A=kube-apiserver",
        "-it --restart always --volume /l:/var/log/k --name=kube-apiserver --privileged",
        "-v /l:/var/log/k -l app=kube-apiserver --entrypoint kube-apiserver",
    ],
)
@pytest.mark.parametrize("command", ["", "kube-apiserver "])
def test_the_name_of_a_container_is_no_program(options: str, command: str) -> None:
    image = "registry.k8s.io/kube-apiserver:v1.29.1"
    text = f"[Service]\nExecStart=/usr/bin/docker run {options} {image} {command}{' '.join(WORDS)}\n"
    server = server_in(text, "a.service")
    assert [one.path.text for one in server.mounts or ()] == ["/var/log/k"]
    assert {name for name in flags(server) if "audit" not in name} == {"etcd-servers"}
    assert str(server.versions) == "1.29"
    assert [one.partition(":")[0] for one in rules(text, "a.service")] == ["policy-not-mounted"]


def test_variables_among_the_options() -> None:
    """They may mount what is not seen."""
    text = f"[Service]\nExecStart=/usr/bin/docker run $OPTIONS kube-apiserver:v1.29.1 {' '.join(WORDS)}\n"
    assert rules(text, "a.service") == []


def test_a_server_on_the_host_mounts_nothing() -> None:
    text = "[Service]\nExecStart=/usr/bin/kube-apiserver " + " ".join(WORDS) + "\n"
    assert server_in(text, "kube-apiserver.service").mounts is None


def test_quadlet() -> None:
    text = (
        "[Unit]\nDescription=a\n[Container]\nImage=registry.k8s.io/kube-apiserver:v1.29.1\nNetwork=host\n"
        f"Exec={' '.join(WORDS)}\nVolume=/srv/audit:/etc/audit:ro,z\n"
    )
    server = server_in(text, "api.container")
    assert flags(server)["audit-policy-file"] == "/etc/audit/p.yaml"
    assert server.versions is not None
    assert server.versions.first == 29
    assert server.host_names
    assert rules(text, "api.container") == ["log-directory-not-mounted: Add `Volume=/var/log/k:/var/log/k`."]
    k3s = "[Container]\nImage=docker.io/rancher/k3s\nExec=server --kube-apiserver-arg=audit-log-maxage=7\n"
    assert flags(server_in(k3s, "k3s.container")) == {"audit-log-maxage": "7"}
    assert not found_in("[Container]\nImage=docker.io/rancher/k3s\nExec=server\n", "k3s.container").servers


def test_volumes_without_a_source_bring_nothing() -> None:
    from kube_audit_lint.forms.common.binds import bind

    place = server_in(SERVICE + COMMAND, "compose.yaml").place
    assert bind(Value("/data", place)) is None
    assert bind(Value("a:b:c:d", place)) is None


QUADLET = "[Container]\nImage=registry.k8s.io/kube-apiserver:v1.31.2\nExec=kube-apiserver %s\n%s\n"


@pytest.mark.parametrize("form", ["unit", "quadlet", "compose"])
@pytest.mark.parametrize(
    ("log", "reported"),
    [
        ("type=bind,source=/var/log/k,target=/var/log/k", ""),
        ("type=bind,src=/var/log/k,dst=/var/log/k,readonly=true", "log-mount-read-only"),
        ("type=tmpfs,target=/var/log/k", "log-on-ephemeral-volume"),
        ("type=bind,source=/var/log/k,target=/log", "log-directory-not-mounted"),
    ],
)
def test_mounts_in_their_long_form(form: str, log: str, reported: str) -> None:
    policy = "type=bind,source=/etc/audit,target=/etc/audit,readonly=true"
    if form == "unit":
        options = f"--mount {policy} --mount={log}"
        text, name = UNIT % ("docker", options, " ".join(WORDS)), "kube-apiserver.service"
    elif form == "quadlet":
        text, name = QUADLET % (" ".join(WORDS), f"Mount={policy}\nMount={log}"), "kube-apiserver.container"
    else:
        names = (("=", ": "), (",", ", "), ("src", "source"), ("dst", "target"), ("readonly", "read_only"))
        items = [policy, log]
        for old, new in names:
            items = [one.replace(old, new) for one in items]
        long = ", ".join(f"{{{one}}}" for one in items)
        text, name = f"{SERVICE}{COMMAND}    volumes: [{long}]\n", "compose.yaml"
    assert [one.partition(":")[0] for one in rules(text, name)] == [reported] * bool(reported)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (UNIT % ("podman", "-v/etc/audit:/etc/audit:ro --tmpfs /var/log/k:size=1g", " ".join(WORDS)), "a.service"),
        (QUADLET % (" ".join(WORDS), "Volume=/etc/audit:/etc/audit:ro\nTmpfs=/var/log/k"), "a.container"),
        (SERVICE + COMMAND + "    volumes: [/etc/audit:/etc/audit:ro]\n    tmpfs: /var/log/k\n", "compose.yaml"),
        (SERVICE + COMMAND + "    volumes: [/etc/audit:/etc/audit:ro]\n    tmpfs: [/var/log/k]\n", "compose.yaml"),
    ],
)
def test_a_log_in_memory(text: str, name: str) -> None:
    assert [one.partition(":")[0] for one in rules(text, name)] == ["log-on-ephemeral-volume"]
