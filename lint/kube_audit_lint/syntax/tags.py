"""Tags and directives: rare, and so a module that is loaded only when one is met."""

from __future__ import annotations

import re

from kube_audit_lint.syntax.chars import BLANK_OR_END, ENDS, YamlError

_WORD = re.compile("[0-9A-Za-z_-]*")
_BLANKS = re.compile("[ \t]*")
_URI = re.compile(r"[0-9A-Za-z_\-;/?:@&=+$,.!~*'()\[\]]*")
_ESCAPED = re.compile("%([0-9a-fA-F]{2})")
_REST = re.compile(rf"[ \t]*(?:#[^{ENDS}]*)?")
_DIGITS = re.compile("[0-9]*")


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at


def scan_tag(text: str, start: int) -> tuple[str, str, int]:
    """The handle, the suffix and the end of a tag."""
    if text[start + 1] == "<":
        handle = ""
        suffix, end = _uri(text, start + 2, start, "")
        if text[end] != ">":
            raise YamlError("did not find the expected '>'", end, start)
        end += 1
    else:
        handle, at = _handle(text, start, start, False)
        if len(handle) > 1 and handle[-1] == "!":
            suffix, end = _uri(text, at, start, "")
        else:
            suffix, end = _uri(text, at, start, handle)
            handle = "!"
            if not suffix:
                handle, suffix = "", "!"
    if text[end] not in BLANK_OR_END:
        raise YamlError("did not find expected whitespace or line break", end, start)
    return handle, suffix, end


def _handle(text: str, at: int, start: int, directive: bool) -> tuple[str, int]:
    if text[at] != "!":
        raise YamlError("did not find expected '!'", at, start)
    end = _end(_WORD, text, at + 1)
    if text[end] == "!":
        end += 1
    elif directive and end > at + 1:
        raise YamlError("did not find expected '!'", end, start)
    return text[at:end], end


def _uri(text: str, at: int, start: int, head: str) -> tuple[str, int]:
    """A tag's URI; what `head` holds behind its `!` belongs to it."""
    parts = [head[1:]]
    first = at
    while True:
        end = _end(_URI, text, at)
        parts.append(text[at:end])
        if text[end] != "%":
            if end == first and not head:
                raise YamlError("did not find expected tag URI", end, start)
            return "".join(parts), end
        char, at = _escaped(text, end, start)
        parts.append(char)


def _escaped(text: str, at: int, start: int) -> tuple[str, int]:
    """One character written as percent-encoded UTF-8."""
    octets = bytearray()
    width = 1
    while len(octets) < width:
        match = _ESCAPED.match(text, at)
        if match is None:
            raise YamlError("did not find URI escaped octet", at, start)
        octet = int(match[1], 16)
        if not octets:
            width = (
                1 if octet < 0x80 else 2 if octet >> 5 == 6 else 3 if octet >> 4 == 14 else 4 if octet >> 3 == 30 else 0
            )
            if not width:
                raise YamlError("found an incorrect leading UTF-8 octet", at, start)
        elif octet & 0xC0 != 0x80:
            raise YamlError("found an incorrect trailing UTF-8 octet", at, start)
        octets.append(octet)
        at = match.end()
    return octets.decode("utf-8", "surrogateescape"), at


def scan_directive(text: str, start: int) -> tuple[str, str, str, int]:
    """A directive: its name, its version or handle, its prefix, and the end of its line."""
    end = _end(_WORD, text, start + 1)
    name = text[start + 1 : end]
    if not name:
        raise YamlError("could not find expected directive name", end, start)
    if text[end] not in BLANK_OR_END:
        raise YamlError("found unexpected non-alphabetical character", end, start)
    prefix = ""
    if name == "YAML":
        value, end = _version(text, _end(_BLANKS, text, end), start)
    elif name == "TAG":
        value, prefix, end = _tag_directive(text, _end(_BLANKS, text, end), start)
    else:
        raise YamlError("found unknown directive name", end, start)
    end = _end(_REST, text, end)
    if text[end] not in ENDS:
        raise YamlError("did not find expected comment or line break", end, start)
    return name, value, prefix, end


def _version(text: str, at: int, start: int) -> tuple[str, int]:
    major, end = _version_number(text, at, start)
    if text[end] != ".":
        raise YamlError("did not find expected digit or '.' character", end, start)
    minor, end = _version_number(text, end + 1, start)
    return f"{major}.{minor}", end


def _version_number(text: str, at: int, start: int) -> tuple[int, int]:
    end = _end(_DIGITS, text, at)
    if end == at:
        raise YamlError("did not find expected version number", at, start)
    if end - at > 2:
        raise YamlError("found extremely long version number", at + 2, start)
    return int(text[at:end]), end


def _tag_directive(text: str, at: int, start: int) -> tuple[str, str, int]:
    handle, end = _handle(text, at, start, True)
    if text[end] not in " \t":
        raise YamlError("did not find expected whitespace", end, start)
    prefix, end = _uri(text, _end(_BLANKS, text, end), start, "")
    if text[end] not in BLANK_OR_END:
        raise YamlError("did not find expected whitespace or line break", end, start)
    return handle, prefix, end
