"""`*/status` of groups that have none, as policies write it for one group after the other."""

from __future__ import annotations

import pytest

from kube_audit_lint.checks import unknown_resource
from kube_audit_lint.checks._subject import PolicySubject
from kube_audit_lint.forms import policy
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.model.version import NEWEST, Versions
from kube_audit_lint.syntax.reader import read_file

POLICY = """apiVersion: audit.k8s.io/v1
kind: Policy
rules:
- level: Metadata
  resources: [{group: events.k8s.io, resources: ["*/%s"]}]
"""


@pytest.mark.parametrize(("name", "severity"), [("status", "info"), ("exec", "")])
def test_it_is_only_advice(name: str, severity: str) -> None:
    source, documents = read_file("audit-policy.yaml", (POLICY % name).encode())
    found = policy.read(documents[0], Context(source, tuple(documents), "policy"))
    assert found is not None
    (hit,) = unknown_resource.check(PolicySubject(found.policies[0], Versions(24, NEWEST)), {})
    assert hit.severity == severity
