"""Every form as a template: no placeholder and no statement adds a finding that the filled file has not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sampling import one_in
from test_same_in_every_form import FORMS

from kube_audit_lint.catalogue.shipped import shipped
from kube_audit_lint.pipeline.config import load_config
from kube_audit_lint.pipeline.options import Options
from kube_audit_lint.pipeline.run import run

NO_TEMPLATES = {"heredocs", "fenced", "minikube"}
EVERY = 9
"""Of the many ways to make a template of a file, each of so many is tried; which ones differs from form to form."""

HEAD = re.compile(r" *((?:- )*)[\w.-]+:\n")
VALUE = re.compile(r"(?<=: )(?![|>])\S.*$|(?<==)\S+$|(?<=\")[^\"\n]+(?=\")", re.MULTILINE)


def rules(path: Path) -> set[str]:
    report = run(Options((str(path),)), load_config(), shipped()).report
    assert report.errors == ()
    assert report.files.read == 1
    return {one.rule for one in report.findings}


def templates(text: str) -> Iterator[str]:
    for found in VALUE.finditer(text):
        yield text[: found.start()] + "{{ some_value }}" + text[found.end() :]
    lines = text.splitlines(keepends=True)
    for at, line in enumerate(lines):
        before, after = "".join(lines[:at]), "".join(lines[at + 1 :])
        yield f"{before}{{% if some %}}\n{line}{{% endif %}}\n{after}"
        yield f"{before}{{% if some %}}\n{line}{{% else %}}\n{line}{{% endif %}}\n{after}"
        yield f"{before}{{{{ some_block }}}}\n{line}{after}"


def parts_put_in(text: str) -> Iterator[str]:
    """The text with a placeholder in place of all that stands below a key, for each such key."""
    lines = text.splitlines(keepends=True)
    for at, line in enumerate(lines):
        found = HEAD.fullmatch(line)
        if found is None:
            continue
        inside = depth(line) + len(found[1])
        end = next((end for end in range(at + 1, len(lines)) if not is_below(lines[end], inside)), len(lines))
        if end > at + 1:
            yield "".join([*lines[:at], line.rstrip() + " {{ toJson .x }}\n", *lines[end:]])


def is_below(line: str, column: int) -> bool:
    """Whether a line belongs to the value of a key in a column: an item of a list may stand as deep as the key."""
    return depth(line) > column or (depth(line) == column and line.lstrip().startswith("-"))


def depth(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


@pytest.mark.parametrize("form", one_in(4, sorted(FORMS.keys() - NO_TEMPLATES)))
def test_nothing_is_said_of_a_part_that_is_put_in(form: str, tmp_path: Path) -> None:
    for name, text in FORMS[form][0].items():
        if name.endswith("policy.yaml") or not name.endswith((".yaml", ".yml")):
            continue
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
        said = rules(tmp_path / name)
        (tmp_path / name).unlink()
        for template in parts_put_in(text):
            (tmp_path / f"{name}.j2").write_text(template)
            assert rules(tmp_path / f"{name}.j2") <= said, template
        (tmp_path / f"{name}.j2").unlink(missing_ok=True)


@pytest.mark.parametrize("form", one_in(4, sorted(FORMS.keys() - NO_TEMPLATES)))
def test_nothing_is_said_of_what_a_template_decides(form: str, tmp_path: Path) -> None:
    tried = 0
    for name, text in FORMS[form][0].items():
        if name.endswith("policy.yaml"):
            continue
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
        said = rules(tmp_path / name)
        (tmp_path / name).unlink()
        texts = list(templates(text))
        for template in texts[len(form) % min(EVERY, len(texts)) :: EVERY]:
            tried += 1
            (tmp_path / f"{name}.j2").write_text(template)
            assert rules(tmp_path / f"{name}.j2") <= said, template
        (tmp_path / f"{name}.j2").unlink(missing_ok=True)
    assert tried
