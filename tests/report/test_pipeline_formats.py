"""JUnit, reviewdog, Azure, concise and Markdown: held to their schemas, and to how their readers read them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from report_samples import EMOJI, RULES, at, found, hostile, report, written

from kube_audit_lint.model.finding import Edit, FileError, Finding, Proposed, Related
from kube_audit_lint.report import FORMATS, Report, Style, write
from kube_audit_lint.report.codetext import LIMIT
from kube_audit_lint.syntax.source import Source

SOURCE = Source("./etc/a b;c].yaml", f"kind: Policy\n{EMOJI}审 level: 1\nrules: []\n")
EMPTY = found(at(SOURCE, "rules: []"), message="50% <empty> & [x]", help="Add one.\nOr two.", proof="Look.")
INFO = found(SOURCE.place(), severity="info", rule="unreachable-rule")
GONE = FileError("gone.yaml", "no such file")
GUIDE = Path(__file__).parents[2] / "docs" / "ci.md"
PAGE = "https://example.com/docs/rules/unreachable-rule.md"


def with_pages(format: str, given: Report) -> str:
    """The report where the rules have pages."""
    import io

    stream = io.StringIO()
    write(format, given, stream, {"unreachable-rule": RULES["unreachable-rule"]._replace(page=PAGE)}, Style())
    return stream.getvalue()


@pytest.fixture
def etree() -> Any:
    return pytest.importorskip("lxml.etree")


@pytest.fixture
def schema(etree: Any) -> Any:
    return etree.XMLSchema(etree.parse(str(Path(__file__).parents[1] / "data" / "junit-10.xsd")))


class TestJUnit:
    @pytest.mark.parametrize("given", [report(), report([EMPTY, INFO], [GONE]), hostile()], ids=["no", "some", "odd"])
    def test_it_fits_the_schema(self, given: Report, etree: Any, schema: Any) -> None:
        schema.assertValid(etree.fromstring(written("junit", given).encode()))

    def test_each_finding_is_a_test(self, etree: Any) -> None:
        root = etree.fromstring(written("junit", report([EMPTY, INFO], [GONE])).encode())
        (suite,) = root
        assert dict(suite.attrib) == {
            "name": "kube-audit-lint", "tests": "3", "failures": "1", "errors": "1", "skipped": "1",
        }  # fmt: skip
        error, failed, skipped = suite
        assert (error[0].tag, error.get("classname"), error[0].get("message")) == ("error", "gone.yaml", "no such file")
        assert (failed.get("classname"), failed.get("name")) == ("etc/a b;c].yaml", "no-rules 3:1")
        assert (failed[0].tag, failed[0].get("type")) == ("failure", "error")
        assert failed[0].get("message") == "50% <empty> & [x]"
        head, *rest = failed[0].text.split("\n")
        assert head == "./etc/a b;c].yaml:3:1: error[no-rules]: 50% <empty> & [x]"
        assert rest == ["Look.", "Add one.", "Or two."]
        assert (skipped[0].tag, skipped[0].get("type")) == ("skipped", "info")

    def test_a_clean_run_is_a_test_that_passed(self, etree: Any) -> None:
        ((case,),) = etree.fromstring(written("junit", report()).encode())
        assert len(case) == 0
        assert case.get("name") == "no findings in 3 files (1 policy, 1 API server)"

    def test_the_page_is_named(self) -> None:
        assert f"See {PAGE}" in with_pages("junit", report([INFO]))


# What reviewdog's proto/rdf/reviewdog.proto has, and nothing else: reviewdog would drop it silently.
def _object(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": required, "properties": properties, "additionalProperties": False}


_COUNT = {"type": "integer", "minimum": 1}
_POSITION = _object(["line", "column"], line=_COUNT, column=_COUNT)
_RANGE = _object(["start", "end"], start=_POSITION, end=_POSITION)
_LOCATION = _object(["path"], path={"type": "string"}, range=_RANGE)
_LINKED = {"value": {"type": "string"}, "name": {"type": "string"}, "url": {"type": "string", "format": "uri"}}
_DIAGNOSTIC = _object(
    ["message", "location", "severity"],
    message={"type": "string"},
    location=_LOCATION,
    severity={"enum": ["ERROR", "WARNING", "INFO"]},
    code=_object(["value"], **_LINKED),
    suggestions={"type": "array", "items": _object(["range", "text"], range=_RANGE, text={"type": "string"})},
    relatedLocations={"type": "array", "items": _object([], message={"type": "string"}, location=_LOCATION)},
)
RDJSON = _object(["diagnostics"], source=_object(["name"], **_LINKED), diagnostics={"items": _DIAGNOSTIC})


def diagnostics(given: Report) -> list[Any]:
    data = json.loads(written("rdjson", given))
    jsonschema.Draft202012Validator(RDJSON).validate(data)
    return list(data["diagnostics"])


def fixed(finding: Finding, *edits: Edit, safe: bool = True) -> Finding:
    return finding._replace(fix=Proposed("do it", safe, edits))


class TestReviewdog:
    def test_a_finding(self) -> None:
        related = (Related(at(SOURCE, "Policy"), "here"),)
        (given,) = diagnostics(report([found(at(SOURCE, "level"), related=related, help="Do it.")]))
        assert given == {
            "message": "it is wrong\nDo it.",
            # Columns count bytes: 4 of the emoji, 3 of the character, a blank.
            "location": {
                "path": "etc/a b;c].yaml",
                "range": {"start": {"line": 2, "column": 9}, "end": {"line": 2, "column": 14}},
            },
            "severity": "ERROR",
            "code": {"value": "no-rules"},
            "relatedLocations": [
                {
                    "message": "here",
                    "location": {
                        "path": "etc/a b;c].yaml",
                        "range": {"start": {"line": 1, "column": 7}, "end": {"line": 1, "column": 13}},
                    },
                }
            ],
        }

    def test_a_fix_is_one_suggestion_with_what_lies_between_its_edits(self) -> None:
        text = SOURCE.text
        level, rules = text.index("level"), text.index("rules")
        (given,) = diagnostics(report([fixed(EMPTY, Edit(rules, rules + 5, "x"), Edit(level, level, "y"))]))
        (suggestion,) = given["suggestions"]
        assert suggestion["text"] == "ylevel: 1\nx"
        assert suggestion["range"] == {"start": {"line": 2, "column": 9}, "end": {"line": 3, "column": 6}}

    def test_what_is_not_suggested(self) -> None:
        far = Source("a.yaml", "a" * 5000)
        wide = fixed(found(far.place()), Edit(0, 1, ""), Edit(4999, 5000, ""))
        for one in diagnostics(report([fixed(EMPTY, Edit(0, 1, ""), safe=False), wide])):
            assert "suggestions" not in one

    def test_errors_and_hostile_text(self) -> None:
        assert diagnostics(report([], [GONE])) == [
            {"message": "no such file", "location": {"path": "gone.yaml"}, "severity": "ERROR"}
        ]
        assert len(diagnostics(hostile())) == 4

    def test_the_page_is_linked(self) -> None:
        (given,) = json.loads(with_pages("rdjson", report([INFO])))["diagnostics"]
        assert given["code"] == {"value": "unreachable-rule", "url": PAGE}


def issue(line: str) -> tuple[dict[str, str], str]:
    """A logging command as the agent of Azure Pipelines reads it: up to the first `]`, parted at each `;`."""
    command = re.fullmatch(r"##vso\[task\.logissue ([^\]]*)\](.*)", line)
    assert command is not None
    pairs = dict(pair.split("=", 1) for pair in command[1].split(";") if pair)
    return {name: _unescaped(value) for name, value in pairs.items()}, _unescaped(command[2])


def _unescaped(text: str) -> str:
    for escape, character in [("%3B", ";"), ("%0D", "\r"), ("%0A", "\n"), ("%5D", "]"), ("%AZP25", "%")]:
        text = text.replace(escape, character)
    return text


class TestAzure:
    def test_issues_then_the_same_as_a_list(self) -> None:
        warning = found(at(SOURCE, "level"), severity="warning")
        lines = written("azure", report([INFO, warning, EMPTY], [GONE])).splitlines()
        first, second, third, *rest = lines
        assert issue(first) == ({"type": "error", "sourcepath": "gone.yaml"}, "no such file")
        properties, message = issue(second)
        assert properties == {
            "type": "error", "sourcepath": "etc/a b;c].yaml",
            "linenumber": "3", "columnnumber": "1", "code": "no-rules",
        }  # fmt: skip
        assert message == "50% <empty> & [x]\nLook.\nAdd one.\nOr two."
        assert issue(third)[0]["type"] == "warning"
        assert not [line for line in rest if "##vso" in line]
        assert len(rest) == 5  # an info is no issue, but in the list

    def test_hostile_text_stays_within_its_command(self) -> None:
        lines = written("azure", hostile()).split("\n")[:-1]
        commands = [line for line in lines if "##" in line]
        assert len(commands) == 3
        for line in commands:
            properties, message = issue(line)
            assert properties["sourcepath"].endswith((".yaml", "\\n"))
            assert "##" not in message
        assert not [line for line in lines if line.lstrip().startswith("::")]


class TestConcise:
    def test_one_line_each(self) -> None:
        assert written("concise", report([EMPTY, INFO], [GONE])) == (
            "./etc/a b;c].yaml:3:1: error[no-rules]: 50% <empty> & [x]\n"
            "./etc/a b;c].yaml:1:1: info[unreachable-rule]: it is wrong\n"
            "gone.yaml: error: no such file\n"
            "1 error, 1 info in 3 files (1 policy, 1 API server); 1 path could not be dealt with\n"
        )

    def test_hostile_names_stay_in_their_lines(self) -> None:
        assert written("concise", hostile()).count("\n") == 5


class TestMarkdown:
    def test_a_table_and_the_findings_folded(self) -> None:
        text = written("markdown", report([INFO, EMPTY, EMPTY], [GONE]))
        head, _, rest = text.partition("\n\n")
        assert head == (
            "### ❌ kube-audit-lint: 2 errors, 1 info in 3 files (1 policy, 1 API server); "
            "1 path could not be dealt with"
        )
        assert rest.startswith("❌ <code>gone.yaml</code>: <code>no such file</code>\n")
        assert (
            "| rule | severity | findings | files |\n|---|---|--:|--:|\n"
            "| <code>no-rules</code> | ❌ error | 2 | 1 |\n"
            "| <code>unreachable-rule</code> | 🔹 info | 1 | 1 |\n"
        ) in rest
        assert (
            "\n<details><summary>❌ <code>no-rules</code> (2)</summary>\n<ul>\n"
            "<li><code>./etc/a b;c&#93;.yaml:3:1</code><br><code>50&#37; &#60;empty&#62; &#38; &#91;x&#93;</code>"
            "<br><code>Look.</code><br><code>Add one.</code><br><code>Or two.</code></li>\n"
        ) in rest
        assert rest.count("<details>") == rest.count("</details>") == 2

    def test_a_clean_run(self) -> None:
        assert (
            written("markdown", report()) == "### ✅ kube-audit-lint: no findings in 3 files (1 policy, 1 API server)\n"
        )

    def test_the_rule_is_linked(self) -> None:
        assert f"| [<code>unreachable-rule</code>]({PAGE}) |" in with_pages("markdown", report([INFO]))

    def test_hostile_text_is_no_markdown(self) -> None:
        text = re.sub(r"&#\d+;", "", written("markdown", hostile()))
        assert not re.search(r"[*_\[\]`\\@#]|<(?!/?(?:code|details|summary|ul|li|br)>)", text.replace("### ", "", 1))

    def test_it_fits_a_comment_and_ends_whole(self) -> None:
        many = [found(SOURCE.place(), rule=f"rule-{number}", message="审" * 500) for number in range(100)]
        text = written("markdown", report(many))
        assert len(text.encode()) < LIMIT + 200
        assert text.count("<details>") == text.count("</details>") > 10
        assert text.endswith("\nThere is more than fits here: the log and `--format json` have all.\n")


@pytest.mark.parametrize("format", ["text", "concise"])
def test_statistics_in_place_of_findings(format: str) -> None:
    text = written(format, report([EMPTY, EMPTY, INFO], [GONE])._replace(statistics=True))
    assert "50%" not in text
    assert "gone.yaml" in text
    assert re.search(r"no-rules\W.*error\W+2\W+1\b", text)
    assert "2 errors, 1 info in 3 files" in text


@pytest.mark.parametrize("format", [name for name in FORMATS if FORMATS[name].shows_errors and name != "markdown"])
def test_quiet_is_without_the_summary(format: str) -> None:
    loud, quiet = (written(format, report([EMPTY], [GONE])._replace(quiet=quiet)) for quiet in (False, True))
    assert "in 3 files" in loud
    assert "in 3 files" not in quiet
    assert loud.startswith(quiet)
    assert written(format, report()._replace(quiet=True)) == ""


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_has_a_row_in_the_guide(format: str) -> None:
    assert f"\n| `{format}` |" in GUIDE.read_text("utf-8")
