"""Which paths of logrotate's configuration are those of audit logs that API servers of the run write."""

from __future__ import annotations

from kube_audit_lint.kubernetes.flags import LOG_PATH
from kube_audit_lint.model.finding import Related
from kube_audit_lint.model.found import Found, Misshape, Rotation
from kube_audit_lint.model.server import NEVER_ROTATED, ApiServer, clean, covering
from kube_audit_lint.syntax.unknown import is_unknown

_SIZE = "audit-log-maxsize"


def with_rotated(found: Found, servers: list[ApiServer]) -> Found:
    """What a file holds, with the paths that the servers of the run show to be audit logs, and without those of
    servers that never rotate their log, where emptying it is all that is done."""
    told: list[Misshape] = []
    excused: set[Misshape] = set()
    for one in found.rotations:
        writing = [server for server in servers if _is_log(one, server)]
        rotating = [server for server in writing if not (one.emptied and _never_rotates(server))]
        if one.likely and writing and not rotating:
            excused.add(one.misshape)
        elif rotating and not one.likely:
            flag = rotating[0].flag(LOG_PATH)
            place = flag.value_place if flag is not None else rotating[0].place
            told.append(one.misshape._replace(related=(Related(place, "kube-apiserver writes it, and rotates it"),)))
    return found._replace(misshapes=(*(one for one in found.misshapes if one not in excused), *told))


def _is_log(rotation: Rotation, server: ApiServer) -> bool:
    """Whether a path is that of a server's log on the host. A wildcard stands for no slash."""
    path = _on_host(server)
    if path is None:
        return False
    from fnmatch import fnmatchcase

    wanted, parts = rotation.pattern.split("/"), path.split("/")
    return len(wanted) == len(parts) and all(fnmatchcase(part, one) for part, one in zip(parts, wanted, strict=True))


def _on_host(server: ApiServer) -> str | None:
    """Where a server's log is on the host; None where it is not known, or not there."""
    path = server.value(LOG_PATH) or ""
    if not path.startswith("/") or is_unknown(path):
        return None
    mount = covering(server.mounts or (), clean(path))
    if server.mounts is None:
        return clean(path)
    volume = mount.volume if mount is not None else None
    if mount is None or volume is None or volume.path is None or mount.sub_path is not None:
        return None
    return clean(volume.path.text + clean(path)[len(clean(mount.path.text)) :])


def _never_rotates(server: ApiServer) -> bool:
    size = server.value(_SIZE) or ""
    return size.isdigit() and int(size) >= NEVER_ROTATED
