"""Evidence as one HTML page, to be read, printed or attached."""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.model.assessment import Assessed, Assessment, Result, Status
from kube_audit_lint.report.evidencewords import WORDS, at, called, counts, details, facts
from kube_audit_lint.report.html import Page, code, element, page, table, text
from kube_audit_lint.report.words import trouble

_CLASSES: dict[Status, str] = {"passed": "good", "failed": "bad", "manual": "warn", "not-applicable": "soft"}
_STYLE = """
.status { font-weight: 600; white-space: nowrap; }
section.panel { margin: .8rem 0; break-inside: avoid; }
section.panel h3 { margin-top: 0; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem .8rem; margin: .4rem 0; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
"""


def render(assessment: Assessment) -> Iterator[str]:
    """The whole file."""
    title = f"{assessment.title} {assessment.version}"
    body = "\n".join((element("h1", text(title)), element("p", text(counts(assessment)) + "."), *_parts(assessment)))
    yield page(Page(title, body, _STYLE))


def _parts(assessment: Assessment) -> Iterator[str]:
    yield _list((name, code(value) if name == "Files" else text(value)) for name, value in facts(assessment))
    yield element("h2", "What was looked at")
    rows = [
        (text(called(one)), code(at(one.place)), text(one.kubernetes), text(" ".join(one.notes)))
        for one in assessment.subjects
    ]
    yield table(("", "Place", "Kubernetes", ""), rows) if rows else element("p", "No API server and no audit policy.")
    yield element("h2", "Controls")
    found = [
        (f'<a href="#control-{index}">{text(one.id)}</a>', _status(one.status), text(one.title))
        for index, one in enumerate(assessment.controls)
    ]
    yield table(("Control", "Status", "Requirement"), found)
    for index, control in enumerate(assessment.controls):
        yield element("section", _control(assessment, control), class_="panel", id=f"control-{index}")
    yield from _unread(assessment)


def _status(status: Status) -> str:
    return element("span", WORDS[status], class_=f"status {_CLASSES[status]}")


def _control(assessment: Assessment, control: Assessed) -> str:
    facts = [("Status", _status(control.status) + ("" if control.scored else "; the benchmark leaves it to a person"))]
    if control.expected:
        facts.append(("Required", text(control.expected)))
    facts += [(name, text(one)) for name, one in (("To look at", control.look), ("Look also", control.hint)) if one]
    parts = [element("h3", f"{text(control.id)} {text(control.title)}"), _list(facts)]
    rows = [_result(assessment, one) for one in control.results]
    if rows:
        parts.append(table(("Of", "Status", "Place and value", "Proof"), rows))
    return "".join(parts)


def _result(assessment: Assessment, result: Result) -> tuple[str, ...]:
    more = _list((name, text(value)) for name, value in details(result))
    return (
        text(called(assessment.subjects[result.subject])),
        _status(result.status),
        code(at(result.place)) + "".join(element("div", code(one)) for one in result.values),
        text(result.proof) + more,
    )


def _list(rows: Iterator[tuple[str, str]] | list[tuple[str, str]]) -> str:
    """A list of terms; the values are HTML."""
    items = "".join(element("dt", text(name)) + element("dd", value) for name, value in rows)
    return element("dl", items) if items else ""


def _unread(assessment: Assessment) -> Iterator[str]:
    rows = [trouble(error) for error in assessment.errors]
    rows += [f"{at(note.place)}: {note.message}" for note in assessment.notes]
    if rows:
        yield element("h2", "What was not looked at")
        yield element("ul", "".join(element("li", text(row)) for row in rows))
