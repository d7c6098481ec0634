"""A run: files in, findings out. The flow of the whole linter, one step a function."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from typing import NamedTuple

from kube_audit_lint import linking
from kube_audit_lint.checks import Hit
from kube_audit_lint.collecting import Collected, collect, nearby, repository_root, unreadable
from kube_audit_lint.config import Config, Settings
from kube_audit_lint.finding import FileError, Finding
from kube_audit_lint.model.document import Note, PolicyDocument
from kube_audit_lint.model.server import ApiServer
from kube_audit_lint.model.source import Place
from kube_audit_lint.model.version import DEFAULT, Versions
from kube_audit_lint.reading import discovery
from kube_audit_lint.report import Files, Report
from kube_audit_lint.rule import Catalogue
from kube_audit_lint.selection import Applied, Choice, applied
from kube_audit_lint.subject import DirectorySubject, PolicySubject, ServerSubject

Subject = PolicySubject | ServerSubject | DirectorySubject
Progress = Callable[[int], None]


class Options(NamedTuple):
    """What the command line asks of a run. `stdin` is the name and content of standard input."""

    paths: tuple[str, ...] = (".",)
    versions: Versions | None = None
    profile: str = ""
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    pedantic: bool = False
    ignores: bool = True
    embedded: bool = False
    stdin: tuple[str, bytes] | None = None


class Outcome(NamedTuple):
    """A report, and notes on what was not judged."""

    report: Report
    notes: tuple[Note, ...]


def run(options: Options, config: Config, catalogue: Catalogue, progress: Progress = lambda count: None) -> Outcome:
    """Lints the files. Errors of single files are in the report; nothing is raised for them."""
    gathering = _Gathering(options, config)
    gathering.read_all(progress)
    gathering.read_counterparts()
    files = [one for one in gathering.collected if one.found]
    policies, servers = _subjects(files, options, config)
    speaking = _Speaking(catalogue, options, config)
    findings = list(speaking.about(policies, servers))
    findings += speaking.about_shapes(files)
    shown = {one.source.path for one in files if one.reported}
    findings = [finding for finding in findings if _touches(finding, shown)]
    if options.ignores:
        findings = _suppressed(findings, files, config, catalogue, speaking)
    report = Report(
        _in_order(findings),
        Files(
            gathering.read,
            sum(len(one.found.policies) for one in files if one.reported),
            sum(len(one.found.servers) for one in files if one.reported),
        ),
        tuple(gathering.errors),
    )
    return Outcome(report, tuple(note for one in files if one.reported for note in one.found.notes))


class _Gathering:
    """Reading: the named files, and their counterparts that were not named."""

    def __init__(self, options: Options, config: Config) -> None:
        self.options = options
        self.config = config
        self.collected: list[Collected] = []
        self.errors: list[FileError] = []
        self.read = 0
        self._by_base: dict[str, list[str]] = {}
        self._seen: set[str] = set()

    def read_all(self, progress: Progress) -> None:
        if self.options.stdin is not None:
            name, data = self.options.stdin
            self._take(name, data, self.config.hint(name) or "", always=True)
            self.read += 1
        for path in discovery.walk(self.options.paths, self.config, self.errors.append, self.options.embedded):
            self.read += 1
            progress(self.read)
            self._by_base.setdefault(os.path.basename(path), []).append(path)
            self._look_at(path)

    def _look_at(self, path: str, *, hint: str = "", reported: bool = True) -> None:
        self._seen.add(os.path.realpath(path))
        hint = hint or self.config.hint(path) or ""
        try:
            data = discovery.read_bytes(path)
        except OSError as error:
            self.errors.append(unreadable(path, error))
            return
        except discovery.TooLarge as error:
            self.errors.append(FileError(path, str(error)))
            return
        self._take(path, data, hint, reported=reported)

    def _take(self, path: str, data: bytes, hint: str, *, reported: bool = True, always: bool = False) -> None:
        if not (hint or always or discovery.interesting(data) or discovery.named_policy(path)):
            return
        try:
            one = collect(path, data, hint=hint, embedded=self.options.embedded, reported=reported)
        except Exception as error:  # one file's fault must not hide the others' findings
            self.errors.append(FileError(path, f"internal error while reading: {type(error).__name__}: {error}"))
            return
        if one is not None:
            self.collected.append(one)

    def read_counterparts(self) -> None:
        """The policies that servers load and the servers that load policies, where they were not named."""
        self._policies_by_mount()
        if self.options.paths and any(not os.path.isdir(path) for path in self.options.paths):
            self._unnamed()

    def _policies_by_mount(self) -> None:
        """Files that only a manifest's mount makes policies: they say nothing of themselves."""
        for server in self._unlinked():
            name = linking.wanted_name(server)
            for path in self._by_base.get(name or "", ()):
                if not self._known(path) and linking.surely(server, path):
                    self._look_at(path, hint="policy")

    def _unnamed(self) -> None:
        wanted = {name for server in self._unlinked() if (name := linking.wanted_name(server))}
        unloaded = {
            os.path.basename(one.source.path) for one in self.collected for policy in one.found.policies if policy.whole_file
        }
        unloaded -= {linking.wanted_name(server) for server in self._servers()}
        starts = [one.source.path for one in self.collected]
        if not (wanted or unloaded) or not starts:
            return
        root = repository_root(".")
        for start in starts:
            for path in nearby(start, root):
                if os.path.realpath(path) not in self._seen:
                    self._counterpart(path, wanted, unloaded)

    def _counterpart(self, path: str, wanted: set[str], unloaded: set[str]) -> None:
        if os.path.basename(path) in wanted:
            self._look_at(path, reported=False)
        elif unloaded and discovery.may_configure_server(path, unloaded):
            self._look_at(path, reported=False)

    def _servers(self) -> Iterator[ApiServer]:
        return (server for one in self.collected for server in one.found.servers)

    def _policies(self) -> list[PolicyDocument]:
        return [policy for one in self.collected for policy in one.found.policies]

    def _unlinked(self) -> list[ApiServer]:
        links = linking.link(self._servers(), self._policies(), self.config.linked_policy)
        return [link.server for link in links if link.policy is None and linking.policy_path(link.server)]

    def _known(self, path: str) -> bool:
        return any(one.source.path == path and one.found.policies for one in self.collected)


def _subjects(
    files: list[Collected], options: Options, config: Config
) -> tuple[list[PolicySubject], list[ServerSubject]]:
    """Policies and servers, each with the versions it is judged by and its other half."""
    servers = [server for one in files for server in one.found.servers]
    documents = [policy for one in files for policy in one.found.policies]
    documents += [server.policy for server in servers if server.policy and server.policy not in documents]
    links = linking.link(servers, documents, config.linked_policy)
    loaders: dict[int, list[ApiServer]] = {}
    for link in links:
        if link.policy is not None:
            loaders.setdefault(id(link.policy), []).append(link.server)
    policies: dict[int, PolicySubject] = {}
    for document in documents:
        loading = tuple(loaders.get(id(document), ()))
        versions, origin = _policy_versions(document, loading, options, config)
        policies[id(document)] = PolicySubject(document, versions, origin, loading)
    judged = []
    for link in links:
        versions, origin = _server_versions(link, options, config)
        judged.append(ServerSubject(link.server, versions, origin, policies.get(id(link.policy)), link.missing))
    return list(policies.values()), judged


def _asked(path: str, options: Options, config: Config) -> tuple[Versions | None, str]:
    if options.versions is not None:
        return options.versions, "--kubernetes-version"
    return config.for_path(path).versions, "the configuration"


def _policy_versions(
    document: PolicyDocument, loading: tuple[ApiServer, ...], options: Options, config: Config
) -> tuple[Versions, str]:
    asked, origin = _asked(document.source.path, options, config)
    if asked is not None:
        return asked, origin
    known = [server.versions for server in loading if server.versions is not None]
    if known:
        span = Versions(min(one.first for one in known), max(one.last for one in known))
        return span, " and ".join(sorted({server.source.path for server in loading if server.versions}))
    if document.versions is not None:
        return document.versions, document.source.path
    return DEFAULT, ""


def _server_versions(link: linking.Link, options: Options, config: Config) -> tuple[Versions, str]:
    asked, origin = _asked(link.server.source.path, options, config)
    if asked is not None:
        return asked, origin
    if link.server.versions is not None:
        return link.server.versions, link.server.source.path
    return DEFAULT, ""


class _Speaking:
    """Applies rules to subjects."""

    def __init__(self, catalogue: Catalogue, options: Options, config: Config) -> None:
        self.catalogue = catalogue
        self.options = options
        self.config = config
        self._applied: dict[int, dict[str, Applied]] = {}

    def rules_for(self, path: str) -> dict[str, Applied]:
        """The rules that speak about a file, by id."""
        settings = self.config.for_path(path)
        if id(settings) not in self._applied:
            self._applied[id(settings)] = applied(self.catalogue, self._choice(settings))
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
            yield from self._apply("policy", policy, policy.versions, policy.document.source.path, policy.document.place)
        for server in servers:
            path, place = server.server.source.path, server.server.place
            yield from self._apply("server", server, server.versions, path, place)
            if server.policy is not None:
                yield from self._apply("link", server, server.versions, path, place)
        for directory in _directories(policies, servers, self.config):
            first = (directory.servers or directory.policies)[0]
            place = first.server.place if isinstance(first, ServerSubject) else first.document.place
            yield from self._apply("directory", directory, DEFAULT, place.source.path, place)

    def _apply(self, kind: str, subject: Subject, versions: Versions, path: str, place: Place) -> Iterator[Finding]:
        for one in self.rules_for(path).values():
            if one.rule.subject != kind or one.rule.versions.overlap(versions) is None:
                continue
            try:
                template = import_module(f"kube_audit_lint.checks.{one.rule.check.replace('-', '_')}")
                hits = list(template.check(subject, one.params))
            except Exception as error:  # a faulty check must not hide the other findings
                yield _internal_error(one, error, place)
                continue
            for hit in hits:
                if one.pedantic or not hit.pedantic:
                    yield _finding(one, hit, versions)

    def about_shapes(self, files: list[Collected]) -> list[Finding]:
        """What the forms themselves found: settings in a shape that the form does not take."""
        out = []
        for file in files:
            rules = self.rules_for(file.source.path)
            for shape in file.found.misshapes:
                one = rules.get(shape.rule)
                if one is not None:
                    out.append(_finding(one, Hit(shape.place, shape.message, mend=shape.mend), DEFAULT))
        return out


def _finding(one: Applied, hit: Hit, versions: Versions) -> Finding:
    return Finding(
        one.rule.id,
        one.severity_of(hit.severity),
        hit.place,
        hit.message,
        hit.mend or one.rule.mend,
        hit.related,
        str(hit.versions or versions),
        hit.witness,
        hit.proof,
    )


def _internal_error(one: Applied, error: Exception, place: Place) -> Finding:
    return Finding(
        "internal-error",
        "error",
        place,
        f"The rule {one.rule.id} failed with {type(error).__name__}: {error}. All other rules were applied.",
        "This is a fault of kube-audit-lint, not of the file: please report it with the file. "
        f"Until then: --ignore {one.rule.id}.",
    )


def _directories(
    policies: list[PolicySubject], servers: list[ServerSubject], config: Config
) -> Iterator[DirectorySubject]:
    folders: dict[str, tuple[list[ServerSubject], list[PolicySubject]]] = {}
    for server in servers:
        folders.setdefault(os.path.dirname(server.server.source.path), ([], []))[0].append(server)
    for policy in policies:
        folders.setdefault(os.path.dirname(policy.document.source.path), ([], []))[1].append(policy)
    for path, (of_servers, of_policies) in folders.items():
        yield DirectorySubject(path, tuple(of_servers), tuple(of_policies))


def _touches(finding: Finding, shown: set[str]) -> bool:
    return finding.place.source.path in shown or any(one.place.source.path in shown for one in finding.related)


def _suppressed(
    findings: list[Finding], files: list[Collected], config: Config, catalogue: Catalogue, speaking: _Speaking
) -> list[Finding]:
    """Without what comments suppress, with what is wrong about the comments."""
    marked = [one for one in files if "kube-audit-lint:" in one.source.text]
    if not marked:
        return findings
    from kube_audit_lint import suppression

    return suppression.apply(findings, marked, catalogue, speaking.rules_for, config.require_reason)


def _in_order(findings: Iterable[Finding]) -> list[Finding]:
    unique = {(one.rule, one.place.source.path, one.place.start, one.place.end, one.message): one for one in findings}
    return sorted(unique.values(), key=lambda one: (one.place.source.path, one.place.start, one.place.end, one.rule))
