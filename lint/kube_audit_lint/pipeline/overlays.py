"""Files that a kustomization lays patches about auditing over: what runs is more than they show.

Source: kubernetes-sigs/kustomize api/types/kustomization.go (resources and bases are files or folders with a
kustomization of their own; patches, patchesStrategicMerge and patchesJson6902 are files or stand in place).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator

_NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_LISTS = re.compile(rb"(?m)^[\"']?(resources|bases|components|patches\w*)[\"']?:(.*(?:\n(?:[ \t-].*)?$)*)")
_ITEM = re.compile(rb"(?m)(?:^|[\[,])[ \t]*-?[ \t]*(?:path:[ \t]*)?[\"']?([\w./-]+)[\"']?(?=[ \t]*(?:$|[#\],]))")
_PATH = re.compile(rb"path:[ \t]*[\"']?([\w./-]+)")
_LARGEST = 200_000
_MOST = 500
"""Folders of a repository that are followed."""


def patched(kustomizations: Iterable[str]) -> frozenset[str]:
    """The absolute paths of the files that some kustomizations patch in what is about auditing."""
    found: set[str] = set()
    seen: set[str] = set()
    for path in kustomizations:
        lists, folder = _lists(path), path.rpartition("/")[0]
        if any(_about_audit(folder, text) for name, text in lists if name.startswith("patches")):
            found.update(_resources(folder, lists, seen))
    return frozenset(found)


def _lists(path: str) -> list[tuple[str, bytes]]:
    return [(one[1].decode(), one[2]) for one in _LISTS.finditer(_content(path))]


def _about_audit(folder: str, text: bytes) -> bool:
    """Whether patches speak of auditing, in place or in their files."""
    names = {*_PATH.findall(text), *_ITEM.findall(text)}
    files = (_at(folder, name) for name in names if name.endswith((b".yaml", b".yml", b".json")))
    return b"audit" in text or any(b"audit" in _content(file) for file in files)


def _resources(folder: str, lists: list[tuple[str, bytes]], seen: set[str]) -> Iterator[str]:
    """The files that a kustomization brings in, by itself or through others. seen: folders that were looked at."""
    if folder in seen or len(seen) > _MOST:
        return
    seen.add(folder)
    for name, text in lists:
        if name.startswith("patches"):
            continue
        for item in _ITEM.findall(text):
            at = _at(folder, item)
            if at.endswith((".yaml", ".yml", ".json")):
                yield at
            elif (inner := next((one for one in _NAMES if os.path.exists(f"{at}/{one}")), None)) is not None:
                yield from _resources(at, _lists(f"{at}/{inner}"), seen)


def _at(folder: str, name: bytes) -> str:
    return os.path.normpath(os.path.join(folder, name.decode("utf-8", "replace"))).replace(os.sep, "/")


def _content(path: str) -> bytes:
    try:
        if not os.path.isfile(path) or os.path.getsize(path) > _LARGEST:
            return b""
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""
