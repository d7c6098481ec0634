"""Texts made to hurt cost in proportion to their size, in every reader and every wrapping; limits are noted."""

from __future__ import annotations

import base64
import gzip
import sys
import time
from collections.abc import Callable
from types import FrameType

import pytest

from kube_audit_lint.discovery.globs import Globs
from kube_audit_lint.model.found import Found
from kube_audit_lint.pipeline.documents import collect

HEAD = "apiVersion: audit.k8s.io/v1\nkind: Policy\n"
POLICY = f"{HEAD}omitStages: [RequestReceived]\nrules:\n- level: Metadata\n"
SIZE = 2_000
LARGE = 30_000
SECONDS = 3

UNITS = [
    *("{", "[", "- ", "? ", "'' ", '"" ', "'", '"', "&a ", "!a ", "# a\n", "#", "{a: ", "[a: ", ": ", ":", ",", "]"),
    *(
        "\t",
        " ",
        "\n",
        "\r\n",
        "---\n",
        "...\n",
        "|\n",
        "a: b\n",
        "- level: None\n",
        "\\",
        "\\\n",
        "`",
        "$(",
        "${",
        "||",
    ),
    *("{{", "{{a}}", "{%", "{#", "<%", "%{", "{{ if x }}", "{% if a %}", "${a}\n", "#@ a\n", "a: |\n  {{ a }}\n"),
    *("<<EOF\n", "<<-EOT\n", "cat <<A > b\nx\nA\n", "```\n", "~", "minikube start \\\n", '"audit.k8s.io/', "minikube "),
    *('{"a":', '"\\"', "kube-apiserver --audit-log-path=a \\\n", "ExecStart=kube-apiserver\n", "\ufeff", "\u2028"),
]

WRAPPINGS = {
    "policy": ("a.yaml", lambda text: f"{HEAD}rules: {text}"),
    "alone": ("audit-policy.yaml", lambda text: text),
    "json": ("a.json", lambda text: '{"apiVersion":"audit.k8s.io/v1","kind":"Policy","rules":' + text),
    "configmap": ("a.yaml", lambda text: f"kind: ConfigMap\ndata:\n  a: |\n    {POLICY[:26]}\n    {_indented(text)}"),
    "base64": ("a.yaml", lambda text: f"kind: Secret\ndata: {{audit-policy: {_base64(POLICY + text)}}}\n"),
    "script": ("a.sh", lambda text: f"kube-apiserver --audit-log-path=/a \\\n{text}"),
    "markdown": ("a.md", lambda text: f"# audit.k8s.io/v1\n{text}"),
    "terraform": ("a.tf", lambda text: f"# audit.k8s.io/v1\n{text}"),
    "template": ("a.tpl", lambda text: f"{HEAD}rules: {text}"),
    "unit": ("a.service", lambda text: f"[Service]\nExecStart=kube-apiserver --audit-log-path=/a \\\n{text}"),
}


def _indented(text: str) -> str:
    return text.replace("\n", "\n    ")


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _read(name: str, text: str, counted: bool = False) -> tuple[int, float, Found]:
    """How many calls and returns reading a file takes (if counted), how many seconds, and what is found."""
    steps = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal steps
        steps += 1

    data = text.encode()
    started = time.process_time()
    sys.setprofile(count if counted else None)
    try:
        one = collect(name, data, embedded=name.endswith((".sh", ".md", ".tf")))
    finally:
        sys.setprofile(None)
    return steps, time.process_time() - started, one.found if one is not None else Found()


@pytest.mark.slow
@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_twice_the_size_costs_twice_the_steps(wrapping: str) -> None:
    name, wrap = WRAPPINGS[wrapping]
    _read(name, wrap(""))  # imports
    for unit in UNITS:
        once, _, _ = _read(name, wrap(unit * (SIZE // len(unit))), counted=True)
        twice, _, _ = _read(name, wrap(unit * (2 * SIZE // len(unit))), counted=True)
        assert twice <= 2.5 * once + 200, (unit, once, twice)
        # Expressions work without steps: what is not linear in them takes far longer for this much.
        _, seconds, _ = _read(name, wrap(unit * (LARGE // len(unit))))
        assert seconds < SECONDS, (unit, seconds)


def _notes(text: str) -> list[str]:
    _, seconds, found = _read("a.yaml", text)
    assert seconds < SECONDS
    return [note.message for note in found.notes]


def test_a_text_under_many_aliases() -> None:
    keys = "".join(f"  k{number}: *t\n" for number in range(3000))
    text = f"apiVersion: v1\nkind: ConfigMap\ndata:\n  a: &t |\n    {_indented(POLICY)}\n{keys}"
    _, seconds, found = _read("a.yaml", text)
    assert seconds < SECONDS
    assert len(found.policies) == 10
    assert [note.message for note in found.notes] == [
        "k9: the text stands in more than 10 places by alias, and was checked for the first 10"
    ]


@pytest.mark.parametrize(("rules", "noted"), [(100, []), (220_000, ["a.yaml: it unpacks to more than 1.5 MB"])])
def test_a_text_that_unpacks_to_much(rules: int, noted: list[str]) -> None:
    packed = base64.b64encode(gzip.compress((POLICY + "- level: Metadata\n" * rules).encode())).decode()
    text = f"#cloud-config\nwrite_files:\n- path: a.yaml\n  encoding: gz+b64\n  content: {packed}\n# audit.k8s.io\n"
    assert _notes(text) == noted


@pytest.mark.parametrize(
    ("depth", "noted"), [(5, []), (140, ["p: it lies 20 texts deep in others and was not checked"])]
)
def test_texts_in_each_other(depth: int, noted: list[str]) -> None:
    lines = POLICY.splitlines()
    for _ in range(depth):
        lines = ["apiVersion: v1", "kind: ConfigMap", "data:", " p: |", *("  " + line for line in lines)]
    assert _notes("\n".join(lines)) == noted


def test_a_glob_that_crosses_often() -> None:
    started = time.process_time()
    globs = Globs(["**/a/" * 8 + "**/x"])
    assert not globs.matches("/".join("a" * 60))
    assert globs.matches("/".join("a" * 60 + "x"))
    assert time.process_time() - started < 1


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_template_with_any_line_end(end: str) -> None:
    text = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  policy.yaml: |\n"
        "  {{- if .Values.x }}\n    apiVersion: audit.k8s.io/v1\n    kind: Policy\n    rules:\n    - level: metadata\n"
        "  {{- end }}\n"
    )
    _, _, found = _read("templates/a.yaml", text.replace("\n", end))
    assert len(found.policies) == 1
    assert found.policies[0].document.problem is None


CONDITION = "{{- if .a }}\n- level: None\n  users: [a]\n{{- end }}\n"
SERVER = (
    "{{- if .a }}\n- {kind: Pod, spec: {containers: [{name: kube-apiserver, command: [kube-apiserver]}]}}\n{{- end }}\n"
)
UNIT = "    [Service]\n    ExecStart=kube-apiserver --a=b {{ if x }} --c=d {{ end }}\n"


@pytest.mark.parametrize(
    "many",
    [
        lambda count: f"{HEAD}rules:\n{CONDITION * count}",
        lambda count: f"apiVersion: v1\nkind: List\nitems:\n{SERVER * count}",
        lambda count: "kind: ConfigMap\ndata:\n" + "".join(f"  k{number}: |\n{UNIT}" for number in range(count)),
    ],
    ids=["rules", "servers", "units"],
)
def test_a_template_of_many_statements(many: Callable[[int], str]) -> None:
    _read("a.tpl", many(1))
    once, _, _ = _read("a.tpl", many(150), counted=True)
    twice, _, _ = _read("a.tpl", many(300), counted=True)
    assert twice <= 2.5 * once, (once, twice)
