"""Bytes of a file to text, as the API server's YAML library takes them: UTF-8, or UTF-16 with a mark."""

from __future__ import annotations

from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.unknown import from_outside

UTF8_MARK = b"\xef\xbb\xbf"


class ByteProblem(NamedTuple):
    """What is wrong with a file's bytes, in the server's words, and at which characters of the text."""

    message: str
    start: int
    end: int


def has_mark(data: bytes) -> bool:
    """Whether a byte order mark is first: such a file is never read as JSON."""
    return data.startswith((UTF8_MARK, b"\xff\xfe", b"\xfe\xff"))


def decode(data: bytes) -> tuple[str, ByteProblem | None]:
    """The text without its byte order mark; bytes that are none of the encoding as lone surrogates.

    No text holds the mark of what a template decides (unknown.py).
    """
    text, problem = _decode(data)
    return from_outside(text), problem


def _decode(data: bytes) -> tuple[str, ByteProblem | None]:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _decode_utf16(data[2:], "utf-16-le" if data[0] == 0xFF else "utf-16-be")
    if data.startswith(UTF8_MARK):
        data = data[3:]
    try:
        return data.decode("utf-8"), None
    except UnicodeDecodeError as error:
        start = len(data[: error.start].decode("utf-8"))
        text = data.decode("utf-8", "surrogateescape")
        return text, ByteProblem(_utf8_message(data, error.start), start, start + 1)


def text_problem(text: str, start: int) -> ByteProblem:
    """The problem of a text that holds a lone surrogate (a byte that is no UTF-8) at an offset."""
    try:
        data = text[start : start + 8].encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return ByteProblem("yaml: invalid Unicode character", start, start + 1)
    return ByteProblem(_utf8_message(data, 0), start, start + 1)


_CHUNK = 512


def chunk_start(text: str, at: int) -> int:
    """Where the piece of text begins that the server reads together with the character at an offset.

    It decodes files in pieces of 512 bytes, and refuses a piece as soon as it needs any of it: what
    is wrong behind the first document is seen only when it is in the same piece as its end.
    """
    data = _encode(text)
    bad = len(_encode(text[:at]))
    first = 0
    while first + _CHUNK <= bad:
        first += _CHUNK
        while data[first] & 0xC0 == 0x80:
            first -= 1
    if bad + (_width(data[bad]) if bad < len(data) else 1) > min(first + _CHUNK, len(data)):
        first = bad
    return len(data[:first].decode("utf-8", "surrogateescape"))


def _encode(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def _width(lead: int) -> int:
    """How many bytes a character takes that begins with this one; 1 for one that can begin none."""
    return 2 if 0xC0 <= lead < 0xE0 else 3 if 0xE0 <= lead < 0xF0 else 4 if 0xF0 <= lead < 0xF8 else 1


def _utf8_message(data: bytes, start: int) -> str:
    lead = data[start]
    width = _width(lead)
    if width == 1 and lead >= 0x80:
        return "yaml: invalid leading UTF-8 octet"
    rest = data[start + 1 : start + width]
    if len(rest) < width - 1:
        return "yaml: incomplete UTF-8 octet sequence"
    if any(octet & 0xC0 != 0x80 for octet in rest):
        return "yaml: invalid trailing UTF-8 octet"
    value = lead & (0x7F >> width)
    for octet in rest:
        value = value << 6 | octet & 0x3F
    if value < (0, 0, 0x80, 0x800, 0x10000)[width]:
        return "yaml: invalid length of a UTF-8 sequence"
    return "yaml: invalid Unicode character"


def _decode_utf16(data: bytes, codec: str) -> tuple[str, ByteProblem | None]:
    try:
        return data.decode(codec), None
    except UnicodeDecodeError as error:
        start = len(data[: error.start].decode(codec))
    text = data[: len(data) & ~1].decode(codec, "surrogatepass")
    return text, ByteProblem(_utf16_message(text, start), start, min(start + 1, len(text)))


def _utf16_message(text: str, start: int) -> str:
    if start >= len(text):
        return "yaml: incomplete UTF-16 character"
    if "\udc00" <= text[start] <= "\udfff":
        return "yaml: unexpected low surrogate area"
    return "yaml: incomplete UTF-16 surrogate pair" if start + 1 >= len(text) else "yaml: expected low surrogate area"
