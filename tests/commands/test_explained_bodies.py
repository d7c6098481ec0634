"""Which bodies `explain` promises in the log: only objects of the API are recorded.

apiserver/pkg/endpoints/handlers/responsewriters/writers.go WriteObjectNegotiated: a stream, as that of a log, is
written before an object would be recorded; for attach, exec, portforward and proxy no handler records any.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kube_audit_lint.cli import main

POLICY = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: %s\n"


@pytest.mark.parametrize(
    ("verb", "resource", "request_body", "response_body"),
    [
        ("get", "pods", False, True),
        ("list", "pods", False, True),
        ("watch", "pods", False, False),
        ("get", "pods/log", False, False),
        ("create", "pods/exec", False, False),
        ("get", "pods/portforward", False, False),
        ("create", "pods", True, True),
        ("patch", "pods", True, True),
        ("delete", "pods", True, True),
        ("update", "pods/status", True, True),
        ("create", "pods/eviction", True, True),
    ],
)
def test_bodies(
    verb: str,
    resource: str,
    request_body: bool,
    response_body: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    asked = ["--user", "jane", "--verb", verb, "--resource", resource, "--namespace", "a", "--format", "json"]
    if verb != "list" and (verb != "create" or "/" in resource):
        asked += ["--name", "web-0"]
    for level, request, response in (
        ("RequestResponse", request_body, response_body),
        ("Request", request_body, False),
        ("Metadata", False, False),
    ):
        Path("policy.yaml").write_text(POLICY % level)
        assert main(["explain", "policy.yaml", *asked]) == 0
        told = json.loads(capsys.readouterr().out)
        assert (told["requestBody"], told["responseBody"]) == (request, response), level
