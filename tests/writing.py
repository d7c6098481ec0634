"""Files that a test needs, in the working directory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def write(files: Mapping[str, str | bytes]) -> None:
    """Files by their paths, with the folders above them."""
    for name, content in files.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def write_named(**files: str) -> None:
    """Files by names that are Python's: `__` for a slash and `_` for the dot."""
    write({name.replace("__", "/").replace("_", "."): content for name, content in files.items()})
