"""What a YAML scalar means to the API server's YAML library (go-yaml v2), and how JSON writes it.

A result is a pair: the kind and the text. Strings come as they are, all else as JSON writes it.
Infinities and NaN, which JSON cannot write, keep Go's spelling (`+Inf`, `-Inf`, `NaN`).
"""

from __future__ import annotations

import re

from kube_audit_lint.syntax.nodes import Kind
from kube_audit_lint.syntax.unknown import from_outside

Resolved = tuple[Kind, str]

LONG = "tag:yaml.org,2002:"
MERGE_TAG = LONG + "merge"
UNWRITABLE = frozenset(("+Inf", "-Inf", "NaN"))
MAX_INT = (1 << 63) - 1
_MAX_UINT = (1 << 64) - 1


class ScalarError(Exception):
    """A tag and a value that do not go together."""


def _fixed() -> dict[str, Resolved]:
    table: dict[str, Resolved] = {"": ("null", "null"), "~": ("null", "null")}
    for kind, text, words in (
        ("null", "null", "null"),
        ("bool", "true", "y yes true on"),
        ("bool", "false", "n no false off"),
        ("float", "+Inf", ".inf +.inf"),
        ("float", "-Inf", "-.inf"),
    ):
        for word in words.split():
            lead = len(word) - len(word.lstrip("+-."))
            titled = word[:lead] + word[lead:].capitalize()
            for spelling in (word, titled, word.upper()):
                table[spelling] = (kind, text)  # type: ignore[assignment]
    for spelling in (".nan", ".NaN", ".NAN"):
        table[spelling] = ("float", "NaN")
    return table


_FIXED = _fixed()
_NUMBER_STARTS = frozenset("0123456789+-.")
_NUMBER_ENDS = frozenset("0123456789abcdefABCDEF._")
# Compiled when first needed: most policies hold no number at all.
_INT = r"[+-]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|[1-9][0-9]*|0)\Z"
_SIGNED_BINARY = r"(?:0b[+-]|-0b)[01]+\Z"
_FLOAT = r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z"
_DOT_FLOAT = r"\.[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+(?:_[0-9]+)*)?\Z"


def resolve_plain(value: str) -> Resolved:
    """The meaning of an untagged plain scalar."""
    known = _FIXED.get(value)
    if known is not None:
        return known
    if value[0] in _NUMBER_STARTS and value[-1] in _NUMBER_ENDS and value[:2] != "--" and value.count(".") < 2:
        return _number(value) or ("string", value)  # and not a flag, an address, a quantity such as 250m
    return "string", value


def _number(value: str) -> Resolved | None:
    if value[0] == ".":
        return _float(value) if re.match(_DOT_FLOAT, value) else None
    plain = value.replace("_", "")
    number = _integer(plain)
    if number is not None:
        return "int", str(number)
    return _float(plain) if re.match(_FLOAT, plain) else None


def _integer(text: str) -> int | None:
    if len(text) > 80:
        return None
    if text.isdecimal() and text.isascii() and text[0] != "0" and len(text) < 19:
        return int(text)  # nearly all: ports and numbers of files
    if re.match(_INT, text):
        number = _go_int(text)
        signed = text[0] in "+-"
        return number if -MAX_INT - 1 <= number <= (MAX_INT if signed else _MAX_UINT) else None
    if re.match(_SIGNED_BINARY, text):
        number = int(text.replace("0b", "", 1), 2)
        return number if abs(number) <= MAX_INT else None
    return None


def _go_int(text: str) -> int:
    digits = text.lstrip("+-")
    number = int(digits, 8 if digits[0] == "0" and digits.isdigit() else 0)
    return -number if text[0] == "-" else number


def _float(text: str) -> Resolved | None:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        return None
    return "float", json_float(number)


def json_float(number: float) -> str:
    """A float as Go's JSON encoder writes it."""
    size = abs(number)
    sign, digits, point = _digits(repr(size), number)
    if size and (size < 1e-6 or size >= 1e21):
        return sign + _exponent(digits, point, 1)
    return sign + _fixed_point(digits, point)


def _digits(text: str, number: float) -> tuple[str, str, int]:
    """The sign, the significant digits, and where among them the decimal point is."""
    mantissa, _, exponent = text.partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(digits))
    sign = "-" if number < 0 or str(number)[0] == "-" else ""
    return sign, digits.rstrip("0"), point if digits else 1


def _fixed_point(digits: str, point: int) -> str:
    if point <= 0:
        return "0." + "0" * -point + digits
    if len(digits) <= point:
        return digits + "0" * (point - len(digits)) if digits else "0"
    return digits[:point] + "." + digits[point:]


def _exponent(digits: str, point: int, width: int) -> str:
    tail = "." + digits[1:] if len(digits) > 1 else ""
    exponent = point - 1
    return f"{digits[0]}{tail}e{'-' if exponent < 0 else '+'}{abs(exponent):0{width}d}"


def json_key(kind: Kind, text: str) -> str:
    """A key of another kind as the JSON key it becomes: floats are written as 32 bit ones."""
    return _float_key(text) if kind == "float" else text


def _float_key(text: str) -> str:
    import struct

    if text in UNWRITABLE:
        return {"+Inf": ".inf", "-Inf": "-.inf", "NaN": ".nan"}[text]
    number = float(text)
    try:
        single = struct.unpack("f", struct.pack("f", number))[0]
    except OverflowError:
        single = float("inf")
    if abs(single) == float("inf"):
        return "-.inf" if number < 0 else ".inf"
    shortest = next(
        f"{abs(single):.{precision}e}"
        for precision in range(17)
        if struct.pack("f", float(f"{abs(single):.{precision}e}")) == struct.pack("f", abs(single))
    )
    sign, digits, point = _digits(shortest, number)
    if digits and not -4 <= point - 1 < 6:
        return sign + _exponent(digits, point, 2)
    return sign + _fixed_point(digits, point)


def resolve_tagged(tag: str, value: str) -> Resolved:
    """The meaning of a scalar with a tag; raises ScalarError where the server refuses it."""
    name = tag[len(LONG) :] if tag.startswith(LONG) else ""
    if name == "str":
        return "string", value
    if name == "binary":
        return "string", _binary(value)
    if name not in ("bool", "int", "float", "null", "timestamp"):
        return "string", value
    found = _untimely(name, value)
    return _agree(name, found, value)


def _untimely(name: str, value: str) -> Resolved:
    """As `resolve_plain`; timestamps are strings there as well, only their name differs."""
    return resolve_plain(value) if name != "timestamp" or not is_timestamp(value) else ("string", value)


def _agree(name: str, found: Resolved, value: str) -> Resolved:
    kind, text = found
    if name == "timestamp" and kind == "string" and is_timestamp(value):
        return found
    if kind == name:
        return found
    if name == "float" and kind == "int" and int(text) <= MAX_INT:
        return "float", json_float(float(text))
    names = {"string": "str"}
    raise ScalarError(f"yaml: cannot decode !!{names.get(kind, kind)} `{value}` as a !!{name}")


_BASE64 = r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?\Z"


def _binary(value: str) -> str:
    from binascii import a2b_base64

    packed = value.replace("\n", "").replace("\r", "")
    if not re.match(_BASE64, packed):
        raise ScalarError("yaml: !!binary value contains invalid base64 data")
    return from_outside(replace_invalid(a2b_base64(packed).decode("utf-8", "surrogateescape")))


_SURROGATE = "[\ud800-\udfff]"


def replace_invalid(text: str) -> str:
    """Each byte that is no UTF-8 as the replacement character, as Go's JSON library does."""
    return re.sub(_SURROGATE, "\ufffd", text)


_DATE = r"(\d{4})-(\d\d?)-(\d\d?)"
_CLOCK = r"(\d\d?):(\d\d?):(\d\d?)(?:[.,]\d+)?"
_TIMESTAMP = rf"{_DATE}(?:[Tt]{_CLOCK}(?:Z|[+-](\d\d):(\d\d))| {_CLOCK})?\Z"


def is_timestamp(value: str) -> bool:
    """Whether go-yaml reads the value as a date or a time."""
    match = re.match(_TIMESTAMP, value, re.ASCII)
    if not match:
        return False
    year, month, day, *clock = (int(group or 0) for group in match.groups())
    hours, minutes, seconds = (max(pair) for pair in zip(clock[:3], clock[5:], strict=True))
    if not 1 <= month <= 12 or hours > 23 or minutes > 59 or seconds > 59 or clock[3] > 24 or clock[4] > 60:
        return False
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    days = (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    return 1 <= day <= days[month - 1]
