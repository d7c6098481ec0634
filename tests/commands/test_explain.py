"""The command `explain`: one request, or the requests of a real audit log."""

from __future__ import annotations

import io
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kube_audit_lint.analysis.evaluate import evaluate
from kube_audit_lint.analysis.request import from_audit_event
from kube_audit_lint.cli import main
from kube_audit_lint.commands import replay
from kube_audit_lint.pipeline.requests import open_policy

POLICY = """apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
  resources:
  - group: ""
    resources: [secrets]
    resourceNames: [db]
- level: None
  users: ["system:kube-proxy"]
  verbs: [watch]
- level: RequestResponse
  namespaces: [shop]
  verbs: [create]
- level: None
  nonResourceURLs: ["/healthz*"]
- level: None
  userGroups: [devs]
- level: Request
  verbs: [get]
"""
JANE = {"username": "jane", "groups": ["system:authenticated"]}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with a policy in it."""
    (tmp_path / "p.yaml").write_text(POLICY)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def explain(*arguments: str, capsys: pytest.CaptureFixture[str], code: int = 0) -> str:
    """What is printed for the policy."""
    assert main(["explain", "p.yaml", *arguments]) == code
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def explain_json(*arguments: str, capsys: pytest.CaptureFixture[str]) -> Any:
    """The same as data."""
    return json.loads(explain("--format", "json", *arguments, capsys=capsys))


def refused(*arguments: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What is said of a question that cannot be answered."""
    assert main(["explain", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("kube-audit-lint: ")
    assert captured.err.count("\n") == 1
    return captured.err.removeprefix("kube-audit-lint: ").rstrip("\n")


def request(text: str) -> list[str]:
    """`jane get pods shop web` as options; `-` is none."""
    names = ("--user", "--verb", "--resource", "--namespace", "--name")
    return [part for name, word in zip(names, text.split(), strict=False) if word != "-" for part in (name, word)]


class TestOneRequest:
    def test_as_text(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert explain(*request("jane create pods shop"), capsys=capsys) == (
            "kubectl create pod -n shop by jane\n"
            "\n"
            "Rule 3 (p.yaml:13) decides: RequestResponse.\n"
            "Recorded at ResponseComplete (omitted: RequestReceived).\n"
            "Request body: recorded. Response body: recorded.\n"
            "\n"
            "Earlier rules, and the condition that each of them failed:\n"
            "  rule 1 (p.yaml:5): resources: pods of the core group without a name is not in them\n"
            "  rule 2 (p.yaml:10): users: jane is not among system:kube-proxy\n"
        )

    def test_as_json(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert explain_json(*request("jane create pods shop"), capsys=capsys) == {
            "request": {
                "user": "jane",
                "groups": ["system:authenticated"],
                "verb": "create",
                "group": "",
                "resource": "pods",
                "namespace": "shop",
            },
            "rule": 3,
            "line": 13,
            "level": "RequestResponse",
            "stages": ["ResponseComplete"],
            "omitStages": ["RequestReceived"],
            "requestBody": True,
            "responseBody": True,
            "omitManagedFields": False,
            "earlier": [
                {"rule": 1, "line": 5, "failed": "resources"},
                {"rule": 2, "line": 10, "failed": "users"},
            ],
        }

    def test_the_first_rule_has_none_before_it(self, capsys: pytest.CaptureFixture[str]) -> None:
        output = explain(*request("jane get secrets shop db"), capsys=capsys)
        assert "Rule 1 (p.yaml:5) decides: Metadata." in output
        assert "Earlier rules" not in output

    def test_none_records_nothing(self, capsys: pytest.CaptureFixture[str]) -> None:
        output = explain("--url", "/healthz/etcd", "--user", "jane", capsys=capsys)
        assert "Rule 4 (p.yaml:16) decides: None.\nNothing is recorded.\n" in output
        assert "rule 1 (p.yaml:5): resources: the request names no resource" in output
        assert "rule 3 (p.yaml:13): verbs: get is not among create" in output

    def test_no_rule(self, capsys: pytest.CaptureFixture[str]) -> None:
        arguments = request("jane delete pods shop a")
        assert "No rule matches: the request is not recorded.\n" in explain(*arguments, capsys=capsys)
        data = explain_json(*arguments, capsys=capsys)
        assert (data["rule"], data["line"], data["level"], len(data["earlier"])) == (None, None, "None", 6)

    def test_groups(self, capsys: pytest.CaptureFixture[str]) -> None:
        data = explain_json(*request("jane get pods shop"), "--group", "devs", "--group", "ops", capsys=capsys)
        assert data["rule"] == 5
        assert data["request"]["groups"] == ["devs", "ops", "system:authenticated"]

    @pytest.mark.parametrize(
        ("user", "groups"),
        [
            ("system:anonymous", ["system:unauthenticated"]),
            (
                "system:serviceaccount:shop:web",
                ["system:authenticated", "system:serviceaccounts", "system:serviceaccounts:shop"],
            ),
        ],
    )
    def test_groups_that_a_user_always_has(
        self, user: str, groups: list[str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert explain_json(*request(f"{user} get pods"), capsys=capsys)["request"]["groups"] == groups

    def test_nobody(self, capsys: pytest.CaptureFixture[str]) -> None:
        data = explain_json(*request("- get pods shop a"), capsys=capsys)
        assert data["request"]["user"] is None
        assert (data["rule"], data["stages"]) == (6, ["ResponseStarted"])

    def test_a_resource_in_full(self, capsys: pytest.CaptureFixture[str]) -> None:
        data = explain_json(*request("jane update deployments.apps/scale shop web"), capsys=capsys)["request"]
        assert (data["group"], data["resource"], data["subresource"]) == ("apps", "deployments", "scale")

    def test_a_namespace_lies_in_itself(self, capsys: pytest.CaptureFixture[str]) -> None:
        data = explain_json(*request("jane get namespaces - shop"), capsys=capsys)
        assert data["request"]["namespace"] == "shop"

    def test_what_a_terminal_would_act_upon_is_shown(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert "\x1b" not in explain("--url", "/\x1b[31m", "--user", "\x1b[0mjane", capsys=capsys)

    def test_any_form_that_holds_a_policy(self, capsys: pytest.CaptureFixture[str]) -> None:
        lines = "".join(f"    {line}\n" for line in POLICY.splitlines())
        head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: audit}\ndata:\n  policy.yaml: |\n"
        Path("p.yaml").write_text(head + lines)
        assert "Rule 3 (p.yaml:18) decides" in explain(*request("jane create pods shop"), capsys=capsys)

    def test_the_version_decides_what_loads(self, capsys: pytest.CaptureFixture[str]) -> None:
        Path("p.yaml").write_text(POLICY.replace('group: ""', 'group: "*"'))
        assert "rule" in explain("--kubernetes-version", "1.36", *request("jane get pods"), capsys=capsys)
        said = refused("p.yaml", "--kubernetes-version", "1.30", *request("jane get pods"), capsys=capsys)
        assert said.startswith("p.yaml:7: kube-apiserver does not load this policy: ")


class TestRefused:
    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            ((), "explain takes --resource, or --url, or --requests"),
            (("--url", "/", "--resource", "pods"), "explain takes --resource, or --url, or --requests"),
            (("--resource", "pods"), "--resource goes with --verb"),
            (("--kubernetes-version", "new", "--url", "/"), "--kubernetes-version takes a version such as 1.30"),
            (("--requests", "gone.log"), "gone.log: No such file or directory"),
        ],
    )
    def test_options(self, arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert refused("p.yaml", *arguments, capsys=capsys).startswith(said)

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            ("kind: ConfigMap\n", "q.yaml:1: kube-apiserver does not load this policy: "),
            ("rules: [\n", "q.yaml:"),
            (POLICY.replace("Metadata", "metadata"), "q.yaml:5: kube-apiserver does not load this policy: `metadata`"),
            ("", "q.yaml"),
        ],
    )
    def test_policies(self, content: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
        Path("q.yaml").write_text(content)
        assert refused("q.yaml", "--url", "/", capsys=capsys).startswith(said)

    def test_a_missing_policy(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert refused("gone.yaml", "--url", "/", capsys=capsys) == "gone.yaml: No such file or directory"


def event(verb: str = "get", user: Any = JANE, uri: str = "/", **ref: str) -> dict[str, Any]:
    """An audit event as kube-apiserver writes it, without what no policy sees."""
    found = {"kind": "Event", "apiVersion": "audit.k8s.io/v1", "requestURI": uri, "verb": verb, "user": user}
    return {**found, "objectRef": ref} if ref else found


def log(*lines: object) -> str:
    """A file of JSON lines; text and bytes as they are."""
    with Path("audit.log").open("wb") as file:
        for line in lines:
            data = line if isinstance(line, str | bytes) else json.dumps(line)
            file.write((data.encode() if isinstance(data, str) else data) + b"\n")
    return "audit.log"


EVENTS = (
    event(resource="secrets", namespace="shop", name="db"),
    event(resource="secrets", namespace="shop", name="other"),
    event("watch", {"username": "system:kube-proxy", "groups": ["system:nodes"]}, resource="services"),
    event("create", resource="pods", namespace="shop"),
    event("create", resource="pods", namespace="else"),
    event(uri="/healthz?verbose"),
    event(uri="/metrics"),
    event(user={"username": "jane", "groups": ["devs"]}, resource="pods", namespace="shop"),
    event(user={}, resource="pods", namespace="shop"),
    event("delete", resource="pods", namespace="shop"),
)
DECIDED = "1 Metadata,6 Request,2 None,3 RequestResponse,- None,4 None,6 Request,5 None,6 Request,- None"


class TestRequests:
    def test_one_decision_a_line(self, capsys: pytest.CaptureFixture[str]) -> None:
        output = explain("--requests", log(*EVENTS, *EVENTS), capsys=capsys)
        assert output == 2 * "".join(f"{one}\n".replace(" ", "\t") for one in DECIDED.split(","))

    def test_as_json(self, capsys: pytest.CaptureFixture[str]) -> None:
        output = explain("--format", "json", "--requests", log(*EVENTS), capsys=capsys)
        decided = [json.loads(line) for line in output.splitlines()]
        assert decided[0] == {"rule": 1, "line": 5, "level": "Metadata", "omitStages": ["RequestReceived"]}
        assert decided[4] == {"rule": None, "line": None, "level": "None", "omitStages": ["RequestReceived"]}
        assert len(decided) == len(EVENTS)

    def test_an_empty_log(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert explain("--requests", log(), capsys=capsys) == ""

    @pytest.mark.parametrize(
        "line",
        [
            "{",
            "audit",
            "[]",
            "12",
            "null",
            "{}",
            '{"level": "Metadata"}',
            '{"verb": "get", "user": "jane"}',
            '{"verb": "get", "user": {"username": ["jane"]}, "objectRef": {"resource": "pods"}}',
            '{"verb": "get", "user": {"username": "jane", "groups": 7}}',
            '{"verb": "get", "objectRef": "pods"}',
            b'{"verb": "\xff\xfe"}',
            b"\x00\x01",
            "[" * 200_000,
        ],
        ids=range(14),
    )
    def test_what_is_no_event_is_told_and_the_others_are_decided(
        self, line: object, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["explain", "p.yaml", "--requests", log(EVENTS[0], line, "", EVENTS[3])]) == 2
        captured = capsys.readouterr()
        assert captured.out == "1\tMetadata\n3\tRequestResponse\n"
        first, last = captured.err.splitlines()
        assert first.startswith("kube-audit-lint: line 2 is no audit event: ")
        assert last == "kube-audit-lint: audit.log: 1 line is no audit event"

    def test_many_such_lines_do_not_flood(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["explain", "p.yaml", "--requests", log(*["x"] * 500)]) == 2
        captured = capsys.readouterr()
        assert captured.err.count("\n") == 11
        assert captured.err.endswith("audit.log: 500 lines are no audit events\n")

    def test_only_so_many_are_remembered(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(replay, "_REMEMBERED", 3)
        output = explain("--requests", log(*EVENTS, *EVENTS), capsys=capsys)
        assert output.replace("\t", " ").splitlines() == 2 * DECIDED.split(",")

    def test_what_is_remembered_is_what_would_be_decided(self) -> None:
        """Random events with few values, so that most are remembered from another one."""
        chosen = random.Random(7)

        def one() -> dict[str, Any]:
            user = chosen.choice(("jane", "system:kube-proxy", "", None))
            groups = chosen.choice((None, [], ["devs"], ["ops", "devs"], ["get"], ["devs", "get"]))
            who = chosen.choice(({"username": user, "groups": groups}, {"username": user}, None))
            verb = chosen.choice(("get", "watch", "create", "delete"))
            if chosen.random() < 0.2:
                return event(verb, who, chosen.choice(("/", "/healthz", "/healthz?x", "/healthzz", "/version")))
            kind = chosen.choice(("pods", "secrets", "get"))
            place, name = chosen.choice(("shop", "", "db")), chosen.choice(("db", "", "shop"))
            return event(verb, who, resource=kind, namespace=place, name=name)

        events = [one() for _ in range(3000)]
        asked = open_policy("p.yaml")
        out = io.StringIO()
        assert replay.replay(asked, log(*events), "text", out) == 0
        expected = [evaluate(asked.policy, from_audit_event(each)).rule + 1 for each in events]
        assert [line.partition("\t")[0] for line in out.getvalue().splitlines()] == [str(n or "-") for n in expected]

    def test_standard_input_of_a_process_of_its_own(self, folder: Path) -> None:
        process = subprocess.run(
            [sys.executable, "-m", "kube_audit_lint", "explain", "p.yaml", "--requests", "-"],
            cwd=folder,
            input="".join(json.dumps(one) + "\n" for one in EVENTS),
            capture_output=True,
            text=True,
        )
        assert (process.returncode, process.stderr) == (0, "")
        assert process.stdout.replace("\t", " ").splitlines() == DECIDED.split(",")
