"""Places in which audit settings stand in forms that are known: a good file each, and the mistakes that are found."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from textwrap import indent

import pytest
from form_samples import found_in

from kube_audit_lint.catalogue.shipped import shipped
from kube_audit_lint.pipeline.config import Config
from kube_audit_lint.pipeline.options import Options
from kube_audit_lint.pipeline.run import run
from kube_audit_lint.syntax.extras import reads_terraform

Rules = Callable[[dict[str, str]], set[str]]
POLICY = "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n- level: Metadata\n"


@pytest.fixture
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rules:
    """What is found in files, by the rules' ids; infos are left out. Something must have been read in them."""
    monkeypatch.chdir(tmp_path)

    def found(files: dict[str, str]) -> set[str]:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        outcome = run(Options((".",)), Config(), shipped())
        assert not outcome.report.errors
        assert outcome.report.files.policies + outcome.report.files.servers
        return {one.rule for one in outcome.report.findings if one.severity != "info"}

    return found


def klass(kind: str, *patches: tuple[str, str]) -> dict[str, str]:
    """A ClusterClass with patches: a path below the template's spec, and a value."""
    head = "apiVersion: cluster.x-k8s.io/v1beta1\nkind: ClusterClass\nmetadata: {name: c}\nspec:\n  patches:\n"
    text = head + f"  - name: audit\n    definitions:\n    - selector: {{kind: {kind}}}\n      jsonPatches:\n"
    for path, value in patches:
        text += f"      - op: add\n        path: /spec/template/spec{path}\n        value:\n" + indent(value, " " * 10)
    return {"class.yaml": text}


KUBEADM = "KubeadmControlPlaneTemplate"
API_SERVER = """extraArgs: {audit-policy-file: /etc/kubernetes/p.yaml}
extraVolumes: [{name: p, hostPath: /etc/kubernetes, mountPath: /etc/kubernetes, readOnly: true}]
"""
FILES = "- path: /etc/kubernetes/p.yaml\n  content: |\n" + indent(POLICY, "    ")
CONFIGURATION = "apiServer:\n" + indent(API_SERVER, "  ")
SPEC = "clusterConfiguration:\n" + indent(CONFIGURATION, "  ") + "files:\n" + FILES
AT = "/kubeadmConfigSpec/clusterConfiguration"
CLASSES = {
    "apiServer": klass(KUBEADM, (f"{AT}/apiServer", API_SERVER), ("/kubeadmConfigSpec/files", FILES)),
    "clusterConfiguration": klass(KUBEADM, (AT, CONFIGURATION), ("/kubeadmConfigSpec/files", FILES)),
    "spec": klass(KUBEADM, ("/kubeadmConfigSpec", SPEC)),
}


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_puts_in_mappings_and_lists(name: str, rules: Rules) -> None:
    """A value may stand for all that is below its path."""
    assert rules(CLASSES[name]) == set()
    text = CLASSES[name]["class.yaml"]
    assert rules({"class.yaml": text.replace("- path: /etc/kubernetes/p.yaml", "- path: /etc/kubernetes/p.yml")}) == {
        "policy-file-missing"
    }
    assert rules({"class.yaml": text.replace("level: Metadata", "level: All")}) == {"invalid-level"}
    assert rules({"class.yaml": text.replace("audit-policy-file", "audit-policy-path")}) == {"unknown-audit-flag"}


@pytest.mark.parametrize(
    ("kind", "patch"),
    [
        ("RKE2ControlPlaneTemplate", ("/serverConfig/kubeAPIServer/extraArgs/-", "audit-log-maxage=30\n")),
        ("RKE2ControlPlaneTemplate", ("/serverConfig/kubeAPIServer", "extraArgs: [audit-log-maxage=30]\n")),
        (
            "KThreesControlPlaneTemplate",
            ("/kthreesConfigSpec/serverConfig/kubeAPIServerArg", "[audit-log-maxage=30]\n"),
        ),
    ],
)
def test_a_class_of_rke2_and_k3s(kind: str, patch: tuple[str, str], rules: Rules) -> None:
    good = klass(kind, patch)
    assert rules(good) == set()
    assert rules({"class.yaml": good["class.yaml"].replace("=30", "=30d")}) == {"invalid-flag-value"}


MANIFEST = "/etc/kubernetes/manifests/kube-apiserver.yaml"
EDITS = {
    "items": """  lineinfile: {path: MANIFEST, line: "    - {{ item }}", insertafter: "- kube-apiserver"}
  loop:
  - --audit-log-path=/var/log/kubernetes/audit.log
  - --audit-log-maxage=30
""",
    "fields": """  ansible.builtin.lineinfile:
    dest: MANIFEST
    regexp: "--{{ item.name }}="
    line: "    - --{{ item.name }}={{ item.value }}"
  with_items:
  - {name: audit-log-path, value: /var/log/kubernetes/audit.log}
  - {name: audit-log-maxage, value: 30}
""",
    "one field": """  lineinfile: {path: MANIFEST, line: "    - {{ item.line }}"}
  with_items: [{line: "--audit-log-maxage=30"}]
""",
    "a mapping": """  lineinfile: {path: MANIFEST, line: "    - --{{ item.key }}={{ item.value }}"}
  with_dict: {audit-log-maxage: "30"}
""",
    "variables": """  lineinfile: {path: MANIFEST, line: "    - --{{ item.key }}={{ item.value }}"}
  loop: "{{ audit_flags | dict2items }}"
  vars:
    audit_flags: {audit-log-maxage: "30"}
""",
    "one line": "  lineinfile: path=MANIFEST line='    - --audit-log-maxage=30' insertafter='- kube-apiserver'\n",
}


@pytest.mark.parametrize("name", EDITS)
def test_what_ansible_writes_line_by_line(name: str, rules: Rules) -> None:
    good = f"- name: flags\n{EDITS[name]}".replace("MANIFEST", MANIFEST)
    assert rules({"tasks.yml": good}) == set()
    assert rules({"tasks.yml": good.replace("audit-log-maxage", "audit-log-max-age")}) == {"unknown-audit-flag"}
    assert rules({"tasks.yml": re.sub("30(?![^'\"\\n}]*[a-z])", "30d", good)}) == {"invalid-flag-value"}


def test_a_variable_of_the_play(rules: Rules) -> None:
    task = """- hosts: all
  vars:
    flags: [--audit-log-maxage=30d]
  tasks:
  - lineinfile: {path: MANIFEST, line: "    - {{ item }}"}
    loop: "{{ flags }}"
"""
    assert rules({"play.yml": task.replace("MANIFEST", MANIFEST)}) == {"invalid-flag-value"}


@pytest.mark.parametrize(
    "change",
    [
        (MANIFEST, "/etc/kubernetes/manifests/etcd.yaml"),
        ("line=", "state=absent line="),
        ("    - {{ item }}", "# was {{ item }}"),
    ],
)
def test_what_ansible_writes_elsewhere_or_takes_away(change: tuple[str, str]) -> None:
    for name in ("items", "one line"):
        good = f"- name: flags\n{EDITS[name]}".replace("MANIFEST", MANIFEST)
        text = good.replace(*change)
        assert text == good or not found_in(text, "tasks.yml").servers


VALUES = """controlPlane:
  distro:
    k8s:
      apiServer:
        extraArgs: [--audit-log-path=/data/audit.log, --audit-log-maxage=30]
"""


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec:\n  source:\n    helm:\n      values: |\n"
        + indent(VALUES, "        "),
        "apiVersion: helm.cattle.io/v1\nkind: HelmChart\nspec:\n  valuesContent: |-\n" + indent(VALUES, "    "),
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec:\n  source:\n    helm:\n      valuesObject:\n"
        + indent(VALUES, "        "),
    ],
)
def test_values_of_a_chart_in_an_object(text: str, rules: Rules) -> None:
    assert rules({"app.yaml": text}) == set()
    assert rules({"app.yaml": text.replace("=30", "=30d")}) == {"invalid-flag-value"}


FIRST = "- level: Metadata\n  resources: [{group: '', resources: [pods]}]\n"
SECOND = "- level: RequestResponse\n  verbs: [create]\n  resources: [{group: '', resources: [pods]}]\n"
FORWARDER = """apiVersion: observability.openshift.io/v1
kind: ClusterLogForwarder
metadata: {name: instance, namespace: openshift-logging}
spec:
  filters:
  - name: audit
    type: kubeAPIAudit
    kubeAPIAudit:
      rules:
"""


@pytest.mark.parametrize(
    ("path", "head", "by"),
    [
        ("audit-rules.yaml", "", ""),
        ("vars.yml", "audit_policy_extra_rules:\n", ""),
        ("base-audit-policy.yaml", "rules:\n", ""),
        ("clf.yaml", FORWARDER, "      "),
    ],
)
def test_rules_that_take_each_others_requests(path: str, head: str, by: str, rules: Rules) -> None:
    """Whatever stands around a list of rules, what its first rules take the others never get."""
    assert rules({path: head + indent(SECOND + FIRST, by)}) == set()
    assert rules({path: head + indent(FIRST + SECOND, by)}) == {"unreachable-rule"}


def test_rules_that_a_template_may_leave_out(rules: Rules) -> None:
    text = "{% if metadata %}\n" + FIRST + "{% endif %}\n" + SECOND
    assert rules({"audit-rules.yaml.j2": text, "audit-rules.yaml": SECOND + FIRST}) == set()


def test_rules_in_json(rules: Rules) -> None:
    good = '[{"level": "None", "users": ["system:apiserver"]}, {"level": "Metadata", "verbs": ["create"]}]'
    assert rules({"audit-rules.json": good}) == set()
    assert rules({"audit-rules.json": good.replace("users", "user")}) == {"unknown-field", "unreachable-rule"}
    assert rules(
        {"audit-rules.json": good.replace("None", "none").replace(', {"level": "Metadata"', ', {"level": "m"')}
    ) == {"invalid-level"}


def object_with(key: str, name: str = "audit", kind: str = "ConfigMap") -> str:
    data = "data" if kind == "ConfigMap" else "stringData"
    return (
        f"---\napiVersion: v1\nkind: {kind}\nmetadata: {{name: {name}}}\n{data}:\n  {key}: |\n{indent(POLICY, '    ')}"
    )


HOSTED = """apiVersion: apps/v1
kind: Deployment
metadata: {name: kube-apiserver}
spec:
  template:
    spec:
      containers:
      - name: kube-apiserver
        image: registry.k8s.io/kube-apiserver:v1.30.0
        command: [kube-apiserver, --audit-policy-file=/etc/audit/policy.yaml, --audit-log-path=-]
        volumeMounts:
        - {name: audit, mountPath: /etc/audit, readOnly: true}
      volumes:
      - name: audit
        VOLUME
"""
K0SMOTRON = """apiVersion: k0smotron.io/v1beta1
kind: Cluster
metadata: {name: c}
spec:
  version: v1.31.5-k0s.0
  mounts:
  - path: /etc/audit
    configMap: {name: audit}
  k0sConfig:
    apiVersion: k0s.k0sproject.io/v1beta1
    kind: ClusterConfig
    spec: {api: {extraArgs: {audit-policy-file: /etc/audit/policy.yaml, audit-log-path: '-'}}}
"""
RKE2 = """apiVersion: controlplane.cluster.x-k8s.io/v1beta1
kind: RKE2ControlPlane
metadata: {name: c}
spec:
  version: v1.31.4+rke2r1
  serverConfig: {auditPolicySecret: {name: audit}}
"""
SHOOT = """apiVersion: core.gardener.cloud/v1beta1
kind: Shoot
metadata: {name: s}
spec:
  kubernetes:
    version: 1.30.1
    kubeAPIServer: {auditConfig: {auditPolicy: {configMapRef: {name: audit}}}}
"""
KEYS = {
    "a volume": (HOSTED.replace("VOLUME", "configMap: {name: audit}"), "policy.yaml", "ConfigMap"),
    "a Secret": (HOSTED.replace("VOLUME", "secret: {secretName: audit}"), "policy.yaml", "Secret"),
    "a projected volume": (
        HOSTED.replace("VOLUME", "projected: {sources: [{configMap: {name: audit}}]}"),
        "policy.yaml",
        "ConfigMap",
    ),
    "items": (
        HOSTED.replace("VOLUME", "configMap: {name: audit, items: [{key: p, path: policy.yaml}]}"),
        "p",
        "ConfigMap",
    ),
    "a part of it": (
        HOSTED.replace("VOLUME", "configMap: {name: audit}").replace(
            "mountPath: /etc/audit,", "mountPath: /etc/audit/policy.yaml, subPath: p.yaml,"
        ),
        "p.yaml",
        "ConfigMap",
    ),
    "k0smotron": (K0SMOTRON, "policy.yaml", "ConfigMap"),
    "RKE2": (RKE2, "audit-policy.yaml", "Secret"),
    "Gardener": (SHOOT, "policy", "ConfigMap"),
}


@pytest.mark.parametrize("name", KEYS)
def test_the_key_of_an_object(name: str, rules: Rules) -> None:
    """The policy has to lie under the key from which it is taken."""
    text, key, kind = KEYS[name]
    assert rules({"all.yaml": text + object_with(key, kind=kind)}) == set()
    assert rules({"all.yaml": text + object_with("other.yaml", kind=kind)}) == {"policy-file-missing"}
    assert rules({"all.yaml": text + object_with("other.yaml", "another", kind)}) == set()
    bad = text + object_with(key, kind=kind).replace("level: Metadata", "level: All")
    assert rules({"all.yaml": bad}) == {"invalid-level"}


def test_objects_of_one_name_are_not_confused(rules: Rules) -> None:
    """One name in two files belongs to two namespaces or clusters."""
    text = KEYS["a volume"][0]
    files = {"a.yaml": text, "b.yaml": object_with("x.yaml"), "c.yaml": object_with("y.yaml")}
    assert rules({name: body.removeprefix("---\n") for name, body in files.items()}) == set()


def test_the_key_of_a_generated_object(rules: Rules) -> None:
    head = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [deployment.yaml]\n"
    head += "configMapGenerator:\n- name: audit\n  files: [FILE]\n"
    files = {"deployment.yaml": KEYS["a volume"][0], "files/p.yaml": POLICY}
    assert rules({**files, "kustomization.yaml": head.replace("FILE", "policy.yaml=files/p.yaml")}) == set()
    assert rules({"kustomization.yaml": head.replace("FILE", "files/p.yaml")}) == {"policy-file-missing"}


FLAG = "audit-log-maxage: 30d\n"
FILLED = """resource "local_file" "kubeadm" {
  content = templatefile("${path.module}/k.tftpl", { log = LOG })
}
"""
KUBEADM_FILE = """apiVersion: kubeadm.k8s.io/v1beta3
kind: ClusterConfiguration
kubernetesVersion: v1.30.1
apiServer:
  extraArgs: {audit-policy-file: /etc/kubernetes/pki/p.yaml, audit-log-path: "${log}", audit-log-maxage: "30",
    audit-log-maxbackup: "10", audit-log-maxsize: "100"}
  extraVolumes: [{name: l, hostPath: /var/log/k, mountPath: /var/log/k}]
"""
RAW = """apiVersion: policy.open-cluster-management.io/v1
kind: ConfigurationPolicy
spec:
  object-templates-raw: |
    - complianceType: musthave
      objectDefinition:
        apiVersion: config.openshift.io/v1
        kind: APIServer
        metadata: {name: cluster}
        spec: {audit: {profile: NAME}}
"""
OPENSHIFT = """apiVersion: config.openshift.io/v1
kind: APIServer
metadata: {name: cluster}
spec: {audit: {profile: Default}}
"""
OVERLAY = """resources: [a.yaml]
patches:
- target: {kind: APIServer}
  patch: |-
    - {op: replace, path: /spec/audit/profile, value: NAME}
"""
WRITTEN = """resource "x" "y" {
  user_data = yamlencode({
    write_files = [
      { path = "/etc/rancher/rke2/NAME", content = file("${path.module}/p.yaml") },
      { path = "/etc/rancher/rke2/config.yaml", content = yamlencode({ "audit-policy-file" = "/etc/rancher/rke2/a.yaml",
        token = "x" }) },
    ]
  })
}
"""
MORE = {
    "a JSON patch in a string": (
        {
            "talconfig.yaml": "controlPlane:\n  patches:\n  - |-\n    - op: add\n"
            "      path: /cluster/apiServer/extraArgs\n"
            "      value:\n        AUDIT"
        },
        {"AUDIT": ("audit-log-maxage: '30'\n", FLAG)},
        "invalid-flag-value",
    ),
    "a JSON patch in an object": (
        {
            "c.yaml": "kind: TalosControlPlane\nspec:\n  configPatches:\n  - op: add\n"
            "    path: /cluster/apiServer/extraArgs\n"
            "    value:\n      AUDIT"
        },
        {"AUDIT": ("audit-log-maxage: '30'\n", FLAG)},
        "invalid-flag-value",
    ),
    "a variable of a topology": (
        {
            "c.yaml": "kind: Cluster\nspec:\n  topology:\n    variables:\n    - name: kubeadmApiServerExtraArgs\n"
            "      value:\n"
            "        AUDIT"
        },
        {"AUDIT": ("audit-log-maxage: '30'\n", FLAG)},
        "invalid-flag-value",
    ),
    "an overlay of ytt": (
        {
            "o.yaml": '#@ load("@ytt:overlay", "overlay")\n'
            '#@overlay/match by=overlay.subset({"kind":"KubeadmControlPlane"})\n'
            "---\nspec:\n  kubeadmConfigSpec:\n    clusterConfiguration:\n      apiServer:\n        extraArgs:\n"
            "          #@overlay/match missing_ok=True\n          AUDIT"
        },
        {"AUDIT": ("audit-log-maxage: '30'\n", FLAG)},
        "invalid-flag-value",
    ),
    "values of a chart in a kustomization": (
        {
            "kustomization.yaml": "helmCharts:\n- name: kamaji\n  valuesInline:\n    apiServer:\n      extraArgs:\n"
            "        AUDIT"
        },
        {"AUDIT": ("audit-log-maxage: '30'\n", FLAG)},
        "invalid-flag-value",
    ),
    "rules of values": (
        {"values.yaml": "audit:\n  rules:\n  - {level: NAME, verbs: [get]}\n  - {level: Metadata}\n"},
        {"NAME": ("None", "none")},
        "invalid-level",
    ),
    "a text of objects": ({"p.yaml": RAW}, {"NAME": ("Default", "None")}, "nothing-recorded"),
    "a profile that a patch sets": (
        {"a.yaml": OPENSHIFT, "kustomization.yaml": OVERLAY},
        {"NAME": ("Default", "None")},
        "nothing-recorded",
    ),
    "a template that is filled": (
        {"main.tf": FILLED, "k.tftpl": KUBEADM_FILE},
        {"LOG": ('"/var/log/k/a.log"', '"/var/log/other/a.log"')},
        "log-directory-not-mounted",
    ),
    "files of cloud-init that Terraform encodes": (
        {"main.tf": WRITTEN, "p.yaml": POLICY},
        {"NAME": ("a.yaml", "audit.yaml")},
        "policy-file-missing",
    ),
}


@pytest.mark.parametrize("name", MORE)
def test_more_places(name: str, rules: Rules) -> None:
    files, words, rule = MORE[name]
    if "main.tf" in files and not reads_terraform():
        pytest.skip("the extra [terraform] is not installed: pip install -e '.[terraform]'")
    ((word, (good, bad)),) = words.items()
    assert rules({path: text.replace(word, good) for path, text in files.items()}) == set()
    assert rules({path: text.replace(word, bad) for path, text in files.items()}) == {rule}


def test_lines_of_a_variable_are_reported_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    lines = '- "kube-apiserver-arg:\\n  - audit-log-maxage=30d\\n  - audit-log-path=/a\\n"\n'
    Path("all.yml").write_text(f"rke2_server_options:\n{lines}")
    findings = run(Options((".",)), Config(), shipped()).report.findings
    assert [one.rule for one in findings if one.severity == "error"] == ["invalid-flag-value"]
