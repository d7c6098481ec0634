"""Reading a run's files: the named ones, and the other halves of pairs that were not named."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from kube_audit_lint.discovery import walk as discovery
from kube_audit_lint.discovery.roots import OUTSIDE, Roots
from kube_audit_lint.kubernetes.paths import policy_path
from kube_audit_lint.model.document import PolicyDocument
from kube_audit_lint.model.finding import FileError
from kube_audit_lint.model.found import Note
from kube_audit_lint.model.server import ApiServer
from kube_audit_lint.pipeline import linking
from kube_audit_lint.pipeline.config import Config
from kube_audit_lint.pipeline.documents import Collected, collect, nearby, repository_root, unreadable
from kube_audit_lint.pipeline.options import Options
from kube_audit_lint.syntax.source import Source

Progress = Callable[[int], None]


class Gathering:
    """The files of a run. `collected` are those that hold something of ours; `read` counts all.

    excluded: how many paths `exclude` names.
    """

    def __init__(self, options: Options, config: Config) -> None:
        self.options = options
        self.config = config
        self.collected: list[Collected] = []
        self.errors: list[FileError] = []
        self.read = 0
        self.excluded = 0
        self.notes: list[Note] = []
        self._by_base: dict[str, list[str]] = {}

    def read_all(self, progress: Progress) -> None:
        if self.options.stdin is not None:
            name, data = self.options.stdin
            self._take(name, data, self.config.hint(name) or "", always=True)
            self.read += 1
        paths, embedded = self.options.paths, self.options.embedded
        for path in discovery.walk(paths, self.config, self.errors.append, embedded, self._left_out):
            self.read += 1
            progress(self.read)
            self._by_base.setdefault(os.path.basename(path), []).append(path)
            self._look_at(path)

    def _left_out(self, path: str, why: str) -> None:
        if why == discovery.EXCLUDED:
            self.excluded += 1
        else:
            self.notes.append(Note(Source(path, "").place(), why))

    def _look_at(self, path: str, *, hint: str = "", reported: bool = True) -> None:
        hint = hint or self.config.hint(path) or ""
        try:
            data = discovery.read_bytes(path, always=bool(hint))
        except OSError as error:
            self.errors.append(unreadable(path, error))
            return
        except discovery.TooLarge as error:
            self._too_large(path, hint, str(error))
            return
        self._take(path, data, hint, reported=reported)

    def _too_large(self, path: str, hint: str, message: str) -> None:
        """What is surely meant as configuration is an error; a dump that only holds the words is not."""
        if hint or discovery.named_policy(path):
            self.errors.append(FileError(path, message))
        else:
            self.notes.append(Note(Source(path, "").place(), message))

    def _take(self, path: str, data: bytes, hint: str, *, reported: bool = True, always: bool = False) -> None:
        if not (hint or always or discovery.worth_parsing(data, path)):
            return
        try:
            one = collect(path, data, hint=hint, embedded=self.options.embedded, reported=reported)
        except Exception as error:  # one file's fault must not hide the others' findings
            self.errors.append(FileError(path, f"internal error while reading: {type(error).__name__}: {error}"))
            return
        if one is not None:
            self.collected.append(one)

    def read_counterparts(self) -> None:
        """The policies that servers load and the servers that load policies, where they were not named."""
        units = [server for server in self._servers() if server.flag_files]
        if units:
            from kube_audit_lint.pipeline.environments import joined

            with_units = [one.found.with_servers(lambda server: joined(server, units)) for one in self.collected]
            pairs = zip(self.collected, with_units, strict=True)
            self.collected = [one._replace(found=found) for one, found in pairs]
        self._policies_by_mount()
        if self.options.paths and any(not os.path.isdir(path) for path in self.options.paths):
            self._unnamed()

    def _policies_by_mount(self) -> None:
        """Files that only a manifest's mount makes policies: they say nothing of themselves."""
        for server in self._unlinked():
            name = linking.wanted_name(server)
            for path in self._by_base.get(name or "", ()):
                if not self._known(path) and linking.surely(server, path):
                    self._look_at(path, hint="policy")

    def _unnamed(self) -> None:
        wanted = {name for server in self._unlinked() if (name := linking.wanted_name(server))}
        unloaded = {
            os.path.basename(name)
            for one in self.collected
            for policy in one.found.policies
            if policy.whole_file
            for name in policy.names or (one.source.path,)
        }
        unloaded -= {linking.wanted_name(server) for server in self._servers()}
        starts = [one.source.path for one in self.collected]
        if not (wanted or unloaded) or not starts:
            return
        root = repository_root(".")
        roots = Roots(self.options.paths)
        seen = {os.path.realpath(path) for paths in self._by_base.values() for path in paths}
        for start in starts:
            for path, real in nearby(start, root):
                if real in seen:
                    continue
                seen.add(real)
                if roots.hold(real):
                    self._counterpart(path, wanted, unloaded)
                elif os.path.basename(path) in wanted:
                    self._left_out(path, OUTSIDE)

    def _counterpart(self, path: str, wanted: set[str], unloaded: set[str]) -> None:
        if os.path.basename(path) in wanted or (unloaded and discovery.may_configure_server(path, unloaded)):
            self._look_at(path, reported=False)

    def _servers(self) -> Iterator[ApiServer]:
        return (server for one in self.collected for server in one.found.servers)

    def _policies(self) -> list[PolicyDocument]:
        return [policy for one in self.collected for policy in one.found.policies]

    def _unlinked(self) -> list[ApiServer]:
        links = linking.link(self._servers(), self._policies(), self.config.linked_policy)
        return [link.server for link in links if link.policy is None and policy_path(link.server)]

    def _known(self, path: str) -> bool:
        return any(one.source.path == path and one.found.policies for one in self.collected)
