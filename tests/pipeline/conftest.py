"""What several tests of whole runs start from."""

from __future__ import annotations

from pathlib import Path

import pytest
from checking import Repository


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Repository:
    """An empty repository, which is the working directory."""
    monkeypatch.chdir(tmp_path)
    return Repository(tmp_path, capsys)
