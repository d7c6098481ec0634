"""CONTRIBUTING, "To add a form", followed in a copy: one module, and the script that compiles its marks."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

FORM = """
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.extra_args import flags_of_arguments
from kube_audit_lint.model.found import Found
from kube_audit_lint.model.server import ApiServer
from kube_audit_lint.syntax.nodes import Document

MARKS = ("xyzzy",)
LOOK = (("xyzzy", ":"),)


def read(document: Document, context: Context) -> Found | None:
    root = document.mapping
    key = root.key("xyzzy") if root is not None else None
    if root is None or key is None:
        return None
    return Found(servers=(ApiServer("new", key.place, tuple(flags_of_arguments(root.get("xyzzy")))),))
"""


def run(copy: Path, *arguments: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(copy / "lint")}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False).stdout


def test_a_new_form_is_one_module(tmp_path: Path) -> None:
    for name in ("lint", "rules", "scripts"):
        shutil.copytree(ROOT / name, tmp_path / name)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a.yaml").write_text("xyzzy: {v: '2'}\n", "utf-8")
    assert "no-audit-policy" not in run(tmp_path, "-m", "kube_audit_lint", "check", "mine")
    (tmp_path / "lint" / "kube_audit_lint" / "forms" / "new.py").write_text(FORM, "utf-8")
    assert "marks.py" in run(tmp_path, "scripts/build_catalogue.py")
    assert "mine/a.yaml:1:1" in run(tmp_path, "-m", "kube_audit_lint", "check", "mine", "--select", "no-audit-policy")
