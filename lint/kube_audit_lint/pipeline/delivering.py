"""Which files are brought to the host of an API server, and whether anything else of the repository brings its policy.

A form knows the files of its own object, and their names alone where these lie beside it. Here the latter are looked
up, and the rest of the repository is asked before anybody reports that nothing brings a path: another role, another
object, a script.
"""

from __future__ import annotations

from kube_audit_lint.kubernetes.paths import brought_file, host_path, is_brought_by, policy_path, webhook_path
from kube_audit_lint.model.server import ApiServer, HostFile
from kube_audit_lint.pipeline.locating import Locator
from kube_audit_lint.pipeline.repository import Repository, absolute
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from kube_audit_lint.model.document import PolicyDocument


class Delivered(NamedTuple):
    """The files that are brought to a server's host. elsewhere: paths that another file of the repository brings."""

    files: tuple[HostFile, ...] = ()
    elsewhere: frozenset[str] = frozenset()


NOTHING = Delivered()


class Deliveries:
    """Looks up what is brought to the hosts of a repository's servers."""

    def __init__(self, repository: Repository, policies: Locator[PolicyDocument]) -> None:
        self._repository = repository
        self._policies = policies

    def of(self, server: ApiServer) -> Delivered:
        """The files that a server finds on its host, with what is in those that lie beside the form's own."""
        lacking = [at for at in _lacking(server) if at is not None]
        if not lacking:
            return Delivered(server.files)
        files = tuple(self._with_content(server, file) for file in server.files)
        own = absolute(server.source.path)
        return Delivered(files, frozenset(at for at in lacking if self._is_brought(at, own)))

    def _with_content(self, server: ApiServer, file: HostFile) -> HostFile:
        if file.content is not None or file.local is None:
            return file
        return file._replace(content=self._policies.of_file(server, file).document)

    def _is_brought(self, at: str, own: str) -> bool:
        """Whether another file brings a path to a host."""
        raw = at.encode("utf-8", "surrogateescape")
        others = (self._repository.content(path) for path in self._repository.paths if path != own)
        return any(raw in data and is_brought_by(data.decode(errors="replace"), at) for data in others)


def _lacking(server: ApiServer) -> list[str | None]:
    """The paths on the host that a server reads and its form brings nothing to, though it brings files."""
    if not server.files or (server.partial and not server.files_known):
        return []
    paths = (policy_path(server) if server.policy is None else None, webhook_path(server))
    return [host_path(server, path) for path in paths if path and brought_file(server, path) is None]
