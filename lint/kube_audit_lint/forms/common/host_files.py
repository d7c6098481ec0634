"""Files that a form writes onto the host (cloud-init's write_files, Cluster API's files), read through every form.

Sources: cloudinit/config/cc_write_files.py; bootstrap/kubeadm types of Cluster API (File, which becomes
write_files).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from kube_audit_lint.discovery.look import named_policy
from kube_audit_lint.discovery.marks import ENCODED
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.inside import decode, found_inside
from kube_audit_lint.forms.common.misplaced import misplaced, policy_version
from kube_audit_lint.forms.common.nodes import below
from kube_audit_lint.model.found import Found, Misshape, Note
from kube_audit_lint.model.server import ApiServer, HostFile, clean
from kube_audit_lint.model.value import Value
from kube_audit_lint.model.version import Versions
from kube_audit_lint.syntax.nodes import Mapping, Scalar
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.unknown import is_unknown

_DECODES = r"base64[ \t]+-|b64decode|atob\b"


class BroughtFile(NamedTuple):
    """A file on the host and what was found in it."""

    file: HostFile
    found: Found


def brought_file(
    item: Mapping, context: Context, wanted: Iterable[str] = (), versions: Versions | None = None
) -> BroughtFile | None:
    """One entry with path, content and encoding; None when it names no path.

    wanted: the paths on the host from which API servers load their policies. versions: what the form says of it.
    """
    path, content = item.get("path"), item.get("content")
    if not isinstance(path, Scalar) or path.kind != "string" or not path.value:
        return None
    loaded = clean(path.value) in wanted
    found = Found()
    if isinstance(content, Scalar) and content.kind == "string":
        found = _content(item, path.value, content, context, "policy" if loaded else "", versions)
        if found.policies:
            found = found.with_misshapes(_misplaced(path, content, item.string("encoding") or ""))
    elif (loaded or named_policy(path.value)) and not is_unknown(path.value):
        found = Found(notes=(Note(path.place, _elsewhere(item, path.value)),))
    policy = found.policies[0] if found.policies else None
    file = HostFile(path.value, path.place, policy, secret_of(item), next(iter(found.kubeconfigs), None))
    return BroughtFile(file, found)


def _misplaced(path: Scalar, content: Scalar, encoding: str) -> Iterator[Misshape]:
    """That the file is a policy where it may not be; an object that holds one may be applied."""
    decoded = decode(content, encoding) or (content.value, None)
    version = policy_version(decoded[0])
    wrong = misplaced(path.place, path.value, version) if version else None
    if wrong is not None:
        yield wrong


def secret_of(item: Mapping) -> Value | None:
    """The key of the Secret that Cluster API takes the content from, as linking names it."""
    secret = below(item, "contentFrom", "secret")
    name, key = (secret.string("name"), secret.string("key")) if secret is not None else (None, None)
    return Value(f"Secret:{name}/{key}", secret.place) if secret is not None and name and key else None


def _elsewhere(item: Mapping, path: str) -> str:
    if "contentFrom" in item.entries or "source" in item.entries:
        return f"the content of {path} is taken from elsewhere"
    return f"{path} has no content here"


def _content(
    item: Mapping, path: str, content: Scalar, context: Context, hint: str, versions: Versions | None
) -> Found:
    encoding = item.string("encoding") or ""
    append = item.get("append")
    if isinstance(append, Scalar) and append.value == "true":
        if hint or named_policy(path):
            return Found(
                notes=(Note(content.place, f"this is added to {path}, and what is there before is not known"),)
            )
        return Found()
    if is_unknown(encoding):
        return Found()
    if context.is_template and not content.value.strip():
        note = Note(content.place, f"a template decides what {path} holds")
        return Found(notes=(note,) if hint or named_policy(path) else ())
    found = found_inside(content, context, name=path, encoding=encoding, versions=versions, hint=hint)
    if encoding and decode(content, encoding) is None:
        plain = found_inside(content, context, name=path, versions=versions)
        if plain.policies or plain.servers:
            return plain.with_misshapes((_not_encoded(item, content, encoding),))
    if not encoding and (hint or _is_hidden(content, path)):
        hidden = found_inside(content, context, name=path, encoding="base64", versions=versions)
        if hidden.policies:
            return hidden.with_misshapes((_no_encoding(content),))
    return found


def _is_hidden(content: Scalar, path: str) -> bool:
    """Whether a text is a policy in base64, and nothing in its file decodes any: `base64 -d`, `openssl base64`."""
    held = any(mark.decode() in content.value for mark in ENCODED)
    return held and not path.endswith((".b64", ".base64")) and not re.search(_DECODES, content.source.text)


def _not_encoded(item: Mapping, content: Scalar, encoding: str) -> Misshape:
    node = item.get("encoding")
    message = (
        f"The content is said to be {encoding}, and it is plain text: it is not decoded, and the file is not written."
    )
    return Misshape("wrong-shape", node.place if node is not None else content.place, message, "Leave `encoding` away.")


def _no_encoding(content: Scalar) -> Misshape:
    place = content.place
    message = "This is base64, and nothing says so: the file on the host holds these letters instead of the policy."
    return Misshape("wrong-shape", place, message, "Write `encoding: base64` beside it.")


def policy_paths(servers: Iterable[ApiServer]) -> set[str]:
    """The paths on the host from which API servers load their policies."""
    from kube_audit_lint.kubernetes.paths import host_path, policy_path

    paths = set()
    for server in servers:
        path = policy_path(server)
        at = host_path(server, path) if path else None
        if at is not None:
            paths.add(at)
    return paths
