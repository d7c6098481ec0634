"""`import kube_audit_lint`: the page's examples run, and nothing of it slows the command line down."""

from __future__ import annotations

import ast
import doctest
import inspect
import json
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import kube_audit_lint
from kube_audit_lint import library

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "library.md"
PACKAGE = ROOT / "lint" / "kube_audit_lint"
HEAD = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n"


def fences(text: str) -> list[tuple[str, str, str]]:
    """Of each fenced block the name that stands above it, its kind, and its text."""
    found, lines = [], text.split("\n")
    starts = [number for number, line in enumerate(lines) if line.startswith("```")]
    for start, end in zip(starts[::2], starts[1::2], strict=True):
        above = lines[start - 2].strip("`") if start > 1 and lines[start - 2].startswith("`") else ""
        found.append((above, lines[start][3:], "\n".join(lines[start + 1 : end])))
    return found


def test_the_examples_of_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    examples = []
    for name, kind, text in fences(PAGE.read_text("utf-8")):
        if kind == "python":
            examples.append(text)
        else:
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            Path(name).write_text(text + "\n", "utf-8")
    test = doctest.DocTestParser().get_doctest("\n\n".join(examples), {}, PAGE.name, str(PAGE), 0)
    assert len(test.examples) > 25
    result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test)
    assert result.failed == 0


def test_what_is_public_is_the_same_everywhere() -> None:
    assert set(kube_audit_lint.__all__) == {*library.__all__, "__version__"}
    page = PAGE.read_text("utf-8")
    for name in library.__all__:
        assert getattr(kube_audit_lint, name) is getattr(library, name)
        assert name in dir(kube_audit_lint)
        assert inspect.getdoc(getattr(library, name))
        if name not in (
            "Change",
            "Difference",
            "FileChange",
            "Finding",
            "Fix",
            "Place",
            "Problem",
            "Related",
            "Decision",
        ):
            assert f"`{name}" in page or f"import {name}" in page or f", {name}" in page, name
    with pytest.raises(AttributeError):
        kube_audit_lint.lynt  # noqa: B018


def test_type_checkers_see_the_library() -> None:
    stub = ast.parse((PACKAGE / "__init__.pyi").read_text("utf-8"))
    imports = [node for node in stub.body if isinstance(node, ast.ImportFrom)]
    assert [(node.module, node.names[0].name) for node in imports] == [("kube_audit_lint.library", "*")]


def test_importing_the_package_imports_nothing() -> None:
    code = (
        "import kube_audit_lint, sys, json;"
        "print(json.dumps([name for name in sys.modules if name.startswith('kube_audit_lint')]))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert json.loads(shown) == ["kube_audit_lint"]


def test_the_command_line_imports_nothing_of_it(tmp_path: Path) -> None:
    (tmp_path / "audit-policy.yaml").write_text(HEAD + "- level: Metadata\n  omitStages: [RequestReceived]\n")
    code = (
        "import sys; from kube_audit_lint.cli import main; assert main(['check', 'audit-policy.yaml']) == 0;"
        "print([name for name in sys.modules if name.startswith('kube_audit_lint.library')])"
    )
    process = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert process.stdout.splitlines()[-1] == "[]"


def test_python_dash_m() -> None:
    process = subprocess.run([sys.executable, "-m", "kube_audit_lint", "--version"], capture_output=True, text=True)
    assert (process.returncode, process.stdout) == (0, f"kube-audit-lint {kube_audit_lint.__version__}\n")


def test_the_version_stands_in_one_place() -> None:
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    assert 'dynamic = ["version"]' in project
    assert 'attr = "kube_audit_lint.__version__"' in project
    assert kube_audit_lint.__version__ not in project.replace(">=", "")
    script = [sys.executable, str(ROOT / "scripts" / "set_version.py"), "--check"]
    process = subprocess.run(script, capture_output=True, text=True)
    assert (process.returncode, process.stderr) == (0, "")


def test_decisions_are_those_of_explain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from kube_audit_lint.cli import main

    monkeypatch.chdir(tmp_path)
    rules = (
        "- level: None\n  users: [bob]\n- level: RequestResponse\n  verbs: [create]\n  omitStages: [RequestReceived]\n"
    )
    Path("p.yaml").write_text(HEAD + rules)
    policy = kube_audit_lint.Policy.read("p.yaml", "1.30")
    for user, verb in (("bob", "get"), ("jane", "create"), ("jane", "get")):
        main(["explain", "p.yaml", "--user", user, "--verb", verb, "--resource", "pods", "--kubernetes-version", "1.30",
              "--format", "json"])  # fmt: skip
        wanted = json.loads(capsys.readouterr().out)
        found = policy.decide(kube_audit_lint.Request(user, verb, resource="pods"))
        assert (found.rule, found.line, found.level) == (wanted["rule"], wanted["line"], wanted["level"])
        assert list(found.stages) == wanted["stages"]
        assert (found.request_body, found.response_body) == (wanted["requestBody"], wanted["responseBody"])


def test_a_policy_is_pickled_and_equal_events_are_decided_alike() -> None:
    policy = kube_audit_lint.Policy.load(HEAD + "- level: Metadata\n  users: [jane]\n", "1.29-1.31")
    copy = pickle.loads(pickle.dumps(policy))
    assert copy.versions == policy.versions == "1.29-1.31"
    events = [
        {"verb": "get", "user": {"username": user}, "requestURI": "/healthz"} for user in ("jane", "bob", "", "jane")
    ]
    found = list(copy.decide_many(events))
    assert [one.level for one in found] == ["Metadata", "None", "None", "Metadata"]
    assert [policy.decide(event) for event in events] == found
    assert [one.rule for one in found] == [1, None, None, 1]


@pytest.mark.parametrize(
    "request_",
    [
        kube_audit_lint.Request("jane", "get"),
        kube_audit_lint.Request("jane", "get", resource="pods", url="/healthz"),
        {},
        {"verb": "get"},
        {"verb": 3, "requestURI": "/"},
        {"verb": "get", "requestURI": "/", "user": "jane"},
    ],
)
def test_what_is_no_request_is_refused(request_: object) -> None:
    policy = kube_audit_lint.Policy.load(HEAD + "- level: Metadata\n")
    with pytest.raises(kube_audit_lint.UsageError):
        policy.decide(request_)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("group", "resource", "says"),
    [
        ("", "podz", "serve no podz in the core group; there is pods"),
        ("", "pods/exce", "there is pods/exec"),
        ("", "deployments", "there is deployments.apps"),
        ("policy", "podsecuritypolicies", "to 1.24 have it)"),
        ("apps", "deployments", ""),
        ("", "pods/log", ""),
        ("example.com", "anything", ""),
    ],
)
def test_a_built_in_resource_is_one_that_is_served(group: str, resource: str, says: str) -> None:
    policy = kube_audit_lint.Policy.load(HEAD + "- level: Metadata\n", "1.30")
    request = kube_audit_lint.Request("jane", "get", resource, group, "shop", "web")
    if not says:
        assert policy.decide(request).level == "Metadata"
        return
    with pytest.raises(kube_audit_lint.UsageError) as caught:
        policy.decide(request)
    assert says in str(caught.value)
    plain, _, sub = resource.partition("/")
    reference = {"resource": plain, "apiGroup": group, "namespace": "shop", "subresource": sub}
    event = {"verb": "get", "user": {"username": "jane"}, "requestURI": "/", "objectRef": reference}
    assert policy.decide(event).level == "Metadata"  # somebody asked for it, and got 404


@pytest.mark.parametrize("text", ["", "kind: Policy\n", HEAD, HEAD + "- level: {{ .Values.level }}\n", "\x00"])
def test_a_policy_that_does_not_load_is_refused(text: str) -> None:
    with pytest.raises(kube_audit_lint.PolicyError) as caught:
        kube_audit_lint.Policy.load(text, name="mine.yaml")
    assert caught.value.path == "mine.yaml"
    assert isinstance(caught.value, kube_audit_lint.KubeAuditLintError)


@pytest.mark.parametrize(
    "options",
    [
        kube_audit_lint.Options(kubernetes_version="new"),
        kube_audit_lint.Options(profile="cos"),
        kube_audit_lint.Options(select=["secret-above-metadata"]),
    ],
)
def test_wrong_options_are_refused(
    options: kube_audit_lint.Options, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(kube_audit_lint.UsageError):
        kube_audit_lint.lint(".", options)
    with pytest.raises(kube_audit_lint.UsageError):
        kube_audit_lint.lint([])


def test_a_configuration_and_an_unreadable_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    Path("audit-policy.yaml").write_text(HEAD + "- level: Request\n")
    Path(".kube-audit-lint.yaml").write_text("rules: {secrets-above-metadata: off}\n")
    report = kube_audit_lint.lint([Path("audit-policy.yaml"), "gone.yaml"])
    rules = {one.rule for one in report.findings}
    assert "secrets-above-metadata" not in rules
    assert "tokens-above-metadata" in rules
    assert report.suppressed > 0
    assert [one.path for one in report.problems] == ["gone.yaml"]
    assert report.fails("error")
    plain = kube_audit_lint.lint("audit-policy.yaml", kube_audit_lint.Options(config=None))
    assert "secrets-above-metadata" in {one.rule for one in plain.findings}
    Path(".kube-audit-lint.yaml").write_text("ruls: {}\n")
    with pytest.raises(kube_audit_lint.OwnFileError) as caught:
        kube_audit_lint.lint("audit-policy.yaml")
    assert caught.value.line == 1


def test_writing_refuses_what_changed_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("audit-policy.yaml").write_text(HEAD + "- level: RequestResponse\n")
    (change,) = kube_audit_lint.fix("audit-policy.yaml")
    assert Path("audit-policy.yaml").read_bytes() == change.before
    Path("audit-policy.yaml").write_text(HEAD + "- level: Request\n")
    with pytest.raises(kube_audit_lint.UsageError):
        change.write()
    assert Path("audit-policy.yaml").read_text() == HEAD + "- level: Request\n"


GOOD = HEAD + "- level: Metadata\n  omitStages: [RequestReceived]\n"
SECRETS = (
    HEAD + "- level: Request\n  resources: [{group: '', resources: [secrets]}]\n- level: Metadata\n  users: [jane]\n"
)
ask = kube_audit_lint.Request


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one policy, in which secrets are recorded with their bodies."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    (tmp_path / "audit-policy.yaml").write_text(HEAD + "- level: Request\n")
    return tmp_path


@pytest.mark.parametrize(
    "request_",
    [
        ask("jane", "GET", resource="secrets"),
        ask("jane", "*", resource="secrets"),
        ask("jane", "read", resource="secrets"),
        ask("jane", "get", resource="*"),
        ask("jane", "get", resource="Secrets"),
        ask("jane", "get", resource="secrets/"),
        ask("jane", "get", resource="pods/log/x"),
        ask("jane", "get", resource="deployments.apps"),
        ask("jane", "get", resource="deployments", group="apps/v1"),
        ask("jane", "get", resource="secrets", group="core"),
        ask("jane", "get", resource="secrets", namespace="a/b"),
        ask("jane", "get", resource="secrets", name=".."),
        ask("jane", "create", resource="secrets", name="token"),
        ask("jane", "get", url="healthz"),
        ask("jane", "list", url="/healthz"),
        ask("jane", "get", url="/healthz", namespace="shop"),
        ask("jane", "get", url="/healthz", name="x"),
        ask(None, "get", resource="secrets", groups=("system:masters",)),
        ask(3, "get", resource="secrets"),  # type: ignore[arg-type]
        ask("jane", None, resource="secrets"),  # type: ignore[arg-type]
        ask("jane", "get", resource=["secrets"]),  # type: ignore[arg-type]
        ask("jane", "get", resource="secrets", groups=None),  # type: ignore[arg-type]
        ask("jane", "get", resource="secrets", groups=(1,)),  # type: ignore[arg-type]
        ask("jane", "get", resource="secrets", namespace=None),  # type: ignore[arg-type]
        "x",
        1,
        None,
        ["verb"],
    ],
)
def test_no_request_is_decided_that_nobody_sends(request_: object) -> None:
    policy = kube_audit_lint.Policy.load(SECRETS)
    with pytest.raises(kube_audit_lint.UsageError):
        policy.decide(request_)  # type: ignore[arg-type]
    with pytest.raises(kube_audit_lint.UsageError):
        list(policy.decide_many([request_]))  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("request_", "level"),
    [
        (ask("jane", "GET", url="/api/v1/namespaces/a/secrets"), "Request"),
        (ask("bob", "get", url="/healthz?verbose"), "None"),
        (ask("bob", "", resource="pods/proxy"), "None"),
        (ask("bob", "watch", resource="queue.depth_Total", group="external.metrics.k8s.io"), "None"),
        (ask("jane", "create", resource="pods/exec", name="web-0"), "Metadata"),
        (ask(None, "get", resource="secrets"), "Request"),
    ],
)
def test_what_is_clearly_meant_is_decided(request_: kube_audit_lint.Request, level: str) -> None:
    assert kube_audit_lint.Policy.load(SECRETS).decide(request_).level == level


def test_one_group_is_no_row_of_letters() -> None:
    policy = kube_audit_lint.Policy.load(HEAD + "- level: None\n  userGroups: [admins]\n- level: Metadata\n")
    one = ask("jane", "get", resource="pods", groups="admins")  # type: ignore[arg-type]
    assert policy.decide(one).rule == policy.decide(one._replace(groups=("admins",))).rule == 1
    assert policy.decide(one._replace(groups=("a", "d"))).rule == 2


def calls() -> dict[str, object]:
    """Calls with what no caller may give; each by what it gives."""
    one = kube_audit_lint
    policy = one.Policy.load(GOOD)

    def options(**given: object) -> object:
        return lambda: one.lint("audit-policy.yaml", one.Options(**given))  # type: ignore[arg-type]

    return {
        "version as a number": options(kubernetes_version=1.30),
        "select of numbers": options(select=[1]),
        "select of nothing": options(select=None),
        "ignore of an unknown rule": options(ignore="no-rules,nothing"),
        "a word for a switch": options(pedantic="no"),
        "a number for a switch": options(ignores=0),
        "profile of another type": options(profile=["cis"]),
        "config of another type": options(config=3),
        "config with NUL": options(config="a\0b"),
        "contents of another type": options(contents=["a"]),
        "contents of numbers": options(contents={"a": 1}),
        "contents of half a pair": options(contents={"a": "\ud800"}),
        "baseline of another type": options(baseline=True),
        "baseline that is not there": options(baseline="nosuch.json"),
        "listing that is not there": options(api_resources="nosuch.txt"),
        "options of another type": lambda: one.lint(".", {"profile": "cis"}),  # type: ignore[arg-type]
        "no paths": lambda: one.lint(None),  # type: ignore[arg-type]
        "bytes as paths": lambda: one.lint(b"m"),  # type: ignore[arg-type]
        "numbers as paths": lambda: one.lint([1]),  # type: ignore[list-item]
        "an empty path": lambda: one.lint(""),
        "a path with NUL": lambda: one.lint("a\0b"),
        "a path of half a pair": lambda: one.lint("\ud800"),
        "a baseline of half a pair": options(baseline="\ud800"),
        "a folder as baseline": options(baseline="."),
        "a folder as configuration": options(config="."),
        "fix of what is not there": lambda: one.fix("nosuch"),
        "fix of what is partly not there": lambda: one.fix(["audit-policy.yaml", "nosuch"]),
        "fix with a word": lambda: one.fix(".", unsafe="no"),  # type: ignore[arg-type]
        "severity that is none": lambda: one.lint(".").fails("warn"),  # type: ignore[arg-type]
        "severity of another type": lambda: one.lint(".").fails([]),  # type: ignore[arg-type]
        "format of another type": lambda: one.lint(".").render([]),  # type: ignore[arg-type]
        "no policy": lambda: one.Policy.load(None),  # type: ignore[arg-type]
        "half a pair": lambda: one.Policy.load("\ud800"),
        "policy for a number": lambda: one.Policy.load(GOOD, 1.30),  # type: ignore[arg-type]
        "policy by a number": lambda: one.Policy.load(GOOD, name=3),  # type: ignore[arg-type]
        "policy that is not there": lambda: one.Policy.read("nosuch"),
        "policy in a folder": lambda: one.Policy.read("."),
        "policy at NUL": lambda: one.Policy.read("a\0b"),
        "policy at nothing": lambda: one.Policy.read(None),  # type: ignore[arg-type]
        "diff of texts": lambda: one.diff("..", ".."),  # type: ignore[arg-type]
        "diff for a number": lambda: one.diff(policy, policy, 1.30),  # type: ignore[arg-type]
        "many of one": lambda: policy.decide_many({"verb": "get"}),  # type: ignore[arg-type]
        "many of a number": lambda: policy.decide_many(1),  # type: ignore[arg-type]
        "count of a text": lambda: policy.count("{}"),
        "count of numbers": lambda: policy.count([1]),  # type: ignore[list-item]
        "count of no JSON": lambda: policy.count([{"verb": {1, 2}}]),
        "sum of two policies": lambda: policy.count([]) + one.Policy.load(SECRETS).count([]),
    }


@pytest.mark.parametrize("name", list(calls()))
def test_no_foreign_error_comes_through(name: str, folder: Path) -> None:
    with pytest.raises((kube_audit_lint.UsageError, kube_audit_lint.OwnFileError)) as caught:
        calls()[name]()  # type: ignore[operator]
    assert "\n" not in str(caught.value)


def test_select_takes_one_text_with_commas(folder: Path) -> None:
    for select in ("secrets-above-metadata", "secrets-above-metadata, no-rules", ["secrets-above-metadata,no-rules"]):
        report = kube_audit_lint.lint(".", kube_audit_lint.Options(select=select))
        assert [one.rule for one in report.findings] == ["secrets-above-metadata"]


def test_a_version_that_is_not_known_is_noted() -> None:
    policy = kube_audit_lint.Policy.load(GOOD, "1.99")
    assert "1.99" in policy.notes[0]
    assert kube_audit_lint.diff(policy, policy).notes == policy.notes
    assert kube_audit_lint.Policy.load(GOOD, "1.30").notes == kube_audit_lint.Policy.load(GOOD).notes == ()


def test_fails_is_what_the_command_does(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from kube_audit_lint.cli import main

    Path("t").mkdir()
    Path("t/audit-policy.yaml").write_text(HEAD + "- level: Request\n")
    Path("g").mkdir()
    Path("g/audit-policy.yaml").write_text(GOOD)
    Path(".kube-audit-lint.yaml").write_text("fail-on: never\n")
    Path("t/.kube-audit-lint.yaml").write_text("fail-on: error\n")
    seen = set()
    for paths in (["audit-policy.yaml"], ["t"], ["."], ["g"], ["nosuch"]):
        for least in ("", "info", "warning", "error", "never"):
            code = main(["check", *paths, *(["--fail-on", least] if least else [])])
            assert kube_audit_lint.lint(paths).fails(least) == (code != 0), (paths, least)  # type: ignore[arg-type]
            seen.add(code)
    capsys.readouterr()
    assert seen == {0, 1, 2}


def test_what_is_hidden_is_counted_by_cause(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from kube_audit_lint.cli import main

    everything = kube_audit_lint.lint(".").findings
    rules = {one.rule for one in everything}
    assert {"secrets-above-metadata", "tokens-above-metadata"} < rules
    assert main(["check", ".", "--select", "secrets-above-metadata", "--write-baseline", "known.json"]) == 0
    Path("audit-policy.yaml").write_text(HEAD + "- level: Request\n")
    Path(".kube-audit-lint.yaml").write_text("rules: {tokens-above-metadata: off}\nexclude: [old/]\nfail-on: never\n")
    Path("old").mkdir()
    Path("old/audit-policy.yaml").write_text(HEAD)
    report = kube_audit_lint.lint(".", kube_audit_lint.Options(baseline=Path("known.json")))
    assert report.hidden == kube_audit_lint.Hidden(0, 0, 1, 1, ("tokens-above-metadata",), 1, True)
    assert report.suppressed == 2
    assert len(report.findings) == len(everything) - 2
    main(["check", ".", "--baseline", "known.json", "--format", "json"])
    shown = json.loads(capsys.readouterr().out.partition("\n{")[2].join(["{", ""]))["hidden"]
    assert (shown["by-baseline"], shown["by-configuration"], shown["excluded-paths"]) == (1, 1, 1)


def test_resources_of_the_cluster_are_known(folder: Path) -> None:
    Path("audit-policy.yaml").write_text(
        HEAD + "- level: Metadata\n  resources: [{group: example.com, resources: [widgetz]}]\n"
    )
    Path("served.txt").write_text(
        "NAME      SHORTNAMES   APIVERSION       NAMESPACED   KIND     VERBS\n"
        "widgets                example.com/v1   true         Widget   get,list,create\n"
    )
    options = kube_audit_lint.Options(api_resources="served.txt")
    assert "widgetz" not in " ".join(one.message for one in kube_audit_lint.lint(".").findings)
    assert "widgetz" in " ".join(one.message for one in kube_audit_lint.lint(".", options).findings)


def test_writing_a_file_that_is_gone_is_refused(folder: Path) -> None:
    (change,) = kube_audit_lint.fix("audit-policy.yaml")
    Path("audit-policy.yaml").unlink()
    with pytest.raises(kube_audit_lint.UsageError, match=r"audit-policy\.yaml: not fixed: "):
        change.write()
    assert not Path("audit-policy.yaml").exists()
