"""The command `map`: real runs in each format."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from kube_audit_lint.analysis.evaluate import evaluate
from kube_audit_lint.analysis.request import Request
from kube_audit_lint.cli import main
from kube_audit_lint.pipeline.requests import open_policy

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "lint/kube_audit_lint/schemas/map.schema.json").read_text("utf-8"))
(THIRTY,) = (ROOT / "benchmarks").rglob("thirty-rules.yaml")
POLICY = """apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: None
  users: [jane]
  verbs: [get]
  resources:
  - group: ""
    resources: [secrets]
- level: Metadata
  resources:
  - group: ""
    resources: [secrets]
- level: Request
  namespaces: [shop]
  verbs: [create]
- level: None
  users: [jane]
  verbs: [get]
  resources:
  - group: ""
    resources: [secrets]
- level: None
  nonResourceURLs: ["/healthz*"]
- level: RequestResponse
  verbs: [get, list]
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with two policies in it."""
    (tmp_path / "p.yaml").write_text(POLICY)
    (tmp_path / "new.yaml").write_text(POLICY.replace("- level: Metadata", "- level: None"))
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


def shown(*arguments: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What is printed."""
    assert main(["map", *arguments]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def refused(*arguments: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What is printed of a run that fails."""
    assert main(["map", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    return captured.err


def flat(text: str) -> str:
    """The text in one line."""
    return " ".join(text.split())


def cells(text: str, title: str) -> list[str]:
    """The cells of a row of the text."""
    (row,) = re.findall(rf"^  {re.escape(title)}(?:,.*?)?   +(.*)$", text, re.M)
    return row.split()


def test_the_text_shows_levels_and_what_they_depend_on(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown("p.yaml", "--kubernetes-version", "1.30", capsys=capsys)
    assert max(map(len, text.splitlines())) <= 80
    assert text.startswith("p.yaml (Kubernetes 1.30): what is recorded of each request\n")
    assert cells(text, "secrets") == ["*2", "M", "M", "M", "M", "M", "M", "M"]
    assert "/healthz*" in text
    assert "No request reaches rule 4." in text
    assert "Request by rule 3 (line 15): everybody; in shop" in flat(text)
    assert "kubectl get secret db-password -n payments by jane" in text
    assert "kubectl create binding -n shop by alice" in text


def test_the_text_seen_as_somebody(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown("p.yaml", "--who", "user:jane", capsys=capsys)
    assert cells(text, "secrets") == ["-", "M", "M", "M", "M", "M", "M", "M"]
    assert "seen as user jane" in text


def test_colours_only_where_they_are_wanted(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = shown("p.yaml", capsys=capsys)
    assert "\x1b" not in plain
    colored = shown("p.yaml", "--color", "always", capsys=capsys)
    assert "\x1b[36mM" in colored
    rows = [row.rstrip() for row in re.sub("\x1b\\[\\d+m", "", colored).splitlines()]
    assert rows == plain.splitlines()
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert shown("p.yaml", capsys=capsys) == colored
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    assert "\x1b" not in shown("p.yaml", capsys=capsys)


@pytest.mark.parametrize("width", ["20", "80", "120", "200"])
def test_no_line_is_longer_than_the_terminal(
    width: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", width)
    text = shown(str(THIRTY), capsys=capsys)
    assert max(map(len, text.splitlines())) <= max(int(width), 80)
    table = text.split("It depends:")[0]
    assert ("wtch" in table, "ReqResponse" in table) == (int(width) < 100, int(width) >= 150)


def _request(data: dict[str, Any]) -> Request:
    groups = frozenset(data["groups"])
    keys = ("group", "resource", "subresource", "namespace", "name")
    if "url" in data:
        return Request(data["user"], groups, data["verb"], url=data["url"])
    return Request(data["user"], groups, data["verb"], *(data.get(key, "") for key in keys))


@pytest.mark.parametrize("path", ["p.yaml", pytest.param(str(THIRTY), marks=pytest.mark.slow)])
def test_the_data_fits_the_schema_and_its_requests_are_decided_so(
    path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    data = json.loads(shown(path, "--format", "json", capsys=capsys))
    jsonschema.validate(data, SCHEMA)
    policy = open_policy(path).policy
    held = 0
    for one in data["classes"]:
        for seen in one["seen"].values():
            levels = {one["cases"][each["case"]]["level"] for each in seen["cases"]}
            assert seen["level"] == (None if not levels else "differs" if len(levels) > 1 else levels.pop())
            for each in seen["cases"]:
                case = one["cases"][each["case"]]
                decision = evaluate(policy, _request(each["request"]))
                assert (decision.rule + 1 or None, decision.level) == (case["rule"], case["level"])
                held += 1
    assert held > 100
    assert {number for row in data["rows"] for number in row["cells"].values()} == set(range(len(data["classes"])))
    unreached = [rule["rule"] for rule in data["policy"]["rules"] if not rule["reached"]]
    assert unreached == ([4] if path == "p.yaml" else [])
    if path == "p.yaml":
        found = {(one["id"], one["rule"]) for one in data["policy"]["findings"]}
        assert ("unreachable-rule", 4) in found


def test_what_another_policy_changes(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown("p.yaml", "new.yaml", capsys=capsys)
    assert cells(text, "secrets") == ["*1", *["M>-"] * 7]
    assert text.count("\ncore") == 1
    assert "\napps" not in text
    assert "nothing by rule 1 (line 5) -> rule 1 (line 5): jane" in flat(text)
    assert "Metadata -> nothing by rule 2 (line 11) -> rule 2 (line 11): everybody but jane" in flat(text)
    data = json.loads(shown("p.yaml", "new.yaml", "--format", "json", capsys=capsys))
    jsonschema.validate(data, SCHEMA)
    directions = {case["direction"] for one in data["classes"] for case in one["cases"]}
    assert directions == {"less", None}
    same = shown("p.yaml", "p.yaml", capsys=capsys)
    assert "Every served request is recorded the same." in same


def test_a_cell_that_changes_as_a_whole_depends_on_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    head = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n"
    pods = "- {level: Request, resources: [{group: '', resources: [pods]}]}\n"
    (folder / "bodies.yaml").write_text(f"{head}{pods}- level: Metadata\n")
    (folder / "none.yaml").write_text(f"{head}- level: Metadata\n")
    text = shown("bodies.yaml", "none.yaml", capsys=capsys)
    assert cells(text, "pods") == ["Q>M"] * 8  # a request that fails authentication has no body anyway
    assert "It depends" not in text


def test_markdown_escapes_and_stays_a_table(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "odd.yaml").write_text(
        "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n"
        "- {level: Metadata, users: ['<script>|@team'], nonResourceURLs: ['/a|b<img>']}\n- {level: None}\n"
    )
    text = shown("odd.yaml", "--format", "markdown", capsys=capsys)
    assert "<script>" not in text
    assert "@team" not in text
    assert "<img>" not in text
    widths = {row.count("|") for row in text.splitlines() if row.startswith("|")}
    assert widths <= {11, 9}
    assert len(text) < 65_536
    assert "differs (1)" in text


def test_the_format_follows_the_name_of_the_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert shown("p.yaml", "--output", "map.md", capsys=capsys) == ""
    assert (folder / "map.md").read_text().startswith("### Audit map")
    shown("p.yaml", "--output", "map.json", capsys=capsys)
    assert json.loads((folder / "map.json").read_text())["version"] == 1
    shown("p.yaml", "--output", "map.txt", capsys=capsys)
    assert (folder / "map.txt").read_text().startswith("p.yaml (Kubernetes")


def test_the_page_is_one_file_in_which_names_are_text(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hostile = "</script><script>alert(1)</script>\u202e"
    (folder / "odd.yaml").write_text(
        f"apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n# {hostile}\n- level: Metadata\n"
        f"  users: [{json.dumps(hostile)}]\n  resources: [{{group: x.io, resources: ['<i>']}}]\n- level: None\n"
    )
    assert shown("odd.yaml", "--output", "map.html", capsys=capsys) == ""
    page = (folder / "map.html").read_text("utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert page.count("<script") == 2
    assert "<i>" not in page
    assert "\u202e" not in page
    assert "# &lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;\\u202e" in page
    assert re.search(r'content="default-src \'none\'; style-src \'sha256-', page)
    assert "http://" not in page
    assert "https://" not in page
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page)
    assert json.loads(data)["policy"]["data"]["rules"][0]["users"] == [hostile]
    assert page.count("<tr data-r=") == len(json.loads(data)["rows"])


def test_findings_stand_on_their_rules(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown("p.yaml", "--output", "map.html", capsys=capsys)
    page = (folder / "map.html").read_text("utf-8")
    (line,) = re.findall(r'data-line=18>[^<]*</span><span class="finding warning"><b>([^<]*)</b>', page)
    assert line == "warning: unreachable-rule"
    assert page.count('class="rule none-rule unreached"') == 1
    (folder / ".kube-audit-lint.yaml").write_text("rules: {unreachable-rule: off}\n")
    shown("p.yaml", "--output", "map.html", capsys=capsys)
    assert "warning: unreachable-rule" not in (folder / "map.html").read_text("utf-8")


@pytest.mark.parametrize("form", ["json", "base64"])
def test_rules_in_one_line_are_written_out(folder: Path, form: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = json.dumps(yaml.safe_load(POLICY))
    if form == "base64":
        encoded = base64.b64encode(POLICY.encode()).decode()
        text = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: audit}}\nbinaryData:\n  policy.yaml: {encoded}\n"
    (folder / f"p.{form}").write_text(text)
    shown(f"p.{form}", "--output", "map.html", capsys=capsys)
    page = (folder / "map.html").read_text("utf-8")
    assert "as it is loaded" in page
    rows = re.findall(r"data-line=(\d+)>([^<]*)</span>", page)
    assert rows[:2] == [("1", "- level: &quot;None&quot;"), ("2", "  users: [&quot;jane&quot;]")]
    assert re.search(r'data-rule="4"[^>]*>(?:(?!data-rule).)*unreachable-rule', page, re.S)
    data = json.loads(shown(f"p.{form}", "--format", "json", capsys=capsys))
    assert {rule["line"] for rule in data["policy"]["rules"]} == {1 if form == "json" else 5}


def test_any_form_that_holds_a_policy(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    indented = POLICY.replace("\n", "\n    ")
    (folder / "map.yaml").write_text(
        f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: audit}}\ndata:\n  policy.yaml: |\n    {indented}\n"
    )
    text = shown("map.yaml", capsys=capsys)
    assert "rule 1 (line 10)" in text


def test_what_cannot_be_shown(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "--who takes one of these for p.yaml: everybody, ordinary, " in refused(
        "p.yaml", "--who", "x", capsys=capsys
    )
    assert "nothing.yaml" in refused("nothing.yaml", capsys=capsys)
    (folder / "bad.yaml").write_text("apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Everything}]\n")
    assert "kube-apiserver does not load this policy" in refused("bad.yaml", capsys=capsys)
    assert "--output p.yaml/x.md" in refused("p.yaml", "--output", "p.yaml/x.md", capsys=capsys)


def test_check_imports_nothing_of_it() -> None:
    code = "import sys; from kube_audit_lint.cli import main; main(['check', 'p.yaml']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {name for name in done.stdout.split() if re.search(r"\.(map|matrix|senders|deciders|html)\b", name)}
