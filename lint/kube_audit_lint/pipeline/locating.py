"""Which file a path of an API server means. It never guesses: where two files fit equally well, it is none.

The path is one inside the container. The mount that covers it gives the path on the host; then what the form itself
brings to that path, or a file of the repository with the same end of its path.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator

from kube_audit_lint.discovery.look import base_name
from kube_audit_lint.kubernetes.paths import brought_file, host_path, taken_from
from kube_audit_lint.model.server import ApiServer, HostFile, clean, covering
from kube_audit_lint.pipeline.repository import Repository, Tree, above, absolute, names_of
from kube_audit_lint.syntax.source import Source
from kube_audit_lint.syntax.typed import Generic, Protocol, TypeVar
from kube_audit_lint.syntax.unknown import UNKNOWN

_OBJECTS = ("ConfigMap:", "Secret:")
"""How a HostFile's `local` begins that comes from an object: `Secret:name/key`."""

_PARTS = 6
"""How many parts of a path are compared."""

_STEPS = 2
"""How many folders up, and how many down from there, a file may be that only its name connects with a server."""


class Document(Protocol):
    """What can be located: a policy, a kubeconfig."""

    @property
    def names(self) -> tuple[str, ...]: ...

    @property
    def namespace(self) -> str: ...

    @property
    def whole_file(self) -> bool: ...

    @property
    def source(self) -> Source: ...


D = TypeVar("D", bound=Document)


class Located(Generic[D]):
    """A document, or None; then `equal` are the paths of files that fit equally well.

    others: what the object holds that a file is taken from, where it lacks the key.
    """

    __slots__ = ("document", "equal", "others")

    def __init__(self, document: D | None = None, equal: tuple[str, ...] = (), others: tuple[D, ...] = ()) -> None:
        self.document = document
        self.equal = equal
        self.others = others


class Locator(Generic[D]):
    """Finds documents of one kind in a repository.

    documents: those in a file. declared: that of a file which is surely meant as one, with any content.
    content: that of a file which a form brings.
    """

    def __init__(
        self,
        repository: Repository,
        documents: Callable[[str], tuple[D, ...]],
        declared: Callable[[str], D | None],
        content: Callable[[HostFile], D | None],
    ) -> None:
        self._repository = repository
        self._documents = documents
        self._declared = declared
        self._content = content
        self._ends: dict[str, dict[str, Tree]] = {}
        self._free: dict[tuple[str, str, str], list[str]] = {}
        self._wanting: dict[tuple[str, str], bool] = {}

    def locate(self, server: ApiServer, path: str) -> Located[D]:
        """The document at a path of the server's container."""
        brought, taken = brought_file(server, path), taken_from(server, path)
        if brought is not None:
            return self._brought(server, path, brought)
        if taken is not None:
            return self._in_object(server, *taken) or self._in_objects(server, os.path.basename(taken[1]))
        at = host_path(server, path) or clean(path)
        own = absolute(server.source.path)
        for look, where in ((self._contained, (own,)), (self._on_disk, above(own)), (self._contained, above(own))):
            found = look(server, at, where)
            if found.document is not None or found.equal:
                break
        return found

    def _brought(self, server: ApiServer, path: str, file: HostFile) -> Located[D]:
        """The document in a file that the form brings: in place, in an object's key, or on the author's machine."""
        content = self._content(file)
        if content is not None or file.local is None:
            return Located(content)
        taken = taken_from(server, path)
        if taken is not None:
            return self._in_object(server, *taken) or Located()
        below = (host_path(server, path) or "")[len(clean(file.path)) :].lstrip("/")
        local = "/".join(part for part in (file.local.text, below) if part)
        folder = os.path.dirname(absolute(server.source.path))
        for at in dict.fromkeys((os.path.normpath(os.path.join(folder, local)), absolute(os.path.normpath(local)))):
            document = self._whole(at.replace(os.sep, "/"), server, True)
            if document is not None:
                return Located(document)
        # A whole path is one of the author's machine, where the repository lies in some folder; so is one that begins
        # with a variable, or with what a template decides.
        whole = local.startswith(("/", "~", "$", UNKNOWN))
        return self._on_disk(server, local, above(absolute(server.source.path))) if whole else Located()

    def of_file(self, server: ApiServer, file: HostFile) -> Located[D]:
        """The document in a file that the form brings, whether or not the server reads it."""
        return self._brought(server, file.path, file)

    def generated(self, server: ApiServer, path: str) -> list[tuple[str, D]]:
        """The documents out of a generated object that is mounted above a path, each with its key."""
        mount = covering(server.mounts or (), clean(path)) if server.files else None
        if mount is None or mount.volume is None or not mount.volume.object or brought_file(server, path) is not None:
            return []
        folder = clean(mount.path.text).rstrip("/") + "/"
        below = [(one.path, self.of_file(server, one).document) for one in server.files if one.path.startswith(folder)]
        return [(os.path.basename(at), document) for at, document in below if document is not None]

    def _on_disk(self, server: ApiServer, at: str, folders: tuple[str, ...]) -> Located[D]:
        """The document in a file whose path has the longest end in common with `at`, the nearest of several."""
        parts, name = at.strip("/").split("/")[-_PARTS:], os.path.basename(at)
        for length in range(len(parts), 0, -1):
            end = "/".join(parts[-length:])
            for steps, folder in enumerate(folders if length > 1 else folders[: _STEPS + 1]):
                found: dict[int, list[D]] = {}
                for path in self._candidates(name, folder, end):
                    depth = path.count("/") - folder.rstrip("/").count("/") - 1
                    if length > 1 or depth <= _STEPS:
                        document = self._whole(path, server, length > 1 or steps + depth == 0)
                        if document is not None:
                            found.setdefault(depth, []).append(document)
                if found:
                    return _only(found[min(found)])
        return Located()

    def _candidates(self, name: str, folder: str, end: str) -> list[str]:
        """The files below a folder whose path ends so and that belong to no other server below it.

        A folder that holds a server which loads a file of the same name is another cluster's.
        """
        key = (name, folder, end)
        if key not in self._free:
            if name not in self._ends:
                self._ends[name] = _by_end(self._repository.by_name.get(name, ()))
            found = self._ends[name].get(end)
            self._free[key] = [
                path
                for path in (found.below(folder) if found is not None else ())
                if path.rpartition("/")[0] == folder.rstrip("/") or not self._is_wanted(name, _child(folder, path))
            ]
        return self._free[key]

    def _is_wanted(self, name: str, folder: str) -> bool:
        """Whether a server in or below a folder loads a file of that name."""
        key = (name, folder)
        if key not in self._wanting:
            paths = self._repository.may_load(name).below(folder)
            self._wanting[key] = any(self._repository.wants(path, name) for path in paths)
        return self._wanting[key]

    def _whole(self, path: str, server: ApiServer, surely: bool) -> D | None:
        """The document that a file is; `surely`: also when only the server's path makes it one."""
        if path == absolute(server.source.path):  # a manifest never loads itself
            return None
        found = self._documents(path)
        whole = next((one for one in found if one.whole_file and not one.names), None)
        if found or not surely:
            return whole
        return self._declared(path)

    def _in_object(self, server: ApiServer, named: str, key: str) -> Located[D] | None:
        """The document under a key of a ConfigMap or Secret, the nearest of this name; None where there is none."""
        name = named.partition(":")[2]
        path = absolute(server.source.path)
        for folder in (path, *above(path)) if name else ():
            held = [one for one in self._held(base_name(name), folder) if named in one.names]
            held = [one for one in held if not one.namespace or server.namespace in ("", one.namespace)]
            if held:
                found = [one for one in held if key in one.names]
                # Objects of one name in several files belong to several namespaces or clusters.
                unsure = any(map(_may_have(key), held)) or len({one.source.path for one in held}) > 1
                return _only(found) if found else Located(others=() if unsure else tuple(held))
        return None

    def _in_objects(self, server: ApiServer, key: str) -> Located[D]:
        """The document in the nearest ConfigMap or Secret with this key."""
        path = absolute(server.source.path)
        for folder in (path, *above(path)):
            held = [one for one in self._held(base_name(key), folder) if key in one.names]
            found = [one for one in held if any(name.startswith(_OBJECTS) for name in one.names)]
            if found:
                return _only(found)
        return Located()

    def _contained(self, server: ApiServer, at: str, folders: tuple[str, ...]) -> Located[D]:
        """The document that a form writes to a path on the host with the same end, in the nearest of the folders."""
        for folder in folders:
            found: dict[int, list[D]] = {}
            for document in self._held(os.path.basename(at), folder):
                ends = [_common_end(name, at) for name in document.names if "/" in name]
                if ends and max(ends) > 1 and document.whole_file:
                    found.setdefault(max(ends), []).append(document)
            if found:
                return _only(found[max(found)])
        return Located()

    def _held(self, name: str, folder: str) -> Iterator[D]:
        """The documents that are parts of files below a folder, or of one file, and are called so."""
        own = folder in self._repository.paths
        for path in (folder,) if own else self._repository.may_hold(name).below(folder):
            for document in self._documents(path):
                if name in names_of(document):
                    yield document


def _may_have(key: str) -> Callable[[Document], bool]:
    """Whether the file that holds a document may have a key in an object that no form reads, or that is put in."""
    written = re.compile(rf"(?m)^[ \t]*[\"']?{re.escape(key)}[\"']?[ \t]*:")

    def test(document: Document) -> bool:
        text = document.source.text
        return "{{" in text or written.search(text) is not None

    return test


def _only(documents: list[D]) -> Located[D]:
    """The one document; none when there are several."""
    if len(documents) == 1:
        return Located(documents[0])
    return Located(None, tuple(sorted({one.source.path for one in documents})))


def _by_end(paths: list[str] | tuple[()]) -> dict[str, Tree]:
    """Paths by each end of theirs."""
    found: dict[str, list[str]] = {}
    for path in paths:
        plain = f"{path.rpartition('/')[0]}/{base_name(path)}".strip("/").split("/")
        for length in range(1, min(len(plain), _PARTS) + 1):
            found.setdefault("/".join(plain[-length:]), []).append(path)
    return {end: Tree(ending) for end, ending in found.items()}


def _child(folder: str, path: str) -> str:
    """The folder below a folder that leads to a path."""
    start = folder.rstrip("/") + "/"
    return start + path[len(start) :].partition("/")[0]


def _common_end(one: str, two: str) -> int:
    left, right = one.strip("/").split("/"), two.strip("/").split("/")
    count = 0
    while count < min(len(left), len(right)) and left[-count - 1] == right[-count - 1]:
        count += 1
    return count
