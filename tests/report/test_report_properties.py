"""What holds for every text and every place in it."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path

import jsonschema
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from report_samples import found, report, written
from test_ci_reports import is_command

from kube_audit_lint.model.finding import FileError, Related
from kube_audit_lint.report import Report
from kube_audit_lint.report.region import shown
from kube_audit_lint.report.safe import MARK
from kube_audit_lint.report.snippet import mark, rows
from kube_audit_lint.syntax.source import Place, Source

SARIF = jsonschema.Draft4Validator(
    json.loads((Path(__file__).parents[1] / "data" / "sarif-2.1.0-rtm.5.json").read_text("utf-8"))
)

# Half of it from what is known to be awkward, half anything, lone surrogates included.
AWKWARD = st.sampled_from(
    [*"ab: \t\n\r\0\x1b[](){}%,#\\", "\r\n", "::", "##[", "审", "e\u0301", "\u202e", "\U0001f600"]
)
TEXT = st.lists(AWKWARD | st.characters(), max_size=60).map("".join)


@st.composite
def places(draw: st.DrawFn) -> Place:
    source = Source(draw(TEXT.filter(bool)), draw(TEXT) * draw(st.sampled_from([1, 1, 1, 30])))
    start = draw(st.integers(0, len(source.text)))
    return source.place(start, draw(st.integers(start, len(source.text))))


@st.composite
def reports(draw: st.DrawFn) -> Report:
    findings = [
        found(
            place,
            severity=draw(st.sampled_from(["info", "warning", "error"])),
            message=draw(TEXT),
            help=draw(TEXT),
            proof=draw(TEXT),
            related=tuple(Related(draw(places()), draw(TEXT)) for _ in range(draw(st.integers(0, 2)))),
            witness={draw(TEXT): draw(TEXT)},
        )
        for place in draw(st.lists(places(), max_size=3))
    ]
    return report(findings, [FileError(draw(TEXT), draw(TEXT))])


# Making a report of many places is slow on a busy machine, which is no fault of the reports.
@settings(suppress_health_check=[HealthCheck.too_slow])
@given(reports())
def test_every_format_holds_all_in_its_own_way(given: Report) -> None:
    """In one test, for most of the time goes into making the reports."""
    assert_text_is_printable(given)
    assert_sarif_is_valid(given)
    assert_github_sees_one_command_for_each_finding_and_error(given)
    assert_json_and_gitlab_hold_all(given)


def assert_text_is_printable(given: Report) -> None:
    text = written("text", given)
    odd = {character for character in text if not character.isprintable()} - {"\n", "\u3000"}
    assert not odd


def assert_sarif_is_valid(given: Report) -> None:
    log = json.loads(written("sarif", given))
    assert not [error.message for error in SARIF.iter_errors(log)]


def assert_github_sees_one_command_for_each_finding_and_error(given: Report) -> None:
    lines = written("github", given).split("\n")
    assert sum(map(is_command, lines)) == len(given.findings) + len(given.errors)
    assert not any("\r" in line for line in lines)


def assert_json_and_gitlab_hold_all(given: Report) -> None:
    assert len(json.loads(written("json", given))["findings"]) == len(given.findings)
    issues = json.loads(written("gitlab", given))
    assert len({issue["fingerprint"] for issue in issues}) == len(given.findings) + len(given.errors)


@given(places())
def test_a_shown_place_is_on_lines_that_exist(place: Place) -> None:
    region = shown(place)
    source = place.source
    assert (region.line, region.column) <= (region.end_line, region.end_column)
    assert 1 <= region.column <= len(source.line(region.line)) + 2
    assert region.end_line <= max(1, len(source.text.splitlines()) + 1)


@given(places())
def test_the_underline_is_below_the_place(place: Place) -> None:
    """The screen columns before the underline are those of what the line shows before the place."""
    place_mark = mark(place, "^", "")
    line, underline = list(rows([place_mark]))
    stripped = underline.text.split("^", 1)[0]
    before = place.source.line(place_mark.line)[: place_mark.start]
    if not line.text.startswith("…") and "\t" not in before:
        # A `##[` is shown as `#\\x23[`, also where the place begins within it.
        escaped = {found.start() + 1 for found in re.finditer(MARK, place.source.line(place_mark.line))}
        shown_before = "".join(r"\x23" if at in escaped else _visible(one) for at, one in enumerate(before))
        assert line.text.startswith(shown_before.rstrip())
        assert len(stripped) == sum(map(_width, shown_before))
    assert len(underline.text.split(" …")[0]) <= 102 + 10


def _visible(character: str) -> str:
    from kube_audit_lint.report.safe import visible_character

    return visible_character(character)


def _width(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
