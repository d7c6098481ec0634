"""A replay's figures as Markdown, for the summary of a job. Text from files is in `<code>` (`codetext`)."""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.model.replayed import Replayed
from kube_audit_lint.report.codetext import code
from kube_audit_lint.report.replaywords import Table, summary, tables


def render(found: Replayed) -> Iterator[str]:
    """The summary as a list, and the tables."""
    yield "### Audit log replayed\n\n"
    for sentence in summary(found):
        yield f"- {code(sentence.strip())}\n"
    for table in tables(found):
        yield f"\n#### {code(table.title)}\n\n"
        yield from _rows(table)


def _rows(table: Table) -> Iterator[str]:
    yield f"| {' | '.join(table.head)} |\n"
    yield f"|{'|'.join('--:' if index >= table.numbers else '---' for index in range(len(table.head)))}|\n"
    for row in table.rows:
        yield f"| {' | '.join(map(code, row))} |\n"
