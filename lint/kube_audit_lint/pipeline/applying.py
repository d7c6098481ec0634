"""Applying rules to subjects, so that a faulty one never hides what the others say."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from importlib import import_module

from kube_audit_lint.analysis import UndecidedError
from kube_audit_lint.catalogue.rule import Catalogue
from kube_audit_lint.catalogue.selection import Applied, Choice, applied
from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._files import of_file
from kube_audit_lint.checks._subject import DirectorySubject, PolicySubject, ServerSubject
from kube_audit_lint.model.finding import SEVERITIES, Finding
from kube_audit_lint.model.version import DEFAULT, Versions
from kube_audit_lint.pipeline.config import Config, Settings
from kube_audit_lint.pipeline.documents import Collected
from kube_audit_lint.pipeline.options import Options
from kube_audit_lint.pipeline.subjects import directories
from kube_audit_lint.syntax.source import Place

Subject = PolicySubject | ServerSubject | DirectorySubject
Choose = Callable[[Catalogue, Choice], dict[str, Applied]]


_UNDECIDED = (
    "This policy is so entangled that what it records could not be decided within the analysis's fixed budget of steps."
)
_TOO_LARGE = "This policy is larger than what is analysed (3,000 rules, 50,000 values, 100,000 classes of requests)."
_UNCHECKED = (
    " The checks about first match and about what is recorded did not run, or not to the end: they may miss errors."
)


class Speaking:
    """The rules of a run, by the file they speak about."""

    def __init__(self, catalogue: Catalogue, options: Options, config: Config, choose: Choose = applied) -> None:
        self.catalogue = catalogue
        self._choose = choose
        self.options = options
        self.config = config
        self._applied: dict[int, dict[str, Applied]] = {}

    def rules_for(self, path: str) -> dict[str, Applied]:
        """The rules that speak about a file, by id."""
        settings = self.config.for_path(path)
        if id(settings) not in self._applied:
            self._applied[id(settings)] = _in_order(self._choose(self.catalogue, self._choice(settings)))
        return self._applied[id(settings)]

    def _choice(self, settings: Settings) -> Choice:
        options = self.options
        return Choice(
            options.profile or settings.profile or "default",
            tuple(settings.rules.items()),
            options.select,
            options.ignore,
            options.pedantic or settings.pedantic,
        )

    def about(self, policies: list[PolicySubject], servers: list[ServerSubject]) -> Iterator[Finding]:
        for policy in policies:
            yield from self._apply(
                "policy", policy, policy.versions, policy.document.source.path, policy.document.place
            )
        for server in servers:
            path, place = server.server.source.path, server.server.place
            yield from self._apply("server", server, server.versions, path, place)
            if server.policy is not None:
                yield from self._apply("link", server, server.versions, path, place)
        for directory in directories(policies, servers, self.config):
            first = (directory.servers or directory.policies)[0]
            place = first.server.place if isinstance(first, ServerSubject) else first.document.place
            yield from self._apply("directory", directory, DEFAULT, place.source.path, place)

    def _apply(self, kind: str, subject: Subject, versions: Versions, path: str, place: Place) -> Iterator[Finding]:
        undecided: UndecidedError | None = None
        rules = self.rules_for(path)
        for one in rules.values():
            if one.rule.subject != kind or one.rule.versions.overlap(versions) is None:
                continue
            hits, error = _hits(one, subject)
            for hit in hits:
                if one.pedantic or not hit.pedantic:
                    yield _spelled(_finding(one, hit, versions), subject)
            if isinstance(error, UndecidedError):
                undecided = error
            elif error is not None:
                yield _internal_error(one, error, place)
        if undecided is not None and "undecided" in rules:
            message = (_TOO_LARGE if undecided.too_large else _UNDECIDED) + _UNCHECKED
            yield _finding(rules["undecided"], Hit(_rules_of(subject, place), message), versions)

    def about_shapes(self, files: list[Collected]) -> list[Finding]:
        """What the forms themselves found: settings that they do not take, audit profiles."""
        out = []
        for file in files:
            rules = self.rules_for(file.source.path)
            for id, hit in of_file(file.found):
                if id in rules:
                    # Whatever version: the form refuses or drops it, not kube-apiserver.
                    out.append(_finding(rules[id], hit, DEFAULT)._replace(kubernetes=""))
        return out


def _hits(one: Applied, subject: Subject) -> tuple[list[Hit], Exception | None]:
    """What a check finds, and why it ended early; it must not hide other findings.

    What was found before a question could not be decided stands; what a faulty check says is not to be trusted.
    """
    hits: list[Hit] = []
    try:
        template = import_module(f"kube_audit_lint.checks.{one.rule.check.replace('-', '_')}")
        for hit in template.check(subject, one.params):
            hits.append(hit)  # noqa: PERF402 (list() would lose them)
    except UndecidedError as error:
        return hits, error
    except Exception as error:
        return [], error
    return hits, None


def _in_order(rules: dict[str, Applied]) -> dict[str, Applied]:
    """The gravest first, for they share what time an analysis may take."""
    return {one.rule.id: one for one in sorted(rules.values(), key=lambda one: -SEVERITIES.index(one.rule.severity))}


def _rules_of(subject: Subject, place: Place) -> Place:
    """The list of rules, where what concerns them all is reported."""
    from kube_audit_lint.checks._decided import list_place

    return list_place(subject) if isinstance(subject, PolicySubject) else place


def _finding(one: Applied, hit: Hit, versions: Versions) -> Finding:
    return Finding(
        one.rule.id,
        one.severity_of(hit.severity),
        hit.place,
        hit.message,
        hit.help or one.rule.help,
        hit.related,
        str(hit.versions or versions),
        hit.witness,
        hit.proof,
    )


def _spelled(finding: Finding, subject: Subject) -> Finding:
    """The finding with the flags of its advice as the form of the server writes them."""
    spelling = subject.server.spelling if isinstance(subject, ServerSubject) else None
    if spelling is None or "`--" not in finding.help:
        return finding

    def written(found: re.Match[str]) -> str:
        text = spelling(found[1], found[3] or "")
        return f"`{text if found[2] else text.removeprefix('- ').rstrip(' :=')}`"

    return finding._replace(help=re.sub(r"`--([a-z0-9-]+)(=([^`]*))?`", written, finding.help))


def _internal_error(one: Applied, error: Exception, place: Place) -> Finding:
    return Finding(
        "internal-error",
        "error",
        place,
        f"The rule {one.rule.id} failed with {type(error).__name__}: {error}. All other rules were applied.",
        "This is a fault of kube-audit-lint, not of the file: please report it with the file. "
        f"Until then: --ignore {one.rule.id}.",
    )
