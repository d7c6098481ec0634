"""However a policy is written, the same is done to it: the fix of the written policy is the written fix.

Line ends, a byte order mark, comments and blank lines, the policy inside a ConfigMap, JSON: what becomes of a policy in
such clothes is what becomes of it without them, in the same clothes. So every byte around an edit stays as it was.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from fixing import CASES, RULES, Case, after, run, write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sampling import diagonal, one_in

POLICIES = [
    case
    for case in CASES
    if RULES[case.rule]["subject"] == "policy" and "file" not in case.example and "files" not in case.example
]
# A form of its own is not for these: they are about comments and keys of YAML, or about the file as a whole.
NOT_JSON = {"duplicate-key", "unsupported-api-version", "wrong-kind"}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The working directory is an empty repository."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)


def crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


def cr(text: str) -> bytes:
    return text.replace("\n", "\r").encode()


def marked(text: str) -> bytes:
    return b"\xef\xbb\xbf" + text.encode()


def utf16(text: str) -> bytes:
    return text.encode("utf-16")


def no_last_break(text: str) -> bytes:
    return text.rstrip("\n").encode()


def config_map(text: str) -> bytes:
    head = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: audit}\ndata:\n  other: "a  b"   # one\n'
    inner = "".join(f"    {line}\n" if line else "\n" for line in text.rstrip("\n").split("\n"))
    return f"{head}  audit-policy.yaml: |2-\n{inner}  last: 'x'\t# two\n".encode()


def second_document(text: str) -> bytes:
    return f"# kept: [as it is]\n---\n{text}".encode()


WAYS: dict[str, Callable[[str], bytes]] = {
    one.__name__: one for one in (crlf, cr, marked, utf16, config_map, second_document)
}


@pytest.mark.parametrize(("case", "way"), diagonal(POLICIES, WAYS))
def test_the_same_is_done_however_a_policy_is_written(case: Case, way: str) -> None:
    write_as = WAYS[way]
    assert after(case, write_as(case.example["bad"])) == write_as(case.example["fixed"])


@pytest.mark.parametrize("case", one_in(3, POLICIES), ids=str)
def test_without_a_last_line_break(case: Case) -> None:
    got = after(case, no_last_break(case.example["bad"]))
    # Where the last line goes, its neighbour keeps the line break that it has.
    assert got.rstrip(b"\n") == no_last_break(case.example["fixed"])


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("case", one_in(5, [case for case in POLICIES if case.rule not in NOT_JSON]), ids=str)
def test_json(case: Case, indent: int | None) -> None:
    bad = json.dumps(yaml.safe_load(case.example["bad"]), indent=indent)
    got = after(case, bad.encode(), "audit-policy.json")
    assert json.loads(got) == yaml.safe_load(case.example["fixed"])
    assert (b"\n" in got) == (indent is not None)


def commented(text: str, places: list[tuple[int, str]]) -> str:
    """The text with comments behind lines, and lines of comments, each with a number, so that none is like another."""
    lines = text.rstrip("\n").split("\n")
    for number, (at, kind) in enumerate(places):
        index = at % len(lines)
        comment = f"# note\t{number} 'it': [\"is\"] {{kept}} -"
        if kind == "behind" and lines[index] and "#" not in lines[index]:
            lines[index] += f" \t{comment}"
        elif kind == "above":
            lines.insert(index, f"  {comment}")
        elif kind == "blank":
            lines.insert(index, "")
    return "\n".join(lines) + "\n"


def bare(text: str) -> str:
    """The text without comments and blank lines."""
    lines = (re.sub(r"[ \t]*#.*", "", line) for line in text.split("\n"))
    return "".join(f"{line}\n" for line in lines if line.strip())


def rules_in(text: str) -> int:
    """How many rules the policy has: a fix that takes a rule's only item takes the rule."""
    return len(yaml.safe_load(text).get("rules", ()))


PLACES = st.lists(st.tuples(st.integers(0, 40), st.sampled_from(("behind", "above", "blank"))), max_size=6)


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    case=st.sampled_from([one for one in POLICIES if "#" not in one.example["bad"]]),
    places=PLACES,
    way=st.sampled_from(("plain", *WAYS)),
)
def test_comments_and_blank_lines_stay(case: Case, places: list[tuple[int, str]], way: str) -> None:
    text = commented(case.example["bad"], places)
    write_as = WAYS.get(way, str.encode)
    got = after(case, write_as(text))
    if got == write_as(text):  # a fix may be refused, where a comment stands inside of what would go
        write(case, write_as(text))
        assert run(case).notes
        return
    codec = "utf-16" if way == "utf16" else "utf-8"
    assert bare(got.decode(codec).replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff")) == bare(
        write_as(case.example["fixed"]).decode(codec).replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff")
    )
    if RULES[case.rule]["fix"]["kind"] == "remove" or rules_in(case.example["fixed"]) < rules_in(case.example["bad"]):
        return  # a comment inside of what goes, goes with it
    whole = [line for line in text.split("\n") if line.strip().startswith("#")]
    assert all(line.strip() in got.decode(codec) for line in whole)
