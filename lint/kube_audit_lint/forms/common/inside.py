"""What is inside a string of a document: a policy, a manifest, a kubeadm configuration, any form at all.

Shared by the forms that carry files. The encodings are cloud-init's (cc_write_files.canonicalize_extraction),
of which Cluster API knows base64, gzip and gzip+base64.
"""

from __future__ import annotations

import zlib

from kube_audit_lint.discovery.look import interesting, named_policy, says_policy
from kube_audit_lint.errors import TooManyPartsError
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.folded import folded
from kube_audit_lint.model.document import PolicyDocument
from kube_audit_lint.model.found import Found, Note, joined
from kube_audit_lint.model.version import Versions
from kube_audit_lint.syntax.nodes import Scalar
from kube_audit_lint.syntax.offsets import WholeMap, decoded_base64, embedded_base64, embedded_data_url, embedded_text
from kube_audit_lint.syntax.reader import check_parts, read_documents
from kube_audit_lint.syntax.source import OffsetMap, Source
from kube_audit_lint.syntax.unknown import from_outside, is_unknown

LARGEST = 1_500_000
"""How many bytes a compressed text may become: etcd stores no object that is larger (its --max-request-bytes)."""
MOST = 4_000_000
"""How many bytes all compressed texts of a file may become."""
DEEPEST = 20
"""How many texts may be in each other. Real ones are a cloud-init file in a Secret with a ConfigMap in it: three."""
REPEATS = 10
"""How often one text is read that is in several places by alias."""

DATA_URL = "data url"
GZIP_DATA_URL = "gzip data url"
_BASE64 = ("b64", "base64")
_GZIP = ("gz", "gzip")
_GZIP_BASE64 = ("gz+base64", "gzip+base64", "gz+b64", "gzip+b64", GZIP_DATA_URL)


def found_inside(
    scalar: Scalar,
    context: Context,
    *,
    name: str = "",
    encoding: str = "",
    versions: Versions | None = None,
    hint: str = "",
) -> Found:
    """What any form finds in a string.

    name: what the file is called that the string becomes. encoding: as the form says it. versions: what the
    form knows of the version. hint: `policy` when the text is loaded as one, whatever it says.
    """
    limited = _limited(scalar, encoding, hint, context)
    if limited is not None:
        if not limited:
            return Found()
        return Found(notes=(Note(scalar.place, f"{name or 'this text'}: {limited}"),))
    decoded = decode(scalar, encoding)
    if decoded is None:
        about = (
            f"its content is not {encoding.removesuffix(' data url')}"
            if not is_unknown(scalar.value)
            else "a template decides its content"
        )
        wanted = hint or named_policy(name)
        return Found(notes=(Note(scalar.place, f"{name or 'this text'}: {about}"),)) if wanted else Found()
    text, offsets = decoded
    if not (hint or named_policy(name) or interesting(text.encode("utf-8", "replace"))):
        return Found()
    wrong = folded(scalar) if scalar.block else None
    if wrong is not None:
        return Found(misshapes=(wrong,))
    try:
        found = found_in_text(scalar.source, text, offsets, context, name=name, hint=hint)
    except TooManyPartsError as error:
        meant = bool(hint) or named_policy(name) or says_policy(text.encode("utf-8", "replace"))
        return Found(notes=(Note(scalar.place, f"{name or 'this text'}: {error}", meant),))
    return _named(found, scalar, name, versions)


def _limited(scalar: Scalar, encoding: str, hint: str, context: Context) -> str | None:
    """Why a string is not read though it may hold something; "" when that was noted before, None when it is read."""
    if context.depth >= DEEPEST:
        return f"it lies {DEEPEST} texts deep in others and was not checked"
    reading = context.reading
    if reading is None:
        return None
    packed = encoding.strip().lower() in (*_GZIP, *_GZIP_BASE64)
    if packed:
        size = len(_unpacked(scalar) or b"")
        reading.unpacked += size
        if size > LARGEST or reading.unpacked > MOST:
            limit = LARGEST if size > LARGEST else MOST
            return f"it unpacks to more than {limit / 1e6:g} MB{'' if size > LARGEST else ' with others'}"
    key = scalar.start, scalar.end, encoding, hint, scalar.value
    reading.times[key] = times = reading.times.get(key, 0) + 1
    if times <= REPEATS:
        return None
    again = f"the text stands in more than {REPEATS} places by alias, and was checked for the first {REPEATS}"
    return again if times == REPEATS + 1 else ""


def found_in_text(
    source: Source, text: str, offsets: OffsetMap, context: Context, *, name: str = "", hint: str = ""
) -> Found:
    """What any form finds in a text that is in a file where `offsets` say."""
    check_parts(text)
    documents = tuple(read_documents(source, text, offsets))
    inner = context._replace(
        documents=documents,
        hint=hint,
        name=name,
        neutral=text,
        offsets=offsets,
        inside_template=context.is_template,
        depth=context.depth + 1,
    )
    parts: list[Found] = []
    readers = list(context.readers.of_document(text)) if context.readers else []
    for document in documents:
        part = next((found for read in readers if (found := read(document, inner)) is not None), None)
        if part is not None:
            parts.append(part)
    found = joined(parts)
    if found and not _only_broken(found):
        return found
    # A script that writes a policy looks like a broken one: whoever reads scripts is asked first.
    texts = context.readers.of_text(text, context.embedded) if context.readers else ()
    return next((part for read in texts if (part := read(source, inner)) is not None), found)


def _only_broken(found: Found) -> bool:
    """Whether nothing was found but policies that cannot be parsed."""
    others = found.servers or found.misshapes
    return not others and all(policy.document.problem is not None for policy in found.policies)


def decode(scalar: Scalar, encoding: str = "") -> tuple[str, OffsetMap] | None:
    """The text that a string becomes and where it is; None when it is not encoded as it should be."""
    encoding = encoding.strip().lower()
    if encoding == DATA_URL:
        return embedded_data_url(scalar)
    if encoding in _BASE64:
        return embedded_base64(scalar)
    if encoding not in _GZIP and encoding not in _GZIP_BASE64:
        return embedded_text(scalar)
    data = _unpacked(scalar)
    try:
        return None if data is None else (from_outside(data.decode("utf-8")), WholeMap(scalar.start, scalar.end))
    except UnicodeDecodeError:
        return None


def _unpacked(scalar: Scalar) -> bytes | None:
    """What a compressed string becomes, up to just above the limit; None when it is not compressed."""
    value = scalar.value
    if value.startswith("data:"):
        head, _, value = value.partition(",")
        if not head.lower().endswith(";base64"):
            return None
    data = decoded_base64(value)
    try:
        return None if data is None else zlib.decompressobj(31).decompress(data, LARGEST + 1)
    except zlib.error:
        return None


def _named(found: Found, scalar: Scalar, name: str, versions: Versions | None) -> Found:
    """What was found, with the name of the file that it becomes, and its version where it says none itself."""

    def of_policy(policy: PolicyDocument) -> PolicyDocument:
        policy = policy._replace(versions=policy.versions or versions)
        if policy.names:  # it is in a string inside this one, which has said all this
            return policy
        # An empty or compressed text has no place of its own: the string stands for it.
        empty = policy.document.root is None and policy.document.problem is None
        return policy._replace(place=scalar.place if empty else policy.place, names=(name,) if name else ())

    found = found.with_policies(of_policy)
    found = found.with_kubeconfigs(lambda one: one if one.names else one._replace(names=(name,) if name else ()))
    return found.with_servers(lambda server: server._replace(versions=server.versions or versions))
