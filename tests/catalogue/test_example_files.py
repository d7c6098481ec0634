"""Examples of rules that show only what matters: in a base file, what stands in the place of some of its lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from kube_audit_lint.catalogue.examples import examples_of
from kube_audit_lint.cli import main

BASE = "spec:\n  command:\n  - one\n  - two\n"


def first_of(folder: Path, lines: str) -> str:
    """The text of an example over BASE."""
    (folder / "base").mkdir()
    (folder / "base" / "pod.yaml").write_text(BASE)
    (folder / "rule.yaml").write_text(f"examples:\n- bad:\n    base: pod.yaml\n    lines: {lines}\n")
    return str(examples_of(str(folder / "rule.yaml"))[0]["bad"])


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        ("{}", BASE),
        ('{"- one": "- 1"}', "spec:\n  command:\n  - 1\n  - two\n"),
        ('{"- one": ""}', "spec:\n  command:\n  - two\n"),
        ('{"- two": "- two\\n- three\\n\\nmore:"}', "spec:\n  command:\n  - one\n  - two\n  - three\n\n  more:\n"),
    ],
)
def test_lines_of_a_base(lines: str, text: str, tmp_path: Path) -> None:
    assert first_of(tmp_path, lines) == text


def test_a_line_that_the_base_does_not_have_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match=r"pod\.yaml has no line - three"):
        first_of(tmp_path, '{"- three": ""}')


def test_a_user_sees_whole_files(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "log-maxage"]) == 0
    out = capsys.readouterr().out
    assert "Example, bad:\n\n  kube-apiserver.yaml\n    apiVersion: v1\n    kind: Pod\n" in out
    assert out.count("        - --audit-log-maxage=7\n") == 1
    assert "base:" not in out
