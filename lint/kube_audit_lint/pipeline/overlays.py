"""API servers that kustomizations make of a base and patches: what runs is more than each file shows.

What can be put together replaces what the forms found in the base and in the patches; each node keeps its place. What
cannot leaves the base and the patches parts. Source: kubernetes-sigs/kustomize api/types/kustomization.go.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from kube_audit_lint.discovery.look import MANIFEST_ENDS
from kube_audit_lint.model.found import Found, Note
from kube_audit_lint.pipeline.building import Builder
from kube_audit_lint.pipeline.composed import Variant, variants
from kube_audit_lint.pipeline.composition import Composition
from kube_audit_lint.pipeline.kustomization import CannotBuildError
from kube_audit_lint.syntax.nodes import Document
from kube_audit_lint.syntax.record import NamedTuple

_LISTS = re.compile(
    rb"(?m)^[\"']?(resources|bases|components|images|patches\w*|(?:configMap|secret)Generator)[\"']?:"
    rb"(.*(?:\n(?:[ \t-].*)?$)*)"
)
_ITEM = re.compile(rb"(?m)(?:^|[\[,])[ \t]*-?[ \t]*(?:path:[ \t]*)?[\"']?([\w./-]+)[\"']?(?=[ \t]*(?:$|[#\],]))")
_PATH = re.compile(rb"path:[ \t]*[\"']?([\w./-]+)")
_COMPONENT = re.compile(rb"(?m)^kind:[ \t]*Component\b")
_OURS = re.compile(rb"audit|api-?server|Kubeadm|hyperkube")
_LARGEST = 200_000
_MOST = 500
"""Folders of a repository that are followed, and kustomizations that are put together."""


class _Lists(NamedTuple):
    """What a look at a kustomization's bytes finds. folders: those that it brings in. files: its other resources."""

    folders: tuple[str, ...]
    files: tuple[str, ...]
    about_audit: bool
    ours: bool
    component: bool


def composition(
    paths: Iterable[str],
    read: Callable[[str], tuple[Document, ...] | None],
    own: Callable[[str], Found],
    content: Callable[[str], bytes],
    manifests: Iterable[Variant] = (),
) -> Composition:
    """What the kustomizations at some absolute paths make of the files of a repository.

    read: the documents of a file of the repository. own: what the forms find in it by itself.
    content: the bytes of any file. manifests: what kubeadm's patches make of its configurations.
    """
    looked = {path.rpartition("/")[0]: (path, _look(path, content)) for path in paths}
    inner = {one for folder, (_, lists) in looked.items() for one in lists.folders if one != folder}
    builder = Builder(read)
    made = list(manifests)
    notes: list[Note] = []
    parts: set[str] = set()
    for folder, (path, lists) in looked.items():
        reached = [] if folder in inner or lists.component else list(_reached(folder, looked))
        if len(made) > _MOST or not any(looked[one][1].ours for one in reached):
            continue
        try:
            made += variants(path, builder)
        except CannotBuildError as error:
            if any(looked[one][1].about_audit for one in reached):
                notes += _note(error)
                parts.update(file for one in reached for file in looked[one][1].files)
    return Composition(made, own, parts, notes)


def _note(error: CannotBuildError) -> Iterator[Note]:
    if error.place is not None:
        message = f"{error.why}: base and patches were not put together, and each was checked as a part"
        yield Note(error.place, message)


def _reached(folder: str, looked: dict[str, tuple[str, _Lists]]) -> Iterator[str]:
    """A folder with the folders of kustomizations that it brings in, by itself or through others."""
    waiting = [folder]
    seen: set[str] = set()
    while waiting and len(seen) < _MOST:
        one = waiting.pop()
        if one not in seen and one in looked:
            seen.add(one)
            yield one
            waiting += looked[one][1].folders


def _look(path: str, content: Callable[[str], bytes]) -> _Lists:
    """What a kustomization brings in and whether it changes something of ours; nothing is parsed for it."""
    data, folder = content(path)[:_LARGEST], path.rpartition("/")[0]
    lists = [(one[1].decode(), one[2]) for one in _LISTS.finditer(data)]
    items = [at for name, text in lists if name in ("resources", "bases", "components") for at in _items(folder, text)]
    files = tuple(at for at in items if at.endswith(MANIFEST_ENDS))
    changing = [(name, text) for name, text in lists if name.startswith("patches") or name.endswith("Generator")]
    texts = [text for _, text in changing]
    texts += [content(file) for name, text in changing if name.startswith("patches") for file in _named(folder, text)]
    return _Lists(
        tuple(at for at in items if at not in files),
        files,
        any(b"audit" in text for text in texts),
        any(_OURS.search(text) for text in (*texts, *(text for name, text in lists if name == "images"))),
        _COMPONENT.search(data) is not None,
    )


def _items(folder: str, text: bytes) -> Iterator[str]:
    return (_at(folder, item) for item in _ITEM.findall(text))


def _named(folder: str, text: bytes) -> Sequence[str]:
    """The files of patches."""
    names = {*_PATH.findall(text), *_ITEM.findall(text)}
    return [at for name in names if (at := _at(folder, name)).endswith(MANIFEST_ENDS)]


def _at(folder: str, name: bytes) -> str:
    return os.path.normpath(os.path.join(folder, name.decode("utf-8", "replace"))).replace(os.sep, "/")
