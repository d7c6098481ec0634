"""The templates `level` (with a stage) and `stages` in rules of one's own: which requests go through which stage."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._subject import PolicySubject
from kube_audit_lint.forms import policy
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.model.version import DEFAULT
from kube_audit_lint.syntax.reader import read_file

HEAD = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n"


def hits(check: str, params: dict[str, Any], *rules: str) -> list[Hit]:
    """What a template finds in a policy of these rules."""
    source, documents = read_file("policy.yaml", (HEAD + "".join(f"- {rule}\n" for rule in rules)).encode())
    found = policy.read(documents[0], Context(source, documents))
    assert found is not None
    subject = PolicySubject(found.policies[0], DEFAULT)
    return list(import_module(f"kube_audit_lint.checks.{check}").check(subject, params))


@pytest.mark.parametrize(
    ("resources", "stage", "found"),
    [
        (["pods/*"], "ResponseStarted", True),
        (["pods/exec"], "ResponseStarted", True),
        (["pods", "pods/log"], "ResponseStarted", True),
        (["pods"], "ResponseStarted", True),  # a watch
        (["secrets/x", "serviceaccounts/token"], "ResponseStarted", False),
        (["pods/*"], "ResponseComplete", False),
    ],
)
def test_a_stage_that_must_leave_an_event(resources: list[str], stage: str, found: bool) -> None:
    params = {"what": "pods", "requests": [{"resources": resources}], "stage": stage}
    hit = hits("level", params, "{level: RequestResponse, omitStages: [ResponseStarted]}")
    assert [one.message for one in hit] == [f"Pods are recorded without the stage {stage} by rule 1 (line 4)."] * found


def test_a_profile_is_long_running() -> None:
    params = {"what": "profiles", "requests": [{"urls": ["/debug/pprof/*"]}], "stage": "ResponseStarted"}
    (hit,) = hits("level", params, "{level: Metadata, omitStages: [ResponseStarted]}")
    assert "/debug/pprof/" in hit.witness["url"]
    assert not hits("level", params, "{level: Metadata}")


def test_a_failed_authentication_goes_through_one_stage_only() -> None:
    requests = [{"resources": ["secrets"], "who": ["nobody"]}]
    for stage in ("RequestReceived", "ResponseComplete", "Panic"):
        params = {"what": "failures", "requests": requests, "stage": stage}
        assert not hits("level", params, f"{{level: Metadata, omitStages: [{stage}]}}")
    params = {"what": "failures", "requests": requests, "stage": "ResponseStarted"}
    assert hits("level", params, "{level: Metadata, omitStages: [ResponseStarted]}")


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        ("{level: Metadata, omitStages: [ResponseStarted]}", True),
        ("{level: Metadata, verbs: [watch], users: [jane], omitStages: [ResponseStarted]}", True),
        ("{level: Metadata, verbs: [get], users: [jane], resources: [{resources: [secrets]}], "
         "omitStages: [ResponseStarted]}", False),
        ("{level: Metadata, verbs: [get], resources: [{resources: [secrets]}], omitStages: [ResponseStarted]}", True),
        ("{level: None, omitStages: [ResponseStarted]}", False),
    ],
)  # fmt: skip
def test_an_omitted_stage_matters_to_who_goes_through_it(rule: str, found: bool) -> None:
    assert len(hits("stages", {"omitted": {"ResponseStarted": "error"}}, rule, "{level: Metadata}")) == found


def test_a_stage_is_recorded_of_who_goes_through_it() -> None:
    short = "{level: Metadata, verbs: [get], users: [jane], resources: [{resources: [secrets]}]}"
    assert not hits("stages", {"recorded": "ResponseStarted"}, short)
    (hit,) = hits("stages", {"recorded": "ResponseStarted"}, short, "{level: Metadata, verbs: [watch]}")
    assert hit.message == "ResponseStarted is recorded (every rule that records)."
