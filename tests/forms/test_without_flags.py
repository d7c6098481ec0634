"""API servers that show no flag of their own, in every kind of pod and behind every kind of wrapper.

Sources: the image's entry point is the program (build/server-image/Dockerfile of Kubernetes); argo-rollouts, OpenKruise
CloneSet, OpenShift DeploymentConfig and Knative Serving keep a pod template at spec.template.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

import pytest
from form_samples import found_in

IMAGE = "registry.k8s.io/kube-apiserver:v1.31.0"
SERVER = {"name": "a", "image": IMAGE, "command": ["kube-apiserver"]}
TEMPLATE = {"template": {"spec": {"containers": [SERVER]}}}


def pod(*containers: dict[str, object], init: Iterable[dict[str, object]] = ()) -> str:
    spec = {"containers": [*containers], "initContainers": [*init]}
    return json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec})


def servers(text: str, path: str = "file.yaml") -> list[bool]:
    """For each server in a text whether it is only a part of one."""
    return [server.partial for server in found_in(text, path).servers]


@pytest.mark.parametrize(
    "container",
    [
        SERVER,
        {"name": "a", "command": ["/usr/local/bin/kube-apiserver"]},
        {"name": "a", "command": ["kube-apiserver"], "args": []},
        {"name": "a", "command": ["hyperkube", "kube-apiserver"]},
        {"name": "a", "command": ["/hyperkube", "apiserver"]},
        {"name": "a", "image": "k8s.gcr.io/hyperkube-amd64:v1.18.0", "args": ["kube-apiserver"]},
        {"name": "a", "image": IMAGE},
        {"name": "a", "image": IMAGE, "args": []},
        {"name": "a", "image": "k8s.gcr.io/kube-apiserver-arm64:v1.18.0"},
        {"name": "a", "command": ["kube-apiserver", "--v=2"]},
        {"name": "a", "image": IMAGE, "args": ["--profiling"]},
        {"name": "a", "command": ["sh", "-c", "exec kube-apiserver"]},
        {"name": "a", "command": ["su", "kube", "-c", "kube-apiserver --v=2"]},
        {"name": "a", "command": ["su", "-s", "/bin/sh", "kube", "--command", "exec kube-apiserver"]},
        {"name": "a", "command": ["runuser", "-u", "kube", "--", "kube-apiserver", "--v=2"]},
        {"name": "a", "command": ["runuser", "-u", "kube", "--", "kube-apiserver"]},
        {"name": "a", "command": ["ip", "netns", "exec", "blue", "kube-apiserver", "--v=2"]},
        {"name": "a", "command": ["vault-env", "kube-apiserver", "--v=2"]},
        {"name": "a", "command": ["dlv", "--headless", "exec", "/bin/kube-apiserver", "--", "--v=2"]},
        {"name": "a", "command": ["/go-runner", "--log-file=/x", "/usr/local/bin/kube-apiserver"]},
        {"name": "a", "command": ["su", "kube", "--command=kube-apiserver --v=2"]},
        {"name": "a", "command": ["capsh", "--drop=all", "--", "-c", "exec kube-apiserver"]},
        {"name": "a", "command": ["/usr/bin/env", "-S", "A=1 kube-apiserver --v=2"]},
    ],
)
def test_a_container(container: dict[str, object]) -> None:
    assert servers(pod(container)) == [False]
    assert servers(pod({"name": "b", "command": ["b"]}, init=[container])) == [False]


@pytest.mark.parametrize(
    "before",
    [
        "ionice -c2",
        "ionice -c 2 -t",
        "nice -n5",
        "nice -5",
        "sudo -ukube",
        "sudo -E",
        "sudo -Eukube",
        "sudo --preserve-env",
        "nsenter -t1 -m",
        "nsenter -t 1 -mn",
        "nsenter --target 1 --mount",
        "unshare -n",
        "env -i",
        "timeout -k5 10",
        "setpriv --no-new-privs",
        "tini -g",
        "stdbuf -oL",
        "chpst -u kube",
        "chpst -ukube",
        "s6-setuidgid kube",
        "firejail --quiet",
        "perf record -g",
        "perf record -F99 --",
        "doppler run --",
        "aws-vault exec x --",
        "teller run --config /x --",
        "dlv debug",
    ],
)
@pytest.mark.parametrize("flags", ["", "--secure-port=6443"])
def test_behind_whatever_runs_it(before: str, flags: str) -> None:
    flags = f"-- {flags}" if flags and before.startswith("dlv") else flags
    command = f"{before} /usr/bin/kube-apiserver {flags}".split()
    assert servers(pod({"name": "a", "command": command})) == [False]


@pytest.mark.parametrize(
    "before",
    [
        "sudo -u kube-apiserver",
        "exec setpriv --reuid kube-apiserver --clear-groups",
        "gosu kube-apiserver",
        "sudo timeout -s KILL 5 su-exec kube-apiserver:kube-apiserver",
        "systemd-run --unit kube-apiserver --uid kube-apiserver",
        "flock -n /run/kube-apiserver",
        "sudo -u kube-apiserver A=kube-apiserver",
        "authbind --depth 3 --of=kube-apiserver kube-apiserver",  # options that are not known: flags tell
    ],
)
def test_behind_its_own_name(before: str) -> None:
    """The program is what runs, and not the user or the unit that is called like it."""
    command = f"{before} kube-apiserver --etcd-servers=x".split()
    (server,) = found_in(pod({"name": "a", "command": command}), "file.yaml").servers
    assert [flag.name for flag in server.flags] == ["etcd-servers"]


def test_behind_another_program_with_options_alone() -> None:
    command = ["/wrap", "--wait=5", "kube-apiserver", "--secure-port=6443"]
    assert servers(pod({"name": "a", "command": command})) == [False]


@pytest.mark.parametrize(
    "command",
    [
        "sudo -u kube-apiserver",
        "sudo -Eu kube-apiserver",
        "nsenter -S kube-apiserver",
        "systemd-run --unit kube-apiserver",
        "echo kube-apiserver",
        "echo -n kube-apiserver",
        "grep -- kube-apiserver",
        "pgrep -f kube-apiserver",
        "pgrep -- kube-apiserver",
        "perf report kube-apiserver",
        "operator run --target kube-apiserver",
        "operator --name kube-apiserver --v=2",
        "systemctl restart kube-apiserver",
        "systemctl start -- kube-apiserver",
        "docker run --name kube-apiserver x --v=2",
        "docker run --name=x kube-apiserver --v=2",
        "kubectl exec x -- kube-apiserver --v=2",
        "crictl --timeout=5s exec x -- kube-apiserver",
        # Behind a program that runs another: its user, its unit, or a name that the other is given.
        "sudo -u kube-apiserver -- ls --color=auto",
        "sudo -g kube-apiserver -u kube-apiserver ls --all",
        "sudo systemctl enable --now kube-apiserver",
        "sudo pkill --signal HUP kube-apiserver",
        "runuser -u kube-apiserver -- ls --all",
        "setpriv --reuid kube-apiserver --regid kube-apiserver ls --all",
        "gosu kube-apiserver ls --all",
        "chpst -u kube-apiserver ls --all",
        "setuidgid kube-apiserver ls --all",
        "exec su-exec kube-apiserver etcd --data-dir=/x",
        "timeout 5 pgrep kube-apiserver --full",
        "flock /run/kube-apiserver ls --all",
        "systemd-cat -t kube-apiserver ls --all",
        "echo kube-apiserver --audit-log-path=/x",
        "timeout 5 grep -e kube-apiserver --audit-log-path=/x",
    ],
)
def test_a_program_that_only_names_it(command: str) -> None:
    assert servers(pod({"name": "a", "command": command.split()})) == []


@pytest.mark.parametrize(
    "container",
    [
        {"name": "a", "command": ["sudo", "-u", "kube-apiserver", "ls"]},
        {"name": "a", "command": ["sh", "-c", "command -v kube-apiserver"]},
        {"name": "a", "command": ["sh", "-c", "pkill kube-apiserver; sleep 5"]},
        {"name": "a", "command": ["systemd-run", "--unit", "kube-apiserver", "sleep", "5"]},
        {"name": "a", "command": ["flock", "/run/kube-apiserver", "true"]},
        {"name": "a", "command": ["su", "kube-apiserver", "-c", "ls"]},
        {"name": "a", "command": ["ip", "link", "show", "kube-apiserver"]},
        {"name": "a", "command": ["su", "kube", "--command=pkill kube-apiserver"]},
        {"name": "a", "command": ["env", "-c", "kube-apiserver"]},
        {"name": "a", "command": ["cp", "/usr/local/bin/kube-apiserver", "/shared"]},
        {"name": "a", "command": ["kube-apiserver", "--version"]},
        {"name": "kube-apiserver", "image": IMAGE, "command": ["sleep", "5"]},
        {"name": "kube-apiserver", "image": "x/openshift-apiserver", "command": ["openshift-apiserver", "start"]},
        {"name": "a", "image": "x/sample-apiserver", "args": ["--etcd-servers-overrides=x"]},
        {"name": "a", "image": "x/aggregated-kube-apiserver"},
        {"name": "a", "image": "x/kube-apiserver-operator"},
        {"name": "a", "image": "k8s.gcr.io/hyperkube:v1.18.0", "args": ["kubelet"]},
    ],
)
def test_what_is_none(container: dict[str, object]) -> None:
    assert servers(pod(container)) == []


@pytest.mark.parametrize(
    ("api_version", "kind"),
    [
        ("apps.openshift.io/v1", "DeploymentConfig"),
        ("argoproj.io/v1alpha1", "Rollout"),
        ("apps.kruise.io/v1alpha1", "CloneSet"),
        ("serving.knative.dev/v1", "Service"),
        ("serving.knative.dev/v1", "Configuration"),
    ],
)
def test_kinds_with_a_pod_template(api_version: str, kind: str) -> None:
    assert servers(json.dumps({"apiVersion": api_version, "kind": kind, "spec": TEMPLATE})) == [False]


def test_what_else_holds_a_pod() -> None:
    revision = {"apiVersion": "serving.knative.dev/v1", "kind": "Revision", "spec": TEMPLATE["template"]["spec"]}
    assert servers(json.dumps(revision)) == [False]
    # An API server's own answer names the kind once for all items.
    pods = {"kind": "PodList", "items": [{"metadata": {"name": "x"}, "spec": {"containers": [SERVER]}}]}
    assert servers(json.dumps(pods)) == [False]


def test_the_program_and_its_flags_in_one_item() -> None:
    text = "kube-apiserver --audit-log-path=/x --audit-log-maxage 30"
    found = found_in(pod({"name": "a", "command": [text]}))
    assert [(one.kind, one.place.text) for one in found.misshapes] == [("wrong-shape", json.dumps(text))]
    assert [(flag.name, flag.value) for flag in found.servers[0].flags] == [
        ("audit-log-path", "/x"),
        ("audit-log-maxage", "30"),
    ]
    # Arguments may be the text of a shell that the image starts.
    assert not found_in(pod({"name": "a", "image": "x", "args": [text]})).misshapes


def test_an_object_without_a_kind_is_whole_with_a_whole_container() -> None:
    assert servers(json.dumps({"metadata": {"name": "x"}, "spec": TEMPLATE})) == [False]
    assert servers(json.dumps({"spec": {"containers": [SERVER]}}), "pod.json") == [False]
    assert servers(json.dumps({"items": [json.loads(pod(SERVER))]}), "pods.json") == [False]
    assert servers(json.dumps({"items": [{"spec": TEMPLATE}]})) == [False]


@pytest.mark.parametrize("missing", ["image", "command"])
def test_an_object_without_a_kind_is_a_part_with_a_part_of_a_container(missing: str) -> None:
    container = {**SERVER, "args": ["--audit-log-maxage=1"]}
    del container[missing]
    assert servers(json.dumps({"spec": {"containers": [{**container, "name": "kube-apiserver"}]}})) == [True]


def test_an_object_without_a_kind_is_a_part_where_patches_lie() -> None:
    assert servers(json.dumps({"spec": {"containers": [SERVER]}}), "patches/pod.yaml") == [True]


def test_an_array_of_pods() -> None:
    assert servers(f"[{pod(SERVER)}, {pod({'name': 'b'})}, {pod(SERVER)}]", "pods.json") == [False, False]


def test_an_image_in_a_patch_is_no_server_without_flags() -> None:
    text = pod({"name": "kube-apiserver", "image": IMAGE})
    assert servers(text, "overlays/prod/image.yaml") == servers(text, "patches/image.yaml") == [True]


def test_the_arguments_behind_a_debugger_are_the_servers_own() -> None:
    command = ["dlv", "exec", "/kube-apiserver", "--listen=:4000", "--", "--audit-log-maxage=30"]
    (server,) = found_in(pod({"name": "a", "command": command})).servers
    assert [flag.name for flag in server.flags] == ["audit-log-maxage"]


@pytest.mark.parametrize("program", ["--exec=/usr/bin/kube-apiserver", "--exec /usr/bin/kube-apiserver"])
def test_the_arguments_behind_rkt_are_the_servers_own(program: str) -> None:
    unit = (
        f"[Service]\nExecStart=/usr/bin/rkt run --net=host docker://x/kube-apiserver {program} -- --audit-log-path=-\n"
    )
    (server,) = found_in(unit, "x.service").servers
    assert [flag.name for flag in server.flags] == ["audit-log-path"]


def test_a_unit() -> None:
    assert servers("[Service]\nExecStart=/usr/bin/kube-apiserver\n", "kube-apiserver.service") == [False]
    assert servers("[Service]\nExecStart=/usr/bin/sudo -u kube-apiserver ls\n", "x.service") == []


def test_rkt() -> None:
    text = "[Service]\nExecStart=/usr/bin/rkt run quay.io/x/hyperkube:v1.9 --exec=/hyperkube -- apiserver --v=2\n"
    assert servers(text, "kube-apiserver.service") == [False]
    text = "[Service]\nExecStart=/usr/bin/rkt run --net=host quay.io/x --exec=/kube-apiserver -- --v=2 --port=0\n"
    (server,) = found_in(text, "kube-apiserver.service").servers
    assert [flag.name for flag in server.flags] == ["v", "port"]


@pytest.mark.parametrize(
    ("lines", "partial"),
    [
        ("--etcd-servers=unix:///k8s-dqlite.sock", False),
        ("--etcd_servers=https://127.0.0.1:2379", False),
        ("--storage-backend=dqlite", False),
        ("--service-cluster-ip-range=10.152.183.0/24", False),
        ("--allow-privileged=true", True),
    ],
)
def test_a_file_of_arguments_is_whole_with_what_a_server_needs(lines: str, partial: bool) -> None:
    """Without storage and the range of services no API server starts: there must be other arguments elsewhere."""
    (server,) = found_in(f"# audit\n{lines}\n--audit-log-path=/a\n", "args/kube-apiserver").servers
    assert server.partial == partial


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("--audit-log-path=$SNAP_DATA/a", "/var/snap/microk8s/current/a"),
        ("--audit-log-path=${SNAP_COMMON}/a", "/var/snap/microk8s/common/a"),
        ("--audit-log-path=$SNAP/a", "/snap/microk8s/current/a"),
        ('--audit-log-path="/a b"', "/a"),  # quotes go, wherever they stand, and blanks divide all the same
        ("--audit-log-path=/a'b'c", "/abc"),
    ],
)
def test_a_path_in_a_file_of_arguments(line: str, path: str) -> None:
    (server,) = found_in(f"--etcd-servers=x\n{line}\n", "args/kube-apiserver").servers
    assert server.value("audit-log-path") == path


@pytest.mark.parametrize("line", ["audit-log-maxage=7", "- --audit-log-maxage=7", "-v=4", "See --audit-log-maxage."])
def test_other_texts_are_no_files_of_arguments(line: str) -> None:
    assert not found_in(f"--etcd-servers=x\n--audit-log-path=/a\n{line}\n", "args/kube-apiserver")


@pytest.mark.parametrize("path", ["args/kubelite", "roles/x/files/kubelite.args"])
def test_microk8s_own_daemon_takes_no_flag_of_the_server(path: str) -> None:
    text = "--apiserver-args-file=$SNAP_DATA/args/kube-apiserver\n--audit-log-path=-\n--start-control-plane=true\n"
    found = found_in(text, path)
    assert not found.servers
    assert [(shape.kind, shape.place.text) for shape in found.misshapes] == [("unknown-key", "--audit-log-path=-")]
    assert not found_in(text.replace("--audit-log-path=-\n", ""), path)
