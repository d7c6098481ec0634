"""What a run found, written for a reader or a machine: one output format a file.

Each format is a generator of text pieces and is imported only when it is requested.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module

from kube_audit_lint.model.finding import Cause, FileError, Finding, Severity, Suppressed
from kube_audit_lint.model.found import Note
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.typed import TextIO


class RuleInfo(NamedTuple):
    """What a report tells about a rule, beside its findings.

    `search` is the message that the API server itself prints, `standards` are requirements that it
    serves, beside the controls of `catalogue/standards.py`. `page` is the address of its page, or "".
    """

    id: str
    title: str
    severity: Severity
    why: str = ""
    help: str = ""
    standards: tuple[str, ...] = ()
    search: str = ""
    page: str = ""


def standards_of(rule: RuleInfo) -> tuple[str, ...]:
    """What the rule itself names, and the controls of standards that it serves."""
    from kube_audit_lint.catalogue.standards import labels_of

    return *rule.standards, *labels_of(rule.id)


class Files(NamedTuple):
    """How many files were read, and how many policies, API servers and managed control planes they hold."""

    read: int
    policies: int
    servers: int
    managed: int = 0


class Hidden(NamedTuple):
    """What comments and the configuration keep out of the findings, so that nothing is hidden unseen.

    suppressed: findings. excluded: how many paths `exclude` leaves out. never_fails: whether the
    configuration has `fail-on: never`, of some file at least. rules_off: the rules that it turns off for some file.
    never_failing: of how many files it has that, where others may fail.
    """

    suppressed: Sequence[Suppressed] = ()
    excluded: int = 0
    never_fails: bool = False
    rules_off: Sequence[str] = ()
    never_failing: int = 0

    def count(self, cause: Cause) -> int:
        """How many findings one cause keeps out."""
        return sum(one.finding.more or 1 for one in self.suppressed if one.by == cause)


class Report(NamedTuple):
    """The outcome of a run. `findings` are in the order in which they are to be shown.

    notes: what was not checked. hidden: what a user keeps out of the findings. show_all: in text, show each finding,
    however many files have the same. quiet: findings and errors only, no summary. statistics: in text, the table
    by rule in place of the findings.
    """

    findings: Sequence[Finding]
    files: Files
    errors: Sequence[FileError] = ()
    notes: Sequence[Note] = ()
    hidden: Hidden = Hidden()
    show_all: bool = False
    quiet: bool = False
    statistics: bool = False


class Style(NamedTuple):
    """What the reader's screen can show. links: a terminal's hyperlinks. width: in columns; 0 where it is not known."""

    color: bool = False
    links: bool = False
    width: int = 0


class Format(NamedTuple):
    """An output: its module in this package, whether it shows the run's own errors to its reader, and fixes."""

    module: str
    shows_errors: bool = False
    shows_fixes: bool = False


FORMATS = {
    "text": Format("text", shows_errors=True),
    "json": Format("jsonreport", shows_fixes=True),
    "sarif": Format("sarif", shows_fixes=True),
    "github": Format("github", shows_errors=True),
    "gitlab": Format("gitlab"),
    "azure": Format("azure", shows_errors=True),
    "concise": Format("concise", shows_errors=True),
    "junit": Format("junit"),
    "markdown": Format("markdown", shows_errors=True),
    "rdjson": Format("rdjson", shows_fixes=True),
}
"""All outputs by the name that `--format` takes. A module has a function `render`, a `Render`."""

Rules = Mapping[str, RuleInfo]
Render = Callable[[Report, Rules, Style], Iterator[str]]


def write(format: str, report: Report, stream: TextIO, rules: Rules, style: Style = Style()) -> None:  # noqa: B008 (immutable)
    """Writes the report in one of `FORMATS`; what the stream cannot encode is replaced, never an error."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    render: Render = import_module(f"{__name__}.{FORMATS[format].module}").render
    for piece in render(report, rules, style):
        stream.write(_encodable(piece, encoding))


def _encodable(text: str, encoding: str) -> str:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        # A surrogate has no business on any stream; anything else is only unknown to this one.
        from kube_audit_lint.report.safe import without_surrogates

        return without_surrogates(text).encode(encoding, "backslashreplace").decode(encoding)
    return text
