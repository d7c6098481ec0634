"""A run: files in, findings out. The flow of the whole linter, one step a line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from kube_audit_lint.catalogue.rule import Catalogue
from kube_audit_lint.catalogue.selection import turned_off
from kube_audit_lint.checks._subject import PolicySubject
from kube_audit_lint.discovery.look import base_name
from kube_audit_lint.kubernetes import resources
from kube_audit_lint.kubernetes.paths import wanted_names
from kube_audit_lint.model.finding import FileError, Finding, Suppressed
from kube_audit_lint.model.found import Note
from kube_audit_lint.model.version import newer
from kube_audit_lint.pipeline import sources
from kube_audit_lint.pipeline.applying import Rules, findings_of, misshapes, touching
from kube_audit_lint.pipeline.closing import close
from kube_audit_lint.pipeline.config import Config
from kube_audit_lint.pipeline.documents import Collected
from kube_audit_lint.pipeline.linking import Link, Linker
from kube_audit_lint.pipeline.mentions import some_of
from kube_audit_lint.pipeline.options import Options
from kube_audit_lint.pipeline.repository import Repository, absolute
from kube_audit_lint.pipeline.sources import Keep, Named, Progress, keep_nothing
from kube_audit_lint.pipeline.subjects import NO_FILE, Subjects, subjects
from kube_audit_lint.pipeline.waiving import Context, waived
from kube_audit_lint.report import Files, Hidden, Report
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from kube_audit_lint.kubernetes.custom import Served


class Outcome(NamedTuple):
    """A report, and notes on what was not checked. files, subjects: what it is about, for who changes it.

    catalogue: with the rules that configurations of folders bring.
    """

    report: Report
    notes: tuple[Note, ...]
    files: tuple[Collected, ...] = ()
    subjects: Subjects = Subjects([], [], [])
    catalogue: Catalogue = Catalogue({}, {})

    def paths(self) -> set[str]:
        """The files that hold what was checked, or that something was found in."""
        files = {one.source.path for one in self.files if one.found.policies or one.found.servers}
        return (
            files | {one.place.source.path for one in self.report.findings} | {one.path for one in self.report.errors}
        )


def run(
    options: Options,
    config: Config,
    catalogue: Catalogue,
    progress: Progress = lambda count: None,
    keep: Keep = keep_nothing,
) -> Outcome:
    """Lints the files. Errors of single files are in the report; OwnFileError is raised for a baseline.

    keep: what runs that follow each other do but once around the named files.
    """
    named = sources.read_named(options, config, progress)
    unread: list[FileError] = []
    repository = sources.repository(named, options, config, unread, keep)
    linker = Linker(repository, config.linked_policy)
    close(list(named.files), repository, linker, config.cluster_of)
    links, files = _links(repository, linker)
    files = _with_rotated(_with_webhooks(files, links), links)
    found = subjects((policy for file in files for policy in file.found.policies), links, options, config)
    _know_custom(found, options, config, repository)
    catalogue = _with_folders(catalogue, config, files)
    rules = Rules(catalogue, options, config)
    left = waived(_found(found, rules, config, files), files, Context(named, options, config, rules))
    off = Rules(catalogue, options, config, turned_off)
    hidden = _hidden(left.suppressed, named.excluded, _found_off(found, off, config, files), config, files)
    notes = (*named.notes, *_about_configuration(files, options, config), *_notes(found, files), *left.notes)
    errors = dict.fromkeys((*named.errors, *_of_policies(unread, links, _reported(files), repository)))
    report = Report(_shown(left.kept), _counts(named, files, links), tuple(errors), notes, hidden)
    return Outcome(report, notes, tuple(files), found, catalogue)


def _reported(files: list[Collected]) -> set[str]:
    """The paths of the files that are reported, with those of the templates that they fill in."""
    named = [one for one in files if one.reported]
    filled = {server.source.path for one in named for server in one.found.servers}
    filled.update(policy.document.source.path for one in named for policy in one.found.policies)
    return filled.union(one.source.path for one in named)


def _found(found: Subjects, rules: Rules, config: Config, files: list[Collected]) -> list[Finding]:
    """What the rules find, one finding for one mistake, in the order of the places."""
    reported = _reported(files)
    every = findings_of(found, rules, config, reported)
    every += misshapes(files, rules, {one.place.source.path for one in every})
    if not every:
        return []
    from kube_audit_lint.pipeline.folding import folded

    return _in_order(touching(folded(every, rules.catalogue.rules), reported))


def _found_off(
    found: Subjects, off: Rules, config: Config, files: list[Collected]
) -> tuple[list[str], Iterable[Finding]]:
    """The rules that the configuration turns off for some file, and what they would find."""
    reported = _reported(files)
    ids = sorted({id for path in reported for id in off.for_path(path)}) if config.known() else []
    every = [*touching(findings_of(found, off, config, reported), reported), *misshapes(files, off)] if ids else []
    return ids, (one for one in _limited(_in_order(every)) if _is_of_file(one))


def _hidden(
    suppressed: list[Suppressed],
    excluded: int,
    off: tuple[list[str], Iterable[Finding]],
    config: Config,
    files: list[Collected],
) -> Hidden:
    """What is kept out of the findings. off: rules that are turned off, and what they would find."""
    reported = _reported(files)
    never = sum(config.for_path(path).fail_on == "never" for path in reported)
    every = [*suppressed, *(Suppressed(one, "configuration") for one in off[1])]
    return Hidden(every, excluded, never > 0, off[0], never if never < len(reported) else 0)


def _notes(found: Subjects, files: list[Collected]) -> Iterator[Note]:
    """What was not checked of the named files, and notes about options."""
    yield from (note for one in files if one.reported for note in one.found.notes if not note.is_error)
    reported = _reported(files)
    for one in dict.fromkeys(found.notes):
        if one.place is NO_FILE or not reported.isdisjoint((one.place.source.path, *one.about)):
            yield one


def _about_configuration(files: list[Collected], options: Options, config: Config) -> Iterable[Note]:
    """A note for each place of the configuration that has named files checked by newer versions than are known."""
    if options.versions is not None:
        return ()
    held = (one for one in files if one.reported and (one.found.policies or one.found.servers))
    settings = (config.for_path(one.source.path) for one in held) if config.known() else ()
    places = {one.versions_at: one.versions for one in settings if one.versions is not None}
    return [Note(at, newer(one)) for at, one in places.items() if at is not None and newer(one)]


def _counts(named: Named, files: list[Collected], links: list[Link]) -> Files:
    """How many files were named, and what they hold."""
    found = [one.found for one in files if one.reported]
    servers = sum(len(one.servers) for one in found) + _put_together(links, _reported(files))
    policies, managed = sum(len(one.policies) for one in found), sum(len(one.managed) for one in found)
    return Files(len(named.files), policies, servers, managed)


def _shown(findings: list[Finding]) -> list[Finding]:
    """The findings as they are shown: one for all equal ones that are reported once, and not too many of a rule."""
    return list(_limited(_folded(_in_order(findings))))


def _limited(findings: list[Finding]) -> Iterable[Finding]:
    if not findings:
        return ()
    from kube_audit_lint.pipeline.limiting import limited

    return limited(findings)


def _put_together(links: list[Link], reported: set[str]) -> int:
    """How many API servers come out of kustomizations over bases in the named files."""
    overlays = (one.server.overlay for one in links)
    return sum(one is not None and one.base.source.path in reported for one in overlays)


def _know_custom(found: Subjects, options: Options, config: Config, repository: Repository) -> None:
    """Gives the policies what is known of custom resources, where they name any. Raises OwnFileError."""
    wanted = {group for one in found.policies for group in _open_groups(one)}
    naming = {id(one): config.api_resources_of(one.document.source.path) for one in found.policies} if wanted else {}
    # What most clusters have is in most policies, and defined in few repositories: no file is read for it.
    wanted -= resources.WELL_KNOWN_OPEN_GROUPS
    if not (wanted or options.served is not None or any(naming.values())):
        return
    from kube_audit_lint.pipeline.served import joined, listed, served_here

    here = served_here(wanted, repository) if wanted else None
    known: dict[Config | None, Served | None] = {None: joined(options.served, here)}
    for one in found.policies:
        named = None if options.served is not None else naming.get(id(one))
        if named is not None and named not in known:
            known[named] = joined(listed(named.api_resources, named.named), here)
        one.served = known[named]


def _open_groups(policy: PolicySubject) -> Iterator[str]:
    """The groups of a policy's items that are not built in, and so may be of custom resources."""
    for rule in policy.loaded.rules:
        for entry in rule.entries:
            if "." in entry.group_name and not resources.is_builtin_group(entry.group_name):
                yield entry.group_name


def _with_folders(catalogue: Catalogue, config: Config, files: list[Collected]) -> Catalogue:
    """The catalogue with the users' own rules of the configurations of all files. Raises OwnFileError."""
    folders = dict.fromkeys(folder for one in files for folder in config.for_path(one.source.path).rule_folders)
    others = tuple(folder for folder in folders if folder not in catalogue.folders)
    if not others:
        return catalogue
    from kube_audit_lint.catalogue.rulefile import with_folders

    return with_folders(catalogue, others)


def _of_policies(
    errors: list[FileError], links: list[Link], reported: set[str], repository: Repository
) -> Iterator[FileError]:
    """Why a policy that an API server of the run loads could not be read."""
    servers = [link.server for link in links if link.policy is None and link.server.source.path in reported]
    names = {name for server in servers for name in wanted_names(server)} if errors else set()
    # As words: an object may be called `audit`, which is a part of many.
    raw = [re.escape(name.encode("utf-8", "surrogateescape")) for name in sorted(names)]
    mentioned = rb"(?<![\w.-])(?:%s)(?![\w.-])" % b"|".join(raw)
    for one in errors:
        if base_name(one.path) in names or (raw and re.search(mentioned, repository.content(absolute(one.path)))):
            yield one


def _is_of_file(finding: Finding) -> bool:
    """Whether a rule that is off found it, and not that the rule could not be applied."""
    return finding.rule not in ("undecided", "internal-error")


def _links(repository: Repository, linker: Linker) -> tuple[list[Link], list[Collected]]:
    """Every server with its policy, and the files that hold both; in the order of their paths."""
    files = {absolute(one.source.path): one for one in repository.files}
    servers = {id(one): one for path in sorted(files) for one in repository.servers(path)}
    links = [linker.link(server) for server in servers.values()]
    for link in links:
        path = absolute(link.policy.source.path) if link.policy is not None else ""
        declared = repository.declared(path) if path and not repository.policies(path) else None
        if declared is not None and link.policy in declared.found.policies:
            files[path] = declared
    return links, [files[path] for path in sorted(files)]


def _with_webhooks(files: list[Collected], links: list[Link]) -> list[Collected]:
    """The files, in which the kubeconfigs that a server loads are marked as such."""
    loaded = {link.webhook.place for link in links if link.webhook is not None}

    def marked(file: Collected) -> Collected:
        found = file.found.with_kubeconfigs(lambda one: one._replace(loaded=one.place in loaded))
        return file._replace(found=found)

    return [marked(file) if file.found.kubeconfigs else file for file in files] if loaded else files


def _with_rotated(files: list[Collected], links: list[Link]) -> list[Collected]:
    """The files, in which logrotate's paths are held against the logs of the servers."""
    if not any(file.found.rotations for file in files):
        return files
    from kube_audit_lint.pipeline.rotating import with_rotated

    servers = [link.server for link in links]
    return [file._replace(found=with_rotated(file.found, servers)) for file in files]


def _folded(findings: Iterable[Finding]) -> list[Finding]:
    """With one for all equal ones that are reported once, of whatever version: the first, which names other files."""
    out: list[Finding] = []
    others: dict[tuple[str, str, str], list[str]] = {}
    for one in findings:
        key = (one.rule, one.severity, one.message)
        if one.once and key in others:
            others[key].append(one.place.source.path)
            continue
        if one.once:
            others[key] = []
        out.append(one)
    return [_with_count(one, others.get((one.rule, one.severity, one.message), ())) for one in out]


def _with_count(finding: Finding, paths: Sequence[str]) -> Finding:
    if not paths or not finding.once:
        return finding
    servers = "1 more API server" if len(paths) == 1 else f"{len(paths)} more API servers"
    return finding._replace(message=f"{finding.message} The same holds for {servers}: {some_of(paths)}.")


def _in_order(findings: Iterable[Finding]) -> list[Finding]:
    unique = {(one.rule, one.place.source.path, one.place.start, one.place.end, one.message): one for one in findings}
    return sorted(unique.values(), key=lambda one: (one.place.source.path, one.place.start, one.place.end, one.rule))
