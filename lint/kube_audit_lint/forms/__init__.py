"""The forms in which people write audit configuration, by what their files hold.

To add a form: write a module or folder here with `read` or `read_text` (`common/context.py`) and these constants, then
run `python scripts/build_catalogue.py`, which compiles them into `discovery/marks.py`. A form never names a rule.

    MARKS      texts of which a file must hold one; without one the module is not even imported
    LOOK       for the look at a file's bytes before anything is parsed: a word, an expression that has to follow it,
               and perhaps other words of which the file must hold one, all in lower case; only where the words of
               auditing itself do not give the file away
    ORDER      when it is tried: 0 first, 9 last, 5 where there is none; among equals by name.
               The first form that recognises a document has it
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

from kube_audit_lint.discovery.marks import DOCUMENT_FORMS, TEXT_FORMS
from kube_audit_lint.forms.common.context import DocumentReader, TextReader
from kube_audit_lint.syntax.typed import cast


class AllForms:
    """Every form, imported when a text holds one of its marks."""

    def of_document(self, text: str) -> Iterator[DocumentReader]:
        """The forms that may recognise a YAML or JSON document of a text, in their order."""
        for name in _marked(DOCUMENT_FORMS, text):
            yield cast(DocumentReader, import_module(f"{__name__}.{name}").read)

    def of_text(self, text: str, embedded: bool = True) -> Iterator[TextReader]:
        """The forms that may recognise a text that is no YAML or JSON, in their order. embedded: also that of scripts
        and documentation."""
        for name in _marked(TEXT_FORMS, text):
            if embedded or name != "embedded":
                yield cast(TextReader, import_module(f"{__name__}.{name}").read_text)


def _marked(forms: dict[str, tuple[str, ...]], text: str) -> Iterator[str]:
    return (name for name, marks in forms.items() if any(mark in text for mark in marks))
