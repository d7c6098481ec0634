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
from kube_audit_lint.auditlog import counting
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
            "notes": [],
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

    @pytest.mark.parametrize(
        ("user", "what"),
        [
            ("system:masters", "system:masters is a group"),
            ("system:node:", "system:node: is only the start of names of members of system:nodes"),
            ("cluster-admin", "cluster-admin is a ClusterRole"),
            ("system:serviceaccount:shop:web", ""),
        ],
    )
    def test_names_that_no_user_has(self, user: str, what: str, capsys: pytest.CaptureFixture[str]) -> None:
        notes = explain_json("--verb", "list", "--resource", "nodes", "--user", user, capsys=capsys)["notes"]
        assert [note.startswith(what) for note in notes] == [True] * bool(what)

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
        assert said.startswith("p.yaml:7:12: kube-apiserver does not load this policy: ")


class TestWhatTheServerSees:
    """The answer is about the request that the options mean, and says what was made of them."""

    @pytest.mark.parametrize(
        ("arguments", "seen"),
        [
            (("--url", "/api/v1/namespaces/kube-system/secrets"), "list secrets kube-system -"),
            (("--url", "/api/v1/namespaces/shop/secrets/db", "--verb", "delete"), "delete secrets shop db"),
            (("--url", "/api/v1/namespaces/shop/pods/a/exec?command=sh", "--verb", "POST"), "create pods/exec shop a"),
            (("--url", "/apis/apps/v1/deployments?watch=1"), "watch deployments.apps - -"),
            (("--url", "/api/v1/pods?fieldSelector=metadata.name%3Dx"), "list pods - x"),
            (("--url", "https://10.0.0.1:6443/api/v1/namespaces/shop"), "get namespaces shop shop"),
            (("--verb", "list", "--resource", "namespaces", "--name", "foo"), "list namespaces - foo"),
            (("--verb", "watch", "--resource", "namespaces", "--name", "foo"), "watch namespaces - foo"),
            (("--verb", "get", "--resource", "namespaces", "--name", "foo"), "get namespaces foo foo"),
            (
                ("--verb", "update", "--resource", "namespaces/finalize", "--name", "a"),
                "update namespaces/finalize a a",
            ),
            (("--verb", "create", "--resource", "namespaces"), "create namespaces - -"),
            (("--verb", "get", "--resource", "nodes", "--name", "a"), "get nodes - a"),
            (("--verb", "get", "--resource", "widgets.example.com", "--name", "a"), "get widgets.example.com - a"),
            (("--verb", "watch", "--resource", "widgets.x.io/log", "--name", "a"), "watch widgets.x.io/log - a"),
            (
                ("--verb", "watch", "--resource", "namespaces", "--namespace", "a", "--name", "a"),
                "watch namespaces a a",
            ),
            (("--verb", "watch", "--resource", "watch.x.io", "--name", "a"), "watch watch.x.io - a"),
            (("--url", "/api/v1/watch/namespaces/a"), "watch namespaces a a"),
            (("--url", "/apis/x.io/v1/watch/namespaces/a/widgets/b/log"), "watch widgets.x.io/log a b"),
        ],
    )
    def test_resources(self, arguments: tuple[str, ...], seen: str, capsys: pytest.CaptureFixture[str]) -> None:
        data = explain_json("--user", "jane", *arguments, capsys=capsys)
        got = data["request"]
        what = got["resource"] + ("." + got["group"] if got["group"] else "")
        what += "/" + got["subresource"] if "subresource" in got else ""
        assert f"{got['verb']} {what} {got.get('namespace', '-')} {got.get('name', '-')}" == seen
        assert ("The path names a resource" in "".join(data["notes"])) == ("--url" in arguments)

    def test_the_empty_verb_is_named(self, capsys: pytest.CaptureFixture[str]) -> None:
        proxy = ("--user", "jane", "--verb", "options", "--url", "/api/v1/namespaces/a/pods/b/proxy")
        output = explain(*proxy, capsys=capsys)
        assert "rules see the empty verb of OPTIONS, pods/proxy in the namespace a" in output
        assert 'rule 3 (p.yaml:13): verbs: OPTIONS (the verb "") is not among create' in output
        Path("p.yaml").write_text(POLICY.replace("[watch]", '[watch, ""]'))
        output = explain("--url", "/version", "--user", "system:kube-proxy", capsys=capsys)
        assert 'get is not among watch, "" ("" is OPTIONS on the proxies of pods, services and nodes)' in output
        assert "Rule 2 (p.yaml:10) decides" in explain(*("--user", "system:kube-proxy"), *proxy[2:], capsys=capsys)

    def test_a_query_is_dropped(self, capsys: pytest.CaptureFixture[str]) -> None:
        data = explain_json("--url", "/readyz?verbose", capsys=capsys)
        assert data["request"]["url"] == "/readyz"
        assert data["notes"] == ["No rule sees a query: /readyz?verbose is the path /readyz."]
        assert "\n  No rule sees a query: /readyz?verbose" in explain("--url", "/readyz?verbose", capsys=capsys)

    def test_an_escaped_path_is_the_path(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert explain_json("--url", "/health%7A", capsys=capsys)["request"]["url"] == "/healthz"

    def test_a_profile_leaves_an_event_when_it_starts(self, capsys: pytest.CaptureFixture[str]) -> None:
        data = explain_json("--user", "jane", "--url", "/debug/pprof/heap", capsys=capsys)
        assert data["stages"] == ["ResponseStarted", "ResponseComplete"]

    def test_what_is_left_out_is_what_no_rule_names(self, capsys: pytest.CaptureFixture[str]) -> None:
        Path("p.yaml").write_text(POLICY.replace("[shop]", "[payments]").replace("[db]", "[db-password, db]"))
        data = explain_json(*request("jane get secrets"), capsys=capsys)
        assert data["request"]["name"] not in ("", "db", "db-password")
        assert data["request"]["namespace"] not in ("", "payments")
        assert len(data["notes"]) == 2
        assert data["rule"] == 6


class TestRefused:
    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            ("--verb GET --resource pods", "no request for a resource has the verb `GET`: it is get"),
            ("--verb post --resource pods", "no request for a resource has the verb `post`: it is create"),
            ("--verb exec --resource pods", "no request for a resource has the verb `exec`: it is create or get of "),
            ("--verb fly --resource pods", "no request for a resource has the verb `fly`: it is one of get, list, "),
            ("--verb list --url /healthz", "the verb of a path is the HTTP method, not `list`: get"),
            ("--url healthz", "a path begins with a slash: `/healthz`, not `healthz`"),
            ("--url /healthz --name x", "a path holds all there is"),
            ("--url /api/v1/watch", "kube-apiserver answers 500 before"),
            ("--url / --group devs", "groups are those of a user"),
            ("--verb get --resource deployments", "no deployments in the core group; there is deployments.apps"),
            ("--verb get --resource pod", "these versions serve no pod in the core group; there is pods"),
            ("--verb get --resource Pods", "these versions serve no Pods in the core group; there is pods"),
            ("--verb get --resource exec", "these versions serve no exec in the core group; there is pods/exec"),
            ("--verb get --resource pods.apps", "these versions serve no pods in the group `apps`; there is pods"),
            ("--verb get --resource pods/logs", "there is no pods/logs in the core group; there is pods/log"),
            ("--verb get --resource pods/", "a resource is RESOURCE[.GROUP][/SUBRESOURCE]"),
            ("--verb update --resource pods/log --name a", "pods/log is not served with update, only with get"),
            ("--verb get --resource tokenreviews.authentication.k8s.io", "is not served with get, only with create"),
            ("--verb create --resource pods --name a", "a create of pods carries no name: leave it out"),
            ("--verb deletecollection --resource pods --name a", "a deletecollection of pods carries no name"),
            ("--verb list --resource widgets.example.com/status", "a list is of a whole resource"),
            ("--verb deletecollection --resource widgets.x.io/log --name a", "a deletecollection is of a whole"),
            ("--verb watch --resource pods/log --name a", "pods/log is not served with watch, only with get"),
            ("--verb watch --resource nodes/status --name a", "nodes/status is not served with watch, only with"),
            ("--verb watch --resource namespaces --namespace a", "namespaces are in no namespace"),
            ("--verb watch --resource namespaces --namespace a --name b", "namespaces are in no namespace"),
            ("--verb list --resource watch.x.io", "no HTTP request is seen so: kube-apiserver answers 500"),
            ("--verb get --resource watch.x.io --name a", "GET /apis/x.io/v1/watch/a is a watch of a"),
            ("--verb get --resource status.x.io --namespace a --name b", "no HTTP request is seen so: GET /apis/x.io"),
            ("--verb options --resource pods/proxy", "OPTIONS has an empty verb, and only the proxies of pods"),
            ("--verb get --resource nodes --namespace shop --name a", "nodes are in no namespace: leave it out"),
            ("--verb get --resource namespaces --namespace shop --name a", "namespaces are in no namespace"),
            ("--verb get --resource pods --name a/b", "a namespace or name is one segment of a path"),
            ("--verb get --resource podsecuritypolicies.policy --kubernetes-version 1.30",
             "these versions serve no podsecuritypolicies in the group `policy` (1.12 to 1.24 have it)"),
        ],
    )  # fmt: skip
    def test_requests_that_there_are_not(self, arguments: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert said in refused("p.yaml", *arguments.split(), capsys=capsys)

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
            ("kind: ConfigMap\n", "q.yaml:1:1: kube-apiserver does not load this policy: "),
            ("rules: [\n", "q.yaml:"),
            (
                POLICY.replace("Metadata", "metadata"),
                "q.yaml:5:10: kube-apiserver does not load this policy: `metadata`",
            ),
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
            '{"verb": "get"}',
            '{"verb": "", "user": {"username": "jane"}}',
            '{"verb": 7, "requestURI": "/"}',
            b'{"verb": "\xff\xfe"}',
            b"\x00\x01",
            "[" * 200_000,
        ],
        ids=range(17),
    )
    def test_what_is_no_event_is_told_and_the_others_are_decided(
        self, line: object, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["explain", "p.yaml", "--requests", log(EVENTS[0], line, "", EVENTS[3])]) == 2
        captured = capsys.readouterr()
        assert captured.out == "1\tMetadata\n?\tno event\n?\tno event\n3\tRequestResponse\n"
        first, last = captured.err.splitlines()
        assert first.startswith("kube-audit-lint: audit.log:2: no audit event: ")
        assert last == "kube-audit-lint: 1 line is not an audit event"

    def test_an_empty_verb_is_one(self, capsys: pytest.CaptureFixture[str]) -> None:
        """kube-apiserver writes it for OPTIONS on the path of a resource."""
        lines = log(event("", uri="/api/v1/namespaces/shop/pods", resource="pods", namespace="shop"))
        assert explain("--requests", lines, capsys=capsys) == "-\tNone\n"
        Path("p.yaml").write_text(POLICY + "- level: Metadata\n  verbs: ['']\n")
        assert explain("--requests", lines, capsys=capsys) == "7\tMetadata\n"

    def test_a_line_out_for_each_line_in_as_json(self, capsys: pytest.CaptureFixture[str]) -> None:
        lines = log(EVENTS[0], "", "[]", event("", resource="pods"), b"\xff")
        assert main(["explain", "p.yaml", "--format", "json", "--requests", lines]) == 2
        out = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert [one.get("rule", one.get("error")) for one in out] == [1, "no event", "no event", None, "no event"]

    def test_many_such_lines_do_not_flood(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["explain", "p.yaml", "--requests", log(*["x"] * 500)]) == 2
        captured = capsys.readouterr()
        assert captured.err.count("\n") == 11
        assert captured.err.endswith("kube-audit-lint: 500 lines are not audit events\n")

    def test_only_so_many_are_remembered(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(counting, "MOST_CELLS", 3)
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
        assert replay.decisions([asked], [log(*events)], "text", out) == 0
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


OPEN = """apiVersion: audit.k8s.io/v1
kind: Policy
rules:
- level: Metadata
  resources: [{group: "", resources: [secrets]}]
{{ toYaml .Values.rules }}
- level: Request
"""


def test_a_policy_with_rules_that_a_template_puts_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("policy.yaml").write_text(OPEN)
    asked = ["explain", "policy.yaml", "--user", "jane", "--verb", "get", "--namespace", "a", "--name", "b"]
    assert main([*asked, "--resource", "secrets"]) == 0
    assert "Rule 1 (policy.yaml:4) decides: Metadata." in capsys.readouterr().out
    assert main([*asked, "--resource", "pods"]) == 0
    out = capsys.readouterr().out
    assert "  rule 2 (policy.yaml:7): Request\n" in out
    assert "  what the template puts in (policy.yaml:6): None or Metadata or Request or RequestResponse\n" in out
    assert main([*asked, "--resource", "pods", "--format", "json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert {"rule": 2, "line": 7, "level": "Request"} in data["possible"]
    assert "level" not in data


@pytest.mark.parametrize(
    "command", [["explain", "policy.yaml", "--requests"], ["replay", "--decisions", "policy.yaml"]]
)
def test_a_log_through_a_policy_that_a_template_leaves_open(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    branch = "{{ if .Values.quiet }}\n- level: None\n  resources: [{group: '', resources: [pods]}]\n{{ end }}\n"
    Path("policy.yaml").write_text(OPEN.replace("{{ toYaml .Values.rules }}\n", branch))
    event = {"apiVersion": "audit.k8s.io/v1", "kind": "Event", "stage": "ResponseComplete", "verb": "get"}
    event |= {"user": {"username": "jane", "groups": ["system:authenticated"]}, "level": "Metadata"}
    events = [
        event | {"objectRef": {"apiVersion": "v1", "resource": one, "namespace": "a"}} for one in ("secrets", "pods")
    ]
    Path("audit.log").write_text("".join(json.dumps(one) + "\n" for one in events))
    assert main([*command, "audit.log"]) == 0
    out, err = capsys.readouterr()
    assert sorted(out.splitlines()) == ["1\tMetadata", "2|3\tNone|Request"]
    assert "1 event depends on how the template is filled" in err
    assert main([*command, "audit.log", "--format", "json"]) == 0
    certain, depends = map(json.loads, capsys.readouterr().out.splitlines())
    assert (certain["rule"], certain["level"]) == (1, "Metadata")
    assert {(one["rule"], one["line"], one["level"]) for one in depends["possible"]} == {
        (2, 7, "None"),
        (3, 10, "Request"),
    }


def test_a_policy_test_holds_in_every_way_to_fill_a_template(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("policy.yaml").write_text(OPEN)
    text = "policy: policy.yaml\ntests:\n"
    for resource, level in (("secrets", "Metadata"), ("pods", "Request")):
        text += f"- every: {{resources: [{resource}]}}\n  expect: {level}\n"
    Path("policy.test.yaml").write_text(text)
    assert main(["test", "policy.test.yaml"]) == 1
    assert capsys.readouterr().out.endswith("1 passed, 1 failed\n")
