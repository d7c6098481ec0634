"""kube-apiserver in pods and workloads: who is one, which flags it gets, what it mounts."""

from __future__ import annotations

import base64
import json
from textwrap import dedent, indent

import pytest

from kube_audit_lint.forms import workload
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.model.found import Found
from kube_audit_lint.model.server import ApiServer
from kube_audit_lint.model.value import Value
from kube_audit_lint.model.version import Versions
from kube_audit_lint.syntax.nodes import Scalar
from kube_audit_lint.syntax.offsets import embedded_base64, embedded_text
from kube_audit_lint.syntax.reader import read_documents
from kube_audit_lint.syntax.source import Source


def found_in(text: str, path: str = "kube-apiserver.yaml") -> list[Found]:
    source = Source(path, text)
    documents = tuple(read_documents(source))
    context = Context(source, documents)
    return [found for document in documents if (found := workload.read(document, context))]


def servers_in(text: str, path: str = "kube-apiserver.yaml") -> list[ApiServer]:
    return [server for found in found_in(text, path) for server in found.servers]


def pod(container: str, rest: str = "") -> str:
    head = "apiVersion: v1\nkind: Pod\nmetadata: {name: kube-apiserver}\nspec:\n  containers:\n"
    return head + indent(dedent(container), "  ") + indent(dedent(rest), "  ")


def server_of(container: str, rest: str = "") -> ApiServer:
    (server,) = servers_in(pod(container, rest))
    return server


def maxage(server: ApiServer) -> str | None:
    return server.value("audit-log-maxage")


def text_of(value: Value | None) -> str | None:
    """The text of a value, which must be what stands at its place."""
    assert value is None or value.place.text == value.text
    return value.text if value else None


@pytest.mark.parametrize(
    "container",
    [
        "- {name: a, command: [kube-apiserver, --audit-log-maxage=30]}",
        "- {name: a, command: [kube-apiserver], args: [--audit-log-maxage=30]}",
        "- {name: a, command: [kube-apiserver, --audit-log-maxage, '30']}",
        "- {name: a, command: [kube-apiserver, --audit_log_maxage=30]}",
        "- {name: a, command: [/usr/local/bin/kube-apiserver, --audit-log-maxage=30]}",
        "- {name: a, args: [kube-apiserver, --audit-log-maxage=30]}",
        "- {name: a, image: 'registry.k8s.io/kube-apiserver:v1.30.1', args: [--audit-log-maxage=30]}",
        "- {name: a, image: 'r:5000/x/kube-apiserver-amd64@sha256:0', args: [--audit-log-maxage=30]}",
        "- {name: a, command: [/hyperkube, apiserver, --audit-log-maxage=30]}",
        "- {name: a, command: [hyperkube, kube-apiserver, --audit-log-maxage=30]}",
        "- {name: a, command: [/bin/sh, -c, 'kube-apiserver --audit-log-maxage=30 1>>/var/log/x 2>&1']}",
        "- {name: a, command: [/bin/bash, -ec], args: ['exec /hyperkube apiserver --audit-log-maxage=30']}",
        "- {name: a, command: [sh, -c, 'set -e; X=1 exec kube-apiserver --audit-log-maxage=\"30\"']}",
        "- {name: a, command: [sh, -c, 'exec kube-apiserver \"$@\"', sh, --audit-log-maxage=30]}",
        "- {name: a, command: [sh, -c, 'if true; then kube-apiserver --audit-log-maxage 30; fi']}",
        "- {name: a, command: [flock, /x, --exclusive, /bin/kube-apiserver, --audit-log-maxage=30]}",
        "- {name: a, command: [/bin/flock, -w3, /x, /hyperkube, apiserver, --audit-log-maxage=30]}",
        "- {name: a, command: [/go-runner, --log-file=/x, /kube-apiserver, --audit-log-maxage=30]}",
        "- {name: a, command: [timeout, '5', sh, -c, 'kube-apiserver --audit-log-maxage=30']}",
        "- {name: a, command: [/wait.sh, kube-apiserver, --etcd-servers=x, --audit-log-maxage=30]}",
        "- {name: kube-apiserver, command: [/run.sh, --etcd-servers=x, --audit-log-maxage=30]}",
        "- {name: a, image: kube-apiserver, command: [/run.sh], args: [--audit-log-maxage=30]}",
        "- {name: a, command: [kube-apiserver, --audit-log-maxage=$(AGE)], env: [{name: AGE, value: '30'}]}",
    ],
)
def test_an_api_server_however_it_is_started(container: str) -> None:
    assert maxage(server_of(container)) == "30"


@pytest.mark.parametrize(
    "container",
    [
        "- {name: a, command: [kube-controller-manager, --profiling=false]}",
        "- {name: kube-apiserver-operator, command: [/operator, --target, kube-apiserver]}",
        "- {name: a, image: x/cluster-kube-apiserver-operator, args: [--audit-log-path=-]}",
        "- {name: healthcheck, image: kops/kube-apiserver-healthcheck, args: [--ca-cert=/x]}",
        "- {name: apiserver, image: sample-apiserver, args: [--etcd-servers=x, --audit-log-path=-]}",
        "- {name: a, command: [sh, -c, 'pgrep kube-apiserver']}",
        "- {name: a, command: [sh, -c, 'cp /usr/local/bin/kube-apiserver /x']}",
        "- {name: a, command: [sh, -c, 'sleep 3; # kube-apiserver --audit-log-maxage=1']}",
        "- {name: a, command: [kube-apiserver, --version]}",
        "- {name: kube-apiserver, image: kube-apiserver, command: [sleep, '3600']}",
        "- {name: kube-apiserver, image: kube-apiserver, args: [run]}",
        "- {name: a, command: kube-apiserver --audit-log-maxage=30}",
        "- just a string",
    ],
)
def test_what_is_no_api_server(container: str) -> None:
    assert found_in(pod(container)) == []


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: v1\nkind: ConfigMap\ndata: {command: kube-apiserver}\n",
        "kind: ClusterRole\nrules: [{resources: [kube-apiserver], verbs: [get]}]\n",
        "spec: {groups: [{name: kube-apiserver, rules: []}]}\n",
        "apiServer:\n  image: kube-apiserver\n  containers:\n  - {command: [kube-apiserver, --v=1]}\n",
        "- kube-apiserver\n",
        "kube-apiserver",
        "",
    ],
)
def test_other_documents(text: str) -> None:
    assert found_in(text) == []


SPEC = "{containers: [{name: a, command: [kube-apiserver, --audit-log-maxage=30]}]}"


@pytest.mark.parametrize(
    "text",
    [
        f"kind: Pod\nspec: {SPEC}",
        f"kind: PodTemplate\ntemplate: {{spec: {SPEC}}}",
        *(
            f"kind: {kind}\nspec: {{selector: {{}}, template: {{spec: {SPEC}}}}}"
            for kind in (
                "Deployment",
                "DaemonSet",
                "StatefulSet",
                "ReplicaSet",
                "ReplicationController",
                "Job",
            )
        ),
        f"kind: CronJob\nspec: {{jobTemplate: {{spec: {{template: {{spec: {SPEC}}}}}}}}}",
        f"kind: List\nitems:\n- kind: ConfigMap\n- kind: Pod\n  spec: {SPEC}",
        f"kind: PodList\nitems: [{{kind: Pod, spec: {SPEC}}}]",
        f"kind: ConfigMap\n---\nkind: Pod\nspec: {SPEC}\n---\n# nothing\n",
        '{"kind":"Pod","spec":{"containers":[{"name":"a","command":["kube-apiserver","--audit-log-maxage=30"]}]}}',
        f"kind: Pod\nmetadata: {{namespace: elsewhere}}\nspec: {SPEC}\nstatus: {{phase: Running}}",
    ],
)
def test_the_objects_that_hold_pods(text: str) -> None:
    (server,) = servers_in(text)
    assert maxage(server) == "30"
    assert not server.partial


def test_sidecars_are_not_the_server() -> None:
    server = server_of(
        """\
        - name: log-shipper
          command: [tail, -f, --audit-log-maxage=1]
        # the server itself
        - name: kube-apiserver
          command:
          - kube-apiserver
          # comments between items
          - --audit-log-maxage=30
          # - --audit-log-maxage=2
        """,
        "initContainers:\n- {name: i, command: [cp, /usr/local/bin/kube-apiserver, /shared]}\n",
    )
    assert maxage(server) == "30"


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("--audit-log-maxage=30d", "30d"),
        ("--audit-log-maxage", None),
        ("--audit-log-maxage=30, --audit-log-maxage=1", "1"),
        ("--audit-log-maxage-typo=99", None),
        ("--x=--audit-log-maxage=99", None),
        ("--feature-gates, A=--audit-log-maxage=99", None),
        ("-audit-log-maxage=1", None),
        ("'--audit-log-maxage 30'", None),
        ("--, --audit-log-maxage=30", None),
    ],
)
def test_probes(words: str, value: str | None) -> None:
    assert maxage(server_of(f"- {{name: a, command: [kube-apiserver, {words}]}}")) == value


@pytest.mark.parametrize(
    ("words", "partial"),
    [
        ("kube-apiserver --v=1", False),
        ("kube-apiserver --v=$LEVEL", False),
        ("kube-apiserver --v $LEVEL", False),
        ("kube-apiserver --audit-log-maxage $AGE", False),
        ("kube-apiserver $FLAGS", True),
        ("kube-apiserver --v=1 ${FLAGS}", True),
        ("kube-apiserver --$FLAG=1", True),
        ("kube-apiserver $(cat /flags)", True),
        ("kube-apiserver --etcd-cafile $CA --audit-log-maxage=30", False),
        ("kube-apiserver --allow-privileged $FLAGS", True),
        ("kube-apiserver --audit-log-compress $FLAGS", True),
        ("kube-apiserver --audit-log-path $LOG", False),
    ],
)
def test_words_that_only_the_shell_knows(words: str, partial: bool) -> None:
    assert server_of(f"- {{name: a, command: [sh, -c, '{words}']}}").partial is partial


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (f"spec: {SPEC}", "x.yaml"),
        (f"kind: Pod\nspec: {SPEC}", "patches/kube-apiserver0+strategic.yaml"),
        (f"kind: Pod\nspec: {SPEC}", "kubeadm/patches/kube-apiserver.yaml"),
        (f"kind: Pod\nspec: {SPEC.replace('maxage', 'x, --openshift-config')}", "kube-apiserver-pod.yaml"),
        (f"apiVersion: apps/v1\nkind: Deployment\nspec: {{template: {{spec: {SPEC}}}}}", "patch.yaml"),
    ],
)
def test_what_shows_only_a_part(text: str, path: str) -> None:
    (server,) = servers_in(text, path)
    assert server.partial


@pytest.mark.parametrize(
    ("image", "versions"),
    [
        ("registry.k8s.io/kube-apiserver:v1.26.1", Versions(26, 26)),
        ("registry-vpc.cn-shenzhen.aliyuncs.com/acs/kube-apiserver:v1.20.4-aliyun.1", Versions(20, 20)),
        ("quay.io/coreos/hyperkube:v1.16.1_coreos.0", Versions(16, 16)),
        ("r.example:5000/kube-apiserver@sha256:0", None),
        ("alpine:1.24", None),
        ("kube-apiserver:<%= version %>", None),
    ],
)
def test_versions_come_from_the_image(image: str, versions: Versions | None) -> None:
    server = server_of(f"- {{name: a, image: '{image}', command: [kube-apiserver, --v=1]}}")
    assert server.versions == versions
    assert server.version_place is None if versions is None else server.version_place


def test_mounts_volumes_and_environment() -> None:
    server = server_of(
        """\
        - name: kube-apiserver
          command: [kube-apiserver, --v=1]
          env:
          - {name: A, value: "1"}
          - {name: B, valueFrom: {fieldRef: {fieldPath: x}}}
          - {name: C}
          volumeMounts:
          - {name: host, mountPath: /a, readOnly: true, subPath: p}
          - {name: config, mountPath: "/b"}
          - {name: gone, mountPath: /c, readOnly: false}
        """,
        """\
        volumes:
        - {name: host, hostPath: {path: /h, type: File}}
        - {configMap: {name: x}, name: config}
        """,
    )
    host, config, gone = server.mounts or ()
    assert (host.path.text, host.read_only, text_of(host.sub_path)) == ("/a", True, "p")
    assert host.volume is not None
    assert (host.volume.kind, text_of(host.volume.path), text_of(host.volume.type)) == (
        "hostPath",
        "/h",
        "File",
    )
    assert config.volume is not None
    assert (config.volume.kind, config.path.place.text) == ("configMap", "/b")
    assert (gone.volume, gone.read_only) == (None, False)
    assert gone.read_only_place is not None
    assert gone.read_only_place.text == "false"
    assert [variable.value and variable.value.text for variable in server.environment] == ["1", None, ""]


def test_claims_of_a_stateful_set_are_volumes() -> None:
    (server,) = servers_in(
        "kind: StatefulSet\nspec:\n  selector: {}\n  volumeClaimTemplates: [{metadata: {name: logs}}]\n"
        "  template: {spec: {containers: [{name: a, command: [kube-apiserver, --v=1],"
        " volumeMounts: [{name: logs, mountPath: /var/log}]}]}}"
    )
    assert [mount.volume and mount.volume.kind for mount in server.mounts or ()] == ["persistentVolumeClaim"]


def test_variables_that_the_file_does_not_show_are_unknown() -> None:
    server = server_of(
        "- {name: a, command: [kube-apiserver, --audit-log-maxage=$(A), --audit-log-path=$(B),"
        " --audit-log-mode=$$(C)], env: [{name: A, valueFrom: {}}]}"
    )
    assert maxage(server) == "\ue000"
    assert server.value("audit-log-path") == "$(B)"
    assert server.value("audit-log-mode") == "$(C)"


@pytest.mark.parametrize(
    ("words", "wrong", "value"),
    [
        ("--audit-log-maxage, 30", "30", "30"),
        ("{--audit-log-maxage: 30}", "{--audit-log-maxage: 30}", "30"),
        ("--v, 2, --audit-log-maxage=3", None, "3"),
    ],
)
def test_items_that_are_no_strings(words: str, wrong: str | None, value: str) -> None:
    (found,) = found_in(pod(f"- {{name: a, command: [kube-apiserver, {words}]}}"))
    assert maxage(found.servers[0]) == value
    assert [shape.place.text for shape in found.misshapes] == ([wrong] if wrong else [])


def test_places_in_a_folded_scalar() -> None:
    server = server_of(
        """\
        - name: a
          command:
          - /bin/sh
          - -c
          - exec kube-apiserver
            --audit-log-path=/var/log/audit.log
            --audit-log-maxage=30d
            1>>/var/log/x 2>&1
        """
    )
    flag = server.flag("audit-log-maxage")
    assert flag is not None
    assert (server.place.text, flag.place.text) == ("kube-apiserver", "--audit-log-maxage=30d")
    assert flag.value_place.text == "30d"


@pytest.mark.parametrize("header", [">", ">-", "|", "|+", ">2-", "> # why"])
def test_places_in_a_block_scalar(header: str) -> None:
    end = " \\" if "|" in header else ""
    lines = ("exec kube-apiserver", "--audit-log-maxage=30d", "--v=2")
    text = f"  - {header}\n" + "".join(f"    {line}{end}\n" for line in lines)
    server = server_of("- name: a\n  command:\n  - sh\n  - -c\n" + text)
    flag = server.flag("audit-log-maxage")
    assert flag is not None
    assert flag.value_place.text == "30d"
    assert server.value("v") == "2"


@pytest.mark.parametrize(
    "text",
    [
        r'"kube-apiserver --audit-log-path=\"/a\" \
      --audit-log-maxage=30d"',
        r'"kube-apiserver\t--audit-log-maxage=30\x64"',
        "'kube-apiserver --x=''a'' --audit-log-maxage=30d'",
    ],
)
def test_places_in_quotes(text: str) -> None:
    server = server_of("- name: a\n  command:\n  - sh\n  - -c\n  - " + text + "\n")
    flag = server.flag("audit-log-maxage")
    assert flag is not None
    assert flag.value == "30d"
    assert flag.value_place.text in ("30d", r"30\x64")


@pytest.mark.parametrize("packed", [False, True])
def test_places_of_a_pod_inside_a_string(packed: bool) -> None:
    inner = (
        '{"kind": "Pod", "spec": {"containers": [{"command": ["kube-apiserver", "--audit-log-maxage=30d"], "name": "a",'
    )
    inner += ' "volumeMounts": [{"name": "x", "mountPath": "/x"}]}]}}'
    text = json.dumps({"data": base64.b64encode(inner.encode()).decode() if packed else inner})
    outer = read_documents(Source("x.json", text))[0].mapping
    assert outer is not None
    scalar = outer.get("data")
    assert isinstance(scalar, Scalar)
    decoded = embedded_base64(scalar) if packed else embedded_text(scalar)
    assert decoded is not None
    (document,) = read_documents(scalar.source, *decoded)
    found = workload.read(document, Context(scalar.source, (document,)))
    assert found is not None
    flag = found.servers[0].flag("audit-log-maxage")
    assert flag is not None
    start = text.index("30d") if not packed else flag.value_place.start
    assert flag.value_place.start == start
    assert flag.value_place.end - start in ((4, 5) if packed else (3,))
    (mount,) = found.servers[0].mounts or ()
    assert packed or mount.path.place.text == "/x"


def test_several_flags_in_one_item() -> None:
    text = pod("""
    - name: kube-apiserver
      command:
      - kube-apiserver
      - "--audit-policy-file=/x --audit-log-path=/y"
    """)
    (found,) = found_in(text)
    assert [(one.kind, one.place.text) for one in found.misshapes] == [
        ("wrong-shape", '"--audit-policy-file=/x --audit-log-path=/y"')
    ]
    assert found.servers[0].value("audit-log-path") == "/y"
