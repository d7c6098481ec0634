"""The report for people: exact text, character by character."""

from __future__ import annotations

import io

import pytest
from report_samples import EMOJI, at, found, hostile, report, written

from kube_audit_lint.model.finding import FileError, Finding, Related
from kube_audit_lint.report import FORMATS, Files, Report, Style, write
from kube_audit_lint.syntax.source import Place, Source

POLICY = Source(
    "audit/policy.yaml",
    "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: Metadata\n- level: Request\n"
    "  resources:\n  - group: apps\n",
)
SERVER = Source("kube-apiserver.yaml", "command:\n- --audit-policy-file=/etc/a.yaml\n")


def snippet(place: Place, *related: Related) -> str:
    """The lines between head and summary."""
    return snippet_of(found(place, related=related))


def snippet_of(finding: Finding) -> str:
    """The lines between head and summary."""
    return written("text", report([finding])).split("\n", 1)[1].rsplit("\n\n", 1)[0]


def test_a_whole_report() -> None:
    finding = Finding(
        "unreachable-rule",
        "error",
        POLICY.place(POLICY.text.index("level: Request"), len(POLICY.text)),
        "rule 2 never decides anything",
        help="Move rule 2 in front of rule 1.",
        related=(
            Related(at(POLICY, "level: Metadata"), "takes every request first"),
            Related(at(SERVER, "/etc/a.yaml"), "loads this policy"),
        ),
        kubernetes="1.24-1.37",
        proof="kubectl get deployments -n payments as jane is decided by rule 1",
        narrowed=True,
    )
    later = found(at(POLICY, "Policy"), severity="warning", rule="wrong-kind")._replace(kubernetes="1.24-1.37")
    given = report([finding, later], [FileError("secret.yaml", "permission denied")])
    assert written("text", given) == (
        "audit/policy.yaml:5:3: error[unreachable-rule]: rule 2 never decides anything\n"
        "  |\n"
        "4 | - level: Metadata\n"
        "  |   --------------- takes every request first\n"
        "5 | - level: Request\n"
        "  |   ^^^^^^^^^^^^^^ … to line 7\n"
        " --> kube-apiserver.yaml:2:23\n"
        "  |\n"
        "2 | - --audit-policy-file=/etc/a.yaml\n"
        "  |                       ----------- loads this policy\n"
        "  = proof: kubectl get deployments -n payments as jane is decided by rule 1\n"
        "  = kubernetes: 1.24-1.37\n"
        "  = help: Move rule 2 in front of rule 1.\n"
        "\n"
        "audit/policy.yaml:2:7: warning[wrong-kind]: it is wrong\n"
        "  |\n"
        "2 | kind: Policy\n"
        "  |       ^^^^^^\n"
        "\n"
        "secret.yaml: error: permission denied\n"
        "1 error, 1 warning in 3 files (1 policy, 1 API server); 1 path could not be dealt with\n"
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (Report([], Files(3, 1, 1)), "no findings in 3 files (1 policy, 1 API server)\n"),
        (Report([], Files(1, 2, 0)), "no findings in 1 file (2 policies)\n"),
        (Report([], Files(1, 0, 3)), "no findings in 1 file (3 API servers)\n"),
        (Report([], Files(2, 0, 0, 1)), "no findings in 2 files (1 managed control plane)\n"),
        (Report([], Files(2, 1, 0, 2)), "no findings in 2 files (1 policy, 2 managed control planes)\n"),
        (Report([], Files(0, 0, 0)), "no findings in 0 files (no audit policy, no API server)\n"),
    ],
)
def test_a_clean_run_says_so(given: Report, expected: str) -> None:
    assert written("text", given) == expected


def test_the_summary_counts_from_the_worst() -> None:
    place = POLICY.place()
    findings = [found(place, severity=severity) for severity in ["info", "warning", "error", "error", "info"]]
    assert written("text", report(findings)).endswith(
        "\n2 errors, 1 warning, 2 info in 3 files (1 policy, 1 API server)\n"
    )


def test_gaps_are_shown_and_neighbours_joined() -> None:
    kind, key = Related(at(POLICY, "kind"), "here"), Related(at(POLICY, "group"), "key")
    assert snippet(at(POLICY, "apps"), kind, key) == (
        "  |\n2 | kind: Policy\n  | ---- here\n...\n7 |   - group: apps\n  |            ^^^^\n  |     ----- key"
    )


def test_the_gutter_fits_the_longest_number() -> None:
    source = Source("a.yaml", "x\n" * 9 + "level\n")
    assert snippet(at(source, "level"), Related(source.place(0, 1), "one")) == (
        "   |\n 1 | x\n   | - one\n...\n10 | level\n   | ^^^^^"
    )


def test_wide_and_combining_characters_are_aligned() -> None:
    source = Source("a.yaml", "# 审计 e\u0301 level: x\n")
    # Two wide characters take four columns, the accent none.
    assert snippet(at(source, "level")) == "  |\n1 | # 审计 e\u0301 level: x\n  |" + " " * 10 + "^^^^^"


def test_wide_characters_are_underlined_at_full_width() -> None:
    source = Source("a.yaml", f"审计{EMOJI}e\u0301: x\n")
    assert snippet(source.place(0, 5)) == f"  |\n1 | 审计{EMOJI}e\u0301: x\n  | ^^^^^^^"


def test_tabs_go_to_the_next_stop() -> None:
    source = Source("a.yaml", "\ta\tlevel:\tx\n")
    assert snippet(at(source, "level:\tx")) == "  |\n1 |     a   level:  x\n  |         ^^^^^^^^^"


def test_a_tab_alone_is_underlined() -> None:
    source = Source("a.yaml", "ab\tc\n")
    assert snippet(source.place(2, 3)) == "  |\n1 | ab  c\n  |   ^^"


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_line_endings_are_not_shown(ending: str) -> None:
    source = Source("a.yaml", ending.join(["kind: Policy", "rules: []", ""]))
    assert snippet(at(source, "rules")) == "  |\n2 | rules: []\n  | ^^^^^"


def test_an_empty_place_gets_one_mark() -> None:
    assert snippet(POLICY.place(POLICY.text.index("Policy"))) == "  |\n2 | kind: Policy\n  |       ^"


@pytest.mark.parametrize(
    ("text", "head", "expected"),
    [
        ("", "1:1", "  |\n1 |\n  | ^"),
        ("a: b", "1:5", "  |\n1 | a: b\n  |     ^"),
        ("a: b\n", "1:5", "  |\n1 | a: b\n  |     ^"),
        ("a: b\r\n", "1:5", "  |\n1 | a: b\n  |     ^"),
        ("a: b\n\n", "2:1", "  |\n2 |\n  | ^"),
    ],
)
def test_the_end_of_the_file_is_on_a_line_that_exists(text: str, head: str, expected: str) -> None:
    source = Source("a.yaml", text)
    given = written("text", report([found(source.place(len(text)))]))
    assert given.startswith(f"a.yaml:{head}: error")
    assert snippet(source.place(len(text))) == expected


def test_the_blank_end_of_a_node_is_not_underlined() -> None:
    source = Source("a.yaml", "rules:\n- level: None\n\n  \nother: 1\n")
    assert snippet(source.place(7, source.text.index("other"))) == "  |\n2 | - level: None\n  | ^^^^^^^^^^^^^"


def test_blanks_within_a_line_are_underlined() -> None:
    source = Source("a.yaml", "level:   None\n")
    assert snippet(source.place(6, 9)) == "  |\n1 | level:   None\n  |       ^^^"


def test_a_long_line_is_cut_around_the_place() -> None:
    source = Source("a.yaml", "a" * 200 + "level" + "b" * 200 + "\n")
    lines = snippet(at(source, "level")).split("\n")
    assert lines[1] == "1 | …" + "a" * 30 + "level" + "b" * 65 + "…"
    assert lines[2] == "  | " + " " * 31 + "^^^^^"


def test_a_long_line_is_not_cut_on_the_side_that_fits() -> None:
    source = Source("a.yaml", "level" + "b" * 200 + "end")
    assert snippet(at(source, "level")).split("\n")[1] == "1 | level" + "b" * 95 + "…"
    assert snippet(at(source, "end")).split("\n")[1] == "1 | …" + "b" * 97 + "end"


def test_a_place_longer_than_the_window_is_underlined_to_its_edge() -> None:
    source = Source("a.yaml", "a" * 300)
    lines = snippet(source.place(50, 250)).split("\n")
    assert lines[1] == "1 | …" + "a" * 100 + "…"
    assert lines[2] == "  | " + " " * 31 + "^" * 70


def test_a_line_of_a_megabyte_costs_nothing() -> None:
    source = Source("a.json", "{" + '"a",' * 250_000 + "}")
    findings = [found(source.place(4 * number + 1, 4 * number + 4)) for number in range(0, 200_000, 1000)]
    assert "\n" + "1 | …" in written("text", report(findings))


def test_places_in_one_long_line_are_shown_apart() -> None:
    source = Source("a.yaml", "x" * 300 + "level" + "y" * 300 + "stage" + "z" * 300)
    lines = snippet(at(source, "level"), Related(at(source, "stage"), "there")).split("\n")
    assert [line[:3] for line in lines] == ["  |", "1 |", "  |", "1 |", "  |"]
    assert "level" in lines[1]
    assert "stage" in lines[3]
    assert lines[4].endswith("----- there")


def test_what_a_terminal_acts_upon_is_shown_escaped() -> None:
    text = written("text", hostile())
    assert not [character for character in text if character != "\n" and not character.isprintable()]
    assert r"a b/100%,x:y\n::error::\x1b[31mred\u202egnp.exe\x80.yaml:2:27: error[no-rules]: " in text
    assert r'2 | - user: "\x1b[31mred\u202egnp.exe\x80' in text


def test_escaped_characters_are_underlined_as_shown() -> None:
    source = Source("a.yaml", 'a: "\x07b\u200bc\u00a0d"\n')
    assert snippet(source.place(4, 8)) == '  |\n1 | a: "\\x07b\\u200bc\\xa0d"\n  |     ' + "^" * 12


def test_mend_is_wrapped_but_not_what_is_to_be_copied() -> None:
    words = "Set --audit-log-maxage and the other rotation flags to what your standard asks, " * 2
    finding = found(POLICY.place(0, 3), help=f"{words}\n\n    - level: None\n      verbs: [get]\nDone.\n")
    assert snippet_of(finding).split("^^^\n")[1] == (
        "  = help: Set --audit-log-maxage and the other rotation flags to what your standard asks, Set\n"
        "    --audit-log-maxage and the other rotation flags to what your standard asks,\n"
        "\n"
        "        - level: None\n"
        "          verbs: [get]\n"
        "    Done."
    )


def test_code_is_not_wrapped() -> None:
    finding = found(POLICY.place(0, 3), help=f"Add {'x' * 80} `- {{name: a, readOnly: true}}` there, " + "and so " * 3)
    assert snippet_of(finding).split("^^^\n")[1] == (
        f"  = help: Add {'x' * 80}\n    `- {{name: a, readOnly: true}}` there, and so and so and so"
    )


def test_colours_only_when_asked() -> None:
    given = report([found(at(POLICY, "Policy"), related=(Related(at(POLICY, "kind"), "here"),), help="Do.")])
    assert "\x1b" not in written("text", given)
    assert written("text", given, Style(color=True)) == (
        "\x1b[1maudit/policy.yaml:2:7\x1b[0m: \x1b[1;31merror[no-rules]\x1b[0m: it is wrong\n"
        "\x1b[34m  |\x1b[0m\n"
        "\x1b[34m2 |\x1b[0m kind: Policy\n"
        "\x1b[34m  |\x1b[0m \x1b[1;31m      ^^^^^^\x1b[0m\n"
        "\x1b[34m  |\x1b[0m \x1b[36m---- here\x1b[0m\n"
        "\x1b[34m  = \x1b[0mhelp: Do.\n"
        "\n"
        "1 error in 3 files (1 policy, 1 API server)\n"
    )


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "gb18030", "utf-8"])
def test_no_character_and_no_encoding_breaks_a_report(format: str, encoding: str) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, errors="strict")
    write(format, hostile(), stream, {})
    stream.flush()
    assert raw.getvalue().decode(encoding)


def test_half_a_character_is_replaced() -> None:
    place = Source("a.yaml", "\ud83dx").place(0, 1)
    assert snippet_of(found(place, message="\ud83d")) == "  |\n1 | \ufffdx\n  | ^"
