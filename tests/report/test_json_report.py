"""The report for programs, held to its published schema."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import jsonschema
import pytest
from report_samples import EMOJI, at, found, hostile, report, written

from kube_audit_lint.model.finding import FileError, Related, Suppressed
from kube_audit_lint.report import Hidden, Report
from kube_audit_lint.report.fingerprint import fingerprints
from kube_audit_lint.syntax.source import Source

SCHEMA = json.loads((files("kube_audit_lint") / "schemas" / "report.schema.json").read_text("utf-8"))
SOURCE = Source("policy.yaml", f"kind: Policy\r\n# {EMOJI} level: None\r\n")


def parsed(given: Report) -> Any:
    data = json.loads(written("json", given))
    jsonschema.Draft202012Validator(SCHEMA).validate(data)
    return data


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


NOTHING_HIDDEN = {
    "by-comments": 0,
    "by-ignores": 0,
    "by-baseline": 0,
    "by-configuration": 0,
    "rules-off": [],
    "excluded-paths": 0,
    "never-fails": False,
    "findings": [],
}


def test_a_whole_finding() -> None:
    finding = found(
        at(SOURCE, "level"),
        help="Do.",
        related=(Related(at(SOURCE, "Policy"), "here"),),
        kubernetes="1.24-1.37",
        witness={"user": "jane", "groups": ["system:authenticated"]},
    )
    assert parsed(report([finding], [FileError("b.yaml", "gone")])) == {
        "version": 1,
        "findings": [
            {
                "rule": "no-rules",
                "severity": "error",
                "message": "it is wrong",
                "help": "Do.",
                "path": "policy.yaml",
                "start": {"line": 2, "column": 5},
                "end": {"line": 2, "column": 10},
                "related": [
                    {
                        "path": "policy.yaml",
                        "start": {"line": 1, "column": 7},
                        "end": {"line": 1, "column": 13},
                        "message": "here",
                    }
                ],
                "kubernetes": "1.24-1.37",
                "standards": [],
                "controls": [],
                "witness": {"user": "jane", "groups": ["system:authenticated"]},
                "fingerprint": fingerprints([finding])[0],
                "page": "",
            }
        ],
        "files": {"read": 3, "policies": 1, "servers": 1, "managed": 0},
        "errors": [{"path": "b.yaml", "message": "gone"}],
        "notes": [],
        "hidden": NOTHING_HIDDEN,
    }


def test_a_clean_report_has_all_keys() -> None:
    assert parsed(report()) == {
        "version": 1,
        "findings": [],
        "files": {"read": 3, "policies": 1, "servers": 1, "managed": 0},
        "errors": [],
        "notes": [],
        "hidden": NOTHING_HIDDEN,
    }


def test_places_are_exact_even_at_the_end_of_the_file() -> None:
    finding = parsed(report([found(SOURCE.place(0, len(SOURCE.text)))]))["findings"][0]
    assert (finding["start"], finding["end"]) == ({"line": 1, "column": 1}, {"line": 3, "column": 1})


def test_hostile_text_comes_back_whole_but_for_surrogates() -> None:
    data = parsed(hostile())
    assert data["findings"][0]["path"] == "a b/100%,x:y\n::error::\x1b[31mred\u202egnp.exe\ufffd.yaml"
    assert data["findings"][0]["witness"] == {"user": "\ufffd", "\ufffd": ["\ufffd", 1, None, True]}


@pytest.mark.parametrize("change", [{"version": 2}, {"findings": None}, {"extra": 1}])
def test_the_schema_refuses_what_is_not_promised(change: dict[str, Any]) -> None:
    data = {**parsed(hostile()), **change}
    assert list(jsonschema.Draft202012Validator(SCHEMA).iter_errors(data))


def test_fingerprints_are_those_of_sarif_hidden_findings_among_them() -> None:
    finding = found(at(SOURCE, "level"))
    given = report([finding, finding])._replace(hidden=Hidden([Suppressed(finding, "comment")]))
    data = parsed(given)
    marks = [one["fingerprint"] for one in data["findings"]] + [data["hidden"]["findings"][0]["finding"]["fingerprint"]]
    results = json.loads(written("sarif", given))["runs"][0]["results"]
    assert marks == [one["partialFingerprints"]["primaryLocationLineHash"] for one in results]
    assert len(set(marks)) == 3
