"""Managed control planes: whether the audit log is delivered."""

from __future__ import annotations

import pytest
from form_samples import found_in, misshapes

from kube_audit_lint.checks._files import of_file

OFF = "control-plane-logging-off"
EKSCTL = 'apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: {name: a, version: "1.33"}\n'
TYPES = "cloudWatch: {clusterLogging: {enableTypes: %s}}\n"
STACK = "Resources:\n  C:\n    Type: AWS::EKS::Cluster\n    Properties:\n      Name: a\n"
LOGGING = "      Logging: {ClusterLogging: {EnabledTypes: %s}}\n"
CAPA = "apiVersion: controlplane.cluster.x-k8s.io/v1beta1\nkind: AWSManagedControlPlane\nspec:\n  version: v1.30\n"
CAPA_CLASS = (
    "apiVersion: controlplane.cluster.x-k8s.io/v1beta2\nkind: AWSManagedControlPlaneTemplate\n"
    "spec:\n  template:\n    spec:\n      version: v1.33\n"
)
CLASS = (
    "---\napiVersion: cluster.x-k8s.io/v1beta1\nkind: ClusterClass\nspec:\n  patches:\n  - name: a\n    definitions:\n"
    "    - jsonPatches: [{op: add, path: /spec/template/spec/logging, valueFrom: {variable: logging}}]\n"
)
UPBOUND = "apiVersion: eks.aws.upbound.io/v1beta2\nkind: Cluster\nspec:\n  forProvider:\n    region: a\n"
CROSSPLANE = "apiVersion: eks.aws.crossplane.io/v1beta1\nkind: Cluster\nspec:\n  forProvider:\n    region: a\n"
ACK = "apiVersion: eks.services.k8s.aws/v1alpha1\nkind: Cluster\nspec:\n  name: a\n"
RANCHER = "apiVersion: eks.cattle.io/v1\nkind: EKSClusterConfig\nspec:\n  region: a\n"
ARM = (
    '{"resources": [{"type": "Microsoft.ContainerService/managedClusters/providers/diagnosticSettings",'
    ' "properties": {"logs": %s}}]}'
)
MONITOR = "apiVersion: insights.azure.upbound.io/v1beta1\nkind: MonitorDiagnosticSetting\nspec:\n  forProvider:\n"
TANZU = (
    "apiVersion: cluster.x-k8s.io/v1beta1\nkind: Cluster\nspec:\n  topology:\n    class: tkg-vsphere-default-v1.0.0\n"
    "    variables:\n    - name: auditLogging\n      value:\n        enabled: %s\n"
)
KUBERMATIC = "apiVersion: kubermatic.k8c.io/v1\nkind: Cluster\nspec:\n  auditLogging: {enabled: %s}\n"

IS_OFF = {
    EKSCTL + TYPES % "[api]": "enableTypes",
    EKSCTL + TYPES % "[]": "enableTypes",
    EKSCTL + TYPES % "[Audit]": "Audit",
    EKSCTL + TYPES % "[api, audits]": "audits",
    EKSCTL.replace(', version: "1.33"', ""): "kind",
    EKSCTL: "kind",
    STACK: "Properties",
    STACK + LOGGING % "[]": "EnabledTypes",
    STACK + LOGGING % "[{Type: api}]": "EnabledTypes",
    STACK + LOGGING % "[{Type: api}, {Type: adit}]": "adit",
    CAPA: "kind",
    CAPA + "  logging: {apiServer: true, audit: false}\n": "audit",
    CAPA_CLASS: "kind",
    CAPA_CLASS + "      logging: {api: true}\n": "logging",
    CAPA_CLASS + "      logging: {audit: false}\n": "audit",
    UPBOUND: "forProvider",
    UPBOUND + "    enabledClusterLogTypes: [api, scheduler]\n": "enabledClusterLogTypes",
    CROSSPLANE + "    logging: {clusterLogging: [{enabled: false, types: [audit]}]}\n": "clusterLogging",
    ACK + "  logging: {clusterLogging: [{enabled: true, types: [api]}]}\n": "clusterLogging",
    RANCHER + "  loggingTypes: [api]\n": "loggingTypes",
    RANCHER + "  loggingTypes: [kube-audit]\n": "kube-audit",
    ARM % '[{"category": "kube-audit", "enabled": false}]': '"logs"',
    MONITOR + "    enabledLog: [{category: kube-apiserver}]\n": "enabledLog",
    MONITOR + "    enabledLog: [{category: kube-audits}]\n": "enabledLog",
    TANZU % "false": "false",
    KUBERMATIC % "false": "false",
    "INFRASTRUCTURE_PROVIDER: vsphere\nENABLE_AUDIT_LOGGING: false\n": "false",
}
NOTHING = [
    EKSCTL + TYPES % '["all"]',
    EKSCTL + TYPES % "[api, audit]",
    EKSCTL + TYPES % "['{{ type }}']",
    EKSCTL.replace(', version: "1.33"', "") + "managedNodeGroups: []\n",
    STACK + LOGGING % "[{Type: audit}]",
    STACK + LOGGING % "!Ref Types",
    STACK + LOGGING % "[{Type: !Ref One}]",
    STACK + LOGGING % "[{Type: !Ref Audit}]",
    EKSCTL + TYPES % "[types]",
    STACK + '      Logging: !If [On, {ClusterLogging: {EnabledTypes: [{Type: api}]}}, !Ref "AWS::NoValue"]\n',
    STACK + '      Logging: {"Fn::If": [On, {}, {}]}\n',
    CAPA + "  logging: {audit: true}\n",
    CAPA + '  logging: {audit: "{{ .Values.audit }}"}\n',
    CAPA_CLASS + "      logging: {audit: true}\n",
    CAPA_CLASS + CLASS,
    UPBOUND + "    enabledClusterLogTypes: [audit]\n",
    CROSSPLANE + "    logging: {clusterLogging: [{enabled: true, types: [api, audit]}]}\n",
    RANCHER,
    RANCHER + "  loggingTypes: null\n",
    ARM % '[{"categoryGroup": "allLogs", "enabled": true}]',
    ARM % '[{"category": "kube-audit-admin", "enabled": true}]',
    ARM % '[{"category": "Kube-Audit", "enabled": true}]',
    ARM % "\"[parameters('logs')]\"",
    ARM.replace("ContainerService/managedClusters", "Web/sites") % '[{"category": "AppServiceHTTPLogs"}]',
    MONITOR + "    enabledLog: [{category: AuditEvent}]\n",
    TANZU % "true",
    KUBERMATIC % "true",
    KUBERMATIC.replace("kubermatic.k8c.io", "example.com") % "false",
    KUBERMATIC.replace("kind: Cluster", "kind: Seed") % "false",
    KUBERMATIC % "false, webhookBackend: {auditWebhookConfig: {name: a, namespace: b}}",
    "ENABLE_AUDIT_LOGGING: false\nPORT: 80\n",
]

PULUMI = "name: a\nruntime: yaml\nresources:\n  one:\n    type: %s\n    properties:\n      roleArn: a\n"
CDK = '{"Resources": {"A": {"Type": "Custom::AWSCDK-EKS-Cluster", "Properties": {"Config": {"name": "a"%s}}}%s}}'
LISTED = ', "logging": {"clusterLogging": [{"enabled": true, "types": ["%s"]}]}'
CALLED = ', "B": {"Type": "Custom::AWS", "Properties": {"Create": "{\\"action\\":\\"updateClusterConfig\\"}"}}'
IS_OFF |= {
    PULUMI % "eks:Cluster": "properties",
    PULUMI % "aws:eks:Cluster" + "      enabledClusterLogTypes: [api]\n": "enabledClusterLogTypes",
    PULUMI % "aws-native:eks:Cluster"
    + "      logging: {clusterLogging: {enabledTypes: [{type: api}]}}\n": "enabledTypes",
    PULUMI % "azure-native:insights:DiagnosticSetting"
    + "      logs: [{category: kube-audit, enabled: false}]\n": "logs",
    CDK % (LISTED % "api", ""): '"clusterLogging"',
    CDK % ("", ""): '"Config"',
}
NOTHING += [
    PULUMI % "eks:Cluster" + "      enabledClusterLogTypes: [audit]\n",
    PULUMI % "eks:Cluster" + "      enabledClusterLogTypes: ${types}\n",
    PULUMI % "azure-native:insights:DiagnosticSetting" + "      logs: [{category: AuditEvent}]\n",
    PULUMI % "aws:ecs:Cluster",
    CDK % (LISTED % "audit", ""),
    CDK % ("", CALLED),
]


@pytest.mark.parametrize(("text", "underlined"), IS_OFF.items())
def test_off(text: str, underlined: str) -> None:
    assert misshapes(text, "cluster.json" if text.startswith("{") else "cluster.yaml") == [(OFF, underlined)]


@pytest.mark.parametrize("text", NOTHING)
def test_on_or_open(text: str) -> None:
    assert misshapes(text, "cluster.json" if text.startswith("{") else "cluster.yaml") == []


PRESET = KUBERMATIC.replace("{enabled: %s}", "{enabled: true, policyPreset: %s}")


@pytest.mark.parametrize("kind", ["Cluster", "Seed"])
def test_presets_of_kubermatic(kind: str) -> None:
    text = PRESET.replace("kind: Cluster", f"kind: {kind}")
    assert misshapes(text % "recomended") == [("wrong-shape", "recomended")]
    for known in ("recommended", "metadata", "minimal", '""'):
        assert misshapes(text % known) == []


BICEP = (
    "resource a 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {\n  properties: {\n    logs: [%s]\n  }\n}"
)
ON = "{\n category: 'kube-audit-admin'\n enabled: true\n retentionPolicy: {\n days: 0\n }\n}"
OFF_ITEMS = "\n{\n  category: 'kube-apiserver'\n  enabled: true\n}\n// {\n//  category: 'kube-audit'\n// }\n"


@pytest.mark.parametrize(
    ("items", "wrong"),
    [
        (OFF_ITEMS, 1),
        ("{ category: 'kube-audit', enabled: false }, { category: 'guard', enabled: true }", 1),
        (OFF_ITEMS + ON, 0),
        ("{ categoryGroup: 'allLogs', enabled: true }", 0),
        ("{ category: 'AppServiceHTTPLogs', enabled: true }", 0),
        ("for one in categories: { category: one, enabled: true }", 0),
        ("{ category: 'kube-apiserver', enabled: wanted }", 0),
        (OFF_ITEMS + "...more", 0),
    ],
)
def test_bicep(items: str, wrong: int) -> None:
    assert misshapes(BICEP % items, "aks.bicep") == [(OFF, "logs")] * wrong
    module = BICEP.replace("logs:", "logCategoriesAndGroups:")
    assert misshapes(module % items, "aks.bicep") == [(OFF, "logCategoriesAndGroups")] * wrong


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (EKSCTL + TYPES % "[api, audits]", 'log type "audits" (cloudWatch.clusterLogging.enableTypes[1]) is unknown'),
        (STACK + LOGGING % "[{Type: Audit}]", "EnabledTypes/0/Type: #: Audit is not a valid enum value"),
        (RANCHER + "  loggingTypes: [kube-audit]\n", "`audit` is written `kube-audit` here, and EKS refuses that."),
        (ARM % '[{"category": "kube-audits", "enabled": true}]', "Category 'kube-audits' is not supported."),
    ],
)
def test_a_type_that_does_not_exist_is_refused(text: str, says: str) -> None:
    ((_, hit),) = of_file(found_in(text))
    assert says in hit.message
    assert hit.help in ("Write `audit`.", "Write `kube-audit`.")


WEBHOOK = KUBERMATIC % "true, webhookBackend: {auditWebhookConfig: {name: a}, auditWebhookInitialBackoff: %s}"


@pytest.mark.parametrize(
    ("backoff", "message"),
    [
        ("10", "is no string: the object is refused (`spec.auditLogging.webhookBackend.auditWebhookInitialBackoff: "),
        (
            '"10"',
            '`invalid argument "10" for "--audit-webhook-initial-backoff" flag: time: missing unit in duration "10"',
        ),
        ("10x", 'time: unknown unit "x" in duration "10x"'),
    ],
)
def test_a_backoff_of_kubermatic_that_is_refused(backoff: str, message: str) -> None:
    ((rule, hit),) = of_file(found_in(WEBHOOK % backoff))
    assert (rule, hit.place.text) == ("wrong-shape", backoff)
    assert message in hit.message
    assert hit.help == 'Write it with a unit: "10s".'
    assert misshapes(WEBHOOK % "10s") == misshapes(WEBHOOK % "'{{ .backoff }}'") == []


GKE = "apiVersion: container.cnrm.cloud.google.com/v1beta1\nkind: ContainerCluster\nspec: {location: a}\n"
ARM_CLUSTER = ARM.replace("[{", '[{"type": "Microsoft.ContainerService/managedClusters", "name": "a"}, {', 1)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        (EKSCTL + TYPES % "[api]", 1),
        (EKSCTL + TYPES % "[audit]", 1),
        (EKSCTL.replace(', version: "1.33"', "") + "managedNodeGroups: []\n", 0),
        (STACK + LOGGING % "[{Type: audit}]", 1),
        (STACK + LOGGING % "!Ref Types", 1),
        (CAPA + "  logging: {audit: true}\n" + "---\n" + CAPA, 2),
        (RANCHER, 1),
        (GKE, 1),
        (ARM % '[{"categoryGroup": "allLogs", "enabled": true}]', 1),
        (ARM_CLUSTER % '[{"category": "kube-audit", "enabled": true}]', 1),
        (MONITOR + "    enabledLog: [{category: AuditEvent}]\n", 0),
        (TANZU % "true", 1),
        (KUBERMATIC % "true", 1),
        (PULUMI % "gcp:container:Cluster", 1),
        (PULUMI % "aws:ecs:Cluster", 0),
    ],
)
def test_a_control_plane_is_counted_as_what_it_is(text: str, number: int) -> None:
    assert len(found_in(text, "cluster.json" if text.startswith("{") else "cluster.yaml").managed) == number


def test_what_else_is_in_a_stack_is_read() -> None:
    user_data = "      UserData: |\n        apiVersion: audit.k8s.io/v1\n        kind: Policy\n        rules: []\n"
    found = found_in(STACK + LOGGING % "[{Type: audit}]" + user_data)
    assert (len(found.managed), len(found.policies)) == (1, 1)


def test_a_misspelt_setting_of_kubermatic() -> None:
    text = KUBERMATIC % "true, policyPresets: metadata"
    assert misshapes(text) == [("unknown-setting", "policyPresets")]
