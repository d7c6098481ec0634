"""Files, folders and standard input: which logs are read, and in which order."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

from kube_audit_lint.errors import UsageError

_ENDINGS = (".log", ".json", ".jsonl", ".ndjson", ".gz", ".zst")
_NAME = re.compile(
    r"(?P<stem>.+?)(?P<time>-\d{4}-\d\d-\d\dT[\d.-]*\d)?\.(?P<ending>log|jsonl?|ndjson)"
    r"(?:[.-](?P<suffix>\d[\d.T_-]*))?(?:\.(?:gz|zst))?"
)
"""kube-apiserver rotates `audit.log` to `audit-2026-03-02T06-00-00.000.log` (lumberjack), logrotate to `audit.log.1`
or, with `dateext`, to `audit.log-20260302`."""

_DATE = 6
"""Digits behind a name that are a date, and not the number of a rotation."""


def log_files(given: Iterable[str]) -> list[str]:
    """The logs that are named, those of a folder in the order of their times. Raises UsageError."""
    given = list(given)
    if given.count("-") > 1:
        raise UsageError("standard input (-) can be read once only")
    return [path for one in given for path in _files(one)]


def _files(path: str) -> list[str]:
    if path == "-":
        return [path]
    try:
        if not os.path.isdir(path):
            os.stat(path)
            return [path]
        names = [name for name in os.listdir(path) if _is_log(name)]
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error
    if not names:
        raise UsageError(f"{path}: holds no file that is called like a log ({', '.join(_ENDINGS)})")
    return [os.path.join(path, name) for name in sorted(names, key=_age)]


def _is_log(name: str) -> bool:
    return not name.startswith(".") and (name.endswith(_ENDINGS) or _NAME.fullmatch(name) is not None)


def _age(name: str) -> tuple[str, int, int, str]:
    """Orders the files of one log: with a date, the oldest first; with a number, the highest first; then the newest."""
    found = _NAME.fullmatch(name)
    if found is None:
        return name, 2, 0, name
    stem = f"{found['stem']}.{found['ending']}"
    date = re.sub(r"\D", "", found["time"] or found["suffix"] or "")
    if not date:
        return stem, 2, 0, name
    if found["time"] or len(date) >= _DATE:
        return stem, 0, 0, date + name
    return stem, 1, -int(date), name
