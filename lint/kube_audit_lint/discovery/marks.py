"""The marks of all forms, compiled from their modules by scripts/build_catalogue.py."""

# fmt: off
# ruff: noqa: E501

DOCUMENT_FORMS: dict[str, tuple[str, ...]] = {
    'policy': ('',),
    'workload': ('kube-apiserver', 'apiserver'),
    'kubeadm': ('kubeadm.k8s.io/', 'ClusterConfiguration'),
    'managed': ('AWS::EKS::Cluster', 'eksctl.io/', 'AWSManagedControlPlane', 'eks.aws.', 'eks.services.k8s.aws/', 'EKSClusterConfig', 'iagnosticSetting', 'iagnosticsetting', 'kubermatic.k8c.io/', 'auditLogging', 'ENABLE_AUDIT_LOGGING'),
    'kops': ('kops.k8s.io/', 'kops/', 'kubeAPIServer'),
    'pod_patch': ('/containers/', '/kubeadmConfigSpec/'),
    'rke1': ('kube-api:', 'kube_api:', 'kube-api"', 'kube_api"'),
    'rke2': ('-arg:', '-arg+:', '-args:', '-arg"', '-arg+"', 'audit-policy-file:', '\naudit-'),
    'canonical': ('extra-node-kube-apiserver-args',),
    'configmap': ('ConfigMap', 'Secret'),
    'kubespray': ('_audit', 'audit_', 'kube_kubeadm_apiserver_extra_args'),
    'kustomize': ('kustomize.config.k8s.io/', 'patches', 'resources:'),
    'rancher': ('provisioning.cattle.io/',),
    'capi': ('.cluster.x-k8s.io/', 'kubeadmConfigSpec', 'ClusterClass'),
    'cloudinit': ('write_files', '#cloud-config'),
    'eksa': ('anywhere.eks.amazonaws.com/',),
    'k3d': ('k3d.io/',),
    'kamaji': ('kamaji.clastix.io/',),
    'kind': ('kind.x-k8s.io/', 'kind.sigs.k8s.io/'),
    'kubeconfig': ('current-context', 'kind: Config'),
    'kubeone': ('KubeOneCluster',),
    'compose': ('services:', '"services"'),
    'k0s': ('k0sproject.io/', 'k0smotron.io/', 'K0s', 'extraArgs'),
    'openshift': ('openshift.io/', 'MasterConfig'),
    'deckhouse': ('control-plane-manager', 'controlPlaneManager', 'auditPolicyEnabled'),
    'gardener': ('kubeAPIServer',),
    'kwok': ('kwok.x-k8s.io/',),
    'microshift': ('auditLog', 'apiServer'),
    'talos': ('apiServer', 'KubeAPIServerConfig', 'KubeAuditPolicyConfig'),
    'elsewhere': ('audit.k8s.io/', 'audit.k8s.io%2', '/config.yaml', '/manifests/kube', 'kube_manifest_dir', '/kubernetes/manifests', 'audit-', 'audit_', 'YXVkaXQuazhzLmlv', 'F1ZGl0Lms4cy5pb', 'hdWRpdC5rOHMuaW'),
}

TEXT_FORMS: dict[str, tuple[str, ...]] = {
    'quadlet': ('[Container]',),
    'terraform': ('audit', 'AUDIT', 'YXVkaXQuazhzLmlv', 'F1ZGl0Lms4cy5pb', 'hdWRpdC5rOHMuaW', 'aws_eks_cluster', 'terraform-aws-modules/eks', 'azurerm_monitor_diagnostic_setting', 'cluster_log_types', 'enabled_log_types', 'rke_cluster', 'rancher2_cluster'),
    'embedded': ('<<', '```', '~~~', 'minikube', '--kube-apiserver-arg', 'kubeAPIServer.audit', 'audit.k8s.io/'),
    'systemd': ('[Service]',),
    'environment': ('--audit', '--etcd-servers'),
    'argsfile': ('--audit', '--etcd-servers'),
}

BYTES = (
    (b'audit', b'audit(?:(?:\\.k8s\\.io|[-_]?(?:log|policy|webhook|config|dynamic)|(?<=--audit)[-_])|(?<=k8s-audit)\\"?:|(?<=_logs_audit)\\"?:|(?<=kubernetes_audit)\\"?:|[\\w.-]*\\.ya?ml|(?<=[\\s\\"]audit)\\"?:|(?<=\\Aaudit)\\"?:|(?<=kubeapiaudit)\\"?:)'),
    (b'aws_eks_cluster', b'aws_eks_cluster(?:\\")'),
    (b'terraform-aws-modules/eks', b'terraform-aws-modules/eks(?:/aws\\")'),
    (b'azurerm_monitor_diagnostic_setting', b'azurerm_monitor_diagnostic_setting(?:\\")'),
    (b'cluster_log_types', b'cluster_log_types(?:\\s*=)'),
    (b'enabled_log_types', b'enabled_log_types(?:\\s*=)'),
    (b'rke_cluster', b'rke_cluster(?:\\")'),
    (b'audit_log', b'audit_log(?:\\s*[={])'),
    (b'clusterconfiguration', b'clusterconfiguration(?:\\b)'),
    (b'apiserver', b'apiserver(?:(?:extraargs)?\\"?:|(?<=\\"apiserver)\\"|-arg\\"?:|\\.audit\\.|(?<=kind: apiserver)\\b)'),
    (b'eks', b'eks(?:ctl\\.io/|::cluster\\b|\\.aws\\.|\\.services\\.k8s\\.aws/|clusterconfig\\b)'),
    (b'awsmanagedcontrolplane', b'awsmanagedcontrolplane(?:)'),
    (b'diagnosticsetting', b'diagnosticsetting(?:s?\\b)'),
    (b'kops.k8s.io', b'kops.k8s.io(?:/)'),
    (b'kube-api', b'kube-api(?:\\"?:)'),
    (b'kustomiz', b'kustomiz(?:ation\\b)'),
    (b'provisioning.cattle.io', b'provisioning.cattle.io(?:/)'),
    (b'k3d.io', b'k3d.io(?:/)'),
    (b'kamaji.clastix.io', b'kamaji.clastix.io(?:/)'),
    (b'current-context', b'current-context(?:\\"?:)'),
    (b'kind: config', b'kind: config(?:\\s)'),
    (b'kube_api', b'kube_api(?:[a-z_]*=)'),
    (b'k0sproject.io', b'k0sproject.io(?:/)'),
)
ENCODED = (b'YXVkaXQuazhzLmlv', b'F1ZGl0Lms4cy5pb', b'hdWRpdC5rOHMuaW')
