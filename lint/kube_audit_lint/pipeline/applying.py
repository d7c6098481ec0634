"""Applying rules to subjects, so that a faulty one never hides what the others find."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Iterator
from functools import cache
from importlib import import_module

from kube_audit_lint.analysis import UndecidedError
from kube_audit_lint.catalogue.rule import Catalogue
from kube_audit_lint.catalogue.selection import Applied, Choice, applied
from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._files import of_file, of_profile
from kube_audit_lint.checks._subject import DirectorySubject, PolicySubject, ServerSubject
from kube_audit_lint.kubernetes.flags import POLICY_FILE
from kube_audit_lint.kubernetes.problems import MOST
from kube_audit_lint.model.advice import in_words
from kube_audit_lint.model.finding import SEVERITIES, Finding, Related
from kube_audit_lint.model.server import Overlay
from kube_audit_lint.model.version import DEFAULT, Versions
from kube_audit_lint.pipeline.config import Config, Settings
from kube_audit_lint.pipeline.documents import Collected
from kube_audit_lint.pipeline.options import Options
from kube_audit_lint.pipeline.repository import absolute
from kube_audit_lint.pipeline.subjects import Subjects, directories
from kube_audit_lint.syntax.source import Place, Source
from kube_audit_lint.syntax.typed import Any

Subject = PolicySubject | ServerSubject | DirectorySubject
Choose = Callable[[Catalogue, Choice], dict[str, Applied]]


_UNDECIDED = (
    "This policy is so entangled that what it records could not be decided within the analysis's fixed budget of steps."
)
_TOO_LARGE = "This policy is larger than what is analysed (3,000 rules, 50,000 values, 100,000 classes of requests)."
_OUR_FAULT = "This is a fault of kube-audit-lint, not of the file: please report it with the file."
_UNCHECKED = (
    " The checks about first match and about what is recorded did not run, or not to the end: they may miss errors."
)


class Rules:
    """The rules of a run, by the file that they are applied to."""

    def __init__(self, catalogue: Catalogue, options: Options, config: Config, choose: Choose = applied) -> None:
        self.catalogue = catalogue
        self._choose = choose
        self._options = options
        self._config = config
        self._applied: dict[int, dict[str, Applied]] = {}
        self.quiet: set[tuple[object, ...]] = set()
        """All that findings depend on, of policies about which there are none: many clusters have the same one."""

    def for_path(self, path: str) -> dict[str, Applied]:
        """The rules that are applied to a file, by id, the gravest first: they share the time of an analysis."""
        settings = self._config.for_path(path)
        if id(settings) not in self._applied:
            chosen = self._choose(self.catalogue, self._choice(settings)).values()
            others = {folder for one in self._config.known() for folder in one.own_rule_folders}
            rules = [one for one in chosen if one.rule.folder not in others.difference(settings.rule_folders)]
            ordered = sorted(rules, key=lambda one: -SEVERITIES.index(one.rule.severity))
            self._applied[id(settings)] = {one.rule.id: one for one in ordered}
        return self._applied[id(settings)]

    def _choice(self, settings: Settings) -> Choice:
        options = self._options
        return Choice(
            options.profile or settings.profile or "default",
            tuple(settings.rules.items()),
            options.select,
            options.ignore,
            options.pedantic or settings.pedantic,
        )


_DEAD = ("literal-wildcard", "unknown-group", "unknown-resource", "unknown-verb", "user-is-a-group")
"""Rules about items that match nothing. Their advice lets a rule match what it did not before."""


def findings_of(found: Subjects, rules: Rules, config: Config, reported: set[str]) -> list[Finding]:
    """What the rules find about policies, servers and directories; all that touches a reported file is among it."""
    out: list[Finding] = []
    for policy in found.policies:
        if not reported.isdisjoint((policy.document.source.path, *(one.source.path for one in policy.servers))):
            out += _unless_quiet(policy, rules)
    overlaid: list[tuple[Overlay, list[Finding]]] = []
    for server in found.servers:
        path, place = server.server.source.path, server.server.place
        loaded = {server.policy.document.source.path} if server.policy is not None else set()
        loaded |= {server.webhook.source.path} if server.webhook is not None else set()
        loaded |= {one.source.path for one in server.other_policies}
        loaded |= {one.source.path for one in server.other_webhooks}
        overlay = server.server.overlay
        others = (flag.place.source.path for flag in server.server.flags)
        if overlay is not None:
            applied = rules.for_path(path)
            hits = [*_apply("server", server, server.versions, applied, place), *_of_profile(server, applied)]
            overlaid.append((overlay, hits))
        elif not reported.isdisjoint((path, *loaded, *others)):
            out += _apply("server", server, server.versions, rules.for_path(path), place)
    if overlaid:
        from kube_audit_lint.pipeline.overlaid import once

        out += once(overlaid)
    for directory in directories(found, config):
        place = directory.servers[0].server.place if directory.servers else directory.policies[0].document.place
        out += _apply("directory", directory, DEFAULT, rules.for_path(place.source.path), place)
    return out


def touching(findings: Iterable[Finding], reported: set[str]) -> Iterator[Finding]:
    """The findings with any place in a reported file."""
    return (one for one in findings if not reported.isdisjoint(place.source.path for place in _places(one)))


def findings_about(subject: PolicySubject | ServerSubject, rules: Rules) -> list[Finding]:
    """What the rules find about one policy or server, by itself, not of what else is in the run."""
    if isinstance(subject, PolicySubject):
        return list(_policy_findings(subject, rules))
    place = subject.server.place
    return list(_apply("server", subject, subject.versions, rules.for_path(place.source.path), place))


def _unless_quiet(policy: PolicySubject, rules: Rules) -> list[Finding]:
    """The findings about a policy; nothing is applied where there were none about one with the same text."""
    document, place = policy.document, policy.document.place
    at = (place.start, place.end, document.document.start, document.document.end)
    state = (document.form, document.whole_file, document.embedded, document.partial, len(document.later))
    settings = id(rules.for_path(place.source.path))
    key = (place.source.text, settings, policy.versions, policy.is_unsecured_served, *at, *state)
    found = [] if key in rules.quiet else _with_loaders(policy, list(_policy_findings(policy, rules)))
    if not found:
        rules.quiet.add(key)
    return found


def _with_loaders(policy: PolicySubject, findings: list[Finding]) -> list[Finding]:
    """The findings about a policy that no version loads; the first that is why also names the servers.

    So it is shown, too, where only the manifest is checked: that server does not start.
    """
    refusals = {one.rule for one in policy.loaded.problems if one.fatal}
    at = next((at for at, one in enumerate(findings) if one.rule in refusals and one.severity == "error"), None)
    if at is None or policy.loaded.loads_in is not None:
        return findings
    named = {place.source.path for place in _places(findings[at])}
    servers = (server for server in policy.servers if server.source.path not in named)
    places = (server.place if (flag := server.flag(POLICY_FILE)) is None else flag.place for server in servers)
    loaders = (Related(place, "this server is to load it, and does not start") for place in places)
    changed = findings[at]._replace(related=(*findings[at].related, *loaders))
    return [*findings[:at], changed, *findings[at + 1 :]]


def _places(finding: Finding) -> Iterator[Place]:
    yield finding.place
    yield from (one.place for one in finding.related)


def _policy_findings(policy: PolicySubject, rules: Rules) -> Iterator[Finding]:
    """The findings about a policy; one that names a version names the manifests that the version comes from."""
    for finding in _of_variants(policy, rules):
        named = re.search(r"\b1\.\d\d\b", finding.message) is not None
        related = (Related(at, "the version that it is checked by") for at in policy.version_places if named)
        yield finding._replace(related=(*finding.related, *related))
    for problem in policy.loaded.problems:
        rule = rules.catalogue.rules.get(problem.rule)
        if rule is None or rule.check != "loading":  # no rule reports it
            yield _unknown_rule(problem.rule, problem.place, problem.message)


def _of_variants(policy: PolicySubject, rules: Rules) -> Iterator[Finding]:
    """The findings of a policy; where a template leaves rules open, also what holds however it is filled."""
    place = policy.document.place
    applied_here = rules.for_path(place.source.path)

    def found(subject: PolicySubject) -> Iterator[Finding]:
        return _apply("policy", subject, subject.versions, applied_here, place)

    own = list(found(policy))
    if "blind-spot" in applied_here and any(one.rule in _DEAD for one in own):
        from kube_audit_lint.pipeline.woken import with_care

        own = list(with_care(policy, own, applied_here["blind-spot"], _DEAD))
    yield from own
    if policy.document.partial and policy.document.in_order:
        from kube_audit_lint.pipeline.lists import among_each_other

        yield from among_each_other(policy, found)
    if policy.loaded.policy is None and policy.loaded.written is not None:
        from kube_audit_lint.pipeline.certain import common
        from kube_audit_lint.pipeline.variants import is_open, variants

        known = {(one.rule, one.place) for one in own}
        filled = variants(policy) if is_open(policy.document) else []
        more = common(filled, found) if filled else ()
        yield from (one for one in more if (one.rule, one.place) not in known)


def _apply(
    kind: str, subject: Subject, versions: Versions, rules: dict[str, Applied], place: Place
) -> Iterator[Finding]:
    undecided: UndecidedError | None = None
    for one in rules.values():
        if one.rule.subject != kind or one.rule.versions.overlap(versions) is None:
            continue
        hits, error = _hits(one, subject)
        for hit in hits[:MOST]:
            yield _worded(subject, _finding(one, hit, versions))
        if len(hits) > MOST:
            from kube_audit_lint.pipeline.limiting import rest

            yield rest(_finding(one, hits[MOST]._replace(severity=""), versions))
        if isinstance(error, UndecidedError):
            undecided = error
        elif error is not None:
            yield _internal_error(one, error, place)
    if undecided is not None and "undecided" in rules:
        message = (_TOO_LARGE if undecided.too_large else _UNDECIDED) + _UNCHECKED
        yield _finding(rules["undecided"], Hit(_rules_of(subject, place), message), versions)


def _of_profile(subject: ServerSubject, rules: dict[str, Applied]) -> Iterator[Finding]:
    """What is reported of the audit profiles of a server that was put together, which is in none of the files."""
    for id, hit in of_profile(subject.server):
        if id in rules:
            yield _finding(rules[id], hit, DEFAULT)._replace(kubernetes="")


def misshapes(files: list[Collected], rules: Rules, others: Container[str] = ()) -> Iterator[Finding]:
    """What the forms themselves found: settings that they do not take, audit profiles; all that touches a reported
    file. others: further files of which all is wanted."""
    for path, id, hit in _of_forms(files, others):
        one = rules.for_path(path).get(id)
        if one is not None:
            # Whatever version: the form refuses or drops it, not kube-apiserver.
            yield _finding(one, hit, DEFAULT)._replace(kubernetes="")
        elif id not in rules.catalogue.rules:
            yield _unknown_rule(id, hit.place, hit.message)


def _of_forms(files: list[Collected], others: Container[str]) -> Iterator[tuple[str, str, Hit]]:
    """All of the reported files and the others, and all that touches a reported one: path, id of a rule, hit."""
    sources: dict[str, Source] = {}
    if any(shape.related for file in files for shape in file.found.misshapes):
        sources = {absolute(file.source.path): file.source for file in files if file.reported}
    for file in files:
        wanted = file.reported or file.source.path in others
        for id, hit in of_file(file.found) if wanted or sources else ():
            touched = False
            if hit.related:
                hit, touched = _in_named(hit, sources)
            if wanted or touched:
                yield file.source.path, id, hit


def _in_named(hit: Hit, sources: dict[str, Source]) -> tuple[Hit, bool]:
    """A hit whose related places, which a form found by paths of its own, are in the files as the user named them; and
    whether any is in such a file."""
    found = [sources.get(absolute(one.place.source.path)) for one in hit.related]
    related = (
        one if source is None else one._replace(place=one.place._replace(source=source))
        for one, source in zip(hit.related, found, strict=True)
    )
    return hit._replace(related=tuple(related)), any(found)


_NEEDED: dict[str, Callable[[Any], object]] = {
    "loading": lambda policy: policy.loaded.problems,
    "webhook-files": lambda server: server.webhook,
    "webhook-service-name": lambda server: server.webhook,
    "audit-profile": lambda server: server.server.profile,
    "drift": lambda directory: directory.clusters,
}
"""What a subject has where a template can find anything: without it the template is not even imported."""


@cache
def _template(check: str) -> Any:
    return import_module(f"kube_audit_lint.checks.{check.replace('-', '_')}")


def _hits(one: Applied, subject: Subject) -> tuple[list[Hit], Exception | None]:
    """What a check finds, and why it ended early; it must not hide other findings.

    What was found before a question could not be decided counts; what a faulty check finds is not to be trusted.
    """
    hits: list[Hit] = []
    needed = _NEEDED.get(one.rule.check)
    try:
        if needed is not None and not needed(subject):
            return hits, None
        for hit in _template(one.rule.check).check(subject, one.params):
            if one.pedantic or not hit.pedantic:
                hits.append(hit)
            if len(hits) > MOST:
                break
    except UndecidedError as error:
        return hits, error
    except Exception as error:
        return [], error
    return hits, None


def _rules_of(subject: Subject, place: Place) -> Place:
    """The list of rules, where what concerns them all is reported."""
    from kube_audit_lint.checks._decided import list_place

    return list_place(subject) if isinstance(subject, PolicySubject) else place


def _finding(one: Applied, hit: Hit, versions: Versions) -> Finding:
    help, advice = in_words(hit.help or one.rule.help)
    return Finding(
        one.rule.id,
        one.severity_of(hit.severity),
        hit.place,
        hit.message,
        help,
        hit.related,
        str(hit.versions or versions),
        hit.witness,
        hit.proof,
        narrowed=hit.versions not in (None, versions),
        once=hit.once,
        advice=advice,
    )


def _worded(subject: Subject, finding: Finding) -> Finding:
    from kube_audit_lint.pipeline.wording import in_words_of  # a run without findings starts without it

    return in_words_of(subject, finding)


def _internal_error(one: Applied, error: Exception, place: Place) -> Finding:
    message = f"The rule {one.rule.id} failed with {type(error).__name__}: {error}. All other rules were applied."
    return Finding("internal-error", "error", place, message, f"{_OUR_FAULT} Until then: --ignore {one.rule.id}.")


def _unknown_rule(rule: str, place: Place, message: str) -> Finding:
    """The finding about a rule that code names and the catalogue does not have: its finding must not be lost."""
    return Finding("internal-error", "error", place, f"There is no rule {rule} that reports: {message}", _OUR_FAULT)
