"""What was read around the buffers, so that a keystroke does not read the repository again."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from kube_audit_lint.syntax.record import NamedTuple

T = TypeVar("T")


class _Known(NamedTuple):
    """What came of something, the state of its file, and when that was last looked at."""

    value: Any
    state: object
    age: int


class Surroundings:
    """Keeps what runs do with files (pipeline.sources.Keep), until `look_again` and a change of the file."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], _Known] = {}
        self._age = 0
        self.buffers: Mapping[str, bytes] = {}
        """What files are read as, by absolute path."""

    def look_again(self) -> None:
        """Takes for granted no more that the disk is as it was."""
        self._age += 1

    def __call__(self, what: str, path: str, make: Callable[[], T]) -> T:
        """What comes of `make`, which reads the path, or came of it before."""
        known = self._known.get((what, path))
        buffer = self.buffers.get(path)
        if known is not None and known.age == self._age:
            same = known.state is buffer if buffer is not None else not isinstance(known.state, bytes)
            if same:
                value: T = known.value
                return value
        state = _state(path) if buffer is None else buffer
        # The state of a folder does not tell that something deeper in it has changed.
        anew = known is None or what == "files" or state is None or known.state != state
        value = make() if anew or known is None else known.value
        self._known[what, path] = _Known(value, state, self._age)
        return value


def _state(path: str) -> object:
    """What changes when a file does; None where nobody can tell."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
