"""The documents of a file, or of a text inside one."""

from __future__ import annotations

from kube_audit_lint.errors import TooManyPartsError
from kube_audit_lint.syntax.decode import ByteProblem, decode, has_mark
from kube_audit_lint.syntax.nodes import Document
from kube_audit_lint.syntax.source import OffsetMap, Source
from kube_audit_lint.syntax.yaml_reader import read_yaml

# What Go's unicode.IsSpace takes for space.
_SPACES = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)


MOST_PARTS = 40_000
"""Lines and values above which a text is not read: no policy and no manifest comes near, and each costs time."""


def check_parts(text: str) -> None:
    """Raises TooManyPartsError for a text that is not to be read."""
    if len(text) > MOST_PARTS and max(text.count("\n"), text.count("\r")) + text.count(",") > MOST_PARTS:
        raise TooManyPartsError(f"more than {MOST_PARTS:,} lines and values: not checked")


def looks_like_json(text: str) -> bool:
    """Whether the API server reads the text as JSON, and as nothing else."""
    return text.lstrip(_SPACES).startswith("{")


def read_file(path: str, data: bytes) -> tuple[Source, list[Document]]:
    """A file's text and its documents."""
    text, problem = decode(data)
    source = Source(path, text)
    return source, read_documents(source, byte_problem=problem, marked=has_mark(data))


def read_documents(
    source: Source,
    text: str | None = None,
    offsets: OffsetMap | None = None,
    *,
    byte_problem: ByteProblem | None = None,
    marked: bool = False,
) -> list[Document]:
    """The documents of a source, or of `text`, which is in it where `offsets` say.

    `byte_problem` is what `decode` found; `marked` is whether a byte order mark stood first: then
    a text that starts with `{` is YAML as well.
    """
    if text is None:
        text = source.text
    offsets = offsets or OffsetMap()
    if not marked and looks_like_json(text):
        from kube_audit_lint.syntax.json_reader import read_json

        return read_json(source, text, offsets)
    return read_yaml(source, text, offsets, byte_problem, marked)
