"""Settings at a wrong level or under a wrong name: one finding each, whose help, once followed, leaves nothing else.

Each case is a file as its author meant it, and what is written otherwise. What is reported of the wrong file must be
what is reported of the right one, and the one mistake.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from textwrap import indent

import pytest

from kube_audit_lint import Options, lint
from kube_audit_lint.forms.common.levels import Levels, settled
from kube_audit_lint.forms.common.reader import Reader
from kube_audit_lint.syntax.nodes import Entry, Mapping, Scalar
from kube_audit_lint.syntax.source import Source

FLAGS = (
    "audit-policy-file: /etc/kubernetes/audit/policy.yaml\naudit-log-path: /var/log/kubernetes/audit.log\n"
    'audit-log-maxage: "30"\naudit-log-maxbackup: "10"\naudit-log-maxsize: "100"\n'
)
LISTED = "".join(f"- name: {line.split(': ')[0]}\n  value: {line.split(': ')[1]}\n" for line in FLAGS.splitlines())
VOLUMES = (
    "- {name: a, hostPath: /etc/kubernetes/audit, mountPath: /etc/kubernetes/audit, readOnly: true}\n"
    "- {name: audit-log, hostPath: /var/log/kubernetes, mountPath: /var/log/kubernetes}\n"
)
POLICY = "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n- level: Metadata\n"
DROPPED = "it is dropped, and nothing of it reaches kube-apiserver."


def below(*steps: str) -> str:
    """A text of keys below one another; the last one is a text of several lines, or of one key."""
    *above, last = steps
    for step in reversed(above):
        last = f"{step}:\n{indent(last, '  ')}"
    return last


SERVER = below("apiServer", below("extraArgs", FLAGS) + below("extraVolumes", VOLUMES))
KUBEADM = "apiVersion: kubeadm.k8s.io/v1beta3\nkind: ClusterConfiguration\nkubernetesVersion: v1.30.3\n"
KUBEADM4 = KUBEADM.replace("v1beta3", "v1beta4").replace("v1.30.3", "v1.33.3")
KCP = "apiVersion: controlplane.cluster.x-k8s.io/v1beta1\nkind: KubeadmControlPlane\nmetadata: {name: a}\n"
KCP_FILES = below("files", f"- path: /etc/kubernetes/audit/policy.yaml\n  content: |\n{indent(POLICY, '    ')}")
KCP_SPEC = below("clusterConfiguration", SERVER) + KCP_FILES
TALOS = "version: v1alpha1\nmachine: {type: controlplane}\n"
SHOOT = "apiVersion: core.gardener.cloud/v1beta1\nkind: Shoot\nmetadata: {name: a, namespace: b}\n"
AUDIT_CONFIG = "auditConfig: {auditPolicy: {configMapRef: {name: audit-policy}}}\n"
RKE = "nodes: [{address: 1.2.3.4, user: u, role: [controlplane]}]\nkubernetes_version: v1.28.12-rancher1-1\n"
RKE_LOG = "path: /var/log/kube-audit/a.json\nformat: json\nmax_age: 30\nmax_backup: 10\nmax_size: 100\n"
AUDIT_LOG = below("audit_log", "enabled: true\n" + below("configuration", RKE_LOG))
KOPS = "apiVersion: kops.k8s.io/v1alpha2\nkind: Cluster\nmetadata: {name: a.example.com}\n"
KOPS_SETTINGS = (
    "auditLogMaxAge: 30\nauditLogMaxBackups: 10\nauditLogMaxSize: 100\nauditLogPath: /var/log/kube-audit.log\n"
    "auditPolicyFile: /srv/kubernetes/kube-apiserver/audit-policy.yaml\n"
)
KOPS_FILE = "- name: p\n  path: /srv/kubernetes/kube-apiserver/audit-policy.yaml\n  content: |\n"
KOPS_FILES = below("fileAssets", KOPS_FILE + indent(POLICY, "    "))
KOPS_SPEC = "kubernetesVersion: 1.29.6\n" + below("kubeAPIServer", KOPS_SETTINGS) + KOPS_FILES
K0S = "apiVersion: k0s.k0sproject.io/v1beta1\nkind: ClusterConfig\nmetadata: {name: k0s}\n"
K0SCTL = "apiVersion: k0sctl.k0sproject.io/v1beta1\nkind: Cluster\nmetadata: {name: k0s}\n"
K3D = "apiVersion: k3d.io/v1alpha5\nkind: Simple\n"
K3D_ARGS = (
    "- arg: --kube-apiserver-arg=audit-policy-file=/etc/p.yaml\n- arg: --kube-apiserver-arg=audit-log-path=/a.log\n"
)
K3D_VOLUMES = "volumes:\n- {volume: './audit-policy.yaml:/etc/p.yaml', nodeFilters: [server:*]}\n"
KUBEONE = "apiVersion: kubeone.k8c.io/v1beta2\nkind: KubeOneCluster\nname: x\nversions: {kubernetes: 1.29.4}\n"
STATIC = "enable: true\n" + below("config", "policyFilePath: ./p.yaml\nlogMaxBackup: 10\n")
EKSCTL = (
    "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: {name: a, region: eu-west-1, version: '1.30'}\n"
)
EKSA = "apiVersion: anywhere.eks.amazonaws.com/v1alpha1\nkind: Cluster\nmetadata: {name: a}\n"
EKSA_POLICY = f"auditPolicyContent: |\n{indent(POLICY, '  ')}"
EKSA_ARGS = "apiServerExtraArgs: {audit-log-maxage: '30'}\n"
KAMAJI = "apiVersion: kamaji.clastix.io/v1alpha1\nkind: TenantControlPlane\nmetadata: {name: a}\n"
KAMAJI_ARGS = "[--audit-policy-file=/etc/kubernetes/pki/p.yaml, --audit-log-path=-]"
OPENSHIFT = "apiVersion: config.openshift.io/v1\nkind: APIServer\nmetadata: {name: cluster}\n"
HOSTED = "apiVersion: hypershift.openshift.io/v1beta1\nkind: HostedCluster\nmetadata: {name: a}\n"
AUDIT = "audit: {profile: WriteRequestBodies}\n"
RANCHER = "apiVersion: provisioning.cattle.io/v1\nkind: Cluster\nmetadata: {name: a}\n"
RANCHER_VERSION = "kubernetesVersion: v1.30.4+rke2r1\n"
RANCHER_CONFIG = f"audit-policy-file: |\n{indent(POLICY, '  ')}kube-apiserver-arg: [audit-log-maxage=40]\n"
CAPI_RKE2 = "apiVersion: controlplane.cluster.x-k8s.io/v1beta1\nkind: RKE2ControlPlane\nmetadata: {name: a}\n"
CAPI_K3S = "apiVersion: controlplane.cluster.x-k8s.io/v1beta2\nkind: KThreesControlPlane\nmetadata: {name: a}\n"
RKE2_ARGS = "extraArgs: [audit-policy-file=/etc/rancher/rke2/p.yaml, audit-log-path=/var/log/a.log]\n"
K3S_ARGS = "[audit-policy-file=/etc/p.yaml, audit-log-path=/var/log/a.log]"
DECKHOUSE = "apiVersion: deckhouse.io/v1alpha1\nkind: ModuleConfig\nmetadata: {name: control-plane-manager}\n"
KUBERMATIC = "apiVersion: kubermatic.k8c.io/v1\nkind: Cluster\nmetadata: {name: a}\n"
K0SCTL_CONFIG = "config: {spec: {api: {extraArgs: {audit-policy-file: /p.yaml, audit-log-path: /var/log/a.log}}}}"
MICROSHIFT = "maxFileAge: 40\nprofile: WriteRequestBodies\n"
KIND = "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\n"
MOUNT = "extraMounts: [{hostPath: ./p.yaml, containerPath: /etc/kubernetes/audit/policy.yaml}]\n"


GARDEN = """apiVersion: operator.gardener.cloud/v1alpha1
kind: Garden
metadata: {name: g}
spec:
  virtualCluster:
    kubernetes:
      version: 1.30.3
      kubeAPIServer: {auditConfig: {auditPolicy: {configMapRef: {name: p}}}, auditWebhook: {kubeconfigSecretName: s}}
    gardener:
      gardenerAPIServer: {auditConfig: {auditPolicy: {configMapRef: {name: p}}}, auditWebhook: {version: a}}
"""


def kind(patch: str, key: str = "kubeadmConfigPatches") -> str:
    text = indent("kind: ClusterConfiguration\n" + patch, "    ")
    return KIND + f"nodes:\n- role: control-plane\n  {MOUNT}  {key}:\n  - |\n{text}"


# name: the right file, the wrong one, the key that is underlined, the help; perhaps the path of the file
CASES: dict[str, tuple[str, ...]] = {
    "kubeadm volumes at the top": (
        KUBEADM + SERVER,
        KUBEADM + below("apiServer", below("extraArgs", FLAGS)) + below("extraVolumes", VOLUMES),
        "extraVolumes",
        "Write it below `apiServer`.",
    ),
    "kubeadm arguments at the top": (
        KUBEADM + SERVER,
        KUBEADM + below("extraArgs", FLAGS) + below("apiServer", below("extraVolumes", VOLUMES)),
        "extraArgs",
        "Write it below `apiServer`.",
    ),
    "kubeadm listed arguments at the top": (
        KUBEADM4 + below("apiServer", below("extraArgs", LISTED) + below("extraVolumes", VOLUMES)),
        KUBEADM4 + below("extraArgs", LISTED) + below("apiServer", below("extraVolumes", VOLUMES)),
        "extraArgs",
        "Write it below `apiServer`.",
    ),
    "kubeadm with underscores": (
        KUBEADM + SERVER,
        KUBEADM + SERVER.replace("extraArgs", "extra_args"),
        "extra_args",
        "Write `extraArgs`.",
    ),
    "kubeadm server in another section": (
        KUBEADM + SERVER,
        KUBEADM + below("networking", SERVER),
        "apiServer",
        "Write it at the top.",
    ),
    "kubeadm volumes among the arguments": (
        KUBEADM + SERVER,
        KUBEADM + below("apiServer", below("extraArgs", FLAGS + below("extraVolumes", VOLUMES))),
        "extraVolumes",
        "Write it below `apiServer`.",
    ),
    "kubeadm a flag at the top": (
        KUBEADM + SERVER,
        KUBEADM + SERVER.replace('    audit-log-maxage: "30"\n', "") + 'audit-log-maxage: "30"\n',
        "audit-log-maxage",
        "Write it below `apiServer.extraArgs`.",
    ),
    "kubeadm a flag of a list beside it": (
        KUBEADM4 + below("apiServer", below("extraArgs", LISTED) + below("extraVolumes", VOLUMES)),
        KUBEADM4
        + below(
            "apiServer",
            below("extraArgs", LISTED.replace('- name: audit-log-maxage\n  value: "30"\n', ""))
            + below("extraVolumes", VOLUMES)
            + 'audit-log-maxage: "30"\n',
        ),
        "audit-log-maxage",
        "Write it below `extraArgs`.",
    ),
    "kubeadm a flag of the controller manager": (
        KUBEADM + SERVER,
        KUBEADM
        + SERVER.replace('    audit-log-maxage: "30"\n', "")
        + below("controllerManager", "extraArgs", 'audit-log-maxage: "30"\n'),
        "audit-log-maxage",
        "Write it below `apiServer.extraArgs`.",
    ),
    "kubeadm in another kind": (
        KUBEADM + SERVER,
        KUBEADM + f"---\napiVersion: kubeadm.k8s.io/v1beta3\nkind: InitConfiguration\n{SERVER}",
        "apiServer",
        "Write `apiServer` into a document of its own, with `kind: ClusterConfiguration`.",
    ),
    "kubeadm within another kind": (
        KUBEADM + SERVER,
        "apiVersion: kubeadm.k8s.io/v1beta3\nkind: JoinConfiguration\n" + below("clusterConfiguration", SERVER),
        "clusterConfiguration",
        "Write `apiServer` into a document of its own, with `kind: ClusterConfiguration`.",
    ),
    "capi server beside its section": (
        KCP + below("spec", "version: v1.30.0\n" + below("kubeadmConfigSpec", KCP_SPEC)),
        KCP + below("spec", "version: v1.30.0\n" + below("kubeadmConfigSpec", SERVER + KCP_FILES)),
        "apiServer",
        "Write it below `clusterConfiguration`.",
    ),
    "capi section beside its spec": (
        KCP + below("spec", "version: v1.30.0\n" + below("kubeadmConfigSpec", KCP_SPEC)),
        KCP
        + below("spec", "version: v1.30.0\n" + KCP_SPEC.replace(KCP_FILES, "") + below("kubeadmConfigSpec", KCP_FILES)),
        "clusterConfiguration",
        "Write it below `kubeadmConfigSpec`.",
    ),
    "capi files up": (
        KCP + below("spec", "version: v1.30.0\n" + below("kubeadmConfigSpec", KCP_SPEC)),
        KCP
        + below("spec", "version: v1.30.0\n" + KCP_FILES + below("kubeadmConfigSpec", KCP_SPEC.replace(KCP_FILES, ""))),
        "files",
        "Write it below `kubeadmConfigSpec`.",
    ),
    "capi files down": (
        KCP + below("spec", "version: v1.30.0\n" + below("kubeadmConfigSpec", KCP_SPEC)),
        KCP
        + below("spec", "version: v1.30.0\n" + below("kubeadmConfigSpec", "clusterConfiguration", SERVER + KCP_FILES)),
        "files",
        "Write it below `spec.kubeadmConfigSpec`.",
    ),
    "talos policy up": (
        TALOS + below("cluster", "apiServer", below("auditPolicy", POLICY)),
        TALOS + below("cluster", below("auditPolicy", POLICY)),
        "auditPolicy",
        "Write it below `apiServer`.",
    ),
    "talos server in the machine": (
        "version: v1alpha1\n"
        + below("cluster", "apiServer", below("auditPolicy", POLICY))
        + below("machine", "type: x\n"),
        "version: v1alpha1\n" + below("machine", "type: x\n" + below("apiServer", below("auditPolicy", POLICY))),
        "apiServer",
        "Write it below `cluster`.",
    ),
    "talos server at the top": (
        TALOS + below("cluster", "apiServer", below("auditPolicy", POLICY)),
        TALOS + below("apiServer", below("auditPolicy", POLICY)),
        "apiServer",
        "Write it below `cluster`.",
    ),
    "talos policy among the arguments": (
        TALOS + below("cluster", "apiServer", below("auditPolicy", POLICY) + 'extraArgs: {audit-log-maxage: "40"}\n'),
        TALOS + below("cluster", "apiServer", "extraArgs", 'audit-log-maxage: "40"\n' + below("auditPolicy", POLICY)),
        "auditPolicy",
        "Write it below `cluster.apiServer`.",
    ),
    "gardener config up": (
        SHOOT + below("spec", "kubernetes", "version: 1.30.3\n" + below("kubeAPIServer", AUDIT_CONFIG)),
        SHOOT + below("spec", "kubernetes", "version: 1.30.3\n" + AUDIT_CONFIG),
        "auditConfig",
        "Write it below `kubeAPIServer`.",
    ),
    "gardener server up": (
        SHOOT + below("spec", below("kubernetes", "version: 1.30.3\n" + below("kubeAPIServer", AUDIT_CONFIG))),
        SHOOT + below("spec", "kubernetes: {version: 1.30.3}\n" + below("kubeAPIServer", AUDIT_CONFIG)),
        "kubeAPIServer",
        "Write it below `kubernetes`.",
    ),
    "gardener reference up": (
        SHOOT + below("spec", "kubernetes", "version: 1.30.3\n" + below("kubeAPIServer", AUDIT_CONFIG)),
        SHOOT
        + below(
            "spec",
            "kubernetes",
            "version: 1.30.3\nkubeAPIServer: {auditConfig: {configMapRef: {name: audit-policy}}}\n",
        ),
        "configMapRef",
        "Write it below `auditPolicy`.",
    ),
    "gardener in another case": (
        SHOOT + below("spec", "kubernetes", "version: 1.30.3\n" + below("kubeAPIServer", AUDIT_CONFIG)),
        SHOOT + below("spec", "kubernetes", "version: 1.30.3\n" + below("kubeApiServer", AUDIT_CONFIG)),
        "kubeApiServer",
        "Write `kubeAPIServer`.",
    ),
    "rke log up": (
        RKE + below("services", below("kube-api", "service_cluster_ip_range: 10.0.0.0/16\n" + AUDIT_LOG)),
        RKE + below("services", "kube-api: {service_cluster_ip_range: 10.0.0.0/16}\n" + AUDIT_LOG),
        "audit_log",
        "Write it below `kube-api`.",
    ),
    "rke setting beside its section": (
        RKE + below("services", "kube-api", AUDIT_LOG),
        RKE + below("services", "kube-api", AUDIT_LOG.replace("    max_age: 30\n", "") + "  max_age: 30\n"),
        "max_age",
        "Write it below `configuration`.",
    ),
    "rke switch down": (
        RKE + below("services", "kube-api", AUDIT_LOG),
        RKE + below("services", "kube-api", "audit_log", "configuration", "enabled: true\n" + RKE_LOG),
        "enabled",
        "Write it below `services.kube-api.audit_log`.",
    ),
    "rke in camel case": (
        RKE + below("services", "kube-api", AUDIT_LOG),
        RKE + below("services", "kube-api", AUDIT_LOG.replace("audit_log:", "auditLog:")),
        "auditLog",
        "Write `audit_log`.",
    ),
    "rke a flag beside the arguments": (
        RKE + below("services", "kube-api", AUDIT_LOG + below("extra_args", "audit-log-mode: batch\n")),
        RKE + below("services", "kube-api", AUDIT_LOG + "audit-log-mode: batch\n"),
        "audit-log-mode",
        "Write it below `extra_args`.",
    ),
    "kops files in another case": (
        KOPS + below("spec", KOPS_SPEC),
        KOPS + below("spec", KOPS_SPEC.replace("fileAssets", "fileassets")),
        "fileassets",
        "Write `fileAssets`.",
    ),
    "kops files down": (
        KOPS + below("spec", KOPS_SPEC),
        KOPS + below("spec", "kubernetesVersion: 1.29.6\n" + below("kubeAPIServer", KOPS_SETTINGS + KOPS_FILES)),
        "fileAssets",
        "Write it below `spec`.",
    ),
    "kops section up": (
        KOPS + below("spec", KOPS_SPEC),
        KOPS + below("spec", "kubernetesVersion: 1.29.6\n" + KOPS_FILES) + below("kubeAPIServer", KOPS_SETTINGS),
        "kubeAPIServer",
        "Write it below `spec`.",
    ),
    "kops setting in another case": (
        KOPS + below("spec", KOPS_SPEC),
        KOPS + below("spec", KOPS_SPEC.replace("auditLogMaxAge", "auditLogMaxage")),
        "auditLogMaxage",
        "Write `auditLogMaxAge`.",
    ),
    "kops setting by its flag": (
        KOPS + below("spec", KOPS_SPEC),
        KOPS + below("spec", KOPS_SPEC.replace("auditLogMaxBackups", "audit-log-maxbackup")),
        "audit-log-maxbackup",
        "Write `auditLogMaxBackups`.",
    ),
    "kops setting of another program": (
        KOPS + below("spec", KOPS_SPEC),
        KOPS + below("spec", KOPS_SPEC.replace("  auditLogMaxAge: 30\n", "") + "kubelet: {auditLogMaxAge: 30}\n"),
        "auditLogMaxAge",
        "Write it below `spec.kubeAPIServer`.",
    ),
    "kind arguments at the top": (
        kind(below("apiServer", below("extraArgs", FLAGS) + below("extraVolumes", VOLUMES))),
        kind(below("extraArgs", FLAGS) + below("apiServer", below("extraVolumes", VOLUMES))),
        "extraArgs",
        "Write it below `apiServer`.",
    ),
    "kind server in lower case": (
        kind(SERVER),
        kind(SERVER.replace("apiServer", "apiserver")),
        "apiserver",
        "Write `apiServer`.",
    ),
    "k0s arguments up": (
        K0S + below("spec", "api", "extraArgs", FLAGS),
        K0S + below("spec", "extraArgs", FLAGS),
        "extraArgs",
        "Write it below `api`.",
    ),
    "k0s under kubeadm's name": (
        K0S + below("spec", "api", "extraArgs", FLAGS),
        K0S + below("spec", "apiServer", "extraArgs", FLAGS),
        "apiServer",
        "Write `api`.",
    ),
    "k0sctl without a spec": (
        K0SCTL + below("spec", "k0s", "version: 1.30.0+k0s.0\n" + below("config", "spec", "api", "extraArgs", FLAGS)),
        K0SCTL + below("spec", "k0s", "version: 1.30.0+k0s.0\n" + below("config", "api", "extraArgs", FLAGS)),
        "api",
        "Write it below `spec`.",
    ),
    "k3d of an old version": (
        K3D + below("options", "k3s", "extraArgs", K3D_ARGS) + K3D_VOLUMES,
        K3D + below("options", "k3s", "extraServerArgs", K3D_ARGS) + K3D_VOLUMES,
        "extraServerArgs",
        "Write `extraArgs`.",
    ),
    "k3d arguments up": (
        K3D + below("options", "k3s", "extraArgs", K3D_ARGS) + K3D_VOLUMES,
        K3D + below("options", "extraArgs", K3D_ARGS) + K3D_VOLUMES,
        "extraArgs",
        "Write it below `k3s`.",
    ),
    "k3d volumes down": (
        K3D + below("options", "k3s", "extraArgs", K3D_ARGS) + K3D_VOLUMES,
        K3D + below("options", below("k3s", "extraArgs", K3D_ARGS) + K3D_VOLUMES),
        "volumes",
        "Write it at the top.",
    ),
    "kubeone setting up": (
        KUBEONE + below("features", "staticAuditLog", STATIC),
        KUBEONE
        + below("features", "staticAuditLog", STATIC.replace("  logMaxBackup: 10\n", "") + "logMaxBackup: 10\n"),
        "logMaxBackup",
        "Write it below `config`.",
    ),
    "kubeone feature up": (
        KUBEONE + below("features", "staticAuditLog", STATIC),
        KUBEONE + below("staticAuditLog", STATIC),
        "staticAuditLog",
        "Write it below `features`.",
    ),
    "kubeone switch down": (
        KUBEONE + below("features", "staticAuditLog", STATIC),
        KUBEONE
        + below("features", "staticAuditLog", "config", "enable: true\npolicyFilePath: ./p.yaml\nlogMaxBackup: 10\n"),
        "enable",
        "Write it below `features.staticAuditLog`.",
    ),
    "eksctl types up": (
        EKSCTL + "cloudWatch: {clusterLogging: {enableTypes: [audit]}}\n",
        EKSCTL + "cloudWatch: {enableTypes: [audit]}\n",
        "enableTypes",
        "Write it below `clusterLogging`.",
    ),
    "eksctl logging up": (
        EKSCTL + "cloudWatch: {clusterLogging: {enableTypes: [audit]}}\n",
        EKSCTL + "clusterLogging: {enableTypes: [audit]}\n",
        "clusterLogging",
        "Write it below `cloudWatch`.",
    ),
    "eksa policy up": (
        EKSA
        + below("spec", "kubernetesVersion: '1.30'\n" + below("controlPlaneConfiguration", EKSA_POLICY + EKSA_ARGS)),
        EKSA
        + below("spec", "kubernetesVersion: '1.30'\n" + EKSA_POLICY + below("controlPlaneConfiguration", EKSA_ARGS)),
        "auditPolicyContent",
        "Write it below `controlPlaneConfiguration`.",
    ),
    "kamaji arguments up": (
        KAMAJI + below("spec", "controlPlane", f"deployment: {{extraArgs: {{apiServer: {KAMAJI_ARGS}}}}}\n"),
        KAMAJI + below("spec", "controlPlane", f"extraArgs: {{apiServer: {KAMAJI_ARGS}}}\n"),
        "extraArgs",
        "Write it below `deployment`.",
    ),
    "kamaji server up": (
        KAMAJI + below("spec", "controlPlane", f"deployment: {{extraArgs: {{apiServer: {KAMAJI_ARGS}}}}}\n"),
        KAMAJI + below("spec", "controlPlane", f"deployment: {{apiServer: {KAMAJI_ARGS}}}\n"),
        "apiServer",
        "Write it below `extraArgs`.",
    ),
    "openshift profile up": (
        OPENSHIFT + below("spec", AUDIT),
        OPENSHIFT + "spec: {profile: WriteRequestBodies}\n",
        "profile",
        "Write it below `audit`.",
    ),
    "openshift audit up": (
        OPENSHIFT + below("spec", AUDIT),
        OPENSHIFT + AUDIT,
        "audit",
        "Write it below `spec`.",
    ),
    "hosted audit up": (
        HOSTED + below("spec", "configuration", "apiServer", AUDIT),
        HOSTED + below("spec", "configuration", AUDIT),
        "audit",
        "Write it below `apiServer`.",
    ),
    "rancher config up": (
        RANCHER + below("spec", RANCHER_VERSION + below("rkeConfig", "machineGlobalConfig", RANCHER_CONFIG)),
        RANCHER
        + below(
            "spec",
            RANCHER_VERSION
            + below(
                "rkeConfig",
                RANCHER_CONFIG.splitlines(True)[-1]
                + below("machineGlobalConfig", "".join(RANCHER_CONFIG.splitlines(True)[:-1])),
            ),
        ),
        "kube-apiserver-arg",
        "Write it below `machineGlobalConfig`.",
    ),
    "rancher section in another case": (
        RANCHER + below("spec", RANCHER_VERSION + below("rkeConfig", "machineGlobalConfig", RANCHER_CONFIG)),
        RANCHER + below("spec", RANCHER_VERSION + below("rkeConfig", "machineGlobalconfig", RANCHER_CONFIG)),
        "machineGlobalconfig",
        "Write `machineGlobalConfig`.",
    ),
    "capi rke2 server up": (
        CAPI_RKE2 + below("spec", "version: v1.30.4+rke2r1\n" + below("serverConfig", "kubeAPIServer", RKE2_ARGS)),
        CAPI_RKE2 + below("spec", "version: v1.30.4+rke2r1\n" + below("kubeAPIServer", RKE2_ARGS)),
        "kubeAPIServer",
        "Write it below `serverConfig`.",
    ),
    "capi k3s arguments up": (
        CAPI_K3S + below("spec", "kthreesConfigSpec", "serverConfig", f"kubeAPIServerArg: {K3S_ARGS}\n"),
        CAPI_K3S + below("spec", "kthreesConfigSpec", f"kubeAPIServerArg: {K3S_ARGS}\n"),
        "kubeAPIServerArg",
        "Write it below `serverConfig`.",
    ),
    "deckhouse up": (
        DECKHOUSE + "spec: {version: 1, settings: {apiserver: {auditPolicyEnabled: true}}}\n",
        DECKHOUSE + "spec: {version: 1, settings: {auditPolicyEnabled: true}}\n",
        "auditPolicyEnabled",
        "Write it below `apiserver`.",
    ),
    "kubermatic up": (
        KUBERMATIC + "spec: {auditLogging: {enabled: true, policyPreset: recommended}}\n",
        KUBERMATIC + "auditLogging: {enabled: true, policyPreset: recommended}\nspec: {}\n",
        "auditLogging",
        "Write it below `spec`.",
    ),
    "microshift up": (
        "apiServer: {auditLog: {maxFileAge: 40}}\n",
        "apiServer: {maxFileAge: 40}\n",
        "maxFileAge",
        "Write it below `auditLog`.",
        "etc/microshift/config.yaml",
    ),
    "microshift at the top": (
        "apiServer: {auditLog: {maxFileAge: 40}}\n",
        "auditLog: {maxFileAge: 40}\n",
        "auditLog",
        "Write it below `apiServer`.",
        "etc/microshift/config.yaml",
    ),
    "kwok at the top": (
        "apiVersion: config.kwok.x-k8s.io/v1alpha1\nkind: KwokctlConfiguration\noptions: {kubeAuditPolicy: ./p.yaml}\n",
        "apiVersion: config.kwok.x-k8s.io/v1alpha1\nkind: KwokctlConfiguration\nkubeAuditPolicy: ./p.yaml\n",
        "kubeAuditPolicy",
        "Write it below `options`.",
    ),
    "k3s policy as a setting": (
        "cluster-init: true\nkube-apiserver-arg:\n- audit-log-path=/a.log\n- audit-policy-file=/p.yaml\n",
        "cluster-init: true\nkube-apiserver-arg:\n- audit-log-path=/a.log\naudit-policy-file: /p.yaml\n",
        "audit-policy-file",
        "Write `- audit-policy-file=/p.yaml` below `kube-apiserver-arg:`: only RKE2 has it as a setting.",
        "etc/rancher/k3s/config.yaml",
    ),
    "rke2 flag as a setting": (
        "audit-policy-file: /p.yaml\nkube-apiserver-arg:\n- audit-log-maxbackup=20\n- audit-log-maxage=40\n",
        "audit-policy-file: /p.yaml\nkube-apiserver-arg:\n- audit-log-maxbackup=20\naudit-log-maxage: 40\n",
        "audit-log-maxage",
        "Write `- audit-log-maxage=40` below `kube-apiserver-arg:`.",
        "etc/rancher/rke2/config.yaml",
    ),
    "rke2 with underscores": (
        "audit-policy-file: /p.yaml\ncni: calico\n",
        "audit_policy_file: /p.yaml\ncni: calico\n",
        "audit_policy_file",
        "Write `audit-policy-file`.",
        "etc/rancher/rke2/config.yaml",
    ),
    "k3s below the server": (
        "kube-apiserver-arg: [audit-log-path=/a.log, audit-policy-file=/p.yaml]\n",
        "server: {kube-apiserver-arg: [audit-log-path=/a.log, audit-policy-file=/p.yaml]}\n",
        "kube-apiserver-arg",
        "Write it at the top.",
        "etc/rancher/k3s/config.yaml",
    ),
    "kubeadm under another name": (
        KUBEADM + SERVER,
        KUBEADM + SERVER.replace("apiServer", "kubeAPIServer"),
        "kubeAPIServer",
        "Write `apiServer`.",
    ),
    "kubeadm arguments within arguments": (
        KUBEADM + SERVER,
        KUBEADM + below("apiServer", below("extraArgs", "extraArgs", FLAGS) + below("extraVolumes", VOLUMES)),
        "extraArgs",
        "Write it below `apiServer`.",
    ),
    "kubeadm all flags beside the arguments": (
        KUBEADM + SERVER,
        KUBEADM + below("apiServer", FLAGS + below("extraVolumes", VOLUMES)),
        "audit-policy-file",
        "Write them below `extraArgs`.",
    ),
    "kubeadm in a file of cloud-init": (
        "#cloud-config\nwrite_files:\n- path: /etc/kubeadm.yaml\n  content: |\n" + indent(KUBEADM + SERVER, "    "),
        "#cloud-config\nwrite_files:\n- path: /etc/kubeadm.yaml\n  content: |\n"
        + indent(KUBEADM + below("extraArgs", FLAGS) + below("apiServer", below("extraVolumes", VOLUMES)), "    "),
        "extraArgs",
        "Write it below `apiServer`.",
    ),
    "kubeadm in the cluster's object": (
        "kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\ndata:\n  ClusterConfiguration: |\n"
        + indent(KUBEADM + SERVER, "    "),
        "kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\ndata:\n  ClusterConfiguration: |\n"
        + indent(KUBEADM + below("networking", SERVER), "    "),
        "apiServer",
        "Write it at the top.",
    ),
    "kubeadm in a template": (
        KUBEADM.replace("v1.30.3", "v{{ version }}") + SERVER,
        KUBEADM.replace("v1.30.3", "v{{ version }}") + SERVER.replace("extraVolumes", "extra_volumes"),
        "extra_volumes",
        "Write `extraVolumes`.",
        "kubeadm.yaml.j2",
    ),
    "capi template without its spec": (
        KCP.replace("KubeadmControlPlane", "KubeadmControlPlaneTemplate")
        + below("spec", "template", "spec", "kubeadmConfigSpec", KCP_SPEC),
        KCP.replace("KubeadmControlPlane", "KubeadmControlPlaneTemplate") + below("spec", "template", "spec", KCP_SPEC),
        "clusterConfiguration",
        "Write them below `kubeadmConfigSpec`.",
    ),
    "capi server for the first node": (
        KCP + below("spec", "version: v1.30.0\n" + below("kubeadmConfigSpec", KCP_SPEC)),
        KCP
        + below(
            "spec", "version: v1.30.0\n" + below("kubeadmConfigSpec", below("initConfiguration", SERVER) + KCP_FILES)
        ),
        "apiServer",
        "Write it below `spec.kubeadmConfigSpec.clusterConfiguration`.",
    ),
    "kind mounts at the top": (
        kind(SERVER),
        kind(SERVER).replace("  " + MOUNT, "") + MOUNT,
        "extraMounts",
        "Write it below each control-plane node of `nodes`.",
    ),
    "kind patches in another section": (
        KIND + f"nodes:\n- {MOUNT}kubeadmConfigPatches:\n- |\n  kind: ClusterConfiguration\n" + indent(SERVER, "  "),
        KIND
        + f"nodes:\n- {MOUNT}"
        + below("networking", "kubeadmConfigPatches:\n- |\n  kind: ClusterConfiguration\n" + indent(SERVER, "  ")),
        "kubeadmConfigPatches",
        "Write it at the top.",
    ),
    "rke log of another service": (
        RKE + below("services", below("kube-api", "always_pull_images: true\n" + AUDIT_LOG)),
        RKE + below("services", "kube-api: {always_pull_images: true}\n" + below("etcd", AUDIT_LOG)),
        "audit_log",
        "Write it below `services.kube-api`.",
    ),
    "rke service in camel case": (
        RKE + below("services", "kube-api", AUDIT_LOG),
        RKE + below("services", "kubeApi", AUDIT_LOG),
        "kubeApi",
        "Write `kube-api`.",
    ),
    "k0sctl configuration up": (
        K0SCTL + below("spec", f"k0s: {{version: 1.30.0+k0s.0, {K0SCTL_CONFIG}}}\n"),
        K0SCTL + below("spec", f"k0s: {{version: 1.30.0+k0s.0}}\n{K0SCTL_CONFIG}\n"),
        "config",
        "Write it below `k0s`.",
    ),
    "kubeone under another name": (
        KUBEONE + below("features", "staticAuditLog", STATIC),
        KUBEONE + below("features", "auditLog", STATIC),
        "auditLog",
        "Write `staticAuditLog`.",
    ),
    "rancher with underscores": (
        RANCHER + below("spec", RANCHER_VERSION + below("rkeConfig", "machineGlobalConfig", RANCHER_CONFIG)),
        RANCHER
        + below("spec", RANCHER_VERSION + below("rkeConfig", "machineGlobalConfig", RANCHER_CONFIG)).replace(
            "audit-policy-file", "audit_policy_file"
        ),
        "audit_policy_file",
        "Write `audit-policy-file`.",
    ),
    "talos patch to another path": (
        f"- op: add\n  path: /cluster/apiServer/auditPolicy\n  value:\n{indent(POLICY, '    ')}",
        f"- op: add\n  path: /cluster/auditPolicy\n  value:\n{indent(POLICY, '    ')}",
        "/cluster/auditPolicy",
        "Write `/cluster/apiServer/auditPolicy`.",
    ),
    "canonical below the cluster's configuration": (
        "cluster-config: {network: {enabled: true}}\nextra-node-kube-apiserver-args: {--audit-log-path: /a.log}\n",
        "cluster-config: {extra-node-kube-apiserver-args: {--audit-log-path: /a.log}, network: {enabled: true}}\n",
        "extra-node-kube-apiserver-args",
        "Write it at the top.",
    ),
}


def found(folder: Path, name: str, text: str) -> tuple[Counter[tuple[str, str]], list[tuple[str, str]]]:
    """Rules and messages, and apart from them the texts and helps of those about settings that are unknown."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    report = lint(folder, Options(config=None))
    assert not report.problems
    wrong = [one for one in report.findings if one.rule == "unknown-setting"]
    lines = text.splitlines()
    starts = [lines[one.place.line - 1][one.place.column - 1 :].partition(":")[0] for one in wrong]
    rest = Counter((one.rule, one.message) for one in report.findings if one.rule != "unknown-setting")
    return rest, list(zip(starts, (one.help for one in wrong), strict=True))


@pytest.mark.parametrize("case", CASES)
def test_one_mistake_is_one_finding(case: str, tmp_path: Path) -> None:
    right, wrong, key, help, *path = CASES[case]
    name = path[0] if path else "file.yaml"
    rest, mistakes = found(tmp_path / "right", name, right)
    assert mistakes == []
    assert found(tmp_path / "wrong", name, wrong) == (rest, [(key, help)])


def test_a_section_that_stands_twice_is_one_mistake(tmp_path: Path) -> None:
    """kubeadm takes the last `apiServer`; what the first one says is missing in the cluster, and reported as lost."""
    rest, mistakes = found(tmp_path / "right", "file.yaml", KUBEADM + SERVER)
    lost, more = found(tmp_path / "wrong", "file.yaml", KUBEADM + SERVER + "apiServer: {certSANs: [a]}\n")
    assert (mistakes, more) == ([], [])
    ((rule, message),) = lost - rest
    assert (rule, "`apiServer` stands twice" in message, rest - lost) == ("wrong-shape", True, Counter())


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (
            KUBEADM + SERVER + below("controllerManager", "extraArgs: {profiling: 'false'}\nextraVolumes: []\n"),
            "file.yaml",
        ),
        (KUBEADM + SERVER + "etcd: {local: {extraArgs: {log-level: audit}}}\n", "file.yaml"),
        (TALOS + "cluster: {etcd: {extraArgs: {a: audit}}, apiServer: {certSANs: [audit.x.com]}}\n", "file.yaml"),
        (K0S + below("spec", "Api", "extraargs", FLAGS), "file.yaml"),  # Go's reader of JSON takes any case
        (
            EKSA + below("spec", "controlPlaneConfiguration", EKSA_POLICY.replace("auditPolicy", "auditpolicy")),
            "file.yaml",
        ),
        (HOSTED + below("spec", "networking: {apiServer: {port: 6443}}\nauditWebhook: {name: a}\n"), "file.yaml"),
        ("apiVersion: kubermatic.k8c.io/v1\nkind: Seed\nspec: {auditLogging: {enabled: true}}\n", "file.yaml"),
        ("auditLog: {maxFileAge: 3}\nserver: {port: 1}\n", "config.yaml"),  # anybody's
        ("audit_log_maxage: 3\ntoken: a\nserver: b\n", "group_vars/all.yaml"),
        (
            K3D.replace("v1alpha5", "v1alpha2") + below("options", "k3s", "extraServerArgs", "- --audit=x\n"),
            "file.yaml",
        ),
    ],
)
def test_keys_that_are_read_where_they_are(text: str, name: str, tmp_path: Path) -> None:
    assert found(tmp_path, name, text)[1] == []


def test_aliases_of_aliases_end() -> None:
    """Millions of sections of a few lines: no more are looked at than a configuration has."""
    source = Source("a.yaml", "audit")
    word = Scalar(source, 0, 5, "string", "audit")
    node = Mapping(source, 0, 5, {"audit": Entry(word, word)})
    for _ in range(7):
        node = Mapping(source, 0, 5, {f"k{at}": Entry(word, node) for at in range(9)})
    root, found = settled(node, Levels({"": ("k0", "apiServer")}), Reader("kubeadm"))
    assert (root, found) == (node, [])
