"""What the tests of checks are written with: pods of kube-apiserver, and subjects made of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Any

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._subject import ServerSubject
from kube_audit_lint.forms import workload
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.model.version import DEFAULT, parse_versions
from kube_audit_lint.syntax.reader import read_documents
from kube_audit_lint.syntax.source import Source

POLICY = "--audit-policy-file=/etc/kubernetes/audit-policy.yaml"
LOG = "--audit-log-path=/var/log/kubernetes/audit.log"
ROTATION = ("--audit-log-maxage=30", "--audit-log-maxbackup=10", "--audit-log-maxsize=100")


def pod(
    flags: Iterable[str],
    mounts: Sequence[str] = (),
    volumes: Sequence[str] = (),
    env: Sequence[str] = (),
    kind: str = "Pod",
) -> str:
    """A manifest; mounts, volumes and variables are flow mappings without braces."""
    lines = [f"kind: {kind}", "metadata: {name: kube-apiserver}", "spec:", "  containers:", "  - name: kube-apiserver"]
    lines += ["    command:", "    - kube-apiserver", *(f"    - {flag}" for flag in flags)]
    lines += ["    env:", *(f"    - {{{one}}}" for one in env)] if env else []
    lines += ["    volumeMounts:", *(f"    - {{{one}}}" for one in mounts)] if mounts else []
    lines += ["  volumes:", *(f"  - {{{one}}}" for one in volumes)] if volumes else []
    return "\n".join(lines) + "\n"


def subject(text: str, versions: str = "", path: str = "kube-apiserver.yaml") -> ServerSubject:
    """The one server of a text."""
    source = Source(path, text)
    documents = tuple(read_documents(source))
    found = workload.read(documents[0], Context(source, documents))
    assert found is not None
    (server,) = found.servers
    return ServerSubject(server, parse_versions(versions) or DEFAULT)


def hits(check: str, subject: Any, **params: Any) -> list[Hit]:
    """What a check says; `at_least` stands for the parameter `at-least`."""
    module = import_module(f"kube_audit_lint.checks.{check}")
    return list(module.check(subject, {name.replace("_", "-"): value for name, value in params.items()}))


def brief(found: Iterable[Hit]) -> list[tuple[str, str]]:
    """The underlined texts and severities."""
    return [(hit.place.text, hit.severity) for hit in found]


def said(found: Iterable[Hit]) -> str:
    """The one message."""
    (hit,) = found
    return hit.message
