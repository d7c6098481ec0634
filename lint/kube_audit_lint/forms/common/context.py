"""What a form's functions are given, and what they look like.

A form is a module or folder of `forms` with one of these functions:

    read(document: Document, context: Context) -> Found | None      for documents in YAML or JSON
    read_text(source: Source, context: Context) -> Found | None     for other texts (units, argument files)

None means: not this form. It decides by content; the file's name is the last resort.
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.model.found import Found
from kube_audit_lint.syntax.nodes import Document
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import OffsetMap, Place, Source
from kube_audit_lint.syntax.typed import Protocol


class Readers(Protocol):
    """The forms, as those see them that carry other forms in a string."""

    def of_document(self, text: str) -> Iterator[DocumentReader]:
        """The forms that may recognise a YAML or JSON document of a text."""

    def of_text(self, text: str, embedded: bool = True) -> Iterator[TextReader]:
        """The forms that may recognise a text that is no YAML or JSON. embedded: also that of scripts."""


class Reading:
    """What was read inside one file: how often each string, and how many bytes were unpacked."""

    __slots__ = ("times", "unpacked")

    def __init__(self) -> None:
        self.times: dict[tuple[int, int, str, str, str], int] = {}
        self.unpacked = 0


class Context(NamedTuple):
    """What a form may know beyond the document.

    documents: all documents of the file, in order. source: the file.
    hint: "policy" or "server" when the configuration or a link says what the file is.
    embedded: also look into heredocs and fenced blocks (`--embedded`).
    neutral: the text of a template without its template language, of the same length; None when it is none.
    name: of a text inside the file, what the file is called that it becomes (a ConfigMap's key, a path).
    offsets: of a text inside the file, where it is; None when the text is the file's own.
    inside_template: of a text inside the file, whether a template decides parts of it.
    readers: the forms, for what is in strings of the document.
    depth: how many texts lie around this one. reading: what was read inside the file so far.
    """

    source: Source
    documents: tuple[Document, ...] = ()
    hint: str = ""
    embedded: bool = False
    neutral: str | None = None
    name: str = ""
    offsets: OffsetMap | None = None
    inside_template: bool = False
    readers: Readers | None = None
    depth: int = 0
    reading: Reading | None = None

    @property
    def is_template(self) -> bool:
        """Whether a template decides parts of the text."""
        return self.inside_template or (self.neutral is not None and self.offsets is None)

    @property
    def path(self) -> str:
        """What the file is called, for forms that a name says something to."""
        return self.name or self.source.path

    @property
    def text(self) -> str:
        """The text to read: placeholders of a template are unknown values in it."""
        return self.source.text if self.neutral is None else self.neutral

    def place(self, start: int, end: int) -> Place:
        """Where the characters of the text from `start` to `end` are in the file."""
        if self.offsets is None:
            return Place(self.source, start, end)
        return Place(self.source, self.offsets.outer(start), self.offsets.outer_end(end))


class DocumentReader(Protocol):
    """The function `read` of a form's module."""

    def __call__(self, document: Document, context: Context) -> Found | None: ...


class TextReader(Protocol):
    """The function `read_text` of a form's module."""

    def __call__(self, source: Source, context: Context) -> Found | None: ...
