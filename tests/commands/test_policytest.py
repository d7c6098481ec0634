"""The command `test`: files that say what a policy must do, run as a team runs them in CI."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kube_audit_lint.cli import main
from kube_audit_lint.pipeline import policytest

POLICY = """apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
  resources:
  - group: ""
    resources: [secrets, serviceaccounts/token]
- level: None
  users: ["system:kube-proxy"]
  verbs: [watch]
- level: RequestResponse
  verbs: [create, update, patch, delete]
  omitStages: [Panic]
- level: None
  nonResourceURLs: ["/healthz*"]
- level: Metadata
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with a policy in `audit/`."""
    (tmp_path / "audit").mkdir()
    (tmp_path / "audit" / "policy.yaml").write_text(POLICY)
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Outcome:
    """How a run ended and what it printed."""

    def __init__(self, code: int, captured: Any) -> None:
        self.code = code
        self.out: str = captured.out
        self.err: str = captured.err


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs `test` on a file of tests in `audit/`, where `tests` is what follows `tests:`."""

    def command(tests: str, *arguments: str, head: str = "policy: policy.yaml\n") -> Outcome:
        Path("audit/policy.test.yaml").write_text(f"{head}tests:\n{tests}")
        code = main(["test", *arguments, "audit/policy.test.yaml"])
        return Outcome(code, capsys.readouterr())

    return command


PASSING = [
    "- {request: {user: jane, url: /api/v1/namespaces/shop/secrets}, expect: {rule: 1}}",
    "- {request: {user: jane, url: '/healthz?verbose'}, expect: {rule: 4}}",
    "- {request: {user: jane, verb: get, resource: secrets, namespace: shop, name: db}, expect: Metadata}",
    "- {request: {user: jane, verb: get, resource: secrets}, expect: {at-most: Metadata, at-least: Metadata}}",
    "- {request: {user: jane, verb: create, resource: deployments.apps}, expect: {level: RequestResponse, rule: 3}}",
    "- {request: {user: jane, url: /healthz/etcd}, expect: {level: None, rule: 4}}",
    "- {request: {user: jane, verb: HEAD, url: /healthz}, expect: {rule: 4}}",
    "- {request: {url: /metrics}, expect: Metadata}",
    "- {request: {user: jane, verb: get, resource: pods/exec, name: a}, expect: {stages: [ResponseStarted]}}",
    "- requests:\n  - {user: jane, verb: get, resource: pods}\n  - {user: bob, verb: list, resource: pods}\n"
    "  expect: {rule: 5}",
    "- {every: {resources: [secrets]}, expect: Metadata}",
    "- {every: {resources: [serviceaccounts/token]}, expect: {at-most: Metadata, rule: 1}}",
    "- {every: {verbs: [create], resources: [pods]}, expect: {rule: 3, level: RequestResponse}}",
    "- {every: {urls: [/healthz], verbs: [get, head]}, expect: {rule: 4}}",
    "- {every: {resources: [pods/proxy, nodes/proxy], verbs: ['']}, expect: {rule: 5}}",
    "- {every: {users: [jane]}, expect: {at-least: None}}",
    "- {every: {resources: [pods/exec, pods/log], verbs: [get]}, expect: {stages: [ResponseStarted, Panic]}}",
    "- {every: {resources: [secrets], verbs: [watch]}, expect: {stages: [ResponseStarted, ResponseComplete]}}",
    "- {every: {urls: ['/debug/pprof/*']}, expect: {stages: [ResponseStarted, ResponseComplete]}}",
    "- {request: {user: jane, url: /debug/pprof/heap}, expect: {stages: [ResponseStarted]}}",
    "- {name: nobody, every: {who: [nobody], resources: [pods], verbs: [get]}, expect: {stages: [ResponseStarted]}}",
]


@pytest.mark.parametrize("test", PASSING)
def test_what_the_policy_does(test: str, run: Any) -> None:
    outcome = run(f"{test}\n")
    assert outcome.out == "1 passed, 0 failed\n"
    assert (outcome.code, outcome.err) == (0, "")


FAILING = [
    (
        "- {request: {user: jane, verb: get, resource: secrets, namespace: shop, name: db}, expect: Request}",
        "kubectl get secret db -n shop by jane",
        "Request",
        "rule 1 (audit/policy.yaml:5) records Metadata, omitting RequestReceived",
    ),
    (
        "- {request: {user: jane, verb: get, resource: pods, name: a, namespace: b},"
        " expect: {at-least: Request, rule: 3}}",
        "kubectl get pod a -n b by jane",
        "at least Request and rule 3",
        "rule 5 (audit/policy.yaml:17) records Metadata",
    ),
    (
        "- {request: {user: jane, verb: patch, resource: pods, name: a}, expect: {at-most: Metadata}}",
        "by jane",
        "at most Metadata",
        "rule 3 (audit/policy.yaml:12) records RequestResponse, omitting Panic, RequestReceived",
    ),
    (
        "- {request: {user: jane, verb: patch, resource: pods, name: a}, expect: {stages: [Panic]}}",
        "by jane",
        "an event at Panic",
        "rule 3",
    ),
    ("- {request: {user: jane, url: /healthz}, expect: {stages: [ResponseComplete]}}", "/healthz", "an event", "None"),
    ("- {every: {resources: [secrets], verbs: [get]}, expect: {rule: 0}}", "secret", "no rule", "rule 1"),
    (
        "- {every: {resources: [secrets, pods], verbs: [delete]}, expect: RequestResponse}",
        "kubectl delete secret",
        "RequestResponse",
        "rule 1 (audit/policy.yaml:5) records Metadata",
    ),
]


STAGES = [
    (
        "- {every: {resources: [pods/exec, secrets]}, expect: {stages: [ResponseStarted]}}",
        "kubectl get secret",
        "an event at ResponseStarted",
        "rule 1 (audit/policy.yaml:5) records Metadata at ResponseComplete, omitting RequestReceived",
    ),
    (
        "- {every: {resources: [secrets], who: [ordinary, nobody]}, expect: {stages: [ResponseComplete]}}",
        "(authentication fails: no user)",
        "an event at ResponseComplete",
        "rule 1 (audit/policy.yaml:5) records Metadata at ResponseStarted, omitting RequestReceived",
    ),
    (
        "- {every: {urls: ['/debug/*'], verbs: [get]}, expect: {stages: [ResponseStarted]}}",
        "curl",
        "ResponseStarted",
        "rule 5",
    ),
    (
        "- {every: {resources: [pods], verbs: [get], who: [nobody]}, expect: {stages: [Panic]}}",
        "no user",
        "Panic",
        "rule 5",
    ),
    ("- {request: {url: /api}, expect: {stages: [Panic]}}", "no user", "Panic", "Metadata at ResponseStarted"),
]
NO_REQUESTS = [
    (f"- {{{what}, expect: {{at-least: None}}}}", "{", "that are served", got)
    for what, got in (
        ("every: {resources: [nosuchthing]}", "these versions serve no nosuchthing in the core group"),
        ("every: {resources: [secrets, deployments]}", "there is deployments.apps"),
        ("every: {resources: [pods], verbs: [get, bind]}", "no request for a resource has the verb `bind`"),
        ("every: {resources: [pods], verbs: [GET]}", "it is get"),
        ("every: {resources: [pods/log], verbs: [create]}", "no request is in this class"),
        ("request: {user: jane, verb: get, resource: pod}", "there is pods"),
        ("request: {user: jane, verb: exec, resource: pods}", "it is create or get of pods/exec"),
        ("request: {user: jane, verb: create, resource: secrets, name: a}", "carries no name"),
        ("request: {user: jane, url: healthz}", "a path begins with a slash"),
        ("request: {groups: [devs], url: /healthz}", "groups are those of a user"),
    )
]
FAILING += STAGES + NO_REQUESTS


@pytest.mark.parametrize(("test", "request_", "expected", "got"), FAILING)
def test_what_it_does_not(test: str, request_: str, expected: str, got: str, run: Any) -> None:
    outcome = run(f"{test}\n")
    assert (outcome.code, outcome.err) == (1, "")
    head, *lines, summary = outcome.out.splitlines()
    assert head == "audit/policy.test.yaml:3: test 1"
    assert summary == "0 passed, 1 failed"
    assert lines[0].startswith("  request  ")
    assert request_ in lines[0]
    assert expected in lines[1].removeprefix("  expected ")
    assert got in lines[2].removeprefix("  got      ")


def test_no_rule_matches(run: Any) -> None:
    Path("audit/policy.yaml").write_text(POLICY.rpartition("- level: Metadata")[0])
    outcome = run("- {request: {user: jane, verb: get, resource: pods}, expect: Metadata}\n")
    assert "  got      no rule matches, so it is not recorded\n" in outcome.out
    assert run("- {request: {user: jane, verb: get, resource: pods}, expect: {rule: 0}}\n").code == 0


def test_a_class_fails_once_for_each_rule_but_counts_as_one_test(run: Any) -> None:
    outcome = run("- {name: bodies, every: {resources: [pods]}, expect: RequestResponse}\n" + PASSING[0] + "\n")
    assert outcome.out.count("audit/policy.test.yaml:3: bodies\n") == 2
    assert "rule 2" in outcome.out
    assert "rule 5" in outcome.out
    assert outcome.out.endswith("\n1 passed, 1 failed\n")


def test_as_json(run: Any) -> None:
    outcome = run(FAILING[0][0] + "\n" + PASSING[1] + "\n", "--format", "json")
    assert outcome.code == 1
    assert json.loads(outcome.out) == {
        "tests": 2,
        "failures": [
            {
                "path": "audit/policy.test.yaml",
                "line": 3,
                "name": "test 1",
                "request": "kubectl get secret db -n shop by jane",
                "expected": "Request",
                "got": "rule 1 (audit/policy.yaml:5) records Metadata, omitting RequestReceived",
            }
        ],
    }


def test_several_files(run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    run(PASSING[0] + "\n")
    Path("other.yaml").write_text(f"policy: audit/policy.yaml\ntests:\n{FAILING[0][0]}\n")
    assert main(["test", "audit/policy.test.yaml", "other.yaml", "other.yaml"]) == 1
    assert capsys.readouterr().out.endswith("\n1 passed, 1 failed\n")


@pytest.mark.parametrize(
    ("version", "code"), [("1.30", 2), ("1.36", 0), ('"1.30"', 2), ("1.34-1.36", 0), ('"latest"', 2)]
)
def test_the_version_decides_what_loads(version: str, code: int, run: Any) -> None:
    """A number too, for nobody quotes it: 1.30 is not 1.3."""
    Path("audit/policy.yaml").write_text(POLICY.replace('group: ""', 'group: "*"'))
    outcome = run(PASSING[0] + "\n", head=f"policy: policy.yaml\nkubernetes-version: {version}\n")
    assert outcome.code == code, outcome.err


def test_a_version_that_is_none(run: Any) -> None:
    outcome = run(PASSING[0] + "\n", head="policy: policy.yaml\nkubernetes-version: latest\n")
    assert outcome.err.startswith(
        "kube-audit-lint: audit/policy.test.yaml:2:21: kubernetes-version: takes a version such as 1.30"
    )


def test_a_class_that_is_too_hard_is_no_pass(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kube_audit_lint.analysis.budget.BUDGET", 2)
    outcome = run("- {every: {resources: [secrets]}, expect: Metadata}\n")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("kube-audit-lint: audit/policy.test.yaml:3: `every` ")


BAD = [
    ("- {request: {url: /}, expect: Everything}\n", ":3:"),
    ("- {request: {url: /}, expects: Metadata}\n", ":3:23: tests.0.expects: unknown key; did you mean expect?"),
    ("- {request: {verb: get}, expect: Metadata}\n", ":3:"),
    ("- {request: {url: /}, every: {users: [jane]}, expect: Metadata}\n", ":3:"),
    ("- {expect: Metadata}\n", ":3:"),
    ("- {request: {url: /}, expect: {stages: [Panik]}}\n", ":3:"),
    ("- {request: [}\n", ":3:"),
]


@pytest.mark.parametrize(("tests", "said"), BAD)
def test_a_file_that_is_none(tests: str, said: str, run: Any) -> None:
    outcome = run(tests)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("kube-audit-lint: audit/policy.test.yaml:")
    assert said in outcome.err
    assert outcome.err.count("\n") == 1


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("policy: gone.yaml\n", "audit/gone.yaml: No such file or directory"),
        ("polcy: policy.yaml\n", "audit/policy.test.yaml:1:1: "),
        (
            "policy: ../empty.yaml\n",
            "empty.yaml:1:1: kube-apiserver does not load this policy: There is no `apiVersion`",
        ),
        ("policy: ../bad.yaml\n", "bad.yaml:4:10: kube-apiserver does not load this policy: "),
    ],
)
def test_a_policy_that_is_none(head: str, said: str, run: Any) -> None:
    Path("empty.yaml").write_text("kind: ConfigMap\n")
    Path("bad.yaml").write_text("apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: metadata\n")
    outcome = run(PASSING[0] + "\n", head=head)
    assert (outcome.code, outcome.out) == (2, "")
    assert said in outcome.err


@pytest.mark.parametrize("content", ["", "[]\n", "- policy\n", "just words\n", "\t\n"])
def test_a_file_without_tests(content: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("empty.test.yaml").write_text(content)
    assert main(["test", "empty.test.yaml"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("kube-audit-lint: empty.test.yaml")


def test_a_missing_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["test", "gone.yaml"]) == 2
    assert capsys.readouterr().err == "kube-audit-lint: gone.yaml: No such file or directory\n"


def test_as_a_process_of_its_own(run: Any, folder: Path) -> None:
    run(PASSING[0] + "\n" + FAILING[0][0] + "\n")
    process = subprocess.run(
        [sys.executable, "-m", "kube_audit_lint", "test", "audit/policy.test.yaml"],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert process.returncode == 1
    assert process.stderr == ""
    assert process.stdout.startswith(
        "audit/policy.test.yaml:4: test 2\n  request  kubectl get secret db -n shop by jane"
    )
    assert process.stdout.endswith("\n1 passed, 1 failed\n")


def test_all_tests_of_a_file_share_one_analysis(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    class Counted(policytest.Analysis):
        def __init__(self, *arguments: Any) -> None:
            made.append(self)
            super().__init__(*arguments)

    monkeypatch.setattr(policytest, "Analysis", Counted)
    assert run("\n".join(PASSING)).code == 0
    assert len(made) == 1
