"""Audit policies that something applies as an object, or brings to the kubelet's folder."""

from __future__ import annotations

import textwrap
from pathlib import Path
from textwrap import indent

import pytest

from kube_audit_lint.catalogue.shipped import shipped
from kube_audit_lint.pipeline.config import load_config
from kube_audit_lint.pipeline.options import Options
from kube_audit_lint.pipeline.run import run
from kube_audit_lint.syntax.extras import reads_terraform

POLICY = "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n- level: Metadata\n"
NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: logging}\n"
OBJECT, PODS = "policy-applied-as-object", "policy-in-manifest-directory"


def at(width: int, text: str = POLICY) -> str:
    return textwrap.indent(text, " " * width)


def held(width: int) -> str:
    head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  policy.yaml: |\n"
    return at(width, head + at(4))


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def found(files: dict[str, str], rule: str) -> list[str]:
    """The places of a rule's findings, as `file:line`."""
    if "main.tf" in files and not reads_terraform():
        pytest.skip("the extra [terraform] is not installed: pip install -e '.[terraform]'")
    for name, text in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text)
    report = run(Options((".",), embedded=True), load_config(), shipped()).report
    places = [(one.place.source, one.place.start) for one in report.findings if one.rule == rule]
    return [f"{source.path}:{source.position(start)[0]}" for source, start in places]


TALOS = "version: v1alpha1\nmachine: {type: controlplane}\ncluster:\n  apiServer: {image: a/kube-apiserver:v1.30.4}\n"
RKE = "nodes:\n- {address: 1.2.3.4, user: u, role: [controlplane]}\nservices:\n  kube-api:\n    extra_args: {v: '2'}\n"
RANCHER = (
    "apiVersion: provisioning.cattle.io/v1\nkind: Cluster\nmetadata: {name: a}\nspec:\n  rkeConfig:\n"
    "    additionalManifest: |\n"
)
CROSSPLANE = (
    "apiVersion: kubernetes.crossplane.io/v1alpha2\nkind: Object\nmetadata: {name: a}\nspec:\n  forProvider:\n"
    "    manifest:\n"
)
SET = (
    "apiVersion: addons.cluster.x-k8s.io/v1beta1\nkind: ClusterResourceSet\nmetadata: {name: a}\nspec:\n"
    "  resources: [{name: audit, kind: ConfigMap}]\n---\napiVersion: v1\nkind: ConfigMap\n"
)
ARGO = (
    "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: audit}\nspec:\n  source:\n"
    "    repoURL: https://github.com/x/y\n    path: apps/audit\n"
)
FLUX = (
    "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: audit}\nspec:\n"
    "  path: ./apps/audit\n"
)
K0SCTL_FILES = (
    "apiVersion: k0sctl.k0sproject.io/v1beta1\nkind: Cluster\nspec:\n  hosts:\n  - role: controller\n    files:\n"
    "    - {src: audit.yaml, dstDir: /var/lib/k0s/manifests/audit}\n"
)
TASK = "- hosts: all\n  tasks:\n  - kubernetes.core.k8s:\n      "
STEP = "on: push\njobs:\n  a:\n    steps:\n    - run: |\n        cd x\n        kubectl apply -f k8s/audit-policy.yaml\n"
USER_DATA = "#cloud-config\nwrite_files:\n- path: /root/p.yaml\n  content: |\n"
KUBECTL_TF = 'resource "kubectl_manifest" "a" {\n  yaml_body = file("${path.module}/audit-policy.yaml")\n}\n'
MANIFEST_TF = (
    'resource "kubernetes_manifest" "a" {\n  manifest = {\n    apiVersion = "audit.k8s.io/v1"\n    kind = "Policy"\n'
    '    rules = [{ level = "Metadata" }]\n  }\n}\n'
)
CHART = "apiVersion: v2\nname: a\nversion: 0.1.0\n"


@pytest.mark.parametrize(
    ("files", "place"),
    [
        (
            {"k/kustomization.yaml": "resources:\n- ns.yaml\n- policy.yaml\n", "k/policy.yaml": POLICY},
            "kustomization.yaml:3",
        ),
        ({"a/kustomization.yaml": "resources: [../b/rules.yaml]\n", "b/rules.yaml": POLICY}, ""),
        ({"c.yaml": f"{TALOS}  inlineManifests:\n  - name: a\n    contents: |\n{at(6)}"}, "c.yaml:9"),
        (
            {"c.yaml": f"{TALOS}  extraManifests: ['https://x.com/y/main/audit.yaml']\n", "audit.yaml": POLICY},
            "c.yaml:5",
        ),
        ({"cluster.yml": f"{RKE}addons: |-\n{at(2)}"}, "cluster.yml:8"),
        ({"cluster.yml": f"{RKE}addons_include:\n- ./audit.yaml\n", "audit.yaml": POLICY}, "cluster.yml:7"),
        ({"c.yaml": f"{RANCHER}{at(6)}"}, "c.yaml:8"),
        ({"var/lib/k0s/manifests/audit/p.yaml": POLICY}, "p.yaml:2"),
        ({"Chart.yaml": CHART, "crds/audit.yaml": POLICY}, "audit.yaml:2"),
        ({"values.yaml": "extraObjects:\n- " + POLICY.replace("\n", "\n  ")}, "values.yaml:3"),
        ({"o.yaml": f"{CROSSPLANE}{at(6)}"}, "o.yaml:8"),
        ({"s.yaml": f"{SET}metadata: {{name: audit}}\ndata:\n  a.yaml: |\n{at(4)}"}, "s.yaml:13"),
        ({"app.yaml": ARGO, "apps/audit/policy.yaml": POLICY}, "app.yaml:7"),
        ({"flux.yaml": FLUX, "apps/audit/policy.yaml": POLICY}, "flux.yaml:5"),
        ({"flux.yaml": FLUX, "apps/audit/files/policy.yaml": POLICY}, "flux.yaml:5"),
        ({"app.yaml": f"{ARGO}    directory: {{recurse: true}}\n", "apps/audit/a/p.yaml": POLICY}, "app.yaml:7"),
        ({"fleet/fleet.yaml": "defaultNamespace: a\n", "fleet/audit.yaml": POLICY}, "audit.yaml:2"),
        ({"k0s.yaml": K0SCTL_FILES, "audit.yaml": POLICY}, "k0s.yaml:7"),
        (
            {
                "p.yml": f"{TASK}definition: \"{{{{ lookup('file', 'audit.yaml') | from_yaml }}}}\"\n",
                "audit.yaml": POLICY,
            },
            "",
        ),
        ({".github/workflows/a.yml": STEP, "k8s/audit-policy.yaml": POLICY}, "a.yml:7"),
        ({"user-data": f"{USER_DATA}{at(4)}runcmd:\n- [kubectl, apply, -f, /root/p.yaml]\n"}, "user-data:11"),
        ({"a.sh": f"kubectl apply -f - <<EOF\n{POLICY}EOF\n"}, "a.sh:3"),
        ({"bin/a.sh": "oc create --filename=ns.yaml,audit.yaml\n", "audit.yaml": POLICY}, "a.sh:1"),
        ({"Makefile": "deploy:\n\tkubectl apply -f audit/\n", "audit/a.yaml": NAMESPACE, "audit/b.yaml": POLICY}, ":2"),
        ({"main.tf": KUBECTL_TF, "audit-policy.yaml": POLICY}, "main.tf:2"),
        ({"main.tf": MANIFEST_TF}, "main.tf:4"),
        (
            {
                "main.tf": KUBECTL_TF.replace("file(", "yamldecode(file(").replace('")', '"))'),
                "audit-policy.yaml": POLICY,
            },
            "",
        ),
    ],
)
def test_a_policy_that_is_applied(files: dict[str, str], place: str) -> None:
    (one,) = found(files, OBJECT)
    assert one.endswith(place)


@pytest.mark.parametrize(
    "files",
    [
        {"kustomization.yaml": "configMapGenerator:\n- {name: a, files: [policy.yaml]}\n", "policy.yaml": POLICY},
        {"kustomization.yaml": "resources: [other.yaml]\n", "policy.yaml": POLICY},
        {"c.yaml": f"{TALOS}  inlineManifests:\n  - name: a\n    contents: |\n{held(6)}"},
        {"cluster.yml": f"{RKE}addons: |-\n{held(2)}"},
        {"s.yaml": f"{SET}metadata: {{name: other}}\ndata:\n  a.yaml: |\n{at(4)}"},
        {"s.yaml": f"{SET}metadata: {{name: audit}}\ndata:\n  a.yaml: |\n{held(4)}"},
        {"var/lib/k0s/manifests/p.yaml": POLICY},
        {"Chart.yaml": CHART, "files/audit.yaml": POLICY},
        {"app.yaml": ARGO, "apps/audit/kustomization.yaml": "secretGenerator: []\n", "apps/audit/p.yaml": POLICY},
        {"app.yaml": ARGO, "audit/policy.yaml": POLICY},
        {"app.yaml": ARGO, "apps/audit/a/policy.yaml": POLICY},
        {"flux.yaml": FLUX, "apps/audit/a/kustomization.yaml": "{}\n", "apps/audit/a/policy.yaml": POLICY},
        {"fleet/fleet.yaml": "helm: {chart: ./chart}\n", "fleet/audit.yaml": POLICY},
        {"a.sh": "# kubectl apply -f audit.yaml\nkubectl create cm a --from-file=audit.yaml\n", "audit.yaml": POLICY},
        {
            "a.sh": "kubectl delete -f audit.yaml\nkubectl apply -f ns.yaml\n",
            "audit.yaml": POLICY,
            "ns.yaml": NAMESPACE,
        },
        {"a.sh": f"kubectl apply -f - <<EOF\n{held(0)}EOF\n"},
        {"user-data": f"{USER_DATA}{at(4)}runcmd:\n- kubectl apply -f /root/q.yaml\n"},
        {
            "k/kustomization.yaml": "resources: [audit-policy.yaml]\n",
            "k/audit-policy.yaml": "apiVersion: kyverno.io/v1\nkind: Policy\n",
        },
    ],
)
def test_a_policy_that_is_not(files: dict[str, str]) -> None:
    assert found(files, OBJECT) == []


KIND = (
    "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nnodes:\n- role: control-plane\n  extraMounts:\n"
    "  - {hostPath: ./audit.yaml, containerPath: FOLDER/audit.yaml}\n"
)
K0SCTL = (
    "apiVersion: k0sctl.k0sproject.io/v1beta1\nkind: Cluster\nspec:\n  hosts:\n  - role: controller\n    files:\n"
    "    - {src: audit.yaml, dstDir: FOLDER}\n  k0s: {config: {spec: {api: {extraArgs: {audit-log-path: /a}}}}}\n"
)
KOPS = (
    "apiVersion: kops.k8s.io/v1alpha2\nkind: Cluster\nspec:\n  kubeAPIServer: {auditLogPath: /var/log/a.log}\n"
    f"  fileAssets:\n  - name: a\n    path: FOLDER/audit.yaml\n    content: |\n{at(6)}"
)
PROVISIONER = (
    'resource "x" "y" {\n  provisioner "file" {\n'
    '    source = "audit.yaml"\n    destination = "FOLDER/audit.yaml"\n  }\n}\n'
)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("kind.yaml", KIND),
        ("k0sctl.yaml", K0SCTL),
        ("kops.yaml", KOPS),
        ("main.tf", PROVISIONER),
        ("a.sh", f"cat > FOLDER/audit.yaml <<EOF\n{POLICY}EOF\n"),
        ("a.sh", "sudo install -m 0600 audit.yaml FOLDER/\n"),
        ("a.sh", "scp -i key audit.yaml root@host:FOLDER/\n"),
        ("a.yml", "- hosts: a\n  tasks:\n  - shell: cp audit.yaml FOLDER/\n"),
        ("a.yml", '- copy: {src: "{{ item }}", dest: FOLDER/}\n  loop: [kube-apiserver.yaml, audit.yaml]\n'),
        ("a.yml", '- copy: {src: "{{ item.f }}", dest: "FOLDER/{{ item.f }}"}\n  with_items: [{f: audit.yaml}]\n'),
        ("a.yml", "- hosts: a\n  tasks:\n  - command: cp /root/audit-policy.yaml FOLDER/\n"),
        ("user-data", f"{USER_DATA}{at(4)}runcmd:\n- cp /root/p.yaml FOLDER/audit.yaml\n"),
    ],
)
def test_a_policy_for_the_kubelet(name: str, text: str) -> None:
    files = {"audit.yaml": POLICY}
    assert len(found({**files, name: text.replace("FOLDER", "/etc/kubernetes/manifests")}, PODS)) == 1
    assert found({**files, name: text.replace("FOLDER", "/etc/kubernetes/audit")}, PODS) == []


HELD = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: audit}}\ndata:\n  a.yaml: |\n{at(4)}"
ONLY_SET = SET.partition("---")[0]
NESTED = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: audit}\ndata:\n  a.yaml: |\n" + indent(HELD, "    ")


@pytest.mark.parametrize(
    ("files", "number"),
    [
        ({"crs.yaml": ONLY_SET, "cm.yaml": HELD}, 1),
        ({"crs.yaml": ONLY_SET.replace("name: audit", "name: other"), "cm.yaml": HELD}, 0),
        ({"crs.yaml": ONLY_SET.replace("{name: a}", "{name: a, namespace: one}"), "cm.yaml": HELD}, 1),
        (
            {
                "crs.yaml": ONLY_SET.replace("{name: a}", "{name: a, namespace: one}"),
                "cm.yaml": HELD.replace("{name: audit}", "{name: audit, namespace: two}"),
            },
            0,
        ),
        ({"crs.yaml": ONLY_SET, "cm.yaml": NESTED}, 0),  # what is applied is the inner object
        ({"other/crs.yaml": ONLY_SET, "cm.yaml": HELD}, 0),
        ({"cm.yaml": HELD}, 0),
    ],
)
def test_sets_of_resources_in_a_file_beside(files: dict[str, str], number: int) -> None:
    assert len(found(files, OBJECT)) == number
