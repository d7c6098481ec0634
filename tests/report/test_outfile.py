"""The file of `--output` while it is written: a kubelet, which runs what lies beside its manifests, does not see it."""

from __future__ import annotations

from pathlib import Path

import pytest

from kube_audit_lint.report.outfile import whole_file


def test_half_a_report_has_a_hidden_name(tmp_path: Path) -> None:
    with whole_file(str(tmp_path / "report.json")) as file:
        (draft,) = tmp_path.iterdir()
        assert draft.name.startswith(".")
        file.write("whole")
    (report,) = tmp_path.iterdir()
    assert (report.name, report.read_text()) == ("report.json", "whole")


def test_nothing_is_left_of_a_report_that_fails(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text("before")
    with pytest.raises(TypeError), whole_file(str(tmp_path / "report.json")) as file:
        file.writelines(["half", None])  # type: ignore[list-item]
    (report,) = tmp_path.iterdir()
    assert report.read_text() == "before"
