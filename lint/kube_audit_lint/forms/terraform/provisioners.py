"""The provisioner `file` of Terraform, which brings files to a machine: `source` or `content`, and `destination`.

Source: Terraform's language reference (Provisioners: file).
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.forms.common.applied import with_policy
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.manifests import beside, policy_among
from kube_audit_lint.forms.common.misplaced import misplaced
from kube_audit_lint.forms.terraform.values import Block
from kube_audit_lint.model.found import Found, Misshape
from kube_audit_lint.model.server import ApiServer, HostFile
from kube_audit_lint.syntax.nodes import Mapping, Scalar, Sequence


def provisioned(found: Found, body: Block, context: Context) -> Found:
    """What a block holds: its servers with the files that are brought beside them, and the policies that may not be
    where they are brought."""
    blocks = list(_files(body))
    if not blocks:
        return found
    found = found.with_servers(lambda server: _with_files(server, blocks, found, context))
    return found.with_misshapes(_misplaced(blocks, found, context))


def _files(body: Block) -> Iterator[tuple[Mapping, Scalar]]:
    """The blocks that bring a file, each with where to."""
    there = body.get("provisioner")
    for one in there.items if isinstance(there, Sequence) else [there]:
        to = one.get("destination") if isinstance(one, Mapping) else None
        if isinstance(one, Mapping) and isinstance(to, Scalar):
            yield one, to


def _with_files(server: ApiServer, blocks: list[tuple[Mapping, Scalar]], found: Found, context: Context) -> ApiServer:
    if server.files or not any(_is_within(server, one) for one, _ in blocks):
        return server
    policies = {name: policy for policy in found.policies for name in policy.names}
    files = []
    for one, to in blocks:
        policy = policy_among(_path(one.get("source")), context)
        local = beside(policy, context, to.place) if policy is not None else None
        place = to.place if policy is not None or to.value in policies else server.place
        if not _is_within(server, one):
            files.append(HostFile(to.value, place, policies.get(to.value), local))
    return server._replace(files=tuple(files), files_known=True)


def _is_within(server: ApiServer, block: Mapping) -> bool:
    return server.source is block.source and block.start <= server.place.start < block.end


def _path(node: object) -> str:
    return node.value if isinstance(node, Scalar) else ""


def _misplaced(blocks: list[tuple[Mapping, Scalar]], found: Found, context: Context) -> Iterator[Misshape]:
    for one, to in blocks:
        wrong = misplaced(to.place, to.value) if "manifest" in to.value else None
        if wrong is None:
            continue
        policy = policy_among(_path(one.get("source")), context)
        if policy is not None or any(to.value in brought.names for brought in found.policies):
            yield with_policy(wrong, policy)
