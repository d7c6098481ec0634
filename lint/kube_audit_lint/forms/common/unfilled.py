"""`${NAME}` in a policy: envsubst, Flux or a script fills it in before kube-apiserver reads the file.

No level, stage, group or verb is written like that, so a value that holds it is unknown, whatever the file is called.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from kube_audit_lint.model.document import PolicyDocument
from kube_audit_lint.model.found import Found, Note
from kube_audit_lint.syntax.nodes import Mapping, Node, Scalar
from kube_audit_lint.syntax.unknown import UNKNOWN

_NAME = re.compile(r"\$\{[A-Za-z_][^{}\r\n]*\}")


def with_unknown(found: Found, loads: Callable[[PolicyDocument], bool]) -> Found:
    """What a file holds, each `${NAME}` in the values of its policies unknown, with a note at the first of a policy.

    Text in base64 is left as it is: nothing is filled in there. loads: whether a policy loads as it stands.
    """
    notes = [note for one in found.policies if (note := _marked(one, loads)) is not None]
    return found._replace(notes=(*found.notes, *notes))


def _marked(policy: PolicyDocument, loads: Callable[[PolicyDocument], bool]) -> Note | None:
    if policy.root is None or "${" not in policy.root.source.text:
        return None
    as_it_stands = "" if loads(policy) else "; as it stands the policy is refused, and the server does not start"
    named = _mark(policy.root)
    if not named:
        return None
    first, name = min(named, key=lambda one: one[0].start)
    others = len({name for _, name in named}) - 1
    these = f"`{name}` has" if not others else f"`{name}` and {others} more have"
    message = f"{these} to be filled in before kube-apiserver reads this: what they stand for was not checked"
    message = message if others else message.replace("they stand", "it stands")
    return Note(first.place, message + as_it_stands)


def _mark(root: Node) -> list[tuple[Scalar, str]]:
    """Marks what is unknown, and gives the scalars that hold it with the first name in each.

    Each node is looked at once: aliases may name one more often than there is time.
    """
    named: list[tuple[Scalar, str]] = []
    waiting, seen = [root], {id(root)}
    while waiting:
        node = waiting.pop()
        if isinstance(node, Scalar):
            name = _NAME.search(node.value)
            if name is not None:
                named.append((node, name[0]))
                node.value = _NAME.sub(lambda found: UNKNOWN * len(found[0]), node.value)
            continue
        below = [one.value for one in node.entries.values()] if isinstance(node, Mapping) else node.items
        waiting += [one for one in below if id(one) not in seen]
        seen.update(map(id, below))
    return named
