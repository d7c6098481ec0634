"""Bytes of files with edits in them, and files replaced by such."""

from __future__ import annotations

import os
from collections.abc import Sequence

from kube_audit_lint.discovery.gitignore import repository_of
from kube_audit_lint.drafts import drafted
from kube_audit_lint.fixes import Edit, NotEditable
from kube_audit_lint.syntax.decode import UTF8_MARK

_UTF16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


def edited(data: bytes, text: str, edits: Sequence[Edit]) -> bytes:
    """A file's bytes with edits of its text; every other byte as it was. Raises NotEditable."""
    mark = UTF8_MARK if data.startswith(UTF8_MARK) else data[:2] if data[:2] in _UTF16 else b""
    encoding = _UTF16.get(mark, "utf-8")
    errors = "surrogateescape" if encoding == "utf-8" else "strict"
    try:
        if mark + text.encode(encoding, errors) != data:
            raise NotEditable("its bytes cannot be told from its text")
        ordered = sorted(edits)
        pieces, at = [], 0
        for one in ordered:
            if one.start < at or one.end < one.start:
                raise NotEditable("its edits are in each other's way")
            pieces += [text[at : one.start], one.text]
            at = one.end
        return mark + "".join([*pieces, text[at:]]).encode(encoding, errors)
    except UnicodeError:
        raise NotEditable("its bytes cannot be told from its text") from None


def replace(path: str, before: bytes, after: bytes) -> str:
    """Puts new content in place of a file's; returns why it was left alone, "" when it was not. Raises OSError.

    A link is followed where it leads to a file of the same repository. A file that is not what was read is left alone.
    """
    target = os.path.realpath(path)
    if not _same_repository(path, target):
        return "it is reached through a link that leads out of the repository"
    mode = os.stat(target).st_mode & 0o7777
    with drafted(target, 0o600) as (handle, draft):
        with open(handle, "wb") as file:
            file.write(after)
            file.flush()
            os.fsync(handle)
        os.chmod(draft, mode)
        with open(target, "rb") as now:
            if now.read() != before:
                return "it has changed since it was read"
        os.replace(draft, target)
    return ""


def _same_repository(path: str, target: str) -> bool:
    """Whether a path leads to a file of the repository that it is in; without one, whether it is no link."""
    root = repository_of(os.path.dirname(os.path.abspath(path)) or "/")
    if root is None:
        return not os.path.islink(path)
    return target.startswith(os.path.realpath(root).rstrip("/") + "/")
