"""One configuration with mistakes in every form that can express it: each form gets the same findings.

What a form cannot express, or what its distribution sets itself, is said beside it. test_same_meaning.py holds the
forms around kubeadm to the severities and places as well.
"""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from textwrap import indent
from urllib.parse import quote

import pytest

from kube_audit_lint.catalogue.shipped import shipped
from kube_audit_lint.model.version import parse_versions
from kube_audit_lint.pipeline.config import load_config
from kube_audit_lint.pipeline.options import Options
from kube_audit_lint.pipeline.run import run
from kube_audit_lint.syntax.extras import reads_terraform

POLICY = """apiVersion: audit.k8s.io/v1
kind: Policy
rules:
- level: RequestResponse
  resources:
  - group: ""
    resources: [secrets]
- level: Metadata
"""
FILE = "/etc/kubernetes/audit/policy.yaml"
LOG = "/etc/kubernetes/audit/audit.log"
FLAGS = {
    "audit-policy-file": FILE,
    "audit-log-path": LOG,
    "audit-log-maxage": "7",
    "audit-log-max-size": "100",
    "audit-log-mode": "sometimes",
}
AGE, BACKUP, UNKNOWN, MODE = "log-maxage", "log-maxbackup", "unknown-audit-flag", "invalid-flag-value"
SECRETS = "secrets-above-metadata"
MISTAKES = {AGE, BACKUP, UNKNOWN, MODE, SECRETS}

MAP = "".join(f'{name}: "{value}"\n' for name, value in FLAGS.items())
LIST = "".join(f'- name: {name}\n  value: "{value}"\n' for name, value in FLAGS.items())
WORDS = "".join(f"- {name}={value}\n" for name, value in FLAGS.items())
DASHED = "".join(f"- --{name}={value}\n" for name, value in FLAGS.items())
DASHED_WORDS = "[" + ", ".join(f'"--{name}={value}"' for name, value in FLAGS.items()) + "]"
LINE = " ".join(f"--{name}={value}" for name, value in FLAGS.items())
VOLUMES = "extraVolumes:\n- {name: audit, hostPath: /etc/kubernetes/audit, mountPath: /etc/kubernetes/audit}\n"


def below(key: str, text: str, by: int = 2) -> str:
    return f"{key}:\n" + indent(text, " " * by)


def block(key: str, text: str) -> str:
    return f"{key}: |\n" + indent(text, "  ")


def head(version: str, kind: str, name: str = "a") -> str:
    return f"apiVersion: {version}\nkind: {kind}\nmetadata: {{name: {name}}}\n"


BESIDE = {"policy.yaml": POLICY}
POD = (
    head("v1", "Pod", "kube-apiserver")
    + "spec:\n  containers:\n  - name: kube-apiserver\n    command:\n    - kube-apiserver\n"
    + "".join(f"    - --{name}={value}\n" for name, value in FLAGS.items())
    + "    volumeMounts:\n    - {name: audit, mountPath: /etc/kubernetes/audit}\n"
    + "  volumes:\n  - {name: audit, hostPath: {path: /etc/kubernetes/audit, type: Directory}}\n"
)
SECTION = below("extraArgs", MAP) + VOLUMES
LISTED = below("extraArgs", LIST) + VOLUMES
CLUSTER = head("kubeadm.k8s.io/v1beta3", "ClusterConfiguration") + below("apiServer", SECTION)
WRITTEN = below("files", f"- path: {FILE}\n" + indent(block("content", POLICY), "  "))
PACKED = f"files:\n- path: {FILE}\n  encoding: base64\n  content: {b64encode(POLICY.encode()).decode()}\n"
K0S = head("k0s.k0sproject.io/v1beta1", "ClusterConfig") + below("spec", below("api", below("extraArgs", MAP)))
UNIT = f"[Service]\nExecStart=/usr/bin/kube-apiserver --etcd-servers=http://e {LINE}\n".replace(" --", " \\\n  --")
MINIKUBE = "minikube start " + " ".join(
    f"--extra-config=apiserver.{name}={value.replace('/etc/kubernetes/audit', '/etc/ssl/certs')}"
    for name, value in FLAGS.items()
)
INLINE = below("auditPolicy", POLICY)
PROFILED = MAP.partition("audit-log-maxage")[0]

ADDED = "".join(
    f"- op: add\n  path: /spec/containers/0/command/-\n  value: --{name}={value}\n" for name, value in FLAGS.items()
)

FORMS: dict[str, tuple[dict[str, str], set[str]]] = {
    "pod": ({"a.yaml": POD, **BESIDE}, set()),
    "pod-in-a-config-map": ({"a.yaml": head("v1", "ConfigMap") + below("data", block("x", POD)), **BESIDE}, set()),
    "kubeadm-map": ({"a.yaml": CLUSTER, **BESIDE}, set()),
    "kubeadm-list": (
        {"a.yaml": head("kubeadm.k8s.io/v1beta4", "ClusterConfiguration") + below("apiServer", LISTED), **BESIDE},
        set(),
    ),
    "kind": (
        {
            "a.yaml": "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nnodes:\n- role: control-plane\n"
            "  extraMounts: [{hostPath: policy.yaml, containerPath: /etc/kubernetes/audit/policy.yaml}]\n"
            + "  kubeadmConfigPatches:\n  - |\n"
            + indent("kind: ClusterConfiguration\n" + below("apiServer", SECTION), "    "),
            **BESIDE,
        },
        set(),
    ),
    "cluster-api": (
        {
            "a.yaml": head("controlplane.cluster.x-k8s.io/v1beta1", "KubeadmControlPlane")
            + below(
                "spec",
                "version: v1.31.0\n"
                + below("kubeadmConfigSpec", below("clusterConfiguration", below("apiServer", SECTION)) + PACKED),
            )
        },
        set(),
    ),
    "cloud-init": (
        {
            "a.yaml": "#cloud-config\nwrite_files:\n- path: /a.yaml\n"
            + indent(block("content", CLUSTER), "  ")
            + WRITTEN.removeprefix("files:\n").replace("\n  ", "\n").removeprefix("  ")
        },
        set(),
    ),
    "kops": (
        {
            "a.yaml": head("kops.k8s.io/v1alpha2", "Cluster")
            + below(
                "spec",
                below("kubeAPIServer", f"auditPolicyFile: {FILE}\nauditLogPath: {LOG}\nauditLogMaxAge: 7\n")
                + f"fileAssets:\n- name: a\n  path: {FILE}\n"
                + indent(block("content", POLICY), "  "),
            )
        },
        {UNKNOWN, MODE},  # its settings are fixed
    ),
    "rke1": (
        {
            "a.yaml": "nodes: []\n"
            + below(
                "services",
                below(
                    "kube-api",
                    below(
                        "audit_log",
                        "enabled: true\n"
                        + below("configuration", f"max_age: 7\npath: {LOG}\nformat: json\n" + below("policy", POLICY)),
                    )
                    + below("extra_args", MAP.partition("audit-log-maxage")[2].partition("\n")[2]),
                ),
            )
        },
        set(),
    ),
    "rke2": (
        {"a.yaml": "token: a\n" + below("kube-apiserver-arg", WORDS), "audit/policy.yaml": POLICY},
        set(),
    ),
    "rancher": (
        {
            "a.yaml": head("provisioning.cattle.io/v1", "Cluster")
            + "spec:\n  kubernetesVersion: v1.31.1+rke2r1\n  rkeConfig:\n    machineGlobalConfig:\n"
            + indent(block("audit-policy-file", POLICY), "      ")
            + indent(
                below("kube-apiserver-arg", WORDS.partition("- audit-log-maxage")[2].join(["- audit-log-maxage", ""])),
                "      ",
            )
        },
        {BACKUP},  # set by RKE2
    ),
    "kubespray": (
        {
            "a.yaml": f"kubernetes_audit: true\naudit_policy_file: {FILE}\naudit_log_path: {LOG}\naudit_log_maxage: 7\n"
            + below("kube_kubeadm_apiserver_extra_args", 'audit-log-max-size: "100"\naudit-log-mode: sometimes\n'),
            "roles/policy.yaml": POLICY,
        },
        {BACKUP},  # set by kubespray
    ),
    "eks-anywhere": (
        {
            "a.yaml": head("anywhere.eks.amazonaws.com/v1alpha1", "Cluster")
            + "spec:\n  datacenterRef: {kind: VSphereDatacenterConfig, name: a}\n  controlPlaneConfiguration:\n"
            + indent(block("auditPolicyContent", POLICY), "    ")
            + indent(
                below("apiServerExtraArgs", MAP.replace("audit-policy-file", "x").replace("audit-log-path", "y")),
                "    ",
            )
        },
        {BACKUP},  # set by EKS Anywhere
    ),
    "kubeone": (
        {
            "a.yaml": "apiVersion: kubeone.k8c.io/v1beta3\nkind: KubeOneCluster\nversions: {kubernetes: 1.31.4}\n"
            "features:\n  staticAuditLog:\n    enable: true\n    config: {policyFilePath: policy.yaml, logMaxAge: 7}\n"
            "controlPlaneComponents:\n  apiServer:\n    flags: {audit-log-max-size: '1', audit-log-mode: sometimes}\n",
            **BESIDE,
        },
        set(),  # it keeps 3 files by itself, which is too few
    ),
    "talos": (
        {
            "a.yaml": "version: v1alpha1\nmachine: {type: controlplane}\n"
            + below("cluster", below("apiServer", below("extraArgs", MAP.partition("\n")[2]) + INLINE))
        },
        {BACKUP},  # set by Talos
    ),
    "talos-documents": (
        {
            "a.yaml": "apiVersion: v1alpha1\nkind: KubeAPIServerConfig\n"
            + below("extraArgs", MAP.partition("\n")[2])
            + "---\napiVersion: v1alpha1\nkind: KubeAuditPolicyConfig\n"
            + below("configuration", POLICY)
        },
        {BACKUP},
    ),
    "k0s": ({"a.yaml": K0S, "audit/policy.yaml": POLICY}, set()),
    "k0sctl": (
        {
            "a.yaml": head("k0sctl.k0sproject.io/v1beta1", "Cluster")
            + f"spec:\n  hosts:\n  - files:\n    - {{src: policy.yaml, dst: {FILE}}}\n  k0s:\n    config:\n"
            + indent(K0S, "      "),
            **BESIDE,
        },
        set(),
    ),
    "unit": ({"kube-apiserver.service": UNIT, "audit/policy.yaml": POLICY}, set()),
    "environment": (
        {"apiserver": f'KUBE_API_ARGS="--etcd-servers=http://e {LINE}"\n', "audit/policy.yaml": POLICY},
        set(),
    ),
    "arguments": (
        {"kube-apiserver": f"--etcd-servers=http://e {LINE}".replace(" --", "\n--"), "audit/policy.yaml": POLICY},
        set(),
    ),
    "openshift": (
        {
            "a.yaml": head("kubecontrolplane.config.openshift.io/v1", "KubeAPIServerConfig")
            + below("apiServerArguments", "".join(f'{name}: ["{value}"]\n' for name, value in FLAGS.items())),
            "audit/policy.yaml": POLICY,
        },
        {BACKUP},  # a part, laid over OpenShift's own
    ),
    "microshift": (
        {"a.yaml": "apiServer:\n  auditLog: {maxFileAge: 7}\n"},
        {BACKUP, UNKNOWN, MODE, SECRETS},  # its settings are fixed, its policies are profiles
    ),
    "gardener": (
        {
            "a.yaml": head("core.gardener.cloud/v1beta1", "Shoot")
            + "spec: {kubernetes: {kubeAPIServer: {auditConfig: {auditPolicy: {configMapRef: {name: p}}}}}}\n",
            "b.yaml": head("v1", "ConfigMap", "p") + below("data", block("policy", POLICY)),
        },
        {AGE, BACKUP, UNKNOWN, MODE},  # it takes no flags
    ),
    "deckhouse": (
        {
            "a.yaml": head("deckhouse.io/v1alpha1", "ModuleConfig", "control-plane-manager")
            + "spec: {settings: {apiserver: {auditPolicyEnabled: true}}}\n",
            "b.yaml": head("v1", "Secret", "audit-policy")
            + f"data: {{audit-policy.yaml: {b64encode(POLICY.encode()).decode()}}}\n",
        },
        {AGE, BACKUP, UNKNOWN, MODE},  # it takes no flags
    ),
    "kwok": (
        {
            "a.yaml": head("config.kwok.x-k8s.io/v1alpha1", "KwokctlConfiguration")
            + "componentsPatches:\n- name: kube-apiserver\n"
            + indent(below("extraArgs", LIST.replace("name:", "key:")), "  ")
            + "  extraVolumes: [{hostPath: ., mountPath: /etc/kubernetes/audit}]\n",
            **BESIDE,
        },
        {BACKUP},  # for tests: what is missing is not reported
    ),
    "kamaji": (
        {
            "a.yaml": head("kamaji.clastix.io/v1alpha1", "TenantControlPlane")
            + "spec:\n  kubernetes: {version: v1.31.0}\n  controlPlane:\n    deployment:\n"
            + indent(below("extraArgs", below("apiServer", DASHED)), "      ")
            + "      additionalVolumes: [{name: a, configMap: {name: audit}}]\n"
            + "      additionalVolumeMounts: {apiServer: [{name: a, mountPath: /etc/kubernetes/audit}]}\n",
            "b.yaml": head("v1", "ConfigMap", "audit") + below("data", block("policy.yaml", POLICY)),
        },
        set(),
    ),
    "compose": (
        {
            "compose.yaml": "services:\n  api:\n    image: registry.k8s.io/kube-apiserver:v1.31.0\n"
            + indent(below("command", "- kube-apiserver\n" + DASHED), "    ")
            + "    volumes: ['.:/etc/kubernetes/audit']\n",
            **BESIDE,
        },
        set(),
    ),
    "compose-k3s": (
        {
            "compose.yaml": "services:\n  k3s:\n    image: rancher/k3s:v1.31.0-k3s1\n    command: >-\n      server "
            + " ".join(f"--kube-apiserver-arg={name}={value}" for name, value in FLAGS.items())
            + "\n    volumes:\n    - {type: bind, source: ., target: /etc/kubernetes/audit}\n",
            **BESIDE,
        },
        set(),
    ),
    "quadlet": (
        {
            "a.container": f"[Container]\nImage=registry.k8s.io/kube-apiserver:v1.31.0\nExec=kube-apiserver {LINE}\n"
            "Volume=/srv/audit:/etc/kubernetes/audit\n",
            "srv/audit/policy.yaml": POLICY,
        },
        set(),
    ),
    "docker-run": (
        {
            "a.service": "[Service]\nExecStart=/usr/bin/docker run --rm -v /srv/audit:/etc/kubernetes/audit "
            f"registry.k8s.io/kube-apiserver:v1.31.0 kube-apiserver --etcd-servers=http://e {LINE}\n",
            "srv/audit/policy.yaml": POLICY,
        },
        set(),
    ),
    "rke2-control-plane": (
        {
            "a.yaml": head("controlplane.cluster.x-k8s.io/v1beta1", "RKE2ControlPlane")
            + "spec:\n  version: v1.31.0+rke2r1\n"
            + indent(below("serverConfig", below("kubeAPIServer", below("extraArgs", WORDS))) + WRITTEN, "  ")
        },
        set(),
    ),
    "kthrees-control-plane": (
        {
            "a.yaml": head("controlplane.cluster.x-k8s.io/v1beta2", "KThreesControlPlane")
            + "spec:\n  version: v1.31.0+k3s1\n  kthreesConfigSpec:\n"
            + indent(below("serverConfig", below("kubeAPIServerArg", WORDS)) + WRITTEN, "    ")
        },
        set(),
    ),
    "ignition": (
        {
            "a.ign": '{"ignition": {"version": "3.4.0"}, "storage": {"files": ['
            + ", ".join(
                f'{{"path": "{path}", "contents": {{"source": "data:,{quote(text)}"}}}}'
                for path, text in ((FILE, POLICY), ("/etc/rancher/k3s/config.yaml", below("kube-apiserver-arg", WORDS)))
            )
            + "]}}"
        },
        set(),
    ),
    "machine-config": (
        {
            "a.yaml": head("machineconfiguration.openshift.io/v1", "MachineConfig")
            + "spec:\n  config:\n    ignition: {version: 3.2.0}\n    storage:\n      files:\n"
            + "".join(
                f"      - path: {path}\n        contents:\n"
                f"          source: data:text/plain;charset=utf-8;base64,{b64encode(text.encode()).decode()}\n"
                for path, text in ((FILE, POLICY), ("/etc/kubernetes/manifests/kube-apiserver.yaml", POD))
            )
        },
        set(),
    ),
    "ansible": (
        {
            "a.yaml": "- copy:\n    dest: /etc/kubernetes/audit/policy.yaml\n    content: |\n"
            + indent(POLICY, "      ")
            + "".join(
                "- ansible.builtin.lineinfile:\n    path: /etc/kubernetes/manifests/kube-apiserver.yaml\n"
                f"    line: '    - --{name}={value}'\n"
                for name, value in FLAGS.items()
            )
        },
        {BACKUP},  # parts of a file
    ),
    "kops-set": (
        {
            "a.sh": "kops create cluster --set spec.kubeAPIServer.auditLogMaxAge=7 \\\n"
            f"  --set spec.kubeAPIServer.auditLogPath={LOG} \\\n"
            "  --set=cluster.spec.kubeAPIServer.auditWebhookMode=sometimes\n"
        },
        {BACKUP, UNKNOWN, SECRETS},  # a part, and its settings are fixed
    ),
    "k3s-pod": (
        {
            "a.yaml": head("v1", "Pod", "k3s")
            + "spec:\n  volumes: [{name: a, configMap: {name: audit}}]\n  containers:\n  - name: k3s\n"
            + "    image: rancher/k3s:v1.31.0-k3s1\n    volumeMounts: [{name: a, mountPath: /etc/kubernetes/audit}]\n"
            + indent(below("args", "- server\n" + WORDS.replace("- ", "- --kube-apiserver-arg=")), "    "),
            "b.yaml": head("v1", "ConfigMap", "audit") + below("data", block("policy.yaml", POLICY)),
        },
        set(),
    ),
    "toml": (
        {
            "a.toml": "[cluster.apiServer.extraArgs]\n"
            + "".join(f'{name} = "{value}"\n' for name, value in FLAGS.items()),
            **BESIDE,
        },
        {BACKUP},  # a part
    ),
    "properties": (
        {"a.properties": "".join(f"kube-apiserver.{name}={value}\n" for name, value in FLAGS.items()), **BESIDE},
        {BACKUP},  # a part
    ),
    "ini": ({"a.ini": f"[kube-apiserver]\nextra_args = {LINE}\n", **BESIDE}, {BACKUP}),
    "inventory": ({"hosts": f"[all:vars]\nkube_apiserver_extra_args='{LINE}'\n", **BESIDE}, {BACKUP}),
    "vcluster": (
        {
            "values.yaml": "controlPlane:\n  distro:\n    k8s:\n      apiServer:\n"
            + indent(below("extraArgs", DASHED), "        "),
            **BESIDE,
        },
        {BACKUP},  # a part
    ),
    "kairos": (
        {
            "a.yaml": "#cloud-config\nk3s:\n"
            + indent(below("args", WORDS.replace("- ", "- --kube-apiserver-arg=")), "  ")
            + WRITTEN.replace("files:", "write_files:")
        },
        {BACKUP},
    ),
    "microk8s-launch": (
        {
            "a.yaml": "version: 0.2.0\n"
            + below("extraKubeAPIServerArgs", "".join(f'--{name}: "{value}"\n' for name, value in FLAGS.items())),
            **BESIDE,
        },
        {BACKUP},
    ),
    "puppet": (
        {
            "a.yaml": "kubernetes::apiserver_extra_arguments:\n"
            + "".join(f"- '{name}: {value}'\n" for name, value in FLAGS.items()),
            **BESIDE,
        },
        {BACKUP},
    ),
    "sealos": (
        {
            "a.yaml": head("apps.sealos.io/v1beta1", "Cluster")
            + "spec: {image: [labring/kubernetes:v1.31.0]}\n---\n"
            + CLUSTER,
            **BESIDE,
        },
        {BACKUP},  # laid over sealos' own
    ),
    "crossplane": (
        {
            "a.yaml": head("apiextensions.crossplane.io/v1", "Composition")
            + "spec:\n  resources:\n  - name: a\n    base:\n"
            + indent(
                head("controlplane.cluster.x-k8s.io/v1beta1", "KubeadmControlPlane")
                + "spec:\n  version: v1.31.0\n  kubeadmConfigSpec:\n"
                + indent(below("clusterConfiguration", below("apiServer", SECTION)) + PACKED, "    "),
                "      ",
            )
        },
        {BACKUP},
    ),
    "k0rdent": (
        {
            "a.yaml": head("k0rdent.mirantis.com/v1beta1", "ClusterAuditPolicy")
            + below("spec", below("policy", POLICY.partition("Policy\n")[2]))
        },
        {AGE, BACKUP, UNKNOWN, MODE},  # its templates have the flags
    ),
    "kustomize-json-patch": (
        {
            "base/kustomization.yaml": "resources: [a.yaml]\n",
            "base/a.yaml": "".join(line for line in POD.splitlines(True) if "- --" not in line),
            "base/policy.yaml": POLICY,
            "prod/kustomization.yaml": "resources: [../base]\npatches:\n- target: {kind: Pod}\n"
            + indent(block("patch", ADDED), "  "),
        },
        set(),
    ),
    "kustomize-merge-patch": (
        {
            "base/kustomization.yaml": "resources: [a.yaml]\n",
            "base/a.yaml": head("controlplane.cluster.x-k8s.io/v1beta1", "KubeadmControlPlane")
            + below("spec", "version: v1.31.0\n" + below("kubeadmConfigSpec", WRITTEN)),
            "prod/kustomization.yaml": "resources: [../base]\npatches: [{path: audit.yaml}]\n",
            "prod/audit.yaml": head("controlplane.cluster.x-k8s.io/v1beta1", "KubeadmControlPlane")
            + below("spec", below("kubeadmConfigSpec", below("clusterConfiguration", below("apiServer", SECTION)))),
        },
        set(),
    ),
    "kubeadm-patches": (
        {
            "a.yaml": head("kubeadm.k8s.io/v1beta3", "InitConfiguration")
            + "patches: {directory: /etc/kubernetes/patches}\n---\n"
            + head("kubeadm.k8s.io/v1beta3", "ClusterConfiguration")
            + below("apiServer", VOLUMES),
            "patches/kube-apiserver+json.yaml": ADDED,
            **BESIDE,
        },
        set(),
    ),
    "heredocs": (
        {"a.sh": f"cat <<EOF > {FILE}\n{POLICY}EOF\ncat <<'EOF' | kubeadm init --config /dev/stdin\n{CLUSTER}EOF\n"},
        set(),
    ),
    "fenced": ({"a.md": f"Do\n```yaml\n{CLUSTER}```\nand\n\n```yaml\n{POLICY}```\n"}, set()),
    "minikube": (
        {"a.sh": f"cat <<EOF > ~/.minikube/files/etc/ssl/certs/policy.yaml\n{POLICY}EOF\n{MINIKUBE}\n"},
        set(),
    ),
}


HCL_MAP = "".join(f'    "{name}" = "{value}"\n' for name, value in FLAGS.items())
HCL_POLICY = (
    '{ apiVersion = "audit.k8s.io/v1", kind = "Policy", rules = [\n    { level = "RequestResponse", resources = '
    '[{ group = "", resources = ["secrets"] }] },\n    { level = "Metadata" },\n  ] }'
)
HCL_FILE = f'resource "local_file" "p" {{\n  filename = "{FILE}"\n  content  = yamlencode({HCL_POLICY})\n}}\n'
TERRAFORM: dict[str, tuple[dict[str, str], set[str]]] = {
    "terraform-map": (
        {"a.tf": f'module "k" {{\n  apiserver_extra_args = {{\n{HCL_MAP}  }}\n}}\n{HCL_FILE}'},
        {BACKUP},  # a part
    ),
    "terraform-variables": (
        {"a.tf": f"{HCL_FILE}locals {{\n  kube_apiserver_args = concat({DASHED_WORDS}, [])\n}}\n"},
        {BACKUP},
    ),
    "terraform-talos": (
        {
            "a.tf": 'data "talos_machine_configuration" "c" {\n  config_patches = [\n'
            "    yamlencode({ cluster = { apiServer = {\n"
            f"    extraArgs = {{\n{HCL_MAP}    }}\n  }} }} }})]\n}}\n{HCL_FILE}"
        },
        {BACKUP},
    ),
    "terraform-user-data": (
        {
            "a.tf": 'resource "aws_instance" "c" {\n  user_data = <<-EOT\n'
            + indent(FORMS["cloud-init"][0]["a.yaml"], "    ")
            + "  EOT\n}\n"
        },
        set(),
    ),
    "terraform-manifest": (
        {
            "a.tf": 'resource "kubectl_manifest" "c" {\n  yaml_body = <<EOT\n'
            + FORMS["cluster-api"][0]["a.yaml"]
            + "EOT\n}\n"
        },
        set(),
    ),
    "terraform-rke": (
        {
            "a.tf": 'resource "rke_cluster" "c" {\n  services {\n    kube_api {\n      audit_log {\n'
            "        enabled = true\n"
            f'        configuration {{\n          max_age = 7\n          path = "{LOG}"\n          format = "json"\n'
            f"          policy = jsonencode({HCL_POLICY})\n        }}\n      }}\n    }}\n  }}\n}}\n"
        },
        {UNKNOWN, MODE},  # its settings are fixed
    ),
}
if reads_terraform():
    FORMS |= TERRAFORM


@pytest.mark.parametrize("form", FORMS)
def test_the_same_findings(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files, cannot = FORMS[form]
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)
    options = Options((".",), parse_versions("1.31"), select=tuple(sorted(MISTAKES)), embedded=True)
    report = run(options, load_config(), shipped()).report
    assert report.errors == ()
    assert {one.rule for one in report.findings} == MISTAKES - cannot
    for one in report.findings:
        if one.rule in (AGE, MODE) and "\n" not in one.place.text and form != "machine-config":  # letters of base64
            assert one.place.text.strip("'\"") in ("7", "sometimes"), one
