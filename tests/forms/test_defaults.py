"""`${NAME:=value}` in every form that holds flags: its default is what the server gets, another value is not known."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sampling import one_in
from test_same_in_every_form import AGE, FORMS

from kube_audit_lint import Options, lint

SEVEN = re.compile(r"(?<=[=:\"' ])7(?=[\"'\s,)\]]|\\\"|\Z)")
SOMETIMES = re.compile(r"\bsometimes\b")


YAML = {
    form
    for form, (files, _) in FORMS.items()
    if any(name.endswith((".yaml", ".yml", ".json")) and SEVEN.search(text) for name, text in files.items())
}


def rules(name: str, text: str) -> list[str]:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text)
    report = lint(name, Options(config=None))
    assert not report.problems
    return sorted(one.rule for one in report.findings)


@pytest.mark.parametrize("form", one_in(3, sorted(YAML)))
def test_a_default_is_known_and_no_other_value(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tried = 0
    for name, text in FORMS[form][0].items():
        if name.endswith("policy.yaml") or not name.endswith((".yaml", ".yml", ".json")) or not SEVEN.search(text):
            continue
        tried += 1
        written = rules(name, text)
        for operator in (":=", ":-"):
            filled = SOMETIMES.sub("${MODE:=sometimes}", SEVEN.sub(f"${{DAYS{operator}7}}", text))
            assert rules(name, filled) == written, filled
        if SOMETIMES.search(text):
            unknown = SOMETIMES.sub("${MODE:=sometimes}", SEVEN.sub("${DAYS}", text))
            assert rules(name, unknown) == [one for one in written if one != AGE], unknown
    assert tried
