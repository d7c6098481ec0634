"""The templates that rule files instantiate, one module each.

A template is a module below this package with

    SUBJECT: "policy" | "server" | "directory"    what it is called for
    PARAMS: a JSON Schema (as a dict) of the parameters a rule file may give
    check(subject, params) -> Iterator[Hit]

`params` are the rule's, already completed by the profile and the configuration. A template reports *what* it
found and where; the rule file names it, sets its severity and explains it. To add a rule: see CONTRIBUTING.md.
"""

from __future__ import annotations

from kube_audit_lint.model.advice import Advice
from kube_audit_lint.model.finding import Related, SeverityOrNone
from kube_audit_lint.model.version import Versions
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Place
from kube_audit_lint.syntax.typed import Any


class Hit(NamedTuple):
    """What a template found: at `place`, in words for a tired engineer.

    severity: overrides the rule's (a lesser case of the same mistake). help: overrides the rule's.
    pedantic: a case that is only reported with --pedantic or where the rule is selected by its id.
    versions: the minors it holds for, when not for all that were checked.
    witness: a concrete request as JSON data; proof: the same as one line.
    once: equal hits of a run are one finding, at the first place, with a count.
    """

    place: Place
    message: str
    related: tuple[Related, ...] = ()
    versions: Versions | None = None
    severity: SeverityOrNone = ""
    help: str | Advice = ""
    witness: dict[str, Any] | None = None
    proof: str = ""
    pedantic: bool = False
    once: bool = False
