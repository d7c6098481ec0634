"""SARIF, held to the standard's schema and to what GitHub code scanning asks beyond it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from report_samples import BYTE, EMOJI, at, found, hostile, report, written

from kube_audit_lint.model.finding import FileError, Finding, Related
from kube_audit_lint.report import Report
from kube_audit_lint.syntax.source import Source

SCHEMA = json.loads((Path(__file__).parents[1] / "data" / "sarif-2.1.0-rtm.5.json").read_text("utf-8"))
SOURCE = Source("policy.yaml", f"kind: Policy\n# {EMOJI}{EMOJI} level: None\nrules: []\n")


def run(given: Report) -> Any:
    log = json.loads(written("sarif", given))
    jsonschema.Draft4Validator(SCHEMA).validate(log)
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    return run


def result(finding: Finding) -> Any:
    (result,) = run(report([finding]))["results"]
    return result


def region(finding: Finding) -> Any:
    return result(finding)["locations"][0]["physicalLocation"]["region"]


def fingerprints(*findings: Finding) -> list[str]:
    results = run(report(findings))["results"]
    return [result["partialFingerprints"]["primaryLocationLineHash"] for result in results]


def test_a_clean_run_has_results() -> None:
    clean = run(report())
    assert clean["results"] == []
    assert clean["columnKind"] == "utf16CodeUnits"
    assert clean["invocations"] == [{"executionSuccessful": True, "toolExecutionNotifications": []}]
    assert "%SRCROOT%" in clean["originalUriBaseIds"]


def test_a_rule_is_described_as_github_asks() -> None:
    driver = run(report([found(SOURCE.place(), rule="unreachable-rule")]))["tool"]["driver"]
    assert driver["name"] == "kube-audit-lint"
    assert driver["rules"] == [
        {
            "id": "unreachable-rule",
            "name": "UnreachableRule",
            "shortDescription": {"text": "A rule that no request ever reaches."},
            "fullDescription": {"text": "The first rule that matches decides."},
            "help": {
                "text": "The first rule that matches decides.\n\nHow to put it right: Move it up.\n\n"
                "What the API server says: loaded illegal policy\n\nStandards: CIS 3.2.2",
                "markdown": "The first rule that matches decides.\n\n**How to put it right:** Move it up.\n\n"
                "**What the API server says:** `loaded illegal policy`\n\n**Standards:** CIS 3.2.2",
            },
            "defaultConfiguration": {"level": "error"},
            "properties": {"security-severity": "8.0", "tags": ["security", "kubernetes", "CIS 3.2.2"]},
        }
    ]


def test_a_rule_nobody_described_is_described_by_its_finding() -> None:
    given = run(report([found(SOURCE.place(), rule="placeholder", severity="info")]))
    (rule,) = given["tool"]["driver"]["rules"]
    assert rule["name"] == "PlaceholderRule"  # SARIF forbids one that is the id but for capitals
    assert rule["shortDescription"] == {"text": "placeholder."}
    assert rule["help"]["text"]
    assert rule["defaultConfiguration"] == {"level": "note"}


def test_results_point_to_their_rules() -> None:
    findings = [found(SOURCE.place(), rule=rule) for rule in ["wrong-kind", "no-rules", "wrong-kind"]]
    given = run(report(findings))
    ids = [rule["id"] for rule in given["tool"]["driver"]["rules"]]
    assert ids == ["no-rules", "wrong-kind"]
    assert [(one["ruleId"], one["ruleIndex"]) for one in given["results"]] == [
        ("wrong-kind", 1),
        ("no-rules", 0),
        ("wrong-kind", 1),
    ]


@pytest.mark.parametrize("pair", [("error", "error"), ("warning", "warning"), ("info", "note")])
def test_levels(pair: tuple[str, str]) -> None:
    severity, level = pair
    assert result(found(SOURCE.place(), severity=severity))["level"] == level


def test_columns_are_utf16_units() -> None:
    # "# ", two emoji of two units each, a blank: the eighth unit.
    assert region(found(at(SOURCE, "level"))) == {
        "startLine": 2,
        "startColumn": 8,
        "endLine": 2,
        "endColumn": 13,
        "snippet": {"text": "level"},
    }


def test_a_byte_that_is_no_character_counts_one() -> None:
    source = Source("a.yaml", f"{BYTE}{BYTE}x")
    assert region(found(at(source, "x")))["startColumn"] == 3


def test_several_lines() -> None:
    place = SOURCE.place(SOURCE.text.index("level"), SOURCE.text.index("[]"))
    assert region(found(place)) == {
        "startLine": 2,
        "startColumn": 8,
        "endLine": 3,
        "endColumn": 8,
        "snippet": {"text": "level: None\nrules: "},
    }


def test_the_end_of_the_file_is_a_line_that_exists() -> None:
    place = region(found(SOURCE.place(len(SOURCE.text))))
    assert (place["startLine"], place["startColumn"], place["endColumn"]) == (3, 10, 10)


def test_a_snippet_may_not_blow_up_the_log() -> None:
    source = Source("a.yaml", "x" * 100_000)
    assert len(written("sarif", report([found(source.place(0, 100_000))] * 10))) < 20_000


def test_the_context_is_more_than_the_region() -> None:
    location = result(found(at(SOURCE, "kind")))["locations"][0]["physicalLocation"]
    assert location["contextRegion"]["startLine"] == 1
    assert location["contextRegion"]["endLine"] == 2
    alone = Source("a.yaml", "kind: Policy\n")
    assert "contextRegion" not in result(found(at(alone, "kind")))["locations"][0]["physicalLocation"]


def test_related_places_are_linked_in_the_message() -> None:
    related = (Related(at(SOURCE, "kind"), "this is [the] kind"), Related(at(SOURCE, "rules"), "no \\ rule"))
    given = result(found(at(SOURCE, "level"), related=related, proof="jane is not seen", kubernetes="1.24"))
    assert given["message"]["text"] == (
        r"it is wrong. See [this is \[the\] kind](1), [no \\ rule](2). "
        "Proof: jane is not seen. Kubernetes 1.24."
    )
    assert [other["id"] for other in given["relatedLocations"]] == [1, 2]
    assert given["relatedLocations"][1]["physicalLocation"]["region"]["startLine"] == 3


def test_the_message_says_how_to_mend_unless_that_is_yaml() -> None:
    assert result(found(SOURCE.place(), help="Do it"))["message"]["text"] == "it is wrong. Help: Do it."
    long = result(found(SOURCE.place(), help="Do:\n  a: 1\n"))
    assert long["message"]["text"] == "it is wrong."
    assert long["properties"] == {"help": "Do:\n  a: 1\n"}


def test_the_witness_is_kept() -> None:
    given = result(found(SOURCE.place(), witness={"user": "jane"}, kubernetes="1.30"))
    assert given["properties"] == {"kubernetes": "1.30", "witness": {"user": "jane"}}


def test_text_of_files_makes_no_links() -> None:
    link = result(found(SOURCE.place(), message="see [here](http://a) or rules[0]."))
    assert link["message"]["text"] == r"see \[here\](http://a) or rules\[0\]."
    plain = result(found(SOURCE.place(), message="rules[0] (level)."))
    assert plain["message"]["text"] == "rules[0] (level)."


@pytest.mark.parametrize(
    ("path", "artifact"),
    [
        ("./a/b.yaml", {"uri": "a/b.yaml", "uriBaseId": "%SRCROOT%"}),
        ("a b%20,c#?.yaml", {"uri": "a%20b%2520%2Cc%23%3F.yaml", "uriBaseId": "%SRCROOT%"}),
        ("c:d.yaml", {"uri": "c%3Ad.yaml", "uriBaseId": "%SRCROOT%"}),
        ("审\n.yaml", {"uri": "%E5%AE%A1%0A.yaml", "uriBaseId": "%SRCROOT%"}),
        (f"{BYTE}.yaml", {"uri": "%80.yaml", "uriBaseId": "%SRCROOT%"}),
        ("\ud800.yaml", {"uri": "%3F.yaml", "uriBaseId": "%SRCROOT%"}),
        ("/etc/a b.yaml", {"uri": "file:///etc/a%20b.yaml"}),
        ("C:/a b.yaml", {"uri": "file:///C:/a%20b.yaml"}),
    ],
)
def test_paths_are_uris(path: str, artifact: dict[str, str]) -> None:
    given = result(found(Source(path, "a").place()))
    assert given["locations"][0]["physicalLocation"]["artifactLocation"] == artifact


def test_a_fingerprint_survives_moved_lines_and_other_blanks() -> None:
    moved = Source("policy.yaml", "# a comment\n\n" + SOURCE.text.replace("rules: []", "  rules:   [] "))
    assert fingerprints(found(at(SOURCE, "rules"))) == fingerprints(found(at(moved, "rules")))


def test_fingerprints_tell_apart_rules_files_lines_and_occurrences() -> None:
    other = Source("other.yaml", SOURCE.text)
    place = at(SOURCE, "rules")
    elsewhere = [found(at(SOURCE, "kind")), found(at(other, "rules"))]
    given = fingerprints(found(place), found(place), found(place, rule="x"), *elsewhere)
    assert len(set(given)) == 5
    assert given[0].endswith(":1")
    assert given[1] == given[0][:-1] + "2"


def test_errors_are_notifications() -> None:
    (invocation,) = run(report([], [FileError("a b.yaml", "is [not](x) readable")]))["invocations"]
    assert invocation["executionSuccessful"] is False
    (notification,) = invocation["toolExecutionNotifications"]
    assert notification["level"] == "error"
    assert notification["message"] == {"text": r"is \[not\](x) readable"}
    (location,) = notification["locations"]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == "a%20b.yaml"


def test_hostile_text_stays_text() -> None:
    given = run(hostile())
    text = given["results"][0]["message"]["text"]
    assert text.startswith(r"::error::50% \[x\](http://a) #\x23\[error\] \x1b\[31mred\u202egnp.exe\r\n\x80.")
    assert r"[\[a\](1) \\ \\x80](1)" in text
    assert "\x1b" not in text
