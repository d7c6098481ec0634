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
