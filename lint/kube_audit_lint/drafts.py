"""Files that get their name when all is written: nobody reads half of one, and nothing is left of what fails."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress


def draft_of(path: str) -> str:
    """What a file is called until then, beside its place."""
    folder, name = os.path.split(path)
    # The dot in front: a kubelet would run it as a pod while it is beside a manifest.
    return os.path.join(folder, f".{name}.{os.getpid()}.tmp")


@contextmanager
def drafted(path: str, mode: int) -> Iterator[tuple[int, str]]:
    """A new file, open to write to, and what it is called until the block renames it. Raises OSError."""
    draft = draft_of(path)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        yield handle, draft
    finally:
        with suppress(OSError):
            os.unlink(draft)
