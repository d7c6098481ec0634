"""cloud-init user data: the files that write_files brings onto the host, read through every form.

Sources: canonical/cloud-init cloudinit/config/cc_write_files.py (paths, encodings, append; an entry without a path
is skipped) and doc/rtd/explanation/format.rst (`#cloud-config`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.host_files import Written, policy_paths, written
from kube_audit_lint.forms.common.reader import Reader, unknown_keys
from kube_audit_lint.model.found import Found, Misshape, joined
from kube_audit_lint.syntax.nodes import Document, Entry, Mapping

MARKS = ("write_files", "#cloud-config")

_HEAD = re.compile(r"(?:\s*##[^\n]*\n)*\s*#cloud-config\b")
_READER = Reader("cloud-init", "it is ignored, and nothing is written")
_FILE_KEYS = ("path", "content", "encoding", "owner", "permissions", "append", "defer", "source")


def read(document: Document, context: Context) -> Found | None:
    """What the written files hold; None for other documents, and when no file is ours."""
    root = document.mapping
    if root is None or "kind" in root.entries:
        return None
    if "write_files" not in root.entries and not _HEAD.match(context.text):
        return None
    items = [item for item in root.items("write_files") if isinstance(item, Mapping)]
    files = _files(items, context)
    found = joined([one.found for one in files])
    misshapes = tuple(_misspelt(root, items))
    if not found and not misshapes:
        return None
    brought = tuple(one.file for one in files)
    found = found.with_servers(lambda server: server._replace(files=(*server.files, *brought)))
    return found.with_misshapes(misshapes)


def _files(items: list[Mapping], context: Context) -> list[Written]:
    """All files; those that an API server among them loads as its policy are read as one, whatever they say."""
    files = [written(item, context) for item in items]
    servers = [server for one in files if one is not None for server in one.found.servers]
    wanted = policy_paths(servers)
    for number, one in enumerate(files):
        if one is not None and one.file.path in wanted and not one.found.policies:
            files[number] = written(items[number], context, wanted)
    return [one for one in files if one is not None]


def _misspelt(root: Mapping, items: list[Mapping]) -> Iterator[Misshape]:
    sections: list[tuple[Mapping, tuple[str, ...]]] = [
        (root, ("write_files",)),
        *((item, _FILE_KEYS) for item in items),
    ]

    def about_audit(entry: Entry) -> bool:
        return "audit" in entry.value.source.text[entry.value.start : entry.value.end]

    for section, known in sections:
        yield from unknown_keys(section, known, _READER, near_only=True, where=about_audit)
