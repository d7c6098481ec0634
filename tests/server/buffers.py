"""What the tests of the server share: a workspace with open buffers."""

from __future__ import annotations

from pathlib import Path

from kube_audit_lint.server.checked import Checked
from kube_audit_lint.server.session import Session

POLICY = """\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: None
  users: ["system:kube-proxy"]
  verbs: [watch]
  resources:
  - group: ""
    resources: [services, endpoints]
- level: RequestResponse
  resources:
  - group: ""
    resources: [secrets]
- level: Metadata
- level: Request
"""

MANIFEST = """\
apiVersion: v1
kind: Pod
metadata: {name: kube-apiserver, namespace: kube-system}
spec:
  containers:
  - name: kube-apiserver
    image: registry.k8s.io/kube-apiserver:v1.30.2
    command:
    - kube-apiserver
    - --audit-policy-file=/etc/kubernetes/audit-policy.yaml
    - --audit-log-path=/var/log/kubernetes/audit.log
    - --audit-log-maxage=30
    - --audit-log-maxbackup=10
    - --audit-log-maxsize=100
    volumeMounts:
    - {name: policy, mountPath: /etc/kubernetes/audit-policy.yaml, readOnly: true}
    - {name: log, mountPath: /var/log/kubernetes}
  volumes:
  - name: policy
    hostPath: {path: /etc/kubernetes/audit-policy.yaml, type: File}
  - name: log
    hostPath: {path: /var/log/kubernetes, type: DirectoryOrCreate}
"""


class Workspace:
    """A repository of two files on disk, of which any may be open as something else."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / ".git").mkdir()
        (folder / "audit-policy.yaml").write_text(POLICY)
        (folder / "kube-apiserver.yaml").write_text(MANIFEST)
        self.session = Session((str(folder),))

    def open(self, text: str = POLICY, name: str = "audit-policy.yaml") -> Checked:
        """A file as it is open in the editor."""
        path = str(self.folder / name)
        self.session.put(path, text)
        return self.session.checked(path)

    def at(self, text: str, name: str = "audit-policy.yaml") -> tuple[Checked, int]:
        """A file whose text has `^` where the cursor stands, and that offset."""
        offset = text.index("^")
        return self.open(text.replace("^", "", 1), name), offset
