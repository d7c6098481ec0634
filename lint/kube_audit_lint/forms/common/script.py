"""What a script does with audit policies: applies them, copies them, writes them beside a server's settings."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kube_audit_lint.forms.common.applied import applied_in, own_version, policies_by_name
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.copies import Copy, copies, misplaced_copies
from kube_audit_lint.forms.common.kubectl import BY, from_input, in_script, may_apply
from kube_audit_lint.forms.common.manifests import beside, policy_among
from kube_audit_lint.forms.common.misplaced import misplaced_in
from kube_audit_lint.model.found import Found, Misshape
from kube_audit_lint.model.server import ApiServer, HostFile
from kube_audit_lint.syntax.pieces import Piece
from kube_audit_lint.syntax.unknown import UNKNOWN

_SYNCED = ".minikube/files/"
"""The folder of a user below which files have the paths that they get on minikube's node."""
_EXPANSION = re.compile(r"\$\{[^}]*\}|\$\([^)]*\)|\$\w+|`[^`]*`|\{\{.*?\}\}")


def of_heredoc(piece: Piece, found: Found, text: str) -> Found:
    """What a heredoc holds, with what becomes of a policy in it. text: of the script."""
    if not found.policies:
        return found
    start = text.rfind("\n", 0, max(0, piece.start - 1)) + 1
    found = applied_in(found, BY) if from_input(text[start : piece.start]) else found
    return misplaced_in(found, piece.name) if piece.name else found


def of_commands(text: str, context: Context, found: Found) -> Iterator[Misshape]:
    """The policies that commands apply, or copy to where they may not be. found: what the heredocs hold."""
    if may_apply(text):
        yield from in_script(text, context, dict(policies_by_name(found)))
    if "manifest" in text:
        yield from misplaced_copies(text, context.place, context)


def with_written(found: Found, pieces: list[Piece], text: str, context: Context) -> Found:
    """The servers in a script's heredocs with the files that it writes and copies beside them."""
    named = [piece for piece in pieces if piece.name]
    if not found.servers or not named:
        return found
    policies = {name: policy for policy in found.policies if own_version(policy) for name in policy.names}
    copied = list(copies(text))

    def of(server: ApiServer) -> ApiServer:
        if server.files or not any(_holds(piece, server, context) for piece in named):
            return server
        files = [
            HostFile(known(piece.name), policies[piece.name].place, policies[piece.name])
            if piece.name in policies
            else HostFile(known(piece.name), server.place)
            for piece in named
            if not _holds(piece, server, context)
        ]
        files += [_copied(one, server, context) for one in copied]
        return server._replace(files=tuple(files), files_known=True)

    return found.with_servers(of)


def into_minikube(found: Found, written: Found, text: str, context: Context) -> Found:
    """The servers that minikube starts with the policies that the script puts into `~/.minikube/files`, from where they
    are brought to the same paths of the node. written: what the heredocs hold.

    Source: minikube's handbook, File Sync.
    """
    names = [(name, one) for one in written.policies if own_version(one) for name in one.names]
    files = [HostFile(_on_node(name), one.place, one) for name, one in names if _SYNCED in name]
    for one in copies(text) if _SYNCED in text else ():
        policy = policy_among(one.source.text, context) if _SYNCED in one.path else None
        if policy is not None:
            place = context.place(one.target.start, one.target.end)
            files.append(HostFile(_on_node(one.path), place, None, beside(policy, context, place)))

    def of(server: ApiServer) -> ApiServer:
        is_minikube = bool(files) and server.form == "minikube"
        return server._replace(files=tuple(files), files_known=True) if is_minikube else server

    return found.with_servers(of)


def _on_node(path: str) -> str:
    return "/" + path.rpartition(_SYNCED)[2]


def known(path: str) -> str:
    """A path of a script with unknown characters for what only the running script knows."""
    return _EXPANSION.sub(lambda found: UNKNOWN * len(found[0]), path)


def _holds(piece: Piece, server: ApiServer, context: Context) -> bool:
    return context.place(piece.start, piece.end).start <= server.place.start < context.place(piece.start, piece.end).end


def _copied(one: Copy, server: ApiServer, context: Context) -> HostFile:
    """A copy; where it is no policy of the repository, nothing is known of it but its path."""
    policy = policy_among(one.source.text, context)
    if policy is None:
        return HostFile(known(one.path), server.place)
    place = context.place(one.target.start, one.target.end)
    return HostFile(known(one.path), place, None, beside(policy, context, place))
