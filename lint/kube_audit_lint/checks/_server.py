"""What several templates need to know of an API server: its log file, spans of versions, words for them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from kube_audit_lint.kubernetes.flags import LOG_PATH, POLICY_FILE, all_names
from kube_audit_lint.model.server import ApiServer, Flag
from kube_audit_lint.model.version import Versions
from kube_audit_lint.syntax.source import Place
from kube_audit_lint.syntax.unknown import UNKNOWN, is_unknown

_STREAMS = ("/dev/std", "/dev/fd/", "/dev/null", "/dev/tty", "/dev/console", "/dev/pts/", "/proc/")


_PLACEHOLDER = (
    r"\$\{[^{}\s]+\}|\$\([^()\s]+\)|(?<!\{)\{[A-Za-z_][\w. -]*\}(?!\})|<[A-Za-z_][\w. -]*>"
    r"|\$[A-Za-z_]\w*|__[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*__"
)
_PLACEHOLDER_STARTS = ("$", "{", "<", "__")


def placeholders(text: str) -> Iterator[re.Match[str]]:
    """What instructions write where one's own value belongs. Other rules leave such values to the rule placeholder."""
    if any(start in text for start in _PLACEHOLDER_STARTS):  # in nearly no text: the pattern is compiled for it only
        yield from re.finditer(_PLACEHOLDER, text)


def is_placeholder(text: str) -> bool:
    """Whether a text holds such a value."""
    return next(placeholders(text), None) is not None


def is_set(server: ApiServer, name: str) -> bool:
    """Whether a flag has a value, by the file or the distribution; `--audit-log-path=` is as good as unset.

    A flag whose value is missing counts as set, and so does one that is misspelt: those are other mistakes.
    """
    if name == POLICY_FILE and server.policy is not None:
        return True
    value = server.value(name)
    return bool(value) or (value is None and (server.flag(name) is not None or misspelt(server, name)))


def misspelt(server: ApiServer, name: str) -> bool:
    """Whether the server is given a flag that kube-apiserver does not have, and that was meant as this one; or this
    one as the value of another, which has none."""
    if any(flag.name in all_names() and (flag.value or "").partition("=")[0] == f"--{name}" for flag in server.flags):
        return True
    unknown = [flag.name for flag in server.flags if flag.name not in all_names()]
    if not unknown:
        return False
    from kube_audit_lint.kubernetes.meant_flags import meant

    return any(meant(one) == name for one in unknown)


def log_file(server: ApiServer) -> str | None:
    """The file that the audit log is written to; None when there is none, or it may be a stream (`-`)."""
    path = server.value(LOG_PATH)
    if not path or path == "-" or path.startswith(_STREAMS) or (path[0] == UNKNOWN and not _names_file(path)):
        return None
    return path


def _names_file(path: str) -> bool:
    """Whether a path whose start a template decides is certainly no stream: `{{ directory }}/audit.log`."""
    _, slash, name = path.rpartition("/")
    return bool(slash) and "." in name


def known_path(server: ApiServer, name: str) -> str | None:
    """The absolute path that a flag gives; None when it is not set, relative, or not fully known."""
    path = server.value(name)
    if not path or not path.startswith("/") or path.startswith(_STREAMS):
        return None
    return None if is_unknown(path) or is_placeholder(path) else path


def place_of_value(server: ApiServer, name: str) -> Place:
    """Where a flag's value is written; the server's own place when the file does not say it."""
    flag = server.flag(name)
    return server.place if flag is None else flag.value_place


def name_of(char: str) -> str:
    """What a character is, for one that cannot be seen or told from another."""
    import unicodedata

    return f"U+{ord(char):04X}, {unicodedata.name(char, 'unnamed').lower()}"


def name_place(flag: Flag) -> Place:
    """Where a flag's name is written, with its dashes."""
    if flag.place.text.startswith(flag.written):
        return Place(flag.place.source, flag.place.start, flag.place.start + len(flag.written))
    return flag.place


def span(versions: Versions, holds: Callable[[int], bool]) -> Versions | None:
    """From the first to the last minor of a range for which something holds."""
    minors = [minor for minor in range(versions.first, versions.last + 1) if holds(minor)]
    return Versions(minors[0], minors[-1]) if minors else None


def who(part: Versions, checked: Versions) -> str:
    """kube-apiserver, with the versions that are meant where that is not all that were checked."""
    if part == checked:
        return f"kube-apiserver 1.{checked.first}" if checked.single else "kube-apiserver"
    if part.single:
        return f"kube-apiserver 1.{part.first}"
    if part.last == checked.last:
        return f"kube-apiserver 1.{part.first} and later"
    if part.first == checked.first:
        return f"kube-apiserver up to 1.{part.last}"
    return f"kube-apiserver 1.{part.first} to 1.{part.last}"


def only(part: Versions, checked: Versions) -> Versions | None:
    """The versions of a hit: none when it holds for all that were checked."""
    return None if part == checked else part
