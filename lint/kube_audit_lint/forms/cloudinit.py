"""cloud-init user data: the files that write_files brings onto the host, read through every form.

Sources: canonical/cloud-init cloudinit/config/cc_write_files.py (paths, encodings, append; an entry without a path
is skipped), cloudinit/util.py (load_yaml: yaml.safe_load; user data that it refuses is dropped) and
doc/rtd/explanation/format.rst (`#cloud-config`); kairos-io/kairos-docs docs/reference/configuration.md (`k3s.args`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from kube_audit_lint.forms.common.applied import policies_by_name
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.copies import misplaced_copies
from kube_audit_lint.forms.common.host_files import BroughtFile, brought_file, policy_paths
from kube_audit_lint.forms.common.kubectl import in_commands
from kube_audit_lint.forms.common.loose import loose_arguments
from kube_audit_lint.forms.common.python import as_python, lost_keys, unreadable
from kube_audit_lint.forms.common.reader import Reader, unknown_keys
from kube_audit_lint.forms.common.split import FILE, split, whole
from kube_audit_lint.model.found import Found, Misshape, joined
from kube_audit_lint.model.server import ApiServer
from kube_audit_lint.syntax.nodes import Document, Entry, Mapping, Node, Scalar
from kube_audit_lint.syntax.parts import part_of

MARKS = ("write_files", "#cloud-config")

_HEAD = re.compile(r"(?:\s*##[^\n]*\n)*\s*#cloud-config\b")
_READER = Reader("cloud-init", "it is ignored, and nothing is written")
_FILE_KEYS = ("path", "content", "encoding", "owner", "permissions", "append", "defer", "source")


def read(document: Document, context: Context) -> Found | None:
    """What the written files hold; None for other documents, and when no file is ours."""
    root = document.mapping
    headed = _HEAD.match(context.text) is not None
    if (root is None or "write_files" not in root.entries or "kind" in root.entries) and not headed:
        return None
    python = as_python(document, context)
    root = python.mapping or root
    if root is None or "kind" in root.entries:
        return None
    listed = root.items("write_files")
    items = [item for item in whole(listed, FILE) if isinstance(item, Mapping)]
    files = _files(items, context)
    found = joined([one.found for one in files])
    own = loose_arguments(root)  # Kairos starts K3s with `k3s.args`
    found = joined([found, own.with_servers(lambda server: server._replace(files_known=not context.is_template))])
    found = found.with_misshapes(_run(root.items("runcmd"), dict(policies_by_name(found)), context))
    halves = split(listed, FILE, "file") if found else ()
    misshapes = (*_misspelt(root, items), *_lost(root, items), *halves)
    if not found and not misshapes:
        return None
    misshapes += tuple(unreadable(python, "cloud-init", "and does nothing of what it says"))
    return found.with_servers(lambda server: _with_files(server, files)).with_misshapes(misshapes)


def _run(commands: list[Node], held: dict[str, str], context: Context) -> Iterator[Misshape]:
    """What becomes of policies that commands apply or copy."""
    yield from in_commands(commands, context, held)
    for node in commands:
        if isinstance(node, Scalar) and "manifest" in node.value:
            yield from misplaced_copies(node.value, partial(part_of, node), context, held)


def _with_files(server: ApiServer, files: list[BroughtFile]) -> ApiServer:
    """A server with the files beside the one that it was found in."""
    others = (one.file for one in files if all(held.place != server.place for held in one.found.servers))
    return server._replace(files=(*server.files, *others))


def _files(items: list[Mapping], context: Context) -> list[BroughtFile]:
    """All files; those that an API server among them loads as its policy are read as one, whatever they say."""
    files = [brought_file(item, context) for item in items]
    servers = [server for one in files if one is not None for server in one.found.servers]
    wanted = policy_paths(servers)
    for number, one in enumerate(files):
        if one is not None and one.file.path in wanted and not one.found.policies:
            files[number] = brought_file(items[number], context, wanted)
    return [one for one in files if one is not None]


def _misspelt(root: Mapping, items: list[Mapping]) -> Iterator[Misshape]:
    sections: list[tuple[Mapping, tuple[str, ...]]] = [
        (root, ("write_files",)),
        *((item, _FILE_KEYS) for item in items),
    ]

    for section, known in sections:
        yield from unknown_keys(section, known, _READER, near_only=True, where=_about_audit)


def _lost(root: Mapping, items: list[Mapping]) -> Iterator[Misshape]:
    """Keys that occur twice: of the file's, and of its entries about auditing."""
    never = "and none of these files is ever written"
    yield from lost_keys(
        root, "cloud-init", never, lambda entry: entry.key.value == "write_files" and _about_audit(entry)
    )
    for item in items:
        if "audit" in item.place.text:
            yield from lost_keys(item, "cloud-init", "and this one counts for nothing", _is_of_a_file)


def _is_of_a_file(entry: Entry) -> bool:
    return entry.key.value in _FILE_KEYS


def _about_audit(entry: Entry) -> bool:
    return "audit" in entry.value.place.text
