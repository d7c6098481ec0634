"""Arguments of an API server in files of no known form, k3d, kustomize; policies that go where nothing reads them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from form_samples import misshapes, policy_in

from kube_audit_lint.cli import main

POLICY = "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n- level: Metadata\n"
TASK = "- hosts: all\n  tasks:\n  - name: policy\n    {0}:\n      dest: {1}\n      {2}\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def found(capsys: pytest.CaptureFixture[str], **files: str) -> list[tuple[str, str]]:
    """The rules of the findings of `check .`, each with the text of its place."""
    for name, text in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text)
    main(["check", "--format", "json", "."])
    findings = json.loads(capsys.readouterr().out)["findings"]
    return [(one["rule"], _text(one)) for one in findings if one["severity"] != "info"]


def _text(one: dict[str, dict[str, int]]) -> str:
    line = Path(str(one["path"])).read_text().splitlines()[one["start"]["line"] - 1]
    return line[one["start"]["column"] - 1 : one["end"]["column"] - 1]


@pytest.mark.parametrize(
    "text",
    [
        "services:\n  kubeadm:\n    apiServer:\n      extraArgs:\n        audit-log-maxage: '2'\n",
        "apiServerExtraArgs: {audit-log-maxage: '2'}\n",
        "cluster:\n  kube_apiserver_extra_args: [audit-log-maxage=2]\n",
        "kube_api_server_args: --audit-log-path=/a --audit-log-maxage=2\n",
        "k3s_server:\n  kube-apiserver-arg:\n  - audit-log-maxage=2\n",
        "k3s:\n  extra_server_args: '--kube-apiserver-arg=audit-log-maxage=2 --tls-san=a'\n",
        "a: {kube_apiserver: {extra-args: [{name: audit-log-maxage, value: '2'}]}}\n",
        "apiVersion: example.com/v1\nkind: Cluster\nspec:\n  apiServer:\n    arguments:\n    - --audit-log-maxage=2\n",
        '{"clusters": [{"apiServer": {"extraArgs": {"audit-log-maxage": "2"}}}]}',
        "api:\n  image: kube-apiserver:v1.30.0\n  extraArgs: [--audit-log-maxage=2]\n",  # vcluster before 0.20
        "vcluster:\n  extraArgs: [--kube-apiserver-arg=audit-log-maxage=2]\n",
        "controlPlane: {distro: {k8s: {apiServer: {extraArgs: [--audit-log-maxage=2]}}}}\n",
        "spec: {config: {k0s: {api: {extraArgs: {audit-log-maxage: '2'}}}}}\n",  # k0rdent's ClusterDeployment
        "kubernetes::apiserver_extra_arguments: ['audit-log-maxage: 2']\n",  # Puppet
        "kubernetes::apiserver_extra_arguments: [{audit-log-maxage: '2'}]\n",
        "k8s::server::apiserver::arguments: {audit-log-maxage: 2}\n",
        "k3os: {k3s_args: [server, --kube-apiserver-arg, audit-log-maxage=2]}\n",
        "jobs: {a: {steps: [{with: {start-args: '--cpus=2 --extra-config=apiserver.audit-log-maxage=2'}}]}}\n",
        "jobs: {a: {steps: [{with: {extra-config: apiserver.audit-log-maxage=2}}]}}\n",
        "with: {args: '--agents 1 --k3s-arg \"--kube-apiserver-arg=audit-log-maxage=2@server:0\"'}\n",
        "kube-apiserver: {audit-log-maxage: 2, replicas: 3, audit-logs: true}\n",
        "osm_api_server_args: {audit-log-maxage: ['2']}\n",
        "kind: Kustomization\napiVersion: kustomize.config.k8s.io/v1beta1\nconfigMapGenerator:\n"
        "- name: a\n  literals: [b=c, KUBE_API_ARGS=--v=2 --audit-log-maxage=2]\n",
        "extraKubeAPIServerArgs: {--audit-log-maxage: 2}\n",  # MicroK8s
        "#cloud-config\nk3s: {args: [--kube-apiserver-arg=audit-log-maxage=2]}\n",  # Kairos
        "server_config_yaml: |\n  kube-apiserver-arg:\n  - audit-log-maxage=2\n",
        "patch: |\n  apiServer:\n    extraArgs:\n      audit-log-maxage: '2'\n",
    ],
)
def test_arguments_under_a_key_of_an_api_server(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    ((rule, place),) = found(capsys, **{"values.yaml": text})
    assert rule == "log-maxage"
    assert "2" in place


@pytest.mark.parametrize(
    "text",
    [
        "etcd:\n  extraArgs: {audit-log-maxage: '2'}\n",
        "apiServer:\n  labels: {audit-log-maxage: '2'}\n",
        "apiServer:\n  extraArgs: {v: '2'}\nnotes: audit-log-maxage\n",
        "kind: CustomResourceDefinition\nspec: {apiServer: {extraArgs: {audit-log-maxage: '2'}}}\n",
    ],
)
def test_other_keys_are_no_arguments(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert found(capsys, **{"values.yaml": text}) == []


@pytest.mark.parametrize(
    "text",
    [
        "extra_server_args: '--kube-apiserver-arg=audit-log-maxage=30d'\n",
        "extra_server_args: '--disable a --kube-apiserver-arg audit-log-maxage=30d'\n",
        "extra_server_args: >-\n  {{ extra_args }}\n  --kube-apiserver-arg=audit-log-maxage=30d\n",
        "server: {extraArgs: [--disable=a, --kube-apiserver-arg=audit-log-maxage=30d]}\n",
        "apiServerArgs: 'audit-policy-file=/etc/p.yaml,audit-log-maxage=30d,v=2'\n",
        '{"apiServerConfig": {"--audit-log-maxage": "30d"}}',
        "apiServerConfig: {extraArgs: {audit-log-maxage: 30d}}\n",
        "syncer: {}\napi: {extraArgs: [--audit-log-maxage=30d]}\n",
    ],
)
def test_words_keys_and_commas(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert found(capsys, **{"values.yaml": text}) == [("invalid-flag-value", "30d")]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("kubeApiServer: {extraArgs: {audit-log-max-age: '30'}}\n", 1),
        ("kube_apiserver_extra_args: [--audit-policy=/etc/p.yaml]\n", 1),
        ("server_args: --kube-apiserver-arg=audit-policy=/etc/p.yaml\n", 1),
        ("apiServer: {extraArgs: {audit-log-max-age: '30'}}\n", 1),
        ("apiServer: {args: [--audit-sink=x]}\n", 0),  # another program's
        ("kube_apiserver_extra_args: [--enable-audit-sink=x]\n", 0),
        ("harbor: {api: {extraArgs: [--audit-log-maxage=30d]}, controller: {}}\n", 0),
        ("notes: Pass --kube-apiserver-arg=audit-log-maxage=30d to it\n", 0),
    ],
)
def test_whose_arguments_are_sure(text: str, wrong: int, capsys: pytest.CaptureFixture[str]) -> None:
    rules = [rule for rule, _ in found(capsys, **{"values.yaml": text})]
    assert rules == ["unknown-audit-flag"] * wrong


K3D = """apiVersion: k3d.io/v1alpha5
kind: Simple
volumes:
- volume: ./audit-policy.yaml:/etc/audit/{0}:ro
options:
  k3s:
    extraArgs:
    - arg: --kube-apiserver-arg=audit-policy-file=/etc/audit/policy.yaml
    - arg: "--kube-apiserver-arg=audit-log-path={1}"
"""


def test_k3d(capsys: pytest.CaptureFixture[str]) -> None:
    files = {"k3d.yaml": K3D.format("policy.yaml", "-"), "audit-policy.yaml": POLICY}
    assert found(capsys, **files) == []
    files["k3d.yaml"] = K3D.format("other.yaml", "-")
    assert found(capsys, **files) == [("policy-file-missing", "/etc/audit/policy.yaml")]
    files["k3d.yaml"] = K3D.format("policy.yaml", "a.log")
    assert ("relative-path", "a.log") in found(capsys, **files)


@pytest.mark.parametrize(
    "patch",
    [
        "patches:\n- target: {kind: Deployment}\n  patch: |-\n    - op: add\n      path: /spec/template/spec/"
        "containers/0/command/-\n      value: --audit-log-maxage=30d\n",
        "patchesJson6902:\n- target: {kind: Pod}\n  patch: |-\n    - {op: add, path: /spec/containers/0/command/-, "
        "value: --audit-log-maxage=30d}\n",
        "patches:\n- patch: |-\n    apiVersion: v1\n    kind: Pod\n    metadata: {name: kube-apiserver}\n    spec:\n"
        "      containers:\n      - name: kube-apiserver\n        command: [kube-apiserver, --audit-log-maxage=30d]\n",
    ],
)
def test_patches_of_kustomize_in_place(patch: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = f"apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n{patch}"
    assert found(capsys, **{"kustomization.yaml": text}) == [("invalid-flag-value", "30d")]


APPLIED = {
    "chart": ({"chart/Chart.yaml": "name: a\n", "chart/templates/policy.yaml": POLICY}, "kind: Policy"),
    "k3s": ({"files/server/manifests/audit.yaml": POLICY}, "kind: Policy"),
    "list": ({"a.yaml": "apiVersion: v1\nkind: List\nitems:\n- " + POLICY.replace("\n", "\n  ")}, "kind: Policy"),
    "objects": ({"a.yaml": f"apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\n---\n{POLICY}"}, "kind: Policy"),
    "kustomize": ({"kustomization.yaml": "resources: [a/audit.yaml]\n", "a/audit.yaml": POLICY}, "a/audit.yaml"),
    "task": (
        {"t.yml": "- kubernetes.core.k8s:\n    definition:\n      " + POLICY.replace("\n", "\n      ")},
        "kind: Policy",
    ),
}


@pytest.mark.parametrize("case", APPLIED)
def test_a_policy_that_is_applied(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    files, place = APPLIED[case]
    assert found(capsys, **files) == [("policy-applied-as-object", place)]


@pytest.mark.parametrize(
    "files",
    [
        {"roles/a/templates/policy.yaml": POLICY},
        {"chart/Chart.yaml": "name: a\n", "chart/files/policy.yaml": POLICY},
        {"kustomization.yaml": "configMapGenerator:\n- {name: a, files: [audit.yaml]}\n", "audit.yaml": POLICY},
        {"a.yaml": f"apiVersion: kubeadm.k8s.io/v1beta3\nkind: InitConfiguration\n---\n{POLICY}"},
    ],
)
def test_a_policy_that_is_not_applied(files: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert found(capsys, **files) == []


@pytest.mark.parametrize(
    ("module", "path", "more", "wrong"),
    [
        (
            "copy",
            "/etc/kubernetes/manifests/audit.yaml",
            "content: |\n" + " " * 8 + POLICY.replace("\n", "\n        "),
            1,
        ),
        ("template", '"{{ kube_manifest_dir }}/audit-policy.yaml"', "src: audit-policy.yaml.j2", 1),
        ("copy", "/etc/kubernetes/manifests/policy.yaml", "src: audit-policy.yaml", 1),
        ("template", "/etc/kubernetes/audit-policy.yaml", "src: audit-policy.yaml.j2", 0),
        ("template", "/etc/kubernetes/manifests/kube-apiserver.yaml", "src: kube-apiserver.yaml.j2", 0),
    ],
)
def test_a_task_that_writes_a_policy_for_the_kubelet(
    module: str, path: str, more: str, wrong: int, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = [rule for rule, _ in found(capsys, **{"tasks/main.yml": TASK.format(module, path, more)})]
    assert rules == ["policy-in-manifest-directory"] * wrong


BROUGHT = """spec:
  files:
  - path: /etc/audit/{0}
    content: |
{1}
  - path: /etc/rancher/k3s/config.yaml
    content: |
      token: a
      kube-apiserver-arg: [audit-policy-file=/etc/audit/policy.yaml, audit-log-path=/a, audit-log-maxage=30]
"""


@pytest.mark.parametrize(
    ("head", "name", "wrong"),
    [("", "policy.yaml", 0), ("", "policy.yml", 1), ('mine: "{{ mine }}"\n', "policy.yml", 0)],
)
def test_a_policy_that_is_brought_elsewhere(
    head: str, name: str, wrong: int, capsys: pytest.CaptureFixture[str]
) -> None:
    text = head + BROUGHT.format(name, "".join(f"      {line}\n" for line in POLICY.splitlines()))
    rules = [rule for rule, _ in found(capsys, **{"values.yaml": text})]
    assert rules.count("policy-file-missing") == wrong


@pytest.mark.parametrize(
    ("command", "wrong"),
    [
        ("mv /etc/audit/policy.yml /etc/audit/policy.yaml", 0),
        ("install -D -m 0600 /root/policy.yaml /etc/audit/", 0),
        ("[cp, /etc/audit/policy.yml, /etc/audit/policy.yaml]", 0),
        ("install -d /etc/audit", 1),
        ("cp /root/a.yaml /root/b.yaml && mkdir /etc/audit", 1),
        ("cat /etc/audit/policy.yaml.old  # only this", 1),
        ("'true'\n# mv policy.yaml /etc/audit/policy.yaml", 1),
        ("cp /root/a.yaml /root/etc/audit/policy.yaml", 1),
    ],
)
def test_commands_that_put_a_policy_in_place(command: str, wrong: int, capsys: pytest.CaptureFixture[str]) -> None:
    text = BROUGHT.format("policy.yml", "".join(f"      {line}\n" for line in POLICY.splitlines()))
    rules = [rule for rule, _ in found(capsys, **{"values.yaml": f"{text}  preKubeadmCommands:\n  - {command}\n"})]
    assert rules.count("policy-file-missing") == wrong


def test_a_part_knows_the_files_beside_it(capsys: pytest.CaptureFixture[str]) -> None:
    """Kairos: the arguments are a part of K3s's settings, and the files beside them are all that it finds."""
    text = "#cloud-config\nk3s:\n  args: [--kube-apiserver-arg=audit-policy-file=/etc/audit/a.yaml]\nwrite_files:\n"
    text += "- path: /etc/audit/b.yaml\n  content: |\n" + "".join(f"    {line}\n" for line in POLICY.splitlines())
    assert found(capsys, **{"a.yaml": text}) == [("policy-file-missing", "/etc/audit/a.yaml")]
    assert found(capsys, **{"a.yaml": text.replace("b.yaml", "a.yaml")}) == []


def test_a_variable_of_the_snap(capsys: pytest.CaptureFixture[str]) -> None:
    text = "extraKubeAPIServerArgs:\n  --audit-policy-file: $SNAP_DATA/args/policy.yaml\n"
    text += "  --audit-log-path: ${SNAP_COMMON}/a\n"
    assert found(capsys, **{"a.yaml": text}) == []


RULES = """global:
  controlPlane:
    {0}:
      {1}:
      - level: {2}
        users: [system:unsecured]
"""


@pytest.mark.parametrize(
    ("section", "key", "level", "expected"),
    [
        ("auditPolicy", "extraRules", "Metadata", []),
        ("auditPolicy", "extraRules", "Metadat", []),  # no level at all: it may be somebody else's list
        ("auditPolicy", "rules", "None\n        verbs: [get]\n      - level: Metadat", [("invalid-level", "Metadat")]),
        (
            "apiServer",
            "audit_rules",
            "None\n        verbs: [get]\n      - level: Metadat",
            [("invalid-level", "Metadat")],
        ),
        ("alerts", "rules", "None\n        verbs: [get]\n      - level: Metadat", []),
    ],
)
def test_rules_under_a_key_of_auditing(
    section: str, key: str, level: str, expected: list[tuple[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    text = RULES.format(section, key, level) + "# audit-policy\n"
    assert found(capsys, **{"values.yaml": text}) == expected


@pytest.mark.parametrize(
    "text",
    [
        '[apiServer.extraArgs]\naudit-log-maxage = "2"\n',
        "[cluster]\nkube-apiserver-arg = [\n  'audit-log-maxage=2', # days\n]\n",
        "apiServer = {extraArgs = {audit-log-maxage = 2}}\n",
    ],
)
def test_arguments_in_toml(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    ((rule, place),) = found(capsys, **{"a.toml": text})
    assert rule == "log-maxage"
    assert "2" in place


K3D_POLICY = """apiVersion: k3d.io/v1alpha5
kind: Simple
options: {k3s: {extraArgs: [{arg: --kube-apiserver-arg=audit-policy-file=/etc/audit.yaml}]}}
"""


@pytest.mark.parametrize(
    "rest",
    [
        "",
        "image: rancher/k3s:v1.31.4-k3s1\n",
        "image: +latest\n",
        "volumes: [{volume: ./p.yaml:/etc/audit.yml}]\n",
        "volumes: [{volume: './p.yaml:/etc/audit.yaml', nodeFilters: ['agent:*', loadbalancer]}]\n",
        "files: [{source: p.yaml, destination: /etc/audit.yaml, nodeFilters: ['agent:0']}]\n",
    ],
)
def test_nothing_brings_the_policy_onto_k3d_nodes(rest: str) -> None:
    assert misshapes(K3D_POLICY + rest) == [("policy-not-mounted", "/etc/audit.yaml")]


@pytest.mark.parametrize(
    "rest",
    [
        "image: example.com/k3s-with-policy:1\n",
        "volumes: [{volume: ./etc:/etc/}]\n",
        "volumes: [{volume: './p.yaml:/etc/audit.yaml:ro', nodeFilters: ['server:0']}]\n",
        "volumes: [{volume: './p.yaml:/etc/audit.yaml', nodeFilters: ['server[0]', 'agent[*]']}]\n",
        "volumes: [{volume: './p.yaml:$POLICY', nodeFilters: [all]}]\n",
        "volumes: [./p.yaml:/etc/audit.yaml]\n",
        "files: [{source: p.yaml, destination: /etc/audit.yaml, nodeFilters: ['server:*']}]\n",
    ],
)
def test_something_may_bring_the_policy_onto_k3d_nodes(rest: str) -> None:
    assert misshapes(K3D_POLICY + rest) == []


@pytest.mark.parametrize(
    ("settings", "effect"),
    [
        ("profile: cis\n      audit-policy-file: /etc/audit/policy.yaml", "RKE2 writes a policy there"),
        ("cni: canal\n      kube-apiserver-arg: [audit-policy-file=/etc/audit/policy.yaml]", "does not start"),
        (
            "flannel-backend: none\n      kube-apiserver-arg: [audit-policy-file=/etc/audit/policy.yaml]",
            "does not start",
        ),
    ],
)
def test_what_comes_of_a_policy_that_is_brought_elsewhere(
    settings: str, effect: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "#cloud-config\nwrite_files:\n- path: /etc/audit/policy.yml\n  content: |\n"
    text += "".join(f"    {line}\n" for line in POLICY.splitlines())
    Path("user-data").write_text(f"{text}- path: /etc/rancher/config.yaml\n  content: |\n      {settings}\n")
    main(["check", "--format", "json", "."])
    findings = json.loads(capsys.readouterr().out)["findings"]
    (message,) = [one["message"] for one in findings if one["rule"] == "policy-file-missing"]
    assert effect in message


KCP = """apiVersion: controlplane.cluster.x-k8s.io/v1beta1
kind: KubeadmControlPlane
metadata: {name: prod}
spec:
  version: v1.30.4
  kubeadmConfigSpec:
    clusterConfiguration:
      apiServer:
        extraArgs: {audit-policy-file: /etc/audit/policy.yaml, audit-webhook-config-file: /etc/audit/webhook.yaml}
        extraVolumes: [{name: p, hostPath: /etc/audit, mountPath: /etc/audit, readOnly: true, pathType: Directory}]
    preKubeadmCommands: ["COMMAND"]
    files:
    - path: /etc/audit/policy.yaml
      contentFrom: {secret: {name: policy, key: policy.yaml}}
    - path: NAME
      content: |
        apiVersion: v1
        kind: Config
        clusters: [{name: s, cluster: {server: "https://a.example.com"}}]
        contexts: [{name: d, context: {cluster: s, user: ""}}]
        current-context: d
"""


@pytest.mark.parametrize(
    ("name", "command", "wrong"),
    [
        ("/etc/audit/webhook.yaml", "date", 0),
        ("/etc/audit/webhook.yml", "date", 1),
        ("/etc/kubernetes/audit-backend.conf", "date", 1),
        ("/etc/audit/webhook.yml", "mv /etc/audit/webhook.yml /etc/audit/webhook.yaml", 0),
        ("/etc/audit/authn-webhook.yaml", "date", 1),  # another webhook's: nothing brings the one of auditing
        ("/etc/kubernetes/kubeconfig", "date", 1),
    ],
)
def test_a_webhook_configuration_that_is_brought_elsewhere(
    name: str, command: str, wrong: int, capsys: pytest.CaptureFixture[str]
) -> None:
    findings = found(capsys, **{"kcp.yaml": KCP.replace("NAME", name).replace("COMMAND", command)})
    places = [place for rule, place in findings if rule == "policy-file-missing"]
    assert places == ["/etc/audit/webhook.yaml"] * wrong


def test_a_policy_in_a_literal_of_kustomize() -> None:
    text = "kind: Kustomization\napiVersion: kustomize.config.k8s.io/v1beta1\n"
    text += "secretGenerator:\n- name: a\n  literals:\n  - |\n"
    text += "".join(f"    {line}\n" for line in ("p.yaml=" + POLICY).splitlines())
    policy = policy_in(text, "kustomization.yaml")
    assert policy.names == ("p.yaml", "Secret:a")
    assert policy.at("rules", 0, "level").text == "Metadata"
    quoted = text.replace("  - |\n", "  - \"x='").replace("\n    ", "\\n").rstrip() + "'\"\n"
    quoted = quoted.replace("    p.yaml=", "")
    assert policy_in(quoted, "kustomization.yaml").at("rules", 0, "level").text == "Metadata"


def test_scripts_of_ci_are_scripts(capsys: pytest.CaptureFixture[str]) -> None:
    """What `run` starts is read where scripts are, also beside arguments that are read anyway."""
    text = "steps:\n- run: minikube start --extra-config=apiserver.audit-log-path=/a "
    text += "--extra-config=apiserver.audit-log-mode=x\n"
    other = "- with: {start-args: --extra-config=apiserver.audit-log-maxage=7d}\n"
    assert found(capsys, **{"a.yml": text + other}) == [("invalid-flag-value", "7d")]
    main(["check", "--embedded", "--format", "json", "."])
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert [one["start"]["line"] for one in findings if one["rule"] == "invalid-flag-value"] == [2, 3]
