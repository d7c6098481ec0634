"""A repository of many YAML files, few of which are about auditing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

_DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: app-{number}
  namespace: team-{team}
  labels: {{app: app-{number}}}
spec:
  replicas: 3
  selector:
    matchLabels: {{app: app-{number}}}
  template:
    metadata:
      labels: {{app: app-{number}}}
    spec:
      containers:
        - name: app
          image: example.com/team-{team}/app-{number}:1.{number}
          args: [--listen=:8080, --log-format=json]
          env:
            - name: DATABASE
              valueFrom: {{secretKeyRef: {{name: database, key: url}}}}
          ports:
            - containerPort: 8080
          resources:
            requests: {{cpu: 100m, memory: 128Mi}}
            limits: {{memory: 256Mi}}
---
apiVersion: v1
kind: Service
metadata:
  name: app-{number}
  namespace: team-{team}
spec:
  selector: {{app: app-{number}}}
  ports:
    - port: 80
      targetPort: 8080
"""

_VALUES = """# Values of app {number}
replicaCount: {team}
image:
  repository: example.com/app-{number}
  tag: "1.{number}"
ingress:
  enabled: true
  hosts:
    - host: app-{number}.example.com
      paths: ["/"]
resources: {{}}
nodeSelector: {{}}
tolerations: []
"""


def grow(root: Path, files: int, ours: int, examples: Path) -> None:
    """Writes `files` YAML files, `ours` of which are pairs of a policy and the manifest that loads it."""
    pairs = ours // 2
    for number in range(pairs):
        folder = root / f"clusters/cluster-{number}"
        folder.mkdir(parents=True)
        for example in ("audit-policy.yaml", "kube-apiserver.yaml"):
            shutil.copy(examples / example, folder)
    for number in range(files - 2 * pairs):
        team = number % 50
        folder = root / f"apps/team-{team}/app-{number // 100}"
        folder.mkdir(parents=True, exist_ok=True)
        text = (_DEPLOYMENT if number % 2 else _VALUES).format(number=number, team=team)
        (folder / f"app-{number}.yaml").write_text(text)


def grow_clusters(root: Path, count: int) -> None:
    """Writes a folder for each cluster: a manifest, and the policy that it loads."""
    for number in range(count):
        folder = root / f"clusters/c{number}"
        folder.mkdir(parents=True)
        (folder / "policy.yaml").write_text(_POLICY)
        (folder / "kube-apiserver.yaml").write_text(_MANIFEST)
    (root / ".git").mkdir()


_POLICY = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: Metadata\n"
_MANIFEST = """apiVersion: v1
kind: Pod
metadata: {name: kube-apiserver, namespace: kube-system}
spec:
  containers:
  - name: kube-apiserver
    image: registry.k8s.io/kube-apiserver:v1.30.1
    command:
    - kube-apiserver
    - --audit-policy-file=/etc/kubernetes/policy.yaml
    - --audit-log-path=/var/log/kubernetes/audit.log
    - --audit-log-maxage=30
    - --audit-log-maxbackup=10
    - --audit-log-maxsize=100
    volumeMounts:
    - {name: policy, mountPath: /etc/kubernetes/policy.yaml, readOnly: true}
    - {name: log, mountPath: /var/log/kubernetes}
  volumes:
  - {name: policy, hostPath: {path: /etc/kubernetes/policy.yaml, type: File}}
  - {name: log, hostPath: {path: /var/log/kubernetes, type: DirectoryOrCreate}}
"""
_FIELD = """                {name}{number}:
                  description: >-
                    The {name} of the kube-apiserver's audit configuration, see
                    https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/ and --audit-log-path.
                    Pods run as `kube-apiserver` are restarted, audit.k8s.io/v1 is not involved.
                  type: string
"""
_NAMES = ("auditLog", "audit", "auditPolicy", "auditWebhook", "apiServer", "extraArgs", "containers", "volumeMounts")
_CRD = """apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  annotations: {{controller-gen.kubebuilder.io/version: v0.16.1}}
  name: things{number}.example.com
spec:
  group: example.com
  names: {{kind: Thing{number}, plural: things{number}}}
  scope: Namespaced
  versions:
  - name: v1
    schema:
      openAPIV3Schema:
        description: Thing is part of the audit trail of clusters.
        properties:
          spec:
            properties:
              audit:
                description: audit configures auditing.
                type: object
              apiServer:
                description: kube-apiserver's flags.
                properties:
                  extraArgs:
                    additionalProperties: {{type: string}}
                    type: object
                type: object
{fields}            type: object
        type: object
    served: true
    storage: true
"""
_ADDON = """apiVersion: v1
kind: ConfigMap
metadata:
  name: addon-{number}
  labels:
    addon.example.com/name: kube-apiserver
    app.kubernetes.io/component: audit-log
data:
  note: reports what the kube-apiserver records in its audit log
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: from-kube-apiserver-{number}}}
spec:
  podSelector: {{matchLabels: {{audit-log: collected, component: kube-apiserver}}}}
  egress:
  - ports: [{{port: 443}}]
"""
_BENCHMARK = """---
controls:
version: "cis-1.{number}"
id: 1
text: "Control Plane Security Configuration"
type: "master"
groups:
  - id: 1.2
    text: "API Server"
    checks:
{checks}"""
_CHECK = """      - id: 1.2.{number}
        text: "Ensure that the --audit-log-path argument is set (Automated)"
        audit: "/bin/ps -ef | grep $apiserverbin | grep -v grep"
        tests:
          test_items:
            - flag: "--audit-log-path"
              set: true
        remediation: |
          Edit the API server pod specification file $apiserverconf and set the --audit-log-path parameter:
          --audit-log-path=/var/log/apiserver/audit.log
        scored: true
"""


def grow_operators(root: Path, files: int) -> None:
    """Writes `files` files like those of installers and operators: full of the words of auditing, none about it."""
    kinds = (_definition, _definition, _addon, _definition, _addon, _benchmark, _fixture, _addon)
    for number in range(files):
        name, text = kinds[number % len(kinds)](number)
        path = root / f"area-{number % 40}" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for number in range(2):
        items = [{"apiVersion": "v1", "kind": "Thing", "auditLog": "x", "id": at} for at in range(30_000)]
        text = json.dumps({"items": items}, separators=(",", ":"))
        (root / f"bundle-{number}.json").write_text(text.ljust(2_000_000))


def _definition(number: int) -> tuple[str, str]:
    lines = (10, 100, 400, 830)[number % 4]  # six lines each
    fields = "".join(_FIELD.format(name=_NAMES[at % len(_NAMES)], number=at) for at in range(lines))
    return f"crd-{number}.yaml", _CRD.format(number=number, fields=fields)


def _addon(number: int) -> tuple[str, str]:
    return f"addon-{number}.yaml", _ADDON.format(number=number)


def _benchmark(number: int) -> tuple[str, str]:
    checks = "".join(_CHECK.format(number=at) for at in range(30))
    return f"benchmark-{number}.yaml", _BENCHMARK.format(number=number, checks=checks)


def _fixture(number: int) -> tuple[str, str]:
    data = {
        "kind": "Fixture",
        "audit": {"enabled": True},
        "steps": [f"restart kube-apiserver {at}" for at in range(40)],
    }
    return f"fixture-{number}.json", json.dumps(data, indent=1)
