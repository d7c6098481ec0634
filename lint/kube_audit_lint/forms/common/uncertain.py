"""An API server out of a template: what placeholders and statements leave open is left out or marked as unknown."""

from __future__ import annotations

import re

from kube_audit_lint.model.server import ApiServer, Flag, Mount
from kube_audit_lint.syntax.unknown import UNKNOWN, is_unknown

_PLACEHOLDER = re.compile(r"\{\{|<%|%\{|#@|\$[{(\w]|`")


def left_open(server: ApiServer, partial: bool) -> ApiServer:
    """The server without what only the filled template decides.

    partial: statements decide which lines are there. Then of a flag that stands in several of them the last is
    kept, and one that has lost its value to another line has an unknown one.
    """
    flags, mounts = server.flags, server.mounts
    if partial:
        last = {flag.name: flag for flag in flags}
        flags = tuple(_with_value(flag) for flag in flags if last[flag.name] is flag)
    if mounts is not None:
        mounts = tuple(_mount(mount) for mount in mounts)
    partial = server.partial or partial or any(is_unknown(flag.name) for flag in server.flags)
    return server._replace(flags=flags, mounts=mounts, partial=partial)


def _with_value(flag: Flag) -> Flag:
    return flag if flag.value is not None else flag._replace(value=UNKNOWN)


def _mount(mount: Mount) -> Mount:
    place = mount.read_only_place
    known = place is None or _PLACEHOLDER.search(place.text) is None
    return mount if known else mount._replace(read_only_known=False)
