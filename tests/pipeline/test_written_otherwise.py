"""The same file written otherwise gets the same findings."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "forms"))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

import catalogue_files
from test_same_in_every_form import FORMS, POLICY

from kube_audit_lint import cli

ROOT = Path(__file__).parents[2]
CORPUS = ROOT.parent / "shared" / "corpus"
YAML = (".yaml", ".yml")
OF_THE_TEXT = {"typographic-quotes", "policy-unreadable", "duplicate-key", "ignored-document"}
"""Rules about what a dump of the values no longer has."""
IN_TURN = "audit-policy.yaml"
"""The name of the rules' own examples."""
NOT_ONLY_VALUES = ("{{", "${", "kube-audit-lint:", "<<:", "#cloud", "# Kubespray")
"""Marks of templates, and of merges, and of comments that count: one that alone names the form among them."""


def texts() -> Iterator[tuple[str, str]]:
    """Names and texts: the examples, the rules' own, and every twentieth file of the corpus where there is one."""
    for path in sorted((ROOT / "examples").rglob("*")):
        if path.is_file():
            yield path.name, path.read_text("utf-8")
    for rule in catalogue_files.rules():
        for example in rule["examples"]:
            for key in ("bad", "good"):
                if isinstance(example.get(key), str):
                    yield IN_TURN, example[key]
    for files, _ in FORMS.values():
        yield from ((name, text) for name, text in files.items() if text != POLICY)
    for path in sorted(CORPUS.rglob("*"))[::20]:
        if path.is_file() and path.stat().st_size < 40_000:
            try:
                yield path.name, path.read_bytes().decode()
            except UnicodeDecodeError:
                continue


TEXTS = [(name, text) for name, text in texts() if text and "\r" not in text and text[0] != "\ufeff"]


def chosen(name: str, ways: dict[str, str]) -> dict[str, str]:
    """The ways to write a text that are tried: all, but only one of each of the many policies, in turn."""
    if name != IN_TURN or not ways:
        return ways
    way = list(ways)[len(ways[next(iter(ways))]) % len(ways)]
    return {way: ways[way]}


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str, str], list[tuple[str, str, int]]]]:
    folder = tmp_path_factory.mktemp("written")

    @cache
    def found(name: str, text: str) -> list[tuple[str, str, int]]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode())
        output = io.StringIO()
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(io.StringIO()):
            cli.main(["check", name, "--format", "json", "--embedded", "--no-config"])
        (folder / name).unlink()
        report = json.loads(output.getvalue())
        return sorted((one["rule"], one["severity"], one["start"]["line"]) for one in report["findings"])

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield found


def rules(found: list[tuple[str, str, int]]) -> list[tuple[str, str]]:
    return sorted((rule, severity) for rule, severity, _ in found)


@pytest.mark.slow
def test_ends_of_lines_and_the_byte_order_mark_change_nothing(findings) -> None:
    compared = 0
    for name, text in TEXTS:
        first = findings(name, text)
        ways = {"CRLF": text.replace("\n", "\r\n")}
        if name.endswith(YAML) and text.lstrip()[:1] not in "{[":  # which a BOM makes YAML to the server
            ways["BOM"] = "\ufeff" + text
            if not any(rule == "policy-unreadable" for rule, _, _ in first):
                ways["CR"] = text.replace("\n", "\r")
        for way, other in chosen(name, ways).items():
            assert findings(name, other) == first, (way, name, text)
        compared += bool(first)
    assert compared > 100


def same_values(name: str, text: str) -> list | None:
    """The values of a YAML file's documents whose dumps mean the same; else None."""
    if not name.endswith(YAML) or any(mark in text for mark in NOT_ONLY_VALUES):
        return None
    try:
        documents = [one for one in yaml.safe_load_all(text) if one is not None]
        again = yaml.safe_load(json.dumps(documents))
    except (yaml.YAMLError, TypeError, ValueError, RecursionError):
        return None
    plain = again == documents and all(isinstance(one, dict) for one in documents)
    return documents if documents and plain and not any(map(_has_number_with_point, documents)) else None


def _has_number_with_point(value: object) -> bool:
    """1.30 is a version to its author and 1.3 in a dump."""
    if isinstance(value, dict):
        return any(map(_has_number_with_point, value.values()))
    return isinstance(value, float) or (isinstance(value, list) and any(map(_has_number_with_point, value)))


def ways_to_write(documents: list) -> Iterator[tuple[str, str]]:
    """Other files with the same documents."""
    yield "re-indented", yaml.safe_dump_all(documents, indent=6, sort_keys=False, width=10_000, allow_unicode=True)
    flow = (
        "".join(f"{key}: {json.dumps(below, ensure_ascii=False)}\n" for key, below in one.items()) for one in documents
    )
    yield "flow", "---\n".join(flow)
    if len(documents) == 1:  # after a brace at its beginning a file is JSON to the server, and `---` ends nothing
        yield "JSON", json.dumps(documents[0], indent=1, ensure_ascii=False)


@pytest.mark.slow
def test_another_style_changes_no_rule(findings) -> None:
    compared: Counter[str] = Counter()
    for name, text in TEXTS:
        documents = same_values(name, text)
        first = findings(name, text) if documents is not None else []
        if not first or OF_THE_TEXT & {rule for rule, _, _ in first}:
            continue
        compared[str(documents[0].get("kind")) if len(documents) == 1 else "several"] += 1
        for way, other in chosen(name, dict(ways_to_write(documents))).items():
            assert rules(findings(name, other)) == rules(first), (way, name, text)
    assert compared["Policy"] > 50
    assert compared.total() > compared["Policy"] + 10


@pytest.mark.slow
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
