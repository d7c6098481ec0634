"""The controls of standards: their numbers in each version, and that what they name exists."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from kube_audit_lint.catalogue.shipped import shipped
from kube_audit_lint.catalogue.standards import Control, brief_of, chosen, controls_of, labels_of, standards
from kube_audit_lint.cli import main
from kube_audit_lint.errors import UsageError
from kube_audit_lint.kubernetes.flags import all_names

LOG_FLAGS = {
    "cis": {
        "1.6": 22, "1.20": 21, "1.23": 19, "1.24": 18, "1.7": 18, "1.8": 17,
        "1.9": 16, "1.10": 16, "1.11": 16, "1.12": 16, "2.0": 16, "2.1": 16,
    },
    "rke2-cis": {"1.23": 19, "1.24": 19, "1.7": 18, "1.8": 17, "1.9": 16, "1.12": 16, "2.0": 16},
    "k3s-cis": {"1.6": 22, "1.23": 19, "1.24": 19, "1.7": 18, "1.8": 17, "1.9": 16, "1.12": 16, "2.1": 16},
    "rke-cis": {"1.23": 19, "1.24": 19, "1.7": 18, "1.8": 17},
    "ack-cis": {"1.0": 20},
}  # fmt: skip
"""The N of 1.2.N of --audit-log-path, as kube-bench and the distributions' own guides have it; maxage, maxbackup and
maxsize have the numbers after it."""


@pytest.mark.parametrize(("id", "version"), [(id, version) for id, found in LOG_FLAGS.items() for version in found])
def test_the_numbers_of_cis(id: str, version: str) -> None:
    standard, _ = chosen(f"{id}@{version}")
    ids = {flag: number for number, one in standard.controls_in(version) for names in one.flags for flag in names}
    first = LOG_FLAGS[id][version]
    flags = ("audit-log-path", "audit-log-maxage", "audit-log-maxbackup", "audit-log-maxsize")
    assert [ids[flag] for flag in flags] == [f"1.2.{first + index}" for index in range(4)]
    assert ids["audit-policy-file"] == "3.2.1"
    assert standard.controls_in(version)[-1][0] == "3.2.2"


@pytest.mark.parametrize("id", standards())
def test_what_controls_name_exists(id: str) -> None:
    standard, catalogue = standards()[id], shipped()
    assert standard.profile in catalogue.profiles
    for control in standard.controls:
        rules = (*control.rules, *control.remarks)
        assert set(rules) <= set(catalogue.rules), control.title
        flags = {flag for names in control.flags for flag in names} | {
            *control.shows,
            *filter(None, [_flag_of(control)]),
        }
        assert flags <= set(all_names()), control.title
        # What decides something, or what somebody has to look at: a control without either would pass by itself.
        assert control.rules or control.flags or control.loads or control.look, control.title


@pytest.mark.parametrize("id", standards())
def test_every_version_has_controls_and_no_control_twice(id: str) -> None:
    standard = standards()[id]
    for version in standard.versions:
        found = [(number, control.title) for number, control in standard.controls_in(version)]
        assert found
        assert len(set(found)) == len(found)


def test_the_newest_version_is_meant_without_one() -> None:
    assert chosen("cis")[1] == "2.1"
    assert chosen("cis@v1.9")[1] == "1.9"
    assert chosen("stig@V2R4")[1] == "V2R4"


@pytest.mark.parametrize("text", ["sic", "cis@", "cis@1.99", "cis@vV1", ""])
def test_a_standard_that_is_not_known_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        chosen(text)


def test_what_a_rule_serves() -> None:
    assert brief_of("log-maxage")[:2] == ("CIS 1.2.17", "STIG V-242464")
    assert labels_of("log-maxage")[0].startswith("CIS: 1.2.17 (v1.9-v2.1); 1.2.18 (v1.8)")
    assert {one.standard for one in controls_of("log-maxage")} >= {"cis", "rke2-cis", "k3s-cis", "stig"}
    assert labels_of("unknown-verb") == ()


def test_the_page_lists_them_all() -> None:
    page = (Path(__file__).parents[2] / "docs" / "report.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| `([a-z][a-z0-9-]*)` \| ([^|]+) \|", page, re.M))
    assert set(rows) == set(standards())
    for id, standard in standards().items():
        named = re.sub(r"1\.(\d+) to 1\.(\d+)", _each, rows[id])
        assert named.split(", ") == list(standard.versions)


def _flag_of(control: Control) -> str:
    """The flag without which a control does not apply; of a cluster it is the provider instead."""
    return "" if control.subject == "cluster" else control.when


def _each(match: re.Match[str]) -> str:
    return ", ".join(f"1.{minor}" for minor in range(int(match[1]), int(match[2]) + 1))


def test_no_rule_file_repeats_a_control() -> None:
    """The numbers stand in rules/standards/ alone."""
    named = [text for rule in shipped().rules.values() for text in rule.standards]
    assert [text for text in named if any(word in text for word in ("CIS", "STIG", "PCI", "NIST", "NSA"))] == []


def test_rules_lists_a_standard(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "--standard", "cis@1.8", "--format", "json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["standard"], data["version"], data["kubernetes"]) == ("cis", "1.8", "1.26")
    rules = {control["id"]: control["rules"] for control in data["controls"]}
    assert rules["1.2.18"] == ["log-maxage"]
    assert "blind-spot" in rules["3.2.2"]
    assert main(["rules", "--standard", "cis@1.8"]) == 0
    assert "  1.2.18: " in capsys.readouterr().out


def test_a_rule_page_has_its_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "log-maxage"]) == 0
    assert "1.2.18 (v1.8)" in capsys.readouterr().out
    assert main(["rules", "--standard", "cis", "log-maxage"]) == 2
