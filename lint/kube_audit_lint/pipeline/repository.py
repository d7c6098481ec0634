"""The files of a repository: those that were named, and the others, which are read when something depends on them.

A file is known by its absolute path. What `check .` reads at once and what `check FILE` reads on demand is the same
set of files (discovery/walk.py), so that both give the same answer.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property, lru_cache

from kube_audit_lint.discovery.look import KUSTOMIZATIONS, base_name, is_utf16
from kube_audit_lint.discovery.marks import ENCODED
from kube_audit_lint.discovery.walk import LIMIT
from kube_audit_lint.kubernetes.paths import wanted_names
from kube_audit_lint.model.found import Found
from kube_audit_lint.pipeline.documents import Collected, plain_documents
from kube_audit_lint.syntax.source import Source
from kube_audit_lint.syntax.typed import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from kube_audit_lint.model.document import PolicyDocument
    from kube_audit_lint.model.kubeconfig import Kubeconfig
    from kube_audit_lint.model.server import ApiServer
    from kube_audit_lint.pipeline.composed import Variant
    from kube_audit_lint.pipeline.composition import Composition
    from kube_audit_lint.syntax.nodes import Document

Read = Callable[[str, str], Collected | None]
"""Reads the file at an absolute path; `policy` as the second argument declares what it is."""

_MOST = 1 << 16
"""Bytes that hold most files whole."""

_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)

_IN_BASE64 = tuple(mark[:6] for mark in ENCODED)
"""`audit` in base64 at its three alignments."""

# One of these is in every file that another file's findings can depend on.
_MARKS = (b"udit", b"AUDIT", b"EnvironmentFile", b"profile", b"current-context", *_IN_BASE64)
_LOOKS_LIKE_PART = rb"(?i)audit|api-?server|kubeadm|containers|olume"
_STATEMENTS = ("{{", "{%", "<%", "#@")
"""One of them is in every template that may hold statements."""

_LOOKS_LIKE_SERVER = rb"(?i)(?<!system:)apiserver(?!\.k8s\.io)|hyperkube"
"""No user or API group, of which policies name some."""
_POLICY = b"audit.k8s.io/"
_BRINGS = rb"manifest|\bk8s[ \t]*:"
_SOURCE = rb"\b(?:src|template)[ \t]*[:=]"
"""Both are in tasks that copy a file into a folder of manifests, or apply one."""
_APPLIES = rb"\b(?:kubectl|oc)[ \t]|addons_include|extraManifests|rawYaml|yaml_body|lookup\("
"""What is beside the name of a file that is applied."""
_WITH_DEFAULT_POLICY = b"|".join((rb"profile\"?:|audit_log:|audit-log:|kubernetes_audit", *_IN_BASE64))
"""Forms whose distribution names the policy, and base64: the name of the policy is not in the file."""

_WITH_LOCAL_FILES = rb"extraMounts|k3d|KubeOneCluster|kwok|k0s|eckhouse"
"""Forms that name a file of the repository by its path, wherever it is."""


class HasNames(Protocol):
    """A policy or a kubeconfig."""

    @property
    def names(self) -> tuple[str, ...]: ...


def beginning(path: str) -> bytes:
    """The first megabytes of a file; nothing where it cannot be read."""
    try:
        handle = os.open(path, _FLAGS)
    except OSError:
        return b""
    try:
        # A large buffer costs more than most files: the rest of those that fill a small one is read afterwards.
        data = os.read(handle, _MOST)
        if len(data) == _MOST:
            data += os.read(handle, LIMIT - _MOST)
        return data.decode("utf-16", "replace").encode("utf-8", "replace") if is_utf16(data) else data
    except OSError:
        return b""
    finally:
        os.close(handle)


def marked(paths: Iterable[str]) -> dict[str, bytes]:
    """The same of those files that another file's findings can depend on."""
    found: dict[str, bytes] = {}
    some: dict[str, bytes] = {}
    size = 0
    for path in paths:
        some[path] = data = beginning(path)
        size += len(data)
        if size > _MOST:
            found |= _with_marks(some)
            some, size = {}, 0
    return found | _with_marks(some)


def _with_marks(files: dict[str, bytes]) -> dict[str, bytes]:
    """Those of some files that hold a mark; a search in one large text takes half as long as in hundreds of small."""
    together = b"\0".join(files.values())
    marks = [mark for mark in _MARKS if mark in together]
    return {path: data for path, data in files.items() if any(mark in data for mark in marks)} if marks else {}


class Repository:
    """The files by absolute path, with what they hold.

    files: those that are read already, None where a file holds nothing of ours. others: lists the paths of the rest.
    read: reads one of them. content: its first megabytes. marked: the same of those on which others may depend.
    names: what reports call the named ones.
    """

    def __init__(
        self,
        files: Mapping[str, Collected | None],
        others: Callable[[], Iterable[str]] = tuple,
        read: Read = lambda path, declared: None,
        content: Callable[[str], bytes] = beginning,
        marked: Callable[[Iterable[str]], dict[str, bytes]] = marked,
        names: Mapping[str, str] | None = None,
    ) -> None:
        self._files = dict(files)
        self._named = dict.fromkeys(self._files)
        self._others = others
        self._read = read
        self._content = content
        self._marked = marked
        self._servers: dict[str, tuple[ApiServer, ...]] = {}
        self._declared: dict[str, Collected | None] = {}
        self._local: dict[str, list[str]] = {}
        self._loading: dict[str, Tree] = {}
        self._holding: dict[str, Tree] = {}
        self._parsed: dict[str, tuple[Document, ...] | None] = {}
        self._naming: dict[bytes, list[str]] = {}
        self._changed: dict[str, Collected] = {}
        self._parts: dict[str, bool] = {}
        self._bringing: set[str] = set()
        self._kustomized: dict[str, bool] = {}
        self._names = names or {}

    @property
    def files(self) -> list[Collected]:
        """All that is read and holds something of ours."""
        return [file for path in list(self._files) if (file := self.file(path)) is not None]

    @cached_property
    def paths(self) -> dict[str, None]:
        """All files, the named ones first."""
        return dict.fromkeys((*self._named, *self._others()))

    @cached_property
    def _unnamed(self) -> list[str]:
        return list(self.paths)[len(self._named) :]

    @cached_property
    def _by_folder(self) -> dict[str, list[str]]:
        return _by_name((path, (path.rpartition("/")[0],)) for path in self._unnamed)

    @property
    def is_complete(self) -> bool:
        """Whether every file is named."""
        return not self._unnamed

    @property
    def _is_all_named(self) -> bool:
        """Whether every file is known to be named, without looking for others."""
        return self._others is tuple

    @cached_property
    def by_name(self) -> dict[str, list[str]]:
        """The paths by the name of the file, without the ending of a template."""
        names: dict[str, list[str]] = {}
        for path in self.paths:
            names.setdefault(base_name(path), []).append(path)
        return names

    @cached_property
    def _texts(self) -> dict[str, bytes]:
        """The content of the files that were not named, as far as others may depend on it."""
        return self._marked(self._unnamed)

    @cached_property
    def _wanted(self) -> dict[str, list[str]]:
        """The named files by the names of the policies that their servers load."""
        found = ((path, file.found.servers) for path in self._named if (file := self._files[path]) is not None)
        return _by_name((path, wanted_names(server)) for path, servers in found for server in servers)

    @cached_property
    def _contained(self) -> dict[str, list[str]]:
        """The named files by the names that what is in them has where it is mounted or written to."""
        parts: list[tuple[str, HasNames]] = [(path, one) for path in self._named for one in self.policies(path)]
        parts += [(path, one) for path in self._named for one in self.kubeconfigs(path)]
        return _by_name((path, names_of(one)) for path, one in parts)

    def file(self, path: str) -> Collected | None:
        """What a file holds, which is read when it was not; None for what is no file of the repository.

        Of a base and its patches, which kustomizations put together, what is left to each by itself.
        """
        file = self._alone(path)
        if (file is None and not self._is_all_named and not self._may_be_part(path)) or self._composition is None:
            return file
        if path not in self._composition:
            return file
        if path not in self._changed:
            file = file or self._empty(path)
            self._changed[path] = file._replace(found=self._composition.changed(path, file.found))
        return self._changed[path]

    def _alone(self, path: str) -> Collected | None:
        """What a file holds by itself."""
        if path not in self._files:
            self._files[path] = self._read(path, "") if path in self.paths else None
        return self._files[path]

    def _empty(self, path: str) -> Collected:
        """A file in which no form finds anything, as kustomizations make something of it."""
        documents = self._documents(path) or ()
        source = documents[0].source if documents else Source(self._shown(path), "")
        return Collected(source, documents, Found(), path in self._named)

    def _documents(self, path: str) -> tuple[Document, ...] | None:
        """The documents of a file of the repository; None where there is none, or a template decides what is in it."""
        if path not in self._parsed:
            file = self._alone(path)
            if file is not None:
                self._parsed[path] = None if any(mark in file.source.text for mark in _STATEMENTS) else file.documents
            else:
                known = path in self.paths
                self._parsed[path] = plain_documents(self._shown(path), self._content(path)) if known else None
        return self._parsed[path]

    @cached_property
    def _inside(self) -> dict[str, list[str]]:
        return _by_name((path, (path.rpartition("/")[0],)) for path in self.paths)

    def inside(self, folder: str) -> list[str]:
        """The files in a folder, without those of the folders below."""
        return self._inside.get(folder, [])

    def shown(self, path: str) -> str:
        """What reports call a file."""
        file = self._files.get(path)
        return self._shown(path) if file is None else file.source.path

    def _shown(self, path: str) -> str:
        """What reports call a file in which no form finds anything."""
        return self._names.get(path) or os.path.relpath(path).replace(os.sep, "/")

    def policies(self, path: str) -> tuple[PolicyDocument, ...]:
        """The policies in a file."""
        file = self.file(path)
        return () if file is None else file.found.policies

    def kubeconfigs(self, path: str) -> tuple[Kubeconfig, ...]:
        """The kubeconfigs in a file."""
        file = self.file(path)
        return () if file is None else file.found.kubeconfigs

    def servers(self, path: str) -> tuple[ApiServer, ...]:
        """The API servers of a file; those of an environment file with the flags of the unit that takes it."""
        if path not in self._servers:
            file = self.file(path)
            found = () if file is None else file.found.servers
            servers = (self._whole(one, path) for one in found)
            more = self._composition.servers(path) if file is not None and self._composition is not None else ()
            self._servers[path] = (*servers, *more)
        return self._servers[path]

    def bases(self, path: str) -> list[str]:
        """The files whose objects kustomizations put together with what a file holds."""
        return self._composition.bases(path) if self._composition is not None else []

    def _may_be_part(self, path: str) -> bool:
        """Whether kustomizations may make something of a file in which no form finds anything."""
        if path not in self._parts:
            self._parts[path] = (_is_patch(path) or any(map(self._has_kustomization, above(path)[:-1]))) and (
                base_name(path) in KUSTOMIZATIONS or re.search(_LOOKS_LIKE_PART, self._content(path)) is not None
            )
        return self._parts[path]

    def _has_kustomization(self, folder: str) -> bool:
        if folder not in self._kustomized:
            self._kustomized[folder] = any(os.path.exists(f"{folder}/{name}") for name in KUSTOMIZATIONS)
        return self._kustomized[folder]

    @cached_property
    def _composition(self) -> Composition | None:
        """What kustomizations make of the files; None without any."""
        paths = [path for name in KUSTOMIZATIONS for path in self.by_name.get(name, ())]
        folders = {path.rpartition("/")[0] for found in self.by_name.values() for path in found if _is_patch(path)}
        if not (paths or folders):
            return None
        from kube_audit_lint.pipeline.overlays import composition

        def own(path: str) -> Found:
            file = self._alone(path)
            return Found() if file is None else file.found

        return composition(paths, self._documents, own, self._content, self._manifests(folders))

    def _manifests(self, folders: set[str]) -> Iterable[Variant]:
        """What kubeadm makes of its configurations with the patches of some folders."""
        if not folders:
            return ()
        from kube_audit_lint.pipeline.manifests import manifests

        return manifests(folders, self._near, self._documents)

    def _near(self, folder: str) -> list[str]:
        """The files in a folder of kubeadm's patches, and those in the folder above that may name it."""
        inside = [path for path in self.paths if path.rpartition("/")[0] == folder]
        beside = (path for path in self.paths if path.rpartition("/")[0] == folder.rpartition("/")[0])
        return [*inside, *(path for path in beside if b"ClusterConfiguration" in self._content(path))]

    def _whole(self, server: ApiServer, path: str) -> ApiServer:
        """A server; that of an environment file with the flags of the unit that takes it."""
        if not server.variables or server.flag_files:
            return server
        from kube_audit_lint.pipeline.environments import joined, takes_from

        name = base_name(path)
        others = (one for one in self.may_load(name.removesuffix(".env")).below("/") if one != path)
        files = ((other, self.file(other)) for other in others)
        units = ((other, unit) for other, file in files if file is not None for unit in file.found.servers)
        return joined(server, path, (one for one in units if takes_from(one[1], name)))

    def declared(self, path: str) -> Collected | None:
        """A file that is meant as a policy, although its content does not show it; None where it shows otherwise."""
        if path not in self._declared:
            file = self._read(path, "policy") if path in self.paths and may_be_policy(path) else None
            is_open = file is not None and bool(file.found.policies) and _is_open(file.found.policies[0])
            self._declared[path] = file._replace(reported=path in self._named) if file and is_open else None
        return self._declared[path]

    def may_load(self, name: str) -> Tree:
        """The files whose servers may load a policy, or take an environment file, of that name."""
        if name not in self._loading:
            self._loading[name] = Tree((*self._wanted.get(name, ()), *self._mentioning(name)))
        return self._loading[name]

    def may_hold(self, name: str) -> Tree:
        """The files that may hold a policy which is called so where it is mounted or written to."""
        if name not in self._holding:
            self._holding[name] = Tree((*self._contained.get(name, ()), *self._mentioning(name)))
        return self._holding[name]

    def _mentioning(self, name: str) -> Iterator[str]:
        raw = name.encode("utf-8", "surrogateescape")
        return (path for path, data in self._texts.items() if raw in data or re.search(_WITH_DEFAULT_POLICY, data))

    def wants(self, path: str, name: str) -> bool:
        """Whether a server of a file loads a policy of that name."""
        return any(name in wanted_names(server) for server in self.servers(path))

    def by_local_path(self, name: str) -> list[str]:
        """Of the files that may load a policy of that name, those that may name it by its path in the repository."""
        if name not in self._local:
            self._local[name] = [path for path in self.may_load(name).below("/") if self._may_name_paths(path)]
        return self._local[name]

    def _may_name_paths(self, path: str) -> bool:
        data = self._texts.get(path)
        if data is not None:
            return re.search(_WITH_LOCAL_FILES, data) is not None
        return any(file.local for server in self.servers(path) for file in server.files)

    def content(self, path: str) -> bytes:
        """The first megabytes of a file; nothing where it cannot be read."""
        return self._content(path)

    def naming(self, raw: bytes) -> list[str]:
        """The files that have a text in them; all are looked into once for each text."""
        if raw not in self._naming:
            self._naming[raw] = [path for path in self.paths if raw in self._content(path)]
        return self._naming[raw]

    def read_folder(self, folder: str, policies: bool) -> None:
        """Reads the files of a folder that may be API servers, or policies too."""
        for path in self._by_folder.get(folder, ()):
            data = self._content(path)
            if re.search(_LOOKS_LIKE_SERVER, data) or (policies and _POLICY in data):
                self.file(path)

    def read_bringing(self, name: str) -> None:
        """Reads the files that may apply a policy of that name as an object, or bring it to where pods are read."""
        if name in self._bringing:
            return  # folders by the hundred have a policy of the same name
        self._bringing.add(name)
        raw = name.encode("utf-8", "surrogateescape")
        for path in (path for one in KUSTOMIZATIONS for path in self.by_name.get(one, ())):
            if raw in self._content(path):
                self.file(path)
        for path, data in self._texts.items():
            brings = raw in data and re.search(_SOURCE, data) and re.search(_BRINGS, data)
            if brings or (raw in data and re.search(_APPLIES, data)):
                self.file(path)


class Tree:
    """Paths by the folders above them."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._paths = dict.fromkeys(paths)

    @cached_property
    def _below(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for path in self._paths:
            for folder in above(path):
                found.setdefault(folder, []).append(path)
        return found

    def below(self, folder: str) -> list[str]:
        """The paths in a folder and below it."""
        return self._below.get(folder, [])

    def __contains__(self, path: str) -> bool:
        return path in self._paths


def _is_patch(path: str) -> bool:
    """Whether a file is called like one of kubeadm's patches for the API server."""
    folder, _, name = path.rpartition("/")
    return name.startswith("kube-apiserver") and ("+" in name or folder.endswith("patches"))


@lru_cache(maxsize=4096)
def _above(folder: str) -> tuple[str, ...]:
    folders = []
    while folder and folder != "/":
        folders.append(folder)
        folder = folder.rpartition("/")[0]
    return (*folders, "/")


def above(path: str) -> tuple[str, ...]:
    """The folders above an absolute path, the nearest first."""
    return _above(path.rpartition("/")[0])


def absolute(path: str) -> str:
    """The absolute path of one that reports show."""
    return _absolute(path, os.getcwd())


@lru_cache(maxsize=1 << 16)
def _absolute(path: str, folder: str) -> str:
    joined = os.path.join(folder, path)
    return (os.path.normpath(joined) if "./" in path or "//" in path else joined).replace(os.sep, "/")


def names_of(document: HasNames) -> tuple[str, ...]:
    """What a server's file may call a policy or a kubeconfig that is a part of another file."""
    return tuple(base_name(name.partition(":")[2] or name) for name in document.names)


def may_be_policy(path: str) -> bool:
    """Whether a file's name allows that it is meant as a policy although its content does not say so."""
    return re.search(r"(?i)audit|polic", base_name(path)) is not None


def _is_open(policy: PolicyDocument) -> bool:
    """Whether a document does not say itself that it is something else."""
    from kube_audit_lint.syntax.nodes import Mapping as MappingNode

    root = policy.document.root
    if not isinstance(root, MappingNode):
        return True
    group = (root.string("apiVersion") or "").partition("/")[0]
    if group not in ("", "audit.k8s.io") and root.string("kind"):
        return False
    return any(key in root.entries for key in ("rules", "omitStages", "omitManagedFields"))


def _by_name(named: Iterable[tuple[str, Iterable[str]]]) -> dict[str, list[str]]:
    paths: dict[str, list[str]] = {}
    for path, names in named:
        for name in names:
            paths.setdefault(name, []).append(path)
    return paths
