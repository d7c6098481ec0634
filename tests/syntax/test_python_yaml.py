"""The reader for what Python programs read: PyYAML's own values, at the places of the exact reader."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from trees import every, read, source_of

from kube_audit_lint.syntax.nodes import Mapping, Node, Scalar, Sequence
from kube_audit_lint.syntax.offsets import embedded_text
from kube_audit_lint.syntax.python_yaml import read_python_yaml

DATA = Path(__file__).parents[1] / "data" / "yaml_differences.jsonl"
ROWS = [json.loads(line) for line in DATA.read_text("utf-8").splitlines()]
DIFFERENT = [row["text"] for row in ROWS]
PAGE = Path(__file__).parents[2] / "docs" / "readers.md"
ALIKE = [
    "a: 1\nb: [x, 'y', \"z\\n\"]\nc: {d: true, e: null}\n",
    "a:\n- b: |\n    text\n    more\n  c: >-\n    folded\n    line\n- d\n\n# end\n",
    "a: &x\n  b: 1\nc: 2.5\n",
    "'é': \"\\u00e9\"\nb: plain words  # comment\n",
    "a:\r\n- b\r\n",
]


def _value(node: Node | None) -> Any:
    if isinstance(node, Sequence):
        return [_value(item) for item in node.items]
    if isinstance(node, Mapping):
        return {name: _value(entry.value) for name, entry in node.entries.items()}
    if node is None or node.kind == "null":
        return None
    return {"string": str, "int": int, "float": float, "bool": lambda text: text == "true"}[node.kind](node.value)


@pytest.mark.parametrize("text", ALIKE)
def test_places_are_those_of_the_exact_reader(text: str) -> None:
    def placed(node: Node | None) -> list[tuple[str, int, int]]:
        return [(type(one).__name__, one.start, one.end) for one in every(node)]

    assert placed(read_python_yaml(source_of(text), text).root) == placed(read(text)[0].root)


@pytest.mark.parametrize("text", [*ALIKE, "a: {b: 1, b: 2}\n", "x: &x {a: 1, b: 2}\ny: {a: 3, <<: *x}\n", "a: 1:30\n"])
def test_values_are_pyyamls(text: str) -> None:
    assert _value(read_python_yaml(source_of(text), text).root) == yaml.safe_load(text)


@pytest.mark.parametrize("text", DIFFERENT, ids=ascii)
def test_takes_and_refuses_what_pyyaml_does(text: str) -> None:
    try:
        yaml.compose(text, yaml.SafeLoader)
        accepted = True
    except yaml.YAMLError:
        accepted = False
    document = read_python_yaml(source_of(text), text)
    if not accepted:
        assert document.problem is not None
    assert document.root is None or document.problem is None


@pytest.mark.parametrize("text", ["[" * 1000, "a: &a\n  b: *a\n", "a: 1\n---\nb: 1\n", "? [a]\n: b\n", "a: \x07\n"])
def test_what_it_refuses_is_a_problem_with_a_place(text: str) -> None:
    document = read_python_yaml(source_of(text), text)
    assert document.root is None
    assert document.problem is not None
    assert 0 <= document.problem.place.start <= len(text)


def test_a_text_inside_a_text() -> None:
    outer = "data: |\n  a:\n    b: |\n      deep\n"
    scalar = read(outer)[0].mapping.get("data")  # type: ignore[union-attr]
    assert isinstance(scalar, Scalar)
    text, offsets = embedded_text(scalar)
    inner = every(read_python_yaml(scalar.source, text, offsets).root)[-1]
    assert isinstance(inner, Scalar)
    deep, where = embedded_text(inner)
    assert (deep, outer[where.outer(0) :][:4]) == ("deep\n", "deep")


def test_the_figures_of_the_page() -> None:
    def accepts(text: str) -> bool:
        try:
            yaml.load(text, yaml.SafeLoader)
        except (yaml.YAMLError, ValueError):
            return False
        return True

    taken = [accepts(row["text"]) for row in ROWS if "error" not in row]
    refused = [accepts(row["text"]) for row in ROWS if "error" in row]
    page = PAGE.read_text("utf-8")
    assert f"| {len(taken)} | {taken.count(False)} | {taken.count(True)} |" in page
    assert f"| {len(refused)} | {refused.count(False)} | {refused.count(True)} |" in page
