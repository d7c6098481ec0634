"""Which files are brought to the host of an API server, and whether anything else of the repository brings its policy.

A form knows the files of its own object, and their names alone where these lie beside it. Here the latter are looked
up, and the rest of the repository is asked before anybody reports that nothing brings a path: another role, another
object, a script.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kube_audit_lint.discovery.look import TASK_ENDS, base_name
from kube_audit_lint.discovery.walk import SHELL
from kube_audit_lint.kubernetes.flags import POLICY_FILE
from kube_audit_lint.kubernetes.paths import brought_file, host_path, is_brought_by, policy_path, webhook_path
from kube_audit_lint.model.server import ApiServer, HostFile
from kube_audit_lint.pipeline.locating import Locator
from kube_audit_lint.pipeline.repository import Repository, absolute, may_be_policy
from kube_audit_lint.syntax.extras import TERRAFORM
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Source
from kube_audit_lint.syntax.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from kube_audit_lint.model.document import PolicyDocument
    from kube_audit_lint.pipeline.bringing import Brought

_ON_HOST = r"/(?:etc|var|opt|srv|root|usr)/"
_LAID_OUT = r"(.*?)/(?:etc/(?:rancher|kubernetes|systemd)|var/lib/rancher)/"
_ENDS = (*TASK_ENDS, *SHELL, *TERRAFORM)
_FEW = 50
"""So many files of these kinds a folder may have whose tasks and scripts bring others: more are objects or data."""


class Delivered(NamedTuple):
    """The files that are brought to a server's host. known: whether these are all of them, although the server is a
    part. elsewhere: paths that another file of the repository brings."""

    files: tuple[HostFile, ...] = ()
    known: bool = False
    elsewhere: frozenset[str] = frozenset()


NOTHING = Delivered()


class Deliveries:
    """Looks up what is brought to the hosts of a repository's servers."""

    def __init__(self, repository: Repository, policies: Locator[PolicyDocument]) -> None:
        self._repository = repository
        self._policies = policies

    def of(self, server: ApiServer) -> Delivered:
        """The files that a server finds on its host, with what is in those that lie beside the form's own."""
        if not server.files and server.policy is None and server.flag(POLICY_FILE) is not None:
            server = server._replace(files=self._beside(server), files_known=True)
        lacking = [at for at in _lacking(server) if at is not None]
        if not lacking:
            return Delivered(server.files, server.files_known)
        files = tuple(self._with_content(server, file) for file in server.files)
        places = (server.place, *(flag.place for flag in server.flags), *(one.place for one in server.mounts or ()))
        own = {absolute(place.source.path) for place in places}  # of what is put together there are several
        elsewhere = frozenset(at for at in lacking if self._is_brought(at, own))
        return Delivered(files, server.files_known, elsewhere)

    def _beside(self, server: ApiServer) -> tuple[HostFile, ...]:
        """The files that whatever brings a server's own file to the host brings beside it: policies with where that
        is, others by their paths alone. None where no policy goes astray."""
        path = policy_path(server)
        at = host_path(server, path) if path is not None else None
        own = absolute(server.source.path)
        if at is None or not at.startswith("/") or own not in self._repository.paths:
            return ()
        hook = webhook_path(server)
        wanted = {at, (host_path(server, hook) if hook is not None else None) or at}
        files = (*self._brought_with(server, own), *self._laid_out(own, wanted))
        astray = [file for file in files if file.content is not None and not self._is_loaded(file.path, own)]
        return files if astray else ()

    def _brought_with(self, server: ApiServer, own: str) -> Iterator[HostFile]:
        groups = list(self._near(own))
        if not groups:
            return
        from kube_audit_lint.pipeline.bringing import brought_with  # nothing names most servers' files

        for one in brought_with(self._repository, own, groups):
            policy = self._policy(one)
            yield HostFile(one.path, server.place if policy is None else one.place, policy)

    def _laid_out(self, own: str, wanted: set[str]) -> Iterator[HostFile]:
        """The policies of a repository that has its files as they lie on the host (`etc/rancher/rke2/config.yaml`), and
        what it has at the paths that are wanted there."""
        found = re.match(_LAID_OUT, own) if "/etc/" in own or "/var/lib/rancher/" in own else None
        root = found[1] if found is not None else ""  # also of a host itself, of which not all may be seen
        for path in self._repository.paths if root else ():
            on_host = path.startswith(f"{root}/") and re.match(_ON_HOST, path[len(root) :]) is not None
            to = f"{path[len(root) :].rpartition('/')[0]}/{base_name(path)}"
            if path != own and on_host and (may_be_policy(path) or to in wanted):
                policies = self._repository.policies(path)
                policy = next((one for one in policies if one.whole_file and not one.names), None)
                if policy is not None or to in wanted:
                    yield HostFile(to, Source(path, "").place() if policy is None else policy.place, policy)

    def _near(self, path: str) -> Iterator[list[str]]:
        """The files near another one that name it, in groups that belong together: a role's tasks; each other by
        itself."""
        folder, _, name = path.rpartition("/")
        raw = name.encode("utf-8", "surrogateescape")
        above, _, own = folder.rpartition("/")
        groups = [self._repository.inside(f"{above}/tasks")] if own in ("templates", "files") else []
        for one in (folder, above, above.rpartition("/")[0]):
            files = [file for file in self._repository.inside(one) if file != path and file.endswith(_ENDS)]
            groups += [[file] for file in files if len(files) <= _FEW]
        for group in groups:
            texts = [file for file in group if file.endswith(_ENDS)]
            if any(raw in self._repository.content(file) for file in texts):
                yield texts

    def _policy(self, one: Brought) -> PolicyDocument | None:
        """The policy that a file is which is brought."""
        if not one.source:
            held = self._repository.policies(absolute(one.place.source.path)) if one.text else ()
            return next((policy for policy in held if one.path in policy.names), None)
        from kube_audit_lint.pipeline.bringing import candidates

        for path in candidates(absolute(one.place.source.path), one.source):
            found = self._repository.policies(path) if path in self._repository.paths else ()
            if found:
                return next((policy for policy in found if policy.whole_file and not policy.names), None)
        return None

    def _is_loaded(self, at: str, own: str) -> bool:
        """Whether a server of another file loads a path: then the policy is meant for that one."""
        raw = at.encode("utf-8", "surrogateescape")
        pattern = re.compile(rb"audit-?policy-?file[\"']?\s*[:=,]\s*[\"']?" + re.escape(raw), re.IGNORECASE)
        others = (self._repository.content(path) for path in self._repository.naming(raw) if path != own)
        return any(pattern.search(data) is not None for data in others)

    def _with_content(self, server: ApiServer, file: HostFile) -> HostFile:
        if file.content is not None or file.local is None:
            return file
        return file._replace(content=self._policies.of_file(server, file).document)

    def _is_brought(self, at: str, own: set[str]) -> bool:
        """Whether another file brings a path to a host, or one that ends in the same name and is filled in."""
        name = at.rpartition("/")[2].encode("utf-8", "surrogateescape")
        others = (self._repository.content(path) for path in self._repository.naming(name) if path not in own)
        return any(is_brought_by(data.decode(errors="replace"), at) for data in others)


def _lacking(server: ApiServer) -> list[str | None]:
    """The paths on the host that a server reads and its form brings nothing to, though it brings files."""
    if not server.files or (server.partial and not server.files_known):
        return []
    paths = (policy_path(server) if server.policy is None else None, webhook_path(server))
    return [host_path(server, path) for path in paths if path and brought_file(server, path) is None]
