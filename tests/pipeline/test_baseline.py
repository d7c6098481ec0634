"""A baseline keeps out what it knows and nothing else, however a run is started."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from checking import Repository

HEAD = "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n"
BAD = HEAD + "- level: metadata\n"
GOOD = HEAD + "- level: Metadata\n"


def test_what_is_known_is_counted_and_what_is_new_is_reported(here: Repository) -> None:
    here.write(a__audit_policy=BAD)
    text = here.check("--write-baseline", "known.json", ".")
    assert text == "no findings in 1 file (1 policy); hidden: 1 finding by the baseline\n"
    assert here.code == 0
    here.write(a__audit_policy="# moved\n\n" + BAD + "- level: none\n")
    assert "level: none" in here.check("--baseline", "known.json", "--select", "invalid-level", ".")
    found = here.json("--baseline", "known.json", "--select", "invalid-level", ".")
    assert [one["start"]["line"] for one in found["findings"]] == [8]
    assert found["hidden"]["by-baseline"] == 1
    assert here.code == 1


def test_of_equal_lines_as_many_are_known_as_there_were(here: Repository) -> None:
    rule = "- level: None\n  users: [a]\n  user: b\n"
    here.write(audit_policy=HEAD + rule)
    here.check("--write-baseline", "known.json", "--select", "unknown-field", ".")
    here.write(audit_policy=HEAD + rule + rule)
    found = here.json("--baseline", "known.json", "--select", "unknown-field")["findings"]
    assert [one["start"]["line"] for one in found] == [10]


def test_from_any_folder_and_by_any_name(here: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    here.write(a__audit_policy=BAD, b__audit_policy=BAD)
    here.check("--write-baseline", "known.json")
    for words in ([], ["a"], ["./a/audit-policy.yaml"], [os.path.abspath("a/audit-policy.yaml")]):
        assert here.rules("--baseline", "known.json", *words) == []
    monkeypatch.chdir("a")
    assert here.rules("--baseline", "../known.json") == []
    assert here.rules("--baseline", "../known.json", "../b/audit-policy.yaml") == []


def test_from_outside_of_the_repository(here: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    here.write(a__audit_policy=BAD, b__audit_policy=BAD)
    here.check("--write-baseline", "known.json")
    marks = [one["fingerprint"] for one in here.json()["findings"]]
    monkeypatch.chdir("/")
    assert [one["fingerprint"] for one in here.json(str(here.folder))["findings"]] == marks
    assert here.rules("--baseline", str(here.folder / "known.json"), str(here.folder)) == []
    os.unlink(here.folder / "b/audit-policy.yaml")
    assert here.rules("--baseline", str(here.folder / "known.json"), str(here.folder)) == ["unneeded-baseline-entry"]


def test_without_a_repository(here: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    os.rmdir(".git")
    here.write(r__m__audit_policy=BAD, r__ack__audit_policy=BAD)
    monkeypatch.chdir("r/ack")
    here.check("--write-baseline", "known.json", "..")
    entries = json.loads(Path("known.json").read_text())["findings"]
    assert [one["path"] for one in entries] == ["../m/audit-policy.yaml", "audit-policy.yaml"]
    for folder, baseline, path in (("..", "ack/known.json", "."), ("/", str(Path("known.json").absolute()), None)):
        monkeypatch.chdir(folder)
        assert here.rules("--baseline", baseline, path or str(here.folder)) == []


def test_a_nested_repository_has_its_own(here: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    here.write(clone__m__audit_policy=BAD)
    Path("clone/.git").mkdir()
    Path("clone/.kube-audit-lint.yaml").write_text("baseline: known.json\n")
    monkeypatch.chdir("clone")
    here.check("--write-baseline", "known.json")
    monkeypatch.chdir("..")
    assert here.rules() == []
    here.write(clone__m__audit_policy=GOOD)
    assert here.rules() == ["unneeded-baseline-entry"]


def test_that_of_another_checkout(here: Repository, tmp_path_factory: pytest.TempPathFactory) -> None:
    here.write(m__audit_policy=BAD)
    here.check("--write-baseline", "known.json")
    other = tmp_path_factory.mktemp("base")
    (other / ".git").mkdir()
    os.rename("known.json", other / "known.json")
    assert here.rules("--baseline", str(other / "known.json")) == []
    here.write(m__audit_policy=GOOD)
    assert here.rules("--baseline", str(other / "known.json")) == ["unneeded-baseline-entry"]


def test_an_entry_of_files_that_it_is_not_about_is_left_alone(here: Repository) -> None:
    here.write(m__audit_policy=BAD)
    here.check("--write-baseline", "known.json")
    Path(".kube-audit-lint.yaml").write_text("baseline: known.json\n")
    Path("m/.kube-audit-lint.yaml").write_text("root: true\n")
    assert here.rules("m") == ["invalid-level"]
    here.write(m__audit_policy=GOOD)
    assert here.rules("m") == []


def test_only_what_the_run_decides_is_unneeded(here: Repository) -> None:
    here.write(a__audit_policy=BAD, b__audit_policy=BAD)
    here.check("--write-baseline", "known.json")
    here.write(a__audit_policy=GOOD, b__audit_policy=GOOD)
    (one,) = here.json("--baseline", "known.json", "a/audit-policy.yaml")["findings"]
    assert (one["rule"], one["severity"], one["path"], one["start"]["line"]) == (
        "unneeded-baseline-entry",
        "info",
        "known.json",
        2,
    )
    assert "invalid-level in a/audit-policy.yaml" in one["message"]
    assert here.rules("--baseline", "known.json", "--select", "no-catch-all,unneeded-baseline-entry") == []
    os.unlink("b/audit-policy.yaml")
    assert here.rules("--baseline", "known.json", "a") == ["unneeded-baseline-entry"]
    assert here.rules("--baseline", "known.json") == ["unneeded-baseline-entry"] * 2


def test_writing_again_drops_what_is_gone_and_keeps_what_was_not_read(here: Repository) -> None:
    here.write(a__audit_policy=BAD, b__audit_policy=BAD)
    here.check("--write-baseline", "known.json")
    before = Path("known.json").read_text()
    here.check("--write-baseline", "known.json", "b")
    assert Path("known.json").read_text() == before
    here.write(a__audit_policy=GOOD)
    here.check("--write-baseline", "known.json", "b")
    assert Path("known.json").read_text() == before
    here.check("--write-baseline", "known.json")
    assert [one["path"] for one in json.loads(Path("known.json").read_text())["findings"]] == ["b/audit-policy.yaml"]


def test_the_configuration_names_it(here: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    here.write(a__audit_policy=BAD)
    Path("ci").mkdir()
    here.check("--write-baseline", "ci/known.json")
    Path(".kube-audit-lint.yaml").write_text("baseline: ci/known.json\n")
    assert here.rules() == []
    monkeypatch.chdir("a")
    assert here.rules() == []
    assert here.rules("--no-config") == ["invalid-level"]
    os.unlink("../ci/known.json")
    here.check()
    assert here.code == 2
    assert "../ci/known.json: No such file or directory" in here.error


def test_every_format_and_their_own_fingerprints(here: Repository) -> None:
    here.write(audit_policy=BAD)
    (result,) = json.loads(here.check("--format", "sarif"))["runs"][0]["results"]
    (quality,) = json.loads(here.check("--format", "gitlab"))
    here.check("--write-baseline", "known.json")
    (entry,) = json.loads(Path("known.json").read_text())["findings"]
    assert entry["fingerprint"] == quality["fingerprint"] == result["partialFingerprints"]["primaryLocationLineHash"]
    words = ("--baseline", "known.json", "--format")
    (result,) = json.loads(here.check(*words, "sarif"))["runs"][0]["results"]
    assert result["suppressions"] == [{"kind": "external", "justification": "known in known.json"}]
    assert json.loads(here.check(*words, "gitlab")) == []
    assert "::error" not in here.check(*words, "github")
    assert here.check(*words, "text").startswith("no findings")


def test_nothing_is_fixed_that_is_known(here: Repository) -> None:
    here.write(audit_policy=BAD)
    here.check("--write-baseline", "known.json")
    here.check("--baseline", "known.json", "--fix")
    assert Path("audit-policy.yaml").read_text() == BAD


def test_findings_of_many_servers_are_known_one_by_one(here: Repository) -> None:
    pod = """apiVersion: v1
kind: Pod
metadata: {name: kube-apiserver, namespace: kube-system}
spec:
  containers:
  - name: kube-apiserver
    image: kube-apiserver:v1.30.4
    command: [kube-apiserver]
"""
    here.write(a__kube_apiserver=pod, b__kube_apiserver=pod)
    assert here.rules()
    here.check("--write-baseline", "known.json")
    assert here.rules("--baseline", "known.json", "b/kube-apiserver.yaml") == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "known.json: is not a baseline"),
        ("[]", "known.json: is not a baseline"),
        ('{"version": 2, "findings": []}', "known.json:1:1: version: must be 1"),
        ('{"version": 1, "findings": [\n{"path": 1}]}', "known.json:2:1: findings: an entry must have"),
        ('{"version": 1, "findings": [', "known.json:1:29: cannot be read: unexpected end of JSON input"),
    ],
)
def test_a_broken_one_ends_the_run_and_is_not_written_over(text: str, says: str, here: Repository) -> None:
    here.write(audit_policy=GOOD)
    Path("known.json").write_text(text)
    for option in ("--baseline", "--write-baseline"):
        here.check(option, "known.json")
        assert here.code == 2
        assert says in here.error
    assert Path("known.json").read_text() == text


def test_options_that_contradict_each_other(here: Repository) -> None:
    here.check("--baseline", "a", "--write-baseline", "b")
    assert (here.code, "do not go together" in here.error) == (2, True)
    here.check("--fix", "--write-baseline", "b")
    assert (here.code, "does not go with fixing" in here.error) == (2, True)
    here.write(a="")
    here.check("--write-baseline", "a.yaml/b")
    assert (here.code, "--write-baseline a.yaml/b: Not a directory" in here.error) == (2, True)
