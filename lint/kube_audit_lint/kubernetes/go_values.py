"""Flag values as the Go standard library reads and prints them.

Source: strconv (atoi.go, atof.go, atob.go, quote.go) and time (format.go) of Go 1.26, held against the real
thing by tests/data/pflag_values.json. Two changes in Go's history show in Kubernetes: number literals with
`_`, `0o`, `0b` and hexadecimal floats came with Go 1.13 (Kubernetes 1.17), quotation marks in the errors of
durations with Go 1.15 (Kubernetes 1.19).
"""

from __future__ import annotations

import re

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
TRUE = frozenset(("1", "t", "T", "TRUE", "true", "True"))
FALSE = frozenset(("0", "f", "F", "FALSE", "false", "False"))
UNITS = {"ns": 1, "us": 10**3, "µs": 10**3, "μs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9}
UNITS["h"] = 3600 * 10**9

_BASES = {"b": 2, "o": 8, "x": 16}
_ESCAPES = {7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}
# Plain texts, for re keeps what it compiled, and most runs see neither a float nor a duration.
_DECIMAL = r"[+-]?(?=[_.]*[0-9])[0-9_]*\.?[0-9_]*(?:[eE][+-]?[0-9][0-9_]*)?"
_HEXADECIMAL = r"[+-]?0[xX](?=[_.]*[0-9a-fA-F])[0-9a-fA-F_]*\.?[0-9a-fA-F_]*[pP][+-]?[0-9][0-9_]*"
_SPECIAL = r"(?ai:[+-]?inf(?:inity)?|nan)"
_TERM = r"(?s)([0-9]*)(\.[0-9]*)?([^0-9.]*)"
_FLOAT32_OVERFLOW = 2.0**128 - 2.0**103  # the nearest float32 is infinite, give or take a float64


class GoError(ValueError):
    """A value that Go refuses; str() is the text of Go's error."""


def parse_int(text: str, *, literals: bool = True) -> int:
    """strconv.ParseInt(text, 0, 64). literals: whether `_`, `0o` and `0b` are known (Go 1.13 and later)."""
    sign = text[:1] if text[:1] in ("+", "-") else ""
    base, digits = _base(text[len(sign) :], literals)
    magnitude = 0
    for character in digits:
        digit = DIGITS.find(character.lower()) if character.isascii() else -1
        if character == "_" and literals:
            continue
        if not 0 <= digit < base:
            raise _number_error("ParseInt", text, "invalid syntax")
        magnitude = magnitude * base + digit
        if magnitude >= 1 << 64:
            raise _number_error("ParseInt", text, "value out of range")
    if text == sign or not _underscores_ok(text) or (base == 16 and not digits):
        raise _number_error("ParseInt", text, "invalid syntax")
    if magnitude >= (1 << 63) + (sign == "-"):
        raise _number_error("ParseInt", text, "value out of range")
    return -magnitude if sign == "-" else magnitude


def parse_bool(text: str) -> bool:
    """strconv.ParseBool(text)."""
    if text not in TRUE and text not in FALSE:
        raise _number_error("ParseBool", text, "invalid syntax")
    return text in TRUE


def parse_float32(text: str, *, literals: bool = True) -> float:
    """strconv.ParseFloat(text, 32), rounded to what a float32 holds. literals: as in parse_int."""
    hexadecimal = literals and re.fullmatch(_HEXADECIMAL, text) is not None
    known = hexadecimal or re.fullmatch(_DECIMAL, text) or re.fullmatch(_SPECIAL, text)
    if not known or ("_" in text and not (literals and _underscores_ok(text))):
        raise _number_error("ParseFloat", text, "invalid syntax")
    if re.fullmatch(_SPECIAL, text):
        return float(text)
    try:
        plain = text.replace("_", "")
        value = float.fromhex(plain) if hexadecimal else float(plain)
    except OverflowError:
        value = float("inf")
    if abs(value) >= _FLOAT32_OVERFLOW:
        raise _number_error("ParseFloat", text, "value out of range")
    return _as_float32(value)


def parse_duration(text: str, *, quoted: bool = True) -> int:
    """time.ParseDuration(text), in nanoseconds. quoted: whether errors quote the value (Go 1.15 and
    later)."""
    invalid = GoError(f"time: invalid duration {_quote_duration(text, quoted)}")
    negative = text.startswith("-")
    rest = text[1:] if text[:1] in ("+", "-") else text
    if rest == "0":
        return 0
    if not rest:
        raise invalid
    total = 0
    while rest:
        amount, rest = _duration_term(rest, text, quoted)
        total += amount
        if amount < 0 or total > 1 << 63:
            raise invalid
    if total == 1 << 63 and not negative:
        raise invalid
    return -total if negative else total


def _duration_term(rest: str, text: str, quoted: bool) -> tuple[int, str]:
    """One number with its unit: (nanoseconds, what follows). -1 nanosecond stands for an invalid duration."""
    term = re.match(_TERM, rest)
    whole, fraction, unit = term.groups("") if term else ("", "", "")
    if not (whole or len(fraction) > 1) or len(whole.lstrip("0")) > 19 or int(whole or "0") > 1 << 63:
        return -1, rest
    if not unit:
        raise GoError(f"time: missing unit in duration {_quote_duration(text, quoted)}")
    if unit not in UNITS:
        named = _quote_duration(unit, quoted)
        raise GoError(f"time: unknown unit {named} in duration {_quote_duration(text, quoted)}")
    amount = int(whole or "0") * UNITS[unit]
    digits = fraction[1:19]
    if digits:
        amount += int(float(int(digits)) * (float(UNITS[unit]) / 10.0 ** len(digits)))
    return (amount if amount <= 1 << 63 else -1), rest[len(whole) + len(fraction) + len(unit) :]


def quote(text: str) -> str:
    """strconv.Quote(text), which is also what %q prints."""
    return '"' + "".join(map(_quote_character, text)) + '"'


def format_float32(value: float) -> str:
    """fmt's %v of a float32: the shortest decimal that reads back as the same float32."""
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "+Inf" if value > 0 else "-Inf"
    shortest = next(t for t in (f"{value:.{n}e}" for n in range(9)) if _as_float32(float(t)) == value)
    mantissa, exponent = shortest.split("e")
    if -4 <= int(exponent) < 6:
        places = max(len(mantissa.lstrip("-")) - 2, 0) - int(exponent)
        return f"{float(shortest):.{max(places, 0)}f}"
    return shortest


def _base(digits: str, literals: bool) -> tuple[int, str]:
    """The base that ParseInt's base 0 infers, and the digits after the prefix."""
    prefix = digits[1:2].lower()
    if digits.startswith("0") and len(digits) > 1:
        if prefix == "x" or (literals and prefix in _BASES and len(digits) > 2):
            return _BASES[prefix], digits[2:]
        return 8, digits[1:]
    return 10, digits


def _underscores_ok(text: str) -> bool:
    """strconv's underscoreOK: every `_` between two digits, a base prefix counting as a digit."""
    body = text[1:] if text[:1] in ("+", "-") else text
    digits = "0123456789abcdefABCDEF" if body[:2].lower() == "0x" else "0123456789"
    if len(body) > 1 and body[0] == "0" and body[1].lower() in _BASES:
        body = "0" + body[2:]
    padded = f"!{body}!"
    around = (padded[i - 1] in digits and padded[i + 1] in digits for i, c in enumerate(padded) if c == "_")
    return all(around)


def _number_error(function: str, text: str, reason: str) -> GoError:
    return GoError(f"strconv.{function}: parsing {quote(text)}: {reason}")


def _as_float32(value: float) -> float:
    import struct

    rounded: float = struct.unpack("f", struct.pack("f", value))[0]
    return rounded


def _quote_character(character: str) -> str:
    code = ord(character)
    if code in _ESCAPES:
        return _ESCAPES[code]
    if character.isprintable():
        return character
    if code < 0x20 or code == 0x7F:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _quote_duration(text: str, quoted: bool) -> str:
    """The quoting of package time: bytes outside ASCII as \\x.., nothing else but `"` and `\\` escaped."""
    if not quoted:
        return text
    shown = []
    for character in text:
        if character < " " or not character.isascii():
            shown.append("".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", "surrogateescape")))
        else:
            shown.append("\\" + character if character in '"\\' else character)
    return '"' + "".join(shown) + '"'
