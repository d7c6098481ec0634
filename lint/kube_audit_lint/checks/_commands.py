"""Whether commands that are beside a server put a file where it looks for it."""

from __future__ import annotations

import re

from kube_audit_lint.model.server import ApiServer
from kube_audit_lint.syntax.source import Place

# What is no command: the key of a flag or of a mount, and the path of a file that the form brings.
_KEY = r"(?i)(?:path|audit-?policy-?file|audit-?webhook-?config-?file)[\"']?\s*[:=]\s*[\"']?\Z"
_INTO = r"\b(?:cp|mv|ln|install|rsync|tar|unzip)\b(?![^\n;&|]*\s-d\b)(?:\\\r?\n|[^\n;&|])*[\s\"']"
_FOLDER_KEY = r"(?i)(?:path|dir|directory|folder)[\"']?\s*[:=]\s*[\"']?\Z"
_PREPARES = r"\b(?:mkdir|chmod|chown|chcon|restorecon|install\b[^\n]*\s-d)\b[^\n;&|]*\Z|volume|mount"
_ENDS = r"(?=[\s\"',;&|)\]\\]|\Z)"


def named_in_command(server: ApiServer, path: str) -> bool:
    """Whether a path of the host, or its folder as the target of a copy, is in the file elsewhere than as a
    setting: what a script does is not known, so that one that names the path may well make the file."""
    text = server.source.text
    settings = [(one.start, one.end) for one in _settings(server) if one.source is server.source]
    for found in re.finditer(rf"(?<![\w./-]){re.escape(path)}{_ENDS}", text):
        inside = any(start <= found.start() < end for start, end in settings)
        if not inside and not _is_setting(text, found.start()):
            return True
    folder = path.rpartition("/")[0]
    return bool(folder) and re.search(rf"{_INTO}{re.escape(folder)}/?{_ENDS}", _without_comments(text)) is not None


def folder_in_command(server: ApiServer, path: str) -> bool:
    """Whether anything but what makes or protects a folder names that of a path: a download may go there."""
    folder = path.rpartition("/")[0]
    text = _without_comments(server.source.text)
    for found in re.finditer(rf"(?<![\w./-]){re.escape(folder)}/?(?:[$*{{]|{_ENDS})", text) if folder else ():
        line = text[text.rfind("\n", 0, found.start()) + 1 : found.start()]
        if not re.search(_FOLDER_KEY, line) and not re.search(_PREPARES, line):
            return True
    return False


def _settings(server: ApiServer) -> list[Place]:
    """Where the server's flags and the paths of its mounts are."""
    volumes = [one.path.place for one in server.volumes if one.path is not None]
    flags = [place for one in server.flags for place in (one.place, one.value_place)]  # apart in a list of both
    return flags + [one.path.place for one in server.mounts or ()] + volumes


def _is_setting(text: str, at: int) -> bool:
    """Whether what begins at an offset is the value of such a key, or is in a comment."""
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return line.lstrip().startswith("#") or re.search(_KEY, line) is not None


def _without_comments(text: str) -> str:
    return re.sub(r"(?m)^[ \t]*#[^\n]*", "", text)
