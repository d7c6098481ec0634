"""The manifest that kubeadm writes from a configuration, with its folder of patches laid over it.

Sources: cmd/kubeadm/app/util/patches/patches.go (the files of a folder in the order of their paths),
phases/controlplane of k8s.io/kubernetes (command, volumes). What kubeadm itself puts into the command is not spelled
out here, so a patch that counts its words or its mounts is not laid over it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from kube_audit_lint.forms.common.arguments import flags_of
from kube_audit_lint.forms.common.json6902 import NotAppliedError, apply_patch
from kube_audit_lint.forms.common.kubeadm_patches import patch_name
from kube_audit_lint.forms.common.nodes import below
from kube_audit_lint.forms.common.pod import mounts_of, volumes_of
from kube_audit_lint.forms.common.strategic import NO_KEYS, POD_KEYS, merge
from kube_audit_lint.forms.kubeadm import found_in, patches_folder
from kube_audit_lint.model.server import ApiServer, Flag, Mount
from kube_audit_lint.model.value import Value
from kube_audit_lint.pipeline.composed import Variant
from kube_audit_lint.pipeline.kustomization import Object
from kube_audit_lint.syntax.nodes import Document, Entry, Mapping, Node, Scalar, Sequence
from kube_audit_lint.syntax.parts import part_of
from kube_audit_lint.syntax.source import Place

Read = Callable[[str], "tuple[Document, ...] | None"]

_COUNTED = re.compile(r"/(?:command|volumeMounts|volumes|env)/-?\d+(?:/|\Z)")


def manifests(folders: Iterable[str], near: Callable[[str], list[str]], read: Read) -> Iterator[Variant]:
    """The API servers of configurations with the patches of some folders. near: the files in and beside a folder."""
    for folder in sorted(set(folders)):
        files = near(folder)
        names = ((path, patch_name(path.rpartition("/")[2])) for path in files if path.rpartition("/")[0] == folder)
        paths = sorted(path for path, name in names if name is not None and name.target == "kube-apiserver")
        found = [one for path in files if (one := _configuration(path, folder, read)) is not None]
        if len(found) == 1:
            variant = _patched(*found[0], paths, read)
            if variant is not None:
                yield variant


def _configuration(path: str, folder: str, read: Read) -> tuple[Document, Scalar] | None:
    """The ClusterConfiguration of a file that names a folder of patches, with where it does."""
    documents = read(path) or ()
    named = next((one for each in documents if (one := patches_folder(each)) is not None), None)
    if named is None or named.value.rstrip("/").rpartition("/")[2] != folder.rpartition("/")[2]:
        return None
    roots = ((one, one.mapping) for one in documents)
    kinds = [
        one for one, root in roots if root and root.string("kind") == "ClusterConfiguration" and root.get("apiVersion")
    ]
    return (kinds[0], named) if len(kinds) == 1 else None


def _patched(document: Document, named: Scalar, paths: list[str], read: Read) -> Variant | None:
    """What the patches make of a configuration's API server; None where that is not known."""
    root = document.mapping
    assert root is not None
    alone = found_in(root, "kubeadm")
    manifest = _Manifest(alone.servers[0])
    laid: list[Node] = []
    node: Node | None = manifest.pod
    for path in paths:
        name = patch_name(path.rpartition("/")[2])
        documents = read(path)
        if name is None or documents is None or any(one.problem for one in documents):
            return None
        for patch in (one.root for one in documents if one.root is not None):
            if isinstance(node, Mapping):
                node = _with(node, patch, name.type)
                laid.append(patch)
    server = manifest.read(node) if isinstance(node, Mapping) else None
    if server is None:
        return None
    one = Object(root, root, document, ("kube-apiserver",), patches=tuple(laid))
    return Variant(one, named.place, alone._replace(servers=(server,)), (named.source.path, *paths))


def _with(node: Mapping, patch: Node, type: str) -> Node | None:
    if type != "json":
        return merge(node, patch, POD_KEYS if type == "strategic" else NO_KEYS)
    if not isinstance(patch, Sequence) or any(_is_counted(one) for one in patch.items):
        return None
    try:
        return apply_patch(node, patch)
    except NotAppliedError:
        return None


def _is_counted(operation: Node) -> bool:
    """Whether an operation counts words or mounts that kubeadm writes by itself."""
    if not isinstance(operation, Mapping):
        return True
    paths = (operation.string("path") or "", operation.string("from") or "")
    return any(_COUNTED.search(path) for path in paths) or operation.string("op") == "test"


class _Manifest:
    """The pod that kubeadm writes for an API server, as nodes at the places of the configuration."""

    def __init__(self, server: ApiServer) -> None:
        self._server = server
        self._flags: dict[int, Flag] = {}
        self._mounts: dict[int, Mount] = {}
        place = server.place
        mounts = list(server.mounts or ())
        listed = [_mapping(one.place, name=one.name.text, mountPath=one.path.text) for one in mounts]
        self._mounts = {id(node): mount for node, mount in zip(listed, mounts, strict=True)}
        self._volumes = [_mapping(one.place, name=one.name.text, hostPath=_host_path(one)) for one in mounts]
        words: list[Node] = [_scalar(place, "kube-apiserver")]
        for flag in server.flags:
            words.append(_scalar(flag.place, f"--{flag.name}={flag.value}"))
            self._flags[id(words[-1])] = flag
        container = _mapping(
            place,
            name="kube-apiserver",
            image="registry.k8s.io/kube-apiserver",
            command=_sequence(place, words),
            volumeMounts=_sequence(place, listed),
            env=_sequence(place, []),
        )
        spec = _mapping(
            place,
            containers=_sequence(place, [container]),
            hostNetwork=Scalar(place.source, place.start, place.end, "bool", "true"),
            volumes=_sequence(place, self._volumes),
        )
        metadata = _mapping(place, name="kube-apiserver", namespace="kube-system")
        self.pod = _mapping(place, apiVersion="v1", kind="Pod", metadata=metadata, spec=spec)

    def read(self, pod: Mapping) -> ApiServer | None:
        """The API server of the pod as patches have left it; what they did not touch is as it was."""
        spec = below(pod, "spec")
        containers = [one for one in spec.items("containers") if isinstance(one, Mapping)] if spec else []
        container = next((one for one in containers if one.string("name") == "kube-apiserver"), None)
        if spec is None or container is None:
            return None
        words = [*container.items("command"), *container.items("args")]
        if not words or not isinstance(words[0], Scalar) or words[0].value != "kube-apiserver":
            return None
        flags = tuple(flag for word in words[1:] for flag in self._of_word(word))
        kept = {id(node) for node in spec.items("volumes")}.issuperset(map(id, self._volumes))
        new = mounts_of(container, volumes_of(spec, pod), spec)
        pairs = zip(container.items("volumeMounts"), new, strict=False)
        mounts = tuple(self._mounts.get(id(node), mount) if kept else mount for node, mount in pairs)
        return self._server._replace(flags=flags, mounts=mounts, is_static=True)

    def _of_word(self, word: Node) -> Iterator[Flag]:
        if id(word) in self._flags:
            yield self._flags[id(word)]
        elif isinstance(word, Scalar) and word.kind == "string":
            yield from flags_of([Value(word.value, word.place)], lambda value, start, end: part_of(word, start, end))


def _scalar(place: Place, text: str) -> Scalar:
    return Scalar(place.source, place.start, place.end, "string", text)


def _sequence(place: Place, items: list[Node] | list[Mapping]) -> Sequence:
    return Sequence(place.source, place.start, place.end, list(items))


def _mapping(place: Place, **values: str | Node) -> Mapping:
    nodes = {key: _scalar(place, value) if isinstance(value, str) else value for key, value in values.items()}
    entries = {key: Entry(_scalar(place, key), node) for key, node in nodes.items()}
    return Mapping(place.source, place.start, place.end, entries)


def _host_path(mount: Mount) -> Mapping:
    volume = mount.volume
    values = {"path": volume.path.text} if volume is not None and volume.path is not None else {}
    if volume is not None and volume.type is not None:
        values["type"] = volume.type.text
    return _mapping(mount.place, **values)
