"""The requests that commands print: in findings, by `explain --format json`, and in failures of `test`."""

from __future__ import annotations

import io
import json
import os
import sys
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import catalogue_files  # noqa: E402 (scripts are no package)

from kube_audit_lint.analysis.request import RESOURCE_VERBS, Request  # noqa: E402
from kube_audit_lint.catalogue.shipped import shipped  # noqa: E402
from kube_audit_lint.cli import main  # noqa: E402
from kube_audit_lint.model.version import parse_versions  # noqa: E402
from kube_audit_lint.pipeline import policytest  # noqa: E402
from kube_audit_lint.pipeline.config import load_config  # noqa: E402
from kube_audit_lint.pipeline.options import Options  # noqa: E402
from kube_audit_lint.pipeline.run import run  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

POLICY = """apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- {level: None, verbs: [watch], namespaces: ["", a]}
- {level: Metadata, resources: [{group: "", resources: [secrets, pods/*], resourceNames: [a, "x y"]}]}
- {level: Request, verbs: ["", get, list, deletecollection]}
- {level: RequestResponse, resources: [{group: x.io, resources: [widgets/status, namespaces, watch, proxy]}]}
- {level: None, nonResourceURLs: ["/healthz*", "/a b/*"]}
"""
RESOURCES = (
    *("pods", "pods/exec", "pods/proxy", "pods/status", "nodes", "nodes/proxy", "namespaces", "namespaces/status"),
    *("secrets", "serviceaccounts/token", "deployments.apps/scale", "componentstatuses", "widgets.x.io"),
    *("widgets.x.io/log", "namespaces.x.io", "namespaces.x.io/status", "status.x.io", "watch.x.io", "proxy.x.io/scale"),
)
URLS = (
    *("/", "/healthz?verbose", "/api", "/api/v1", "/a%20b/c", "/api/v1/pods?watch=1", "/api/v1/watch/namespaces/a"),
    *("/api/v1/namespaces/a/pods/b/exec?command=sh", "/apis/x.io/v1/watch/namespaces/a/widgets/b/log"),
    *("/api/v1/nodes/a/proxy/metrics", "/api/v1/pods?fieldSelector=metadata.name%3Db", "/apis/x.io/v1/watch/watch/a"),
)
CLASSES = (
    *('{resources: ["pods/*"]}', '{resources: [pods/proxy, nodes/proxy], verbs: [""]}', "{verbs: [watch]}"),
    *(
        "{resources: [widgets.x.io/status, namespaces.x.io]}",
        '{resources: ["*.x.io"], namespaces: [""]}',
        "{verbs: [get]}",
    ),
    *("{names: [a, 'x y', a/b]}", "{urls: ['/a b/*', /healthz]}", "{who: [nobody]}", "{resources: [secrets]}"),
)


def of_findings(*paths: Path, **options: Any) -> list[Request]:
    """The witnesses of every finding in some files, of rules that are off by default, too."""
    rules = shipped()
    chosen = Options(tuple(map(str, paths)), pedantic=True, select=tuple(rules.rules), **options)
    found = [finding.witness for finding in run(chosen, load_config(), rules).report.findings if finding.witness]
    return [_request(one) for one in found]


def of_examples(folder: Path) -> list[Request]:
    """The witnesses in the findings of the rules' examples, which are written to the folder."""
    versions: dict[str, list[Path]] = {}
    for rule in catalogue_files.rules():
        for number, example in enumerate(rule["examples"] if rule["subject"] == "policy" else ()):
            path = folder / f"{rule['id']}-{number}" / "audit-policy.yaml"
            path.parent.mkdir()
            path.write_bytes(example.get("bad", example.get("good")).encode("utf-8", "surrogateescape"))
            versions.setdefault(example.get("kubernetes", ""), []).append(path)
    found = []
    for text, paths in versions.items():
        found += of_findings(*paths, versions=parse_versions(text) if text else None)
    return found


def of_explain(folder: Path) -> list[Request]:
    """The requests that `explain` answers about, of many that it is asked about."""
    policy = folder / "explained.yaml"
    policy.write_text(POLICY)
    asked = [["--url", url, "--verb", verb] for url, verb in product(URLS, ("get", "post", "delete", "options"))]
    for verb, resource, namespace, name in product(RESOURCE_VERBS, RESOURCES, ("", "a"), ("", "a", "x y")):
        asked.append(["--verb", verb, "--resource", resource, "--namespace", namespace, "--name", name])
    found = []
    for arguments in asked:
        output = io.StringIO()
        with redirect_stdout(output), redirect_stderr(io.StringIO()):
            code = main(["explain", str(policy), "--user", "jane", "--format", "json", *arguments])
        if code == 0:
            found.append(_request(json.loads(output.getvalue())["request"]))
    return found


def of_failing_tests(folder: Path) -> list[Request]:
    """The requests that failures of `test` name."""
    (folder / "tested.yaml").write_text(POLICY)
    tests = folder / "failing.yaml"
    every = "".join(
        f"- {{every: {one}, expect: {expected}}}\n"
        for one, expected in product(CLASSES, ("RequestResponse", "{rule: 9}", "{stages: [Panic, ResponseStarted]}"))
    )
    tests.write_text(f"policy: tested.yaml\ntests:\n{every}")
    here = Path.cwd()
    os.chdir(folder)  # nothing outside is read
    try:
        with _described() as found:
            failures = policytest.run_file(tests.name).failures
    finally:
        os.chdir(here)
    assert len(failures) > len(CLASSES)
    return found


@contextmanager
def _described() -> Iterator[list[Request]]:
    """The requests that are put into words meanwhile."""
    found: list[Request] = []
    describe = policytest.describe

    def noted(request: Request) -> str:
        found.append(request)
        return describe(request)

    with patch.object(policytest, "describe", noted):
        yield found


def every(folder: Path) -> list[Request]:
    """All of these."""
    return [*of_examples(folder), *of_findings(ROOT / "examples"), *of_explain(folder), *of_failing_tests(folder)]


def _request(data: dict[str, Any]) -> Request:
    return Request(**{**data, "groups": frozenset(data["groups"])})
