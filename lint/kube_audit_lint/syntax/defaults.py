"""`${NAME:=value}` and `${NAME:-value}`: what Flux, clusterctl, envsubst or a shell fills in where nobody sets NAME.

The value is known then, and stands in the file. Sources: github.com/drone/envsubst (of Flux and clusterctl);
github.com/a8m/envsubst; IEEE Std 1003.1, Shell Command Language, 2.6.2 Parameter Expansion.
"""

from __future__ import annotations

import re

from kube_audit_lint.syntax.offsets import ChunkMap
from kube_audit_lint.syntax.source import Chunk, OffsetMap
from kube_audit_lint.syntax.unknown import UNKNOWN

_ANY = re.compile(r"(?<!\$)\$\{[A-Za-z_]\w*:[-=][^{}\r\n]*\}")
_PLAIN = re.compile(r"(?<!\$)\$\{([A-Za-z_]\w*):[-=]((?:[^{}$\r\n\"'`#: ]|[: ](?![\s#]))*)\}")
"""A default that reads the same wherever it stands."""
_SET = r"\bname[\"']?:[ \t]*[\"']?([A-Za-z_]\w*)|(?<![\w${.-])([A-Za-z_]\w*)[\"']?(?:=|:(?=\s))"
"""A variable of a container, in a script, or in what is given to Flux."""


def has_defaults(text: str) -> bool:
    """Whether some value has a default, which nobody writes where nothing fills it in."""
    return _ANY.search(text) is not None


def with_defaults(text: str, neutral: str) -> tuple[str, OffsetMap] | None:
    """The neutral text of a template with the defaults in place of unknown values; None where there are none.

    text: the file's, of the same length. A variable that the file itself sets stays unknown.
    """
    chunks: list[Chunk] = []
    at = 0
    own = _set_here(text)
    for found in _PLAIN.finditer(text):
        if neutral[found.start() : found.end()].strip(UNKNOWN) or found[1] in own:
            continue
        chunks.append((neutral[at : found.start()], at, found.start() - at))
        chunks.append((found[2], found.start(2), len(found[2])))
        at = found.end()
    if not at:
        return None
    chunks.append((neutral[at:], at, len(neutral) - at))
    return "".join([chunk[0] for chunk in chunks]), ChunkMap(chunks, OffsetMap(), 0)


def _set_here(text: str) -> set[str]:
    """The names that a file gives a value."""
    return {found[1] or found[2] for found in re.finditer(_SET, text)} if has_defaults(text) else set()
