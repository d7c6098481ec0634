"""Files of the repository that `file` and `templatefile` name, the latter with its literal variables filled in.

What a file holds by itself is read where it lies. A template says more when it is filled: its variables are known
here. It is read as a heredoc of Terraform is, which has the same syntax.

Source: Terraform's language reference, templatefile (the template is parsed as a string template is).
"""

from __future__ import annotations

import os

from kube_audit_lint.discovery.look import interesting
from kube_audit_lint.discovery.roots import read_named_by
from kube_audit_lint.forms.terraform.values import LocalFile, Values
from kube_audit_lint.syntax.decode import decode
from kube_audit_lint.syntax.hcl import LARGEST, parse_template
from kube_audit_lint.syntax.nodes import Node, PiecedScalar, Scalar
from kube_audit_lint.syntax.source import Source
from kube_audit_lint.syntax.unknown import is_unknown


def filled(node: LocalFile) -> PiecedScalar | None:
    """A template with the values of its variables; None where they say nothing, or it cannot be read."""
    known = node.variables
    if known is None or not any(_is_known(entry.value) for entry in known.entries.values()):
        return None
    path = os.path.normpath(os.path.join(os.path.dirname(node.source.path), node.path))
    text = _text(path, node.source.path)
    if text is None:
        return None
    template = parse_template(text)
    if template is None:
        return None
    values = Values(Source(path.replace(os.sep, "/"), text), lambda kind, name: None, known)
    value = values.of(template)
    return value if isinstance(value, PiecedScalar) else None


def _is_known(node: Node) -> bool:
    return isinstance(node, Scalar) and node.kind != "null" and not is_unknown(node.value)


def _text(path: str, source: str) -> str | None:
    """The text of a template within the repository, where it may hold something of ours."""
    data = read_named_by(source, path)
    text = decode(data)[0] if data is not None and interesting(data) else ""
    return text if 0 < len(text) <= LARGEST else None
