"""Globs as .gitignore writes them, for git's own files and for the configuration alike.

The last pattern that matches decides; `!` takes a path back in; a trailing `/` means folders only; a
pattern with a `/` inside is tied to the folder it was written for, any other matches at every depth;
`**` crosses folders, `*`, `?` and `[...]` do not. The odd corners are git's wildmatch.c too, and
tests/discovery/test_discovery.py holds them against `git check-ignore`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from kube_audit_lint.syntax.record import NamedTuple

_SPECIAL = "*?[\\"
_NEVER = r"(?!)"
_FOLDERS = "(?:.*/)?"

# git's own idea of the POSIX classes: ASCII, whatever the locale.
_CLASSES = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "blank": r" \t",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": r"\x21-\x7e",
    "lower": "a-z",
    "print": r"\x20-\x7e",
    "punct": r"\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e",
    "space": r" \t\n\r",
    "upper": "A-Z",
    "xdigit": "0-9A-Fa-f",
}


class _Rule(NamedTuple):
    """One line: what is left of it without `!`, the trailing `/` and the leading one."""

    pattern: str
    negated: bool
    folder: bool
    whole: bool


class Globs:
    """An ordered list of patterns, matched against paths relative to the folder they were written for.

    Most patterns in the world are plain names and `*.ext`; those are looked up, and a regular
    expression is compiled only when a path is matched and another pattern is there.
    """

    __slots__ = ("_endings", "_ends", "_names", "_paths", "_rules", "_wild_names", "_wild_paths")

    def __init__(self, lines: Iterable[str]) -> None:
        self._rules = [rule for rule in map(_parse, lines) if rule is not None]
        self._names: dict[str, list[int]] = {}
        self._paths: dict[str, list[int]] = {}
        self._endings: list[tuple[str, int]] = []
        self._wild_names = _Wild()
        self._wild_paths = _Wild()
        for index, rule in enumerate(self._rules):
            self._sort_in(index, rule)
        self._ends = tuple(ending for ending, _ in self._endings)

    def _sort_in(self, index: int, rule: _Rule) -> None:
        if not _is_special(rule.pattern):
            table = self._paths if rule.whole else self._names
            table.setdefault(rule.pattern, []).append(index)
        elif not rule.whole and rule.pattern[0] == "*" and not _is_special(rule.pattern[1:]):
            self._endings.append((rule.pattern[1:], index))
        else:
            (self._wild_paths if rule.whole else self._wild_names).rules.append((index, rule))

    def __bool__(self) -> bool:
        return bool(self._rules)

    def verdict(self, path: str, folder: bool = False) -> bool | None:
        """The outcome of the last pattern that matches this path alone: in, out (`!`), or None for none."""
        best = -1
        for index in self._candidates(path):
            if index > best and (folder or not self._rules[index].folder):
                best = index
        return None if best < 0 else not self._rules[best].negated

    def matches(self, path: str) -> bool:
        """Whether a file is in: by itself, or because a folder above it is."""
        at = path.find("/")
        while at > 0:
            if self.verdict(path[:at], folder=True):
                return True
            at = path.find("/", at + 1)
        return self.verdict(path) is True

    def _candidates(self, path: str) -> Iterable[int]:
        name = path[path.rfind("/") + 1 :]
        found = [*self._names.get(name, ()), *self._paths.get(path, ())]
        if name.endswith(self._ends):
            found += [index for ending, index in self._endings if name.endswith(ending)]
        if self._wild_names.rules:
            found += self._wild_names.matching(name)
        if self._wild_paths.rules:
            found += self._wild_paths.matching(path)
        return found


class _Wild:
    """Patterns with wildcards inside, by their indices: all for names, or all for paths."""

    __slots__ = ("_any", "_each", "rules")

    def __init__(self) -> None:
        self.rules: list[tuple[int, _Rule]] = []
        self._any: re.Pattern[str] | None = None
        self._each: list[tuple[int, re.Pattern[str]]] = []

    def matching(self, text: str) -> Iterable[int]:
        """The indices of those that match. All are tried at once, for most texts match none."""
        if self._any is None:
            self._any = _compile([rule for _, rule in self.rules])
        if not self._any.match(text):
            return ()
        if not self._each:
            self._each = [(index, _compile([rule])) for index, rule in self.rules]
        return [index for index, pattern in self._each if pattern.match(text)]


def _is_special(pattern: str) -> bool:
    """Whether a pattern is more than a plain name."""
    return any(sign in pattern for sign in _SPECIAL)


def _parse(line: str) -> _Rule | None:
    line = _without_trailing_spaces(line)
    if not line or line.startswith("#"):
        return None
    negated = line.startswith("!")
    body = line[1:] if negated else line
    folder = body.endswith("/")
    if folder:
        body = body[:-1]
    whole = "/" in body
    return _Rule(body[1:] if whole and body.startswith("/") else body, negated, folder, whole)


def _without_trailing_spaces(line: str) -> str:
    """The line up to its last space-free end; a space behind a backslash stays."""
    bare = line.rstrip(" ")
    backslashes = len(bare) - len(bare.rstrip("\\"))
    return line[: len(bare) + 1] if backslashes % 2 and len(bare) < len(line) else bare


def _compile(rules: list[_Rule]) -> re.Pattern[str]:
    groups = _Groups()
    alternatives = [_translate(rule.pattern, groups, rule.whole) for rule in rules]
    return re.compile(rf"(?s:{'|'.join(alternatives)})\Z")


class _Groups:
    """Hands out group names that are used once in an expression."""

    def __init__(self) -> None:
        self._count = 0

    def atomic(self, regex: str) -> str:
        """The regex matched once and never again (atomic groups came with Python 3.11)."""
        self._count += 1
        return f"(?=(?P<g{self._count}>{regex}))(?P=g{self._count})"


def _translate(pattern: str, groups: _Groups, crossing: bool) -> str:
    """The pattern as a regex; `crossing` is whether `**` may cross folders."""
    out: list[list[str]] = [[]]  # split at each `**/`
    parts: list[list[str]] = [[]]  # of the current path component, split at its stars
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if char == "*":
            regex, at = _stars(pattern, at, crossing)
            if regex:
                out[-1].append(_component(parts, groups))
                if regex == _FOLDERS:
                    out.append([])
                else:
                    out[-1].append(regex)
                parts = [[]]
            else:
                parts.append([])
            continue
        regex, at = _single(pattern, at)
        if regex == "/":
            out[-1] += [_component(parts, groups), "/"]
            parts = [[]]
        else:
            parts[-1].append(regex)
    out[-1].append(_component(parts, groups))
    first, *inner, last = ["".join(piece) for piece in (out if len(out) > 1 else [[], *out])]
    # As in a component: what is between two `**/` is as good where it matches first as anywhere later.
    return first + "".join(groups.atomic(f"(?:.*?/)??{piece}") for piece in inner) + (_FOLDERS * (len(out) > 1)) + last


def _component(parts: list[list[str]], groups: _Groups) -> str:
    """One path component. Before the last star the first match of each piece is as good as any later
    one, so none is tried twice: `*a*a*a*a*b` stays quick."""
    pieces = ["".join(part) for part in parts]
    if len(pieces) == 1:
        return pieces[0]
    inner = [groups.atomic(f"[^/]*?{piece}") for piece in pieces[1:-1]]
    return pieces[0] + "".join(inner) + "[^/]*" + pieces[-1]


def _stars(pattern: str, at: int, crossing: bool) -> tuple[str, int]:
    """The regex of `**` where it crosses folders, else ""; and where the pattern goes on."""
    end = at
    while end < len(pattern) and pattern[end] == "*":
        end += 1
    # git cuts off a literal beginning before it matches, so behind one `**` is at the start, too.
    opens = at == 0 or pattern[at - 1] == "/" or not _is_special(pattern[:at])
    if end - at < 2 or not opens or not crossing:
        return "", end
    if pattern.startswith("/", end):
        return _FOLDERS, end + 1
    return (".*", end) if end == len(pattern) or pattern.startswith("\\/", end) else ("", end)


def _single(pattern: str, at: int) -> tuple[str, int]:
    char = pattern[at]
    if char == "?":
        return "[^/]", at + 1
    if char == "[":
        return _charset(pattern, at + 1)
    if char == "\\":
        at += 1
        if at == len(pattern):
            return _NEVER, at
        char = pattern[at]
    return char if char == "/" else re.escape(char), at + 1


def _charset(pattern: str, at: int) -> tuple[str, int]:
    """The set that opens before `at`, as wildmatch.c reads it, and where it ends; without an end it never matches."""
    negated = pattern[at : at + 1] in ("!", "^")
    if negated:
        at += 1
    items: list[str] = []
    previous = ""
    first = True
    while first or pattern[at : at + 1] != "]":
        first = False
        item, previous, at = _set_item(pattern, at, previous)
        if item is None:
            return _NEVER, len(pattern)
        items.append(item)
    body = "".join(items)
    if negated:
        return f"[^/{body}]", at + 1
    return f"(?!/)[{body}]" if body else _NEVER, at + 1


def _set_item(pattern: str, at: int, previous: str) -> tuple[str | None, str, int]:
    """One item of a set as a regex, the character a `-` behind it would start from, and the next index."""
    char = pattern[at : at + 1]
    if char == "-" and previous and pattern[at + 1 : at + 2] not in ("", "]"):
        at += 1
        if pattern[at] == "\\":
            at += 1
        last = pattern[at : at + 1]
        if not last:
            return None, "", at
        return (f"{re.escape(previous)}-{re.escape(last)}" if previous <= last else ""), "", at + 1
    if char == "[" and pattern.startswith(":", at + 1):
        close = pattern.find("]", at + 2)
        if close < 0:
            return None, "", at
        if close > at + 2 and pattern[close - 1] == ":":
            return _CLASSES.get(pattern[at + 2 : close - 1]), "", close + 1
    if char == "\\":
        at += 1
        char = pattern[at : at + 1]
    return (re.escape(char) if char else None), char, at + 1
