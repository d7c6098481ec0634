"""What is ignored up to a day: comments and entries of the configuration, by an injected clock."""

from __future__ import annotations

import calendar
from pathlib import Path

import pytest
from checking import Repository

HEAD = "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n"
COMMENT = HEAD + "- level: metadata  # kube-audit-lint: ignore[invalid-level] {}\n"
CONFIG = "ignores:\n- paths: ['*.json']\n  rule: {}\n  until: 2027-03-31\n  reason: generated\n"
JSON = '{"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": [{"level": "metadata"}]}'


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    return monkeypatch


def at(clock: pytest.MonkeyPatch, year: int, month: int, day: int, hour: int = 0) -> None:
    clock.setenv("SOURCE_DATE_EPOCH", str(calendar.timegm((year, month, day, hour, 0, 0))))


@pytest.mark.parametrize(
    ("day", "rules", "note"),
    [
        ((2027, 2, 28), [], ""),
        ((2027, 3, 1), [], "for 30 more days"),
        ((2027, 3, 30), [], "for 1 more day"),
        ((2027, 3, 31, 23), [], "for the last day"),
        ((2027, 4, 1), ["invalid-level", "expired-suppression"], ""),
    ],
)
@pytest.mark.parametrize("written", ["until=2027-03-31 the mesh", "the mesh until=2027-03-31"])
def test_a_comment(
    day: tuple[int, ...],
    rules: list[str],
    note: str,
    written: str,
    here: Repository,
    clock: pytest.MonkeyPatch,
) -> None:
    here.write(audit_policy=COMMENT.format(written))
    at(clock, *day)
    found = here.json()
    assert [one["rule"] for one in found["findings"]] == rules
    assert [one["message"] for one in found["notes"]] == ([f"this comment suppresses findings {note}"] if note else [])
    assert [one["reason"] for one in found["hidden"]["findings"]] == ([] if rules else ["the mesh"])


def test_where_an_expired_comment_is_reported(here: Repository, clock: pytest.MonkeyPatch) -> None:
    here.write(audit_policy=COMMENT.format("until=2020-01-01"))
    one = here.json()["findings"][1]
    assert (one["rule"], one["severity"], one["start"]) == (
        "expired-suppression",
        "warning",
        {"line": 5, "column": 61},
    )
    here.write(audit_policy=HEAD + "# kube-audit-lint: ignore[invalid-level] until=2020-01-01\n- level: Metadata\n")
    assert here.rules() == ["unused-suppression"]


@pytest.mark.parametrize("day", ["2027-02-30", "31.3.2027", "soon", "20270331", "2027-W13-3", ""])
def test_no_date(day: str, here: Repository) -> None:
    here.write(audit_policy=COMMENT.format(f"until={day} reason"))
    found = here.json()["findings"]
    assert [one["rule"] for one in found] == ["invalid-level", "invalid-suppression"]
    assert f"`until={day}`" in found[1]["message"]
    assert ("there is no such day" in found[1]["message"]) == (day == "2027-02-30")


@pytest.mark.parametrize(
    ("reason", "place"),
    [
        ("UNTIL=2020-01-01 reason", "UNTIL=2020-01-01"),
        ("reason until 2020-01-01", "until 2020-01-01"),
        ("reason until: 2020-01-01", "until: 2020-01-01"),
        ("until = 2020-01-01 reason", "until = 2020-01-01"),
        ("reason (until=2020-01-01)", "until=2020-01-01)"),
        ("until=2020-01-01 until=9999-12-31", "until=9999-12-31"),
        ("until=9999-12-31 reason until=2020-01-01", "until=2020-01-01"),
        ("untill=2020-01-01", "untill=2020-01-01"),
        ("till 2020-01-01", "till 2020-01-01"),
        ("reason expires: 2020-01-01", "expires: 2020-01-01"),
    ],
)
def test_a_day_written_otherwise_is_no_reason(reason: str, place: str, here: Repository) -> None:
    here.write(audit_policy=COMMENT.format(reason))
    found = here.json()["findings"]
    assert [one["rule"] for one in found] == ["invalid-level", "invalid-suppression"]
    assert f"`{place}`" in found[1]["message"]


@pytest.mark.parametrize(
    "reason",
    [
        "until they are split",
        "see https://a.example/?until=2020-01-01",
        "until-free",
        "expires soon",
        "since 2020-01-01",
    ],
)
def test_words_that_are_no_day(reason: str, here: Repository) -> None:
    here.write(audit_policy=COMMENT.format(reason))
    assert here.rules() == []


@pytest.mark.parametrize(
    ("day", "rules", "note"),
    [
        ((2027, 2, 28), [], False),
        ((2027, 3, 31), [], True),
        ((2027, 4, 1), ["expired-suppression", "invalid-level"], False),
    ],
)
def test_an_entry_of_the_configuration(
    day: tuple[int, ...],
    rules: list[str],
    note: bool,
    here: Repository,
    clock: pytest.MonkeyPatch,
) -> None:
    Path("audit-policy.json").write_text(JSON)
    Path(".kube-audit-lint.yaml").write_text(CONFIG.format("invalid-level"))
    at(clock, *day)
    for words in ([], ["audit-policy.json"]):
        found = here.json("--select", "invalid-level,expired-suppression,unused-suppression", *words)
        assert [one["rule"] for one in found["findings"]] == rules
        assert [one["start"]["line"] for one in found["notes"]] == [4] * note
        assert found["hidden"]["by-ignores"] == (0 if rules else 1)
    assert ("1 finding by ignores" in here.check("--select", "invalid-level")) == (not rules)


def test_comments_are_left_out_and_entries_are_not(here: Repository) -> None:
    here.write(audit_policy=COMMENT.format("reason"))
    Path(".kube-audit-lint.yaml").write_text("ignores: [{paths: '*', rule: invalid-level, reason: known}]\n")
    assert here.json("--no-ignores")["hidden"]["by-ignores"] == 1


def test_an_entry_that_nothing_needs(here: Repository) -> None:
    here.write(a__audit_policy=HEAD + "- level: Metadata\n", b__audit_policy=HEAD + "- level: metadata\n")
    Path(".kube-audit-lint.yaml").write_text(
        "ignores: [{paths: [a/, b/], rule: [invalid-level, wrong-kind], reason: known}]\n"
    )
    (one,) = here.json()["findings"]
    assert (one["rule"], one["path"], one["start"]["column"]) == ("unused-suppression", ".kube-audit-lint.yaml", 51)
    assert here.rules("a") == []
    assert here.rules("b/audit-policy.yaml") == []
    assert here.rules("--select", "unused-suppression") == []


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("{paths: a, rule: invalid-levle, reason: x}", "ignores.0.rule: there is no rule invalid-levle; did you mean"),
        ("{paths: a, rule: [wrong-kind, undecided], reason: x}", "ignores.0.rule.1: undecided cannot be ignored"),
        ("{paths: a, rule: wrong-kind}", "ignores.0: lacks reason"),
        (
            "{paths: a, rule: wrong-kind, reason: x, until: 2027-02-30}",
            "ignores.0.until: 2027-02-30: there is no such day",
        ),
        ("{paths: a, rule: wrong-kind, reason: x, until: soon}", "ignores.0.until: must be a date such as 2027-03-31"),
        ("{paths: a, rules: wrong-kind, reason: x}", "ignores.0.rules: unknown key; did you mean rule?"),
    ],
)
def test_mistakes_in_entries(entry: str, says: str, here: Repository) -> None:
    Path(".kube-audit-lint.yaml").write_text(f"ignores: [{entry}]\n")
    here.check()
    assert here.code == 2
    assert says in here.error


def test_a_clock_that_is_none(here: Repository, clock: pytest.MonkeyPatch) -> None:
    here.write(audit_policy=COMMENT.format("until=2027-03-31"))
    clock.setenv("SOURCE_DATE_EPOCH", "yesterday")
    here.check()
    assert here.code == 2
    assert "SOURCE_DATE_EPOCH in the environment must be seconds since 1970" in here.error
