"""A repository of many YAML files, few of which are about auditing."""

from __future__ import annotations

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
