"""Paths of the API server's container: where its flags point, and where that is on the host."""

from __future__ import annotations

import os
import re

from kube_audit_lint.kubernetes.flags import POLICY_FILE, WEBHOOK_CONFIG
from kube_audit_lint.model.server import ApiServer, HostFile, clean, covering
from kube_audit_lint.syntax.unknown import UNKNOWN, is_unknown

_FLAG = r"(?i)(?:hostPath|mountPath|audit-?policy-?file|audit-?webhook-?config-?file)[\"']?\s*[:=,]\s*[\"']?\Z"
_LISTED = (
    r"(?i)\bname[\"']?\s*:\s*[\"']?audit-(?:policy|webhook-config)-file[\"']?,?\s+[\"']?value[\"']?\s*:\s*[\"']?\Z"
)
_PATH = r"(?i)path[\"']?\s*[:=]\s*[\"']?\Z"
_CONTENT = r"\b(?:content|contents|contentFrom|source|local|inline)\b"
_VARIABLE = r"(?:\}\}|\$\{\w+\}|\$\w+)"
_NEAR = 200
_ENDS = r"(?=[\s\"',;&|)}\]\\]|\Z)"

_IN_OBJECTS = ("configMap", "secret", "projected")
"""Volumes whose files come from objects of the cluster."""


def host_path(server: ApiServer, path: str) -> str | None:
    """Where a path of the container is on the host; None when it is not there."""
    if server.mounts is None:
        return clean(path)
    mount = covering(server.mounts, clean(path))
    if mount is None or mount.volume is None or mount.volume.path is None:
        return None
    below = clean(path)[len(clean(mount.path.text)) :].lstrip("/")
    parts = [mount.volume.path.text, mount.sub_path.text if mount.sub_path else "", below]
    return clean("/".join(part for part in parts if part))


def policy_path(server: ApiServer) -> str | None:
    """The path that the server is told to read its policy from; None when there is none to be known."""
    path = server.value(POLICY_FILE)
    return None if not path or is_unknown(path) else path


def webhook_path(server: ApiServer) -> str | None:
    """The path that the server is told to read its webhook's configuration from; None when there is none to be known.

    Only absolute ones: what else it is relative to is not known.
    """
    path = server.value(WEBHOOK_CONFIG)
    return None if not path or is_unknown(path) or not path.startswith("/") else path


def brought_file(server: ApiServer, path: str) -> HostFile | None:
    """The file that the form itself brings to where a path is on the host, the nearest folder's of several.

    Files out of a ConfigMap or Secret lie on no host: what brings them names their path in the container.
    """
    mount = covering(server.mounts or (), clean(path)) if server.files else None
    inside = mount is not None and mount.volume is not None and mount.volume.kind in _IN_OBJECTS
    at = clean(path) if inside else host_path(server, path)
    best: HostFile | None = None
    for file in server.files:
        folder = clean(file.path)
        if at is not None and (at == folder or at.startswith(folder.rstrip("/") + "/")):
            best = file if best is None or len(file.path) > len(best.path) else best
    return best


def may_cover(path: str, at: str) -> bool:
    """Whether a path of which only a part is known may be another one or a folder above it."""
    if not is_unknown(path):
        return False
    known = ".+".join(re.escape(one) for one in re.split(f"{UNKNOWN}+", path))
    return re.match(rf"{known}(?:/|\Z)", at) is not None


def is_brought_by(text: str, path: str) -> bool:
    """Whether a text brings a file to a path of the host: it names it elsewhere than as a setting or in a comment, be
    it with a variable for the folder."""
    name = re.escape(path.rpartition("/")[2])
    named = rf"(?:(?<![\w./-]){re.escape(path)}|{_VARIABLE}(?:/[\w.-]+)*/{name}){_ENDS}"
    return any(not _is_setting(text, found) for found in re.finditer(named, text))


def has_entry(text: str, path: str) -> bool:
    """Whether a text has an entry with a path of the host and content for it."""
    found = re.finditer(rf"(?<![\w-])path[\"']?\s*[:=]\s*[\"']?{re.escape(path)}{_ENDS}", text)
    return any(re.search(_CONTENT, text[one.end() : one.end() + _NEAR]) is not None for one in found)


def _is_setting(text: str, found: re.Match[str]) -> bool:
    """Whether a path is the value of a flag or of a mount, the path of an entry without content, or in a comment."""
    line = text[text.rfind("\n", 0, found.start()) + 1 : found.start()]
    if line.lstrip().startswith(("#", "//")) or re.search(_FLAG, line):
        return True
    if re.search(_LISTED, text[max(found.start() - _NEAR, 0) : found.start()]):
        return True
    return re.search(_PATH, line) is not None and re.search(_CONTENT, text[found.end() : found.end() + _NEAR]) is None


def taken_from(server: ApiServer, path: str) -> tuple[str, str] | None:
    """The object that a path of the container is taken from, and its key there; None for a path on the host.

    The object is `ConfigMap:NAME`, as a HostFile's `local` has it, or "" where it is not known.
    """
    file = brought_file(server, path)
    if file is not None:
        local = file.local.text if file.local is not None else ""
        named, _, key = local.rpartition("/")
        key = key or clean(path)[len(clean(file.path)) :].lstrip("/")  # a folder of all keys
        return (named, key) if local.startswith(("ConfigMap:", "Secret:")) else None
    mount = covering(server.mounts or (), clean(path))
    if mount is None or mount.volume is None or mount.volume.kind not in _IN_OBJECTS:
        return None
    below = clean(path)[len(clean(mount.path.text)) :].lstrip("/")
    key = "/".join(part for part in (mount.sub_path.text if mount.sub_path else "", below) if part)
    return mount.volume.object, (mount.volume.keys or {}).get(key, key) or os.path.basename(path)


def wanted_names(server: ApiServer) -> tuple[str, ...]:
    """The names of the files that a server takes its policy, its webhook's configuration and its flags from.

    In a repository they are called so.
    """
    names = [os.path.basename(path) for path in server.flag_files]
    for path in (policy_path(server) if server.policy is None else None, webhook_path(server)):
        if path is None:
            continue
        file, taken = brought_file(server, path), taken_from(server, path)
        names.append(os.path.basename(host_path(server, path) or path))
        names.append(os.path.basename(path))
        if taken is not None:
            names += (os.path.basename(taken[1]), taken[0].partition(":")[2])
        elif file is not None and file.local is not None:
            names.append(os.path.basename(file.local.text))
    return tuple(dict.fromkeys(name for name in names if name))
