"""A repository of a test, in which the command is run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kube_audit_lint.cli import main


class Repository:
    """A repository with files, in which commands are run."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys
        (folder / ".git").mkdir()

    def write(self, **files: str) -> None:
        for name, text in files.items():
            path = self.folder / name.replace("__", "/")
            path = path.with_name(path.name.replace("_", "-") + ".yaml")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def check(self, *words: str) -> str:
        self.code = main(["check", *words])
        out, self.error = self._capsys.readouterr()
        return out

    def json(self, *words: str) -> Any:
        return json.loads(self.check("--format", "json", *words))

    def rules(self, *words: str) -> list[str]:
        return [one["rule"] for one in self.json(*words)["findings"]]
