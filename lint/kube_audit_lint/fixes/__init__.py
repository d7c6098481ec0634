"""The kinds of fixes that rule files name, one module each.

A kind is a module below this package with

    PARAMS: a JSON Schema (as a dict) of the parameters a rule file may give
    fixes(target) -> Iterator[Fix]

It yields the ways to put a finding right, the best first; none where it cannot tell what was meant. The run
(pipeline/fixing.py) takes the first that is proven (pipeline/proof.py). Raises NotEditable where the text cannot be
edited. To add a kind: see CONTRIBUTING.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kube_audit_lint.analysis.evaluate import Decision
from kube_audit_lint.checks._subject import PolicySubject, ServerSubject
from kube_audit_lint.model.finding import Edit, Finding
from kube_audit_lint.model.policy import PolicyRule
from kube_audit_lint.syntax.nodes import Document
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Source

__all__ = ["Claim", "Edit", "Fix", "NotEditable", "Target"]


class NotEditable(Exception):  # noqa: N818 (a reason, not a fault)
    """Why what is wrong cannot be put right by an edit of this file; in words, for a note."""


class Claim(NamedTuple):
    """What a fix may change: everything else has to stay as it is.

    requests: the requests that may be recorded otherwise, as rules that match them; None: those that the rules which
        the edit changes match. recorded: whether a change from one decision to another is what the fix is for.
    settings: what may change of API servers: (`flag` | `mount` | `volume`, name).
    """

    requests: tuple[PolicyRule, ...] | None = ()
    recorded: Callable[[Decision, Decision], bool] | None = None
    settings: frozenset[tuple[str, str]] = frozenset()


class Fix(NamedTuple):
    """One way to put a finding right. safe: whether it is what the author meant for certain, if proven."""

    edits: tuple[Edit, ...]
    title: str
    claim: Claim = Claim()
    safe: bool = True


class Target(NamedTuple):
    """What is to be put right.

    params: those of the rule's `fix`. checked: those of the rule's check, as the run has them. subject: the policy or
    server that the finding is about; None for what is about the file. documents: those of the file.
    """

    finding: Finding
    params: Mapping[str, Any]
    checked: Mapping[str, Any]
    subject: PolicySubject | ServerSubject | None
    documents: tuple[Document, ...] = ()

    @property
    def source(self) -> Source:
        """The file to edit."""
        return self.finding.place.source

    @property
    def policy(self) -> PolicySubject:
        """The policy that the finding is about. Raises NotEditable where it is about none."""
        if not isinstance(self.subject, PolicySubject):
            raise NotEditable("it is about no policy")
        return self.subject

    @property
    def server(self) -> ServerSubject:
        """The server that the finding is about. Raises NotEditable where it is about none."""
        if not isinstance(self.subject, ServerSubject):
            raise NotEditable("it is about no API server")
        return self.subject
