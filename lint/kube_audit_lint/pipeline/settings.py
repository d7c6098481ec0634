"""How two API servers are told to audit, compared as kube-apiserver takes it and not as the files write it."""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.kubernetes import flags
from kube_audit_lint.kubernetes.flags import LOG_PATH, POLICY_FILE, SWITCHES, WEBHOOK_CONFIG
from kube_audit_lint.kubernetes.paths import host_path
from kube_audit_lint.model.comparison import Direction, SettingChange
from kube_audit_lint.model.server import ApiServer, clean, covering
from kube_audit_lint.model.version import Versions
from kube_audit_lint.syntax.unknown import is_unknown

_KEPT = ("audit-log-maxage", "audit-log-maxbackup", "audit-log-maxsize")
"""Of more, more is kept; nothing, and 0, is without a limit but for the size of a file."""


def changes(before: ApiServer, after: ApiServer, versions: Versions) -> Iterator[SettingChange]:
    """The settings of auditing in which two servers differ; what a template decides is left out."""
    minor = versions.last
    names = dict.fromkeys(flag.name for server in (before, after) for flag in server.flags if _is_audit(flag.name))
    names |= dict.fromkeys(name for server in (before, after) for name in server.defaults if _is_audit(name))
    for name in names:
        if _known(before, name) and _known(after, name):
            one, other = (flags.comparable(name, server.value(name), minor) for server in (before, after))
            if one != other:
                yield _flag(before, after, name, one, other)
    yield from _mounts(before, after)


def _is_audit(name: str) -> bool:
    return flags.spec(name) is not None


def _known(server: ApiServer, name: str) -> bool:
    value = server.value(name)
    if value is None:
        return server.flag(name) is None and not server.partial
    return not is_unknown(value)


def _flag(before: ApiServer, after: ApiServer, name: str, one: str, other: str) -> SettingChange:
    direction, effect = _meaning(name, one, other)
    shown = [_shown(server, name, value) for server, value in ((before, one), (after, other))]
    return SettingChange(direction, f"--{name}", shown[0], shown[1], effect)


def _shown(server: ApiServer, name: str, value: str) -> str:
    if server.value(name) is None:
        return f"not set ({value})" if value else "not set"
    return value or "empty"


def _meaning(name: str, one: str, other: str) -> tuple[Direction, str]:
    if name in SWITCHES.values():
        backend = "log file" if name == LOG_PATH else "webhook"
        if bool(one) != bool(other):
            return ("less", f"nothing goes to the {backend} any more") if one else ("more", f"events go to a {backend}")
        return "differently", f"events go to another {'file' if name == LOG_PATH else 'webhook'}"
    if name == POLICY_FILE:
        return _of_policy(one, other)
    if name in _KEPT:
        return _kept(name, one, other)
    if name.endswith("-truncate-enabled"):
        return ("less", "large events lose their bodies") if other == "true" else ("more", "large events stay whole")
    return "differently", ""


def _of_policy(one: str, other: str) -> tuple[Direction, str]:
    if bool(one) == bool(other):
        return "differently", "another file is the policy"
    return ("less", "without a policy nothing is recorded") if one else ("more", "there is a policy")


def _kept(name: str, one: str, other: str) -> tuple[Direction, str]:
    try:
        first, second = (int(value or 0) for value in (one, other))
    except ValueError:
        return "differently", ""
    if name != "audit-log-maxsize":
        first, second = (value or 10**9 for value in (first, second))
    return ("less", "less of the log is kept") if second < first else ("more", "more of the log is kept")


def _mounts(before: ApiServer, after: ApiServer) -> Iterator[SettingChange]:
    """Where on the host the files lie that the flags name, and whether they may be written to."""
    for name in (POLICY_FILE, LOG_PATH, WEBHOOK_CONFIG):
        places = []
        for server in (before, after):
            path = server.value(name)
            if not path or is_unknown(path) or path == "-" or server.mounts is None or server.partial:
                break
            places.append((path, _place(server, path)))
        if len(places) == 2 and places[0][1] != places[1][1]:
            yield _mount(name, places[0][1], places[1][1])


def _place(server: ApiServer, path: str) -> str:
    mount = covering(server.mounts or (), clean(path))
    if mount is None:
        return "in the container only"
    at = host_path(server, path)
    kind = mount.volume.kind if mount.volume is not None else ""
    return (at or kind or "no volume") + (" (read-only)" if mount.read_only else "")


def _mount(name: str, one: str, other: str) -> SettingChange:
    what = f"the mount of --{name}"
    lost = name == LOG_PATH and (other == "in the container only" or other.endswith("(read-only)"))
    if lost:
        return SettingChange("less", what, one, other, "the log is lost with the container, or cannot be written")
    return SettingChange("differently", what, one, other)
