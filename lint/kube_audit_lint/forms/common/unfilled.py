"""`${NAME}` in a policy: envsubst, Flux or a script fills it in before kube-apiserver reads the file.

No level, stage, group or verb is written like that, so a value that holds it is unknown, whatever the file is called.
"""

from __future__ import annotations

import re

from kube_audit_lint.model.document import PolicyDocument
from kube_audit_lint.syntax.nodes import Mapping, Node, Scalar
from kube_audit_lint.syntax.unknown import UNKNOWN

_NAME = re.compile(r"\$\{[A-Za-z_][^{}\r\n]*\}")


def with_unknown(policy: PolicyDocument) -> PolicyDocument:
    """The policy, each `${NAME}` in its values unknown. Text in base64 is left as it is: nothing is filled in there."""
    if policy.root is not None and "${" in policy.root.source.text:
        _mark(policy.root)
    return policy


def _mark(root: Node) -> None:
    """Each node is looked at once: aliases may name one more often than there is time."""
    waiting, seen = [root], {id(root)}
    while waiting:
        node = waiting.pop()
        if isinstance(node, Scalar):
            node.value = _NAME.sub(lambda found: UNKNOWN * len(found[0]), node.value)
            continue
        below = [one.value for one in node.entries.values()] if isinstance(node, Mapping) else node.items
        waiting += [one for one in below if id(one) not in seen]
        seen.update(map(id, below))
