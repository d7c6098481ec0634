"""The same file written otherwise gets the same findings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from kube_audit_lint import cli
from kube_audit_lint.catalogue.examples import examples_of

ROOT = Path(__file__).parents[2]
CORPUS = ROOT.parent / "shared" / "corpus"
YAML = (".yaml", ".yml")
OF_THE_TEXT = {"typographic-quotes", "policy-unreadable", "duplicate-key", "ignored-document"}
"""Rules about what a dump of the values no longer has."""


def texts() -> Iterator[tuple[str, str]]:
    """Names and texts: the examples, the rules' own, and every twentieth file of the corpus where there is one."""
    for path in sorted((ROOT / "examples").rglob("*")):
        if path.is_file():
            yield path.name, path.read_text("utf-8")
    for path in sorted((ROOT / "rules").glob("*.yaml")):
        for example in examples_of(str(path)):
            for key in ("bad", "good"):
                if isinstance(example.get(key), str):
                    yield "audit-policy.yaml", example[key]
    for path in sorted(CORPUS.rglob("*"))[::20]:
        if path.is_file() and path.stat().st_size < 40_000:
            try:
                yield path.name, path.read_bytes().decode()
            except UnicodeDecodeError:
                continue


TEXTS = [(name, text) for name, text in texts() if text and "\r" not in text and text[0] != "\ufeff"]


@pytest.fixture
def findings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.chdir(tmp_path)

    def found(name: str, text: str) -> list[tuple[str, str, int]]:
        Path(name).write_bytes(text.encode())
        cli.main(["check", name, "--format", "json", "--embedded", "--no-config"])
        Path(name).unlink()
        report = json.loads(capsys.readouterr().out)
        return sorted((one["rule"], one["severity"], one["start"]["line"]) for one in report["findings"])

    return found


def rules(found: list[tuple[str, str, int]]) -> list[tuple[str, str]]:
    return sorted((rule, severity) for rule, severity, _ in found)


def test_ends_of_lines_and_the_byte_order_mark_change_nothing(findings) -> None:
    compared = 0
    for name, text in TEXTS:
        first = findings(name, text)
        ways = {"CRLF": text.replace("\n", "\r\n")}
        if name.endswith(YAML) and text.lstrip()[:1] not in "{[":  # which a BOM makes YAML to the server
            ways["BOM"] = "\ufeff" + text
            if not any(rule == "policy-unreadable" for rule, _, _ in first):
                ways["CR"] = text.replace("\n", "\r")
        for way, other in ways.items():
            assert findings(name, other) == first, (way, name, text)
        compared += bool(first)
    assert compared > 100


def same_values(name: str, text: str) -> dict | None:
    """The value of a file of one document whose dump means the same; else None."""
    if not name.endswith(YAML) or any(mark in text for mark in ("{{", "${", "kube-audit-lint:", "<<:", "#cloud")):
        return None
    try:
        documents = list(yaml.safe_load_all(text))
        again = yaml.safe_load(json.dumps(documents[0])) if len(documents) == 1 else None
    except (yaml.YAMLError, TypeError, ValueError, RecursionError):
        return None
    is_policy = isinstance(again, dict) and again.get("kind") == "Policy"
    return again if is_policy and again == documents[0] else None


def test_another_style_changes_no_rule(findings) -> None:
    compared = 0
    for name, text in TEXTS:
        value = same_values(name, text)
        first = findings(name, text) if value is not None else []
        if not first or OF_THE_TEXT & {rule for rule, _, _ in first}:
            continue
        compared += 1
        ways = {
            "re-indented": yaml.safe_dump(value, indent=6, sort_keys=False, width=10_000, allow_unicode=True),
            "flow": "".join(f"{key}: {json.dumps(below, ensure_ascii=False)}\n" for key, below in value.items()),
            "JSON": json.dumps(value, indent=1, ensure_ascii=False),
        }
        for way, other in ways.items():
            assert rules(findings(name, other)) == rules(first), (way, name, text)
    assert compared > 50


def test_comments_change_nothing(findings) -> None:
    compared = 0
    for name, text in TEXTS:
        if same_values(name, text) is None or "|" in text or ">" in text or "\n#" not in text.replace(" ", ""):
            continue
        bare = "".join("\n" if line.lstrip().startswith("#") else line for line in text.splitlines(keepends=True))
        assert findings(name, bare) == findings(name, text), (name, text)
        compared += 1
    assert compared > 3


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_line_that_is_no_yaml_is_the_same_line_with_any_ends(findings, end: str) -> None:
    head = "apiVersion: kops.k8s.io/v1alpha2\nkind: Cluster\nspec:\n"
    settings = "  kubeAPIServer:\n    auditLogPath: /var/log/audit.log\n"
    alone, nested = f"{head}  name: a: b\n{settings}", f"{head}  ...\n{settings}"
    assert findings("kops.yaml", alone.replace("\n", end)) == [("wrong-shape", "error", 4)]
    assert findings("kops.yaml", nested.replace("\n", end)) == []
