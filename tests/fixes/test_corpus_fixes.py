"""Fixes of policies and settings that people published.

No file becomes unreadable, no request is recorded otherwise that no finding was about, nothing is left to do, and every
comment that is not inside of what goes is still there. The files stay outside of the repository; without them there is
nothing to test.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path
from random import Random

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "analysis"))

from served import is_served, random_request

from kube_audit_lint.analysis.evaluate import Decision, evaluate
from kube_audit_lint.analysis.request import Request
from kube_audit_lint.catalogue.shipped import shipped
from kube_audit_lint.checks._subject import PolicySubject
from kube_audit_lint.model.policy import LEVELS, Policy
from kube_audit_lint.model.version import DEFAULT
from kube_audit_lint.pipeline.config import load_config
from kube_audit_lint.pipeline.documents import Collected, collect
from kube_audit_lint.pipeline.fixing import Change, Fixed, fixed
from kube_audit_lint.pipeline.options import Options

CORPUS = Path(os.environ.get("KUBE_AUDIT_LINT_CORPUS", Path(__file__).resolve().parents[3] / "shared" / "corpus"))
FOLDERS = sorted(path.name for path in CORPUS.iterdir() if path.is_dir()) if CORPUS.is_dir() else []
LOWERED = {
    "secrets-above-metadata": {"secrets"},
    "configmaps-above-metadata": {"configmaps"},
    "tokens-above-metadata": {"serviceaccounts/token", "tokenreviews"},
}
SENSITIVE = (
    ("", "secrets", ""),
    ("", "configmaps", ""),
    ("", "serviceaccounts", "token"),
    ("authentication.k8s.io", "tokenreviews", ""),
)
REWRITTEN = {f"unknown-{what}" for what in ("verb", "group", "resource", "field")} | {
    "literal-wildcard",
    "user-is-a-group",
}
OF_ALL = {"stage-omitted", "request-received-recorded", "managed-fields-recorded", "body-level-on-urls"}
"""Rules whose findings are about every request that a rule, or the policy, records."""
REQUESTS = 4000
MINORS = (18, 21, 24, 30, 36)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not FOLDERS, reason="the published files are not here"),
]


@pytest.fixture(scope="module")
def requests() -> list[Request]:
    """Served requests, many of them for what the findings are about."""
    random = Random(1)
    found: list[Request] = []
    while len(found) < REQUESTS:
        minor = random.choice(MINORS)
        request = random_request(random, minor)
        if len(found) % 3 == 0 and request.url is None:
            group, resource, sub = random.choice(SENSITIVE)
            request = request._replace(group=group, resource=resource, subresource=sub)
        if is_served(request, minor):
            found.append(request)
    return found


def run_on(folder: str, unsafe: bool = False) -> Fixed:
    options = Options((folder,), pedantic=True, embedded=True)
    return fixed(options, load_config(), shipped(), lambda count: None, unsafe)


def read(change: Change, data: bytes) -> Collected:
    for hint in ("", "policy"):
        file = collect(change.path, data, hint=hint, embedded=True)
        if file is not None:
            return file
    raise AssertionError(f"{change.path} holds nothing any more")


def policies(file: Collected) -> list[Policy | None]:
    return [PolicySubject(one, DEFAULT).loaded.policy for one in file.found.policies]


def minors(found: Fixed, path: str) -> list[int]:
    """The versions by which the policies of a file are checked."""
    spans = [one.versions for one in found.outcome.subjects.policies if one.document.source.path == path]
    return [minor for minor in MINORS if all(minor in span for span in spans)]


def is_meant(rules: set[str], before: Decision, after: Decision, request: Request) -> bool:
    """Whether a finding of the rules is about the request, and the change what it asks for."""
    what = f"{request.resource}/{request.subresource}" if request.subresource else request.resource
    lowered = LEVELS.index(before.level) > LEVELS.index(after.level) >= LEVELS.index("Metadata")
    if lowered and any(what in LOWERED.get(rule, ()) for rule in rules):
        return True
    if rules & REWRITTEN:
        return True
    return bool(rules & OF_ALL) and (before.level == after.level or "body-level-on-urls" in rules)


@pytest.mark.parametrize("folder", FOLDERS or ["not here"])
def test_safe_fixes(folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, requests: list[Request]) -> None:
    shutil.copytree(CORPUS / folder, tmp_path / folder)
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    found = run_on(folder)
    assert [one for one in found.outcome.report.findings if one.rule == "internal-error"] == []
    for change in found.changes:
        old, new = read(change, change.before), read(change, change.after)
        assert len(new.found.servers) == len(old.found.servers), change.path
        assert sum(one.problem is not None for one in new.documents) == sum(
            one.problem is not None for one in old.documents
        ), change.path
        rules = {one.finding.rule for one in change.made}
        for before, after in zip(policies(old), policies(new), strict=True):
            if before is None or after is None or before == after:
                continue
            served = (one for one in requests if any(is_served(one, minor) for minor in minors(found, change.path)))
            for request in served:
                was, is_ = evaluate(before, request), evaluate(after, request)
                if was.outcome != is_.outcome:
                    assert is_meant(rules, was, is_, request), (change.path, rules, request, was, is_)
        if not rules & {"unreachable-rule", "redundant-rule", "unused-suppression"}:
            comments = [re.findall(rb"#[^\r\n]*", data) for data in (change.before, change.after)]
            assert comments[0] == comments[1], change.path
        Path(change.path).write_bytes(change.after)
    assert run_on(folder).changes == ()


@pytest.mark.parametrize("folder", FOLDERS or ["not here"])
def test_unsafe_fixes_leave_files_readable(folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(CORPUS / folder, tmp_path / folder)
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    for change in run_on(folder, unsafe=True).changes:
        old, new = read(change, change.before), read(change, change.after)
        assert len(new.found.policies) == len(old.found.policies), change.path
        for before, after in zip(old.found.policies, new.found.policies, strict=True):
            loads = [PolicySubject(one, DEFAULT).loaded.loads_in for one in (before, after)]
            assert loads[0] is None or (loads[1] and loads[1].overlap(loads[0]) == loads[0]), change.path
        Path(change.path).write_bytes(change.after)
