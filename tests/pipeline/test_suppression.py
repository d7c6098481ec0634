"""Comments that suppress findings: which they cover, and what is said about the comments."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from kube_audit_lint.catalogue.rule import Catalogue, Rule
from kube_audit_lint.catalogue.selection import Applied
from kube_audit_lint.model.document import PolicyDocument
from kube_audit_lint.model.finding import Finding
from kube_audit_lint.model.found import Found
from kube_audit_lint.model.server import ApiServer
from kube_audit_lint.pipeline.suppressing import OWN, _Extents, apply
from kube_audit_lint.syntax.nodes import Document, Mapping, Node, Scalar, Sequence
from kube_audit_lint.syntax.reader import read_documents
from kube_audit_lint.syntax.source import Source


class File(NamedTuple):
    """As collecting.Collected."""

    source: Source
    documents: tuple[Document, ...]
    found: Found = Found()
    reported: bool = True


IDS = ("log-maxage", "blind-spot", "no-catch-all")
RULES = {id: Rule(id, id, "warning", "meta", "file", "suppression", {}, help=f"help {id}") for id in (*IDS, *OWN)}
CATALOGUE = Catalogue(RULES, {})


def _file(text: str, *, yaml: bool = True, reported: bool = True, found: Found | None = None) -> File:
    source = Source("a.yaml", text)
    return File(source, tuple(read_documents(source)) if yaml else (), found or Found(), reported)


def _run(
    file: File, *found: tuple[str, int], require: bool = False, off: tuple[str, ...] = ()
) -> list[tuple[str, int, str]]:
    """What is left of findings (rule, line), each as (rule, line, the text underlined)."""
    source = file.source
    findings = []
    for rule, number in found:
        start = source.line_starts[number - 1] + len(source.line(number)) - len(source.line(number).lstrip())
        findings.append(Finding(rule, "error", source.place(start, start + 1), "message"))
    applied = {id: Applied(rule, "", {}, False) for id, rule in RULES.items() if id not in off}
    kept = apply(findings, [file], CATALOGUE, lambda path: applied, lambda path: require).kept  # type: ignore[list-item]
    return [(one.rule, source.position(one.place.start)[0], one.place.text) for one in kept]


POLICY = """\
apiVersion: audit.k8s.io/v1
kind: Policy
rules:
- level: None
  users: [a]
{}
- level: Metadata
  verbs:
  - get
  resources:
  - group: ""
- level: Request
"""


class TestCovers:
    def test_its_line(self) -> None:
        file = _file("a: 1  # kube-audit-lint: ignore[log-maxage] because\nb: 2\n")
        assert _run(file, ("log-maxage", 1), ("blind-spot", 1), ("log-maxage", 2)) == [
            ("blind-spot", 1, "a"),
            ("log-maxage", 2, "b"),
        ]

    @pytest.mark.parametrize(
        ("line", "covered"), [(4, False), (5, False), *((at, True) for at in range(7, 12)), (12, False)]
    )
    def test_the_list_item_that_follows(self, line: int, covered: bool) -> None:
        file = _file(POLICY.format("# kube-audit-lint: ignore[blind-spot] because"))
        kept = [rule for rule, _, _ in _run(file, ("blind-spot", line))]
        assert kept == ([] if covered else ["blind-spot", "unused-suppression"])

    def test_the_entry_that_follows_with_a_list_as_far_left(self) -> None:
        text = "# kube-audit-lint: ignore[blind-spot]\nrules:\n- level: None\n- level: Metadata\nkind: Policy\n"
        assert _run(_file(text), ("blind-spot", 4), ("blind-spot", 5)) == [("blind-spot", 5, "k")]

    def test_comments_and_blank_lines_between(self) -> None:
        text = (
            "# kube-audit-lint: ignore[blind-spot]\n\n# kube-audit-lint: ignore[log-maxage, no-catch-all] why\n"
            "# prose\na:\n  b: 1\n"
        )
        assert _run(_file(text), ("blind-spot", 6), ("log-maxage", 5), ("no-catch-all", 6)) == []

    def test_the_whole_file(self) -> None:
        text = "a: 1\nb: 2  # kube-audit-lint: ignore-file[blind-spot] because\n"
        assert _run(_file(text), ("blind-spot", 1), ("log-maxage", 1)) == [("log-maxage", 1, "a")]

    def test_units_and_their_continued_lines(self) -> None:
        text = (
            "[Service]\n# kube-audit-lint: ignore[log-maxage] why\n"
            "ExecStart=kube-apiserver \\\n--a \\\n--b\nRestart=no\n"
        )
        file = _file(text, yaml=False)
        assert _run(file, ("log-maxage", 5), ("log-maxage", 6)) == [("log-maxage", 6, "R")]

    def test_one_continued_line(self) -> None:
        text = "ExecStart=x \\\n  # kube-audit-lint: ignore[log-maxage] because\n  --a \\\n  --b\n"
        assert _run(_file(text, yaml=False), ("log-maxage", 3), ("log-maxage", 4)) == [("log-maxage", 4, "-")]

    def test_windows_line_ends(self) -> None:
        text = "# kube-audit-lint: ignore[log-maxage] why\r\na: 1 # kube-audit-lint: ignore[blind-spot] why\r\nb: 2\r\n"
        assert _run(_file(text), ("log-maxage", 2), ("blind-spot", 2)) == []

    def test_above_the_first_document(self) -> None:
        assert _run(_file("# kube-audit-lint: ignore[log-maxage] why\n---\na: 1\n"), ("log-maxage", 3)) == []

    def test_at_the_end_of_the_file(self) -> None:
        assert _run(_file("a: 1\n# kube-audit-lint: ignore[log-maxage] why")) == [
            ("unused-suppression", 2, "log-maxage")
        ]


class TestOnlyComments:
    @pytest.mark.parametrize(
        "text",
        [
            'a: "# kube-audit-lint: ignore[log-maxage]"\n',
            "a: |\n  # kube-audit-lint: ignore[nope]\n  b: 1\nc: 2\n",
            "a: 'x\n  # kube-audit-lint: ignore[nope]\n  y'\n",
            "a: x# kube-audit-lint: ignore[nope]\n",
            '{"a": " # kube-audit-lint: ignore[nope]"}',
        ],
    )
    def test_texts_are_none(self, text: str) -> None:
        assert _run(_file(text), ("log-maxage", 1)) == [("log-maxage", 1, text[0])]

    @pytest.mark.parametrize("comment", ["ignore[log-maxage] why", "ignore-file[log-maxage] why", "ignore"])
    def test_json_has_none(self, comment: str) -> None:
        """kube-apiserver refuses the file, and a comment in it neither hides that nor anything else."""
        text = f'{{"a": 1, # kube-audit-lint: {comment}\n # kube-audit-lint: {comment}\n"b": 2}}\n'
        assert _run(_file(text), ("log-maxage", 1), ("log-maxage", 3)) == [
            ("log-maxage", 1, "{"),
            ("log-maxage", 3, '"'),
        ]

    def test_a_comment_in_front_of_braces_makes_them_yaml(self) -> None:
        text = '# kube-audit-lint: ignore[log-maxage] why\n{"a": 1}\n'
        assert _run(_file(text), ("log-maxage", 2)) == []

    def test_a_comment_behind_a_block_is_one(self) -> None:
        text = "a: |\n  text\n# kube-audit-lint: ignore[log-maxage] why\nb: 1\n"
        assert _run(_file(text), ("log-maxage", 4)) == []

    def test_inside_an_embedded_policy(self) -> None:
        text = (
            "data:\n  policy: |\n    # kube-audit-lint: ignore[blind-spot] why\n    rules:\n    - level: None\n  b: 1\n"
        )
        source = Source("a.yaml", text)
        place = source.place(text.index("rules"), text.index("  b:"))
        policy = PolicyDocument(Document(source, place.start, place.end, None), place)
        file = _file(text, found=Found((policy,)))
        assert _run(file, ("blind-spot", 5), ("blind-spot", 6)) == [("blind-spot", 6, "b")]

    def test_inside_an_embedded_manifest(self) -> None:
        text = "content: |\n  # kube-audit-lint: ignore-file[blind-spot] why\n  command: x\n"
        place = Source("a.yaml", text).place(text.index("command"))
        assert _run(_file(text, found=Found(servers=(ApiServer("f", place),))), ("blind-spot", 3)) == []


class TestAboutComments:
    def test_unknown(self) -> None:
        assert _run(_file("a: 1 # kube-audit-lint: ignore[log-maxagee, xyzzy] why\n")) == [
            ("unknown-suppression", 1, "log-maxagee"),
            ("unknown-suppression", 1, "xyzzy"),
        ]

    def test_unknown_names_the_nearest(self) -> None:
        file = _file("a: 1 # kube-audit-lint: ignore[log-maxagee] why\n")
        applied = {id: Applied(rule, "", {}, False) for id, rule in RULES.items()}
        (finding,) = apply([], [file], CATALOGUE, lambda path: applied).kept  # type: ignore[list-item]
        assert finding.help == "Write `log-maxage`."
        assert finding.severity == "warning"

    def test_unused_one_by_one(self) -> None:
        file = _file("a: 1 # kube-audit-lint: ignore[log-maxage, blind-spot] why\n")
        assert _run(file, ("log-maxage", 1)) == [("unused-suppression", 1, "blind-spot")]

    def test_a_rule_that_was_not_applied_is_not_unused(self) -> None:
        file = _file("a: 1 # kube-audit-lint: ignore[log-maxage] why\n")
        assert _run(file, off=("log-maxage",)) == []

    def test_without_reason(self) -> None:
        text = "a: 1 # kube-audit-lint: ignore[log-maxage]\nb: 2 # kube-audit-lint: ignore[log-maxage] -- why\n"
        findings = (("log-maxage", 1), ("log-maxage", 2))
        assert _run(_file(text), *findings) == []
        assert _run(_file(text), *findings, require=True) == [
            ("suppression-without-reason", 1, "# kube-audit-lint: ignore[log-maxage]")
        ]

    @pytest.mark.parametrize(
        "comment",
        [
            "ignore",
            "ignore log-maxage",
            "ignore[]",
            "ignore[ , ]",
            "ignore[log-maxage",
            "disable[log-maxage]",
            "",
            "ignore-line[x]",
        ],
    )
    def test_invalid(self, comment: str) -> None:
        text = f"# kube-audit-lint: {comment}".rstrip()
        assert _run(_file(f"{text}\na: 1\n"), ("log-maxage", 2)) == [
            ("log-maxage", 2, "a"),
            ("invalid-suppression", 1, text),
        ]

    def test_cannot_be_suppressed_but_turned_off(self) -> None:
        text = "# kube-audit-lint: ignore-file[unused-suppression] y\na: 1 # kube-audit-lint: ignore[log-maxage] why\n"
        assert _run(_file(text)) == [
            ("invalid-suppression", 1, "unused-suppression"),
            ("unused-suppression", 2, "log-maxage"),
        ]
        assert _run(_file("# kube-audit-lint: ignore\n"), off=("invalid-suppression",)) == []

    def test_nothing_about_files_that_are_not_reported(self) -> None:
        file = _file("# kube-audit-lint: ignore\na: 1 # kube-audit-lint: ignore[log-maxage] why\n", reported=False)
        assert _run(file, ("log-maxage", 2)) == []


def _begins(node: Node) -> list[tuple[int, int]]:
    """Beginning and end of every list item and mapping entry."""
    found = []
    if isinstance(node, Sequence):
        for item in node.items:
            found += [(item.start, item.end), *_begins(item)]
    elif isinstance(node, Mapping):
        for entry in node.entries.values():
            end = max(entry.value.end, entry.key.end)
            found += [(entry.key.start, end), *_begins(entry.value)]
    return found


TEXTS = st.sampled_from(["a", "b c", "", "# no", "x: y", "- z", "'", "line\nline\n", "long " * 30, "---"])
VALUES: st.SearchStrategy[Any] = st.recursive(
    TEXTS | st.booleans() | st.none() | st.integers(0, 9),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "bb", "c d", "rules"]), inner, min_size=1, max_size=3)
    ),
    max_leaves=12,
)


MANY_VALUES = given(VALUES.filter(lambda value: isinstance(value, (dict, list))), st.booleans())


@settings(max_examples=80, deadline=None)
@MANY_VALUES
def test_extents_are_those_of_the_nodes(value: Any, deep: bool) -> None:
    assert_extents(value, deep)


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@MANY_VALUES
def test_extents_of_more_values(value: Any, deep: bool) -> None:
    assert_extents(value, deep)


def assert_extents(value: Any, deep: bool) -> None:
    class Dumper(yaml.SafeDumper):
        def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
            super().increase_indent(flow, indentless and not deep)

    text = yaml.dump(value, Dumper=Dumper, default_flow_style=False)
    source = Source("a.yaml", text)
    root = read_documents(source)[0].root
    assert root is not None
    outermost: dict[int, tuple[int, int]] = {}
    for start, end in _begins(root):
        if end == start:  # an empty value, whose place is a matter of taste
            continue
        line = source.position(start)[0]
        if line not in outermost or (start, -end) < (outermost[line][0], -outermost[line][1]):
            outermost[line] = (start, end)
    for line, (start, end) in outermost.items():
        last = source.position(start + len(text[start:end].rstrip()) - 1)[0]
        assert _Extents(source).of(line) == (line, last), (text, line)


def test_scalars_alone_are_no_documents() -> None:
    file = _file("--a=b\n# kube-audit-lint: ignore[log-maxage] why\n--c=d\n")
    assert isinstance(file.documents[0].root, Scalar)
    assert _run(file, ("log-maxage", 3)) == []
    behind = _file("--a=b\n--c=d # kube-audit-lint: ignore[log-maxage] why\n")
    assert _run(behind, ("log-maxage", 2)) == [("log-maxage", 2, "-")]
