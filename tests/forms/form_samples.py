"""What the tests of forms share: reading a text as a file, and holding values to the characters they stand at."""

from __future__ import annotations

from kube_audit_lint.checks._files import of_file
from kube_audit_lint.model.document import PolicyDocument
from kube_audit_lint.model.found import Found
from kube_audit_lint.model.server import ApiServer
from kube_audit_lint.pipeline.documents import collect
from kube_audit_lint.pipeline.linking import Linker
from kube_audit_lint.pipeline.repository import Repository, absolute

POLICY = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: Metadata\n"


def found_in(text: str, path: str = "file.yaml") -> Found:
    one = collect(path, text.encode())
    return Found() if one is None else one.found


def server_in(text: str, path: str = "file.yaml") -> ApiServer:
    (server,) = found_in(text, path).servers
    return server


def policy_in(text: str, path: str = "file.yaml") -> PolicyDocument:
    (policy,) = found_in(text, path).policies
    return policy


def flags(server: ApiServer) -> dict[str, str | None]:
    """The flags in the order the server reads them; each value must be what stands at its place."""
    for flag in server.flags:
        assert flag.value is None or flag.value_place.text == flag.value, flag
    return {flag.name: flag.value for flag in server.flags}


def mounts(server: ApiServer) -> dict[str, str]:
    """The paths in the container that the file asks for, with the paths on the host."""
    found = {}
    for mount in server.mounts or ():
        if mount.volume is not None and mount.volume.path is not None and mount.place != server.place:
            assert mount.path.place.text.strip("'\"") == mount.path.text
            found[mount.path.text] = mount.volume.path.text
    return found


def linked(*files: tuple[str, str]) -> PolicyDocument | None:
    """The policy that the only server among some files (path, text) loads."""
    repository = Repository({absolute(path): collect(path, text.encode()) for path, text in files})
    (server,) = (server for path in repository.paths for server in repository.servers(path))
    return Linker(repository).link(server).policy


def misshapes(text: str, path: str = "file.yaml") -> list[tuple[str, str]]:
    """Rule and underlined text of all that is reported of the file as its form has it."""
    return [(rule, hit.place.text) for rule, hit in of_file(found_in(text, path))]


def notes(text: str, path: str = "file.yaml") -> list[str]:
    return [note.message for note in found_in(text, path).notes]
