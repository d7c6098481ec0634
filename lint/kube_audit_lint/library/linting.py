"""`lint`: what `kube-audit-lint check` finds, as objects."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from kube_audit_lint import report as report_model
from kube_audit_lint.catalogue.rule import Catalogue
from kube_audit_lint.catalogue.shipped import catalogue_with
from kube_audit_lint.errors import UsageError
from kube_audit_lint.library import given
from kube_audit_lint.library.records import Finding, Problem, finding_of
from kube_audit_lint.model.finding import SEVERITIES, Severity
from kube_audit_lint.pipeline import options as pipeline
from kube_audit_lint.pipeline.baseline import read_baseline
from kube_audit_lint.pipeline.config import Config, load_config, rule_folders
from kube_audit_lint.pipeline.failing import has_failing
from kube_audit_lint.pipeline.repository import absolute
from kube_audit_lint.pipeline.run import Outcome, run
from kube_audit_lint.pipeline.served import listed
from kube_audit_lint.report import FORMATS, write
from kube_audit_lint.report.infos import rule_infos
from kube_audit_lint.syntax.record import NamedTuple

Paths = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]
"""One path or several: files and folders."""


class Options(NamedTuple):
    """What a run is to do; the names are those of the command line.

    kubernetes_version: `1.30` or `1.29-1.34`; "" for what the configuration or the files say. select, ignore: rules or
    categories. config: the configuration's file, "" for the one found from the working directory upwards, None for
    none. ignores: whether comments suppress findings. contents: what to read in place of files, by their paths.
    baseline: a file of known findings, "" for that of the configuration. api_resources: a file that lists what the
    cluster serves, "" for that of the configuration.
    """

    kubernetes_version: str = ""
    profile: str = ""
    select: str | Sequence[str] = ()
    ignore: str | Sequence[str] = ()
    pedantic: bool = False
    embedded: bool = False
    config: str | os.PathLike[str] | None = ""
    ignores: bool = True
    contents: Mapping[str, str | bytes] = {}
    baseline: str | os.PathLike[str] = ""
    api_resources: str | os.PathLike[str] = ""


class Hidden(NamedTuple):
    """What is kept out of the findings of a report, by cause.

    comments, ignores, baseline, configuration: findings that comments, `ignores`, a baseline, and rules that are off
    keep out. rules_off: the rules that the configuration turns off for some file. excluded: paths that `exclude` leaves
    out. never_fails: whether `fail-on: never` of the configuration holds for some file.
    """

    comments: int = 0
    ignores: int = 0
    baseline: int = 0
    configuration: int = 0
    rules_off: tuple[str, ...] = ()
    excluded: int = 0
    never_fails: bool = False


class Report:
    """What a run found. findings are in the order of files and places.

    problems: files that could not be read. notes: what was not checked. files, policies, servers, managed: how many
    were read, and how many policies, API servers and managed control planes they hold. hidden: what is kept out of
    `findings`, by cause. suppressed: how many findings that are.
    """

    def __init__(self, outcome: Outcome, config: Config) -> None:
        """Made by `lint`."""
        report = outcome.report
        self.findings: tuple[Finding, ...] = tuple(map(finding_of, report.findings))
        self.problems: tuple[Problem, ...] = tuple(Problem(one.path, one.message) for one in report.errors)
        self.notes: tuple[Problem, ...] = tuple(Problem(one.place.source.path, one.message) for one in outcome.notes)
        self.files, self.policies, self.servers, self.managed = report.files
        self.hidden = _hidden(report)
        self.suppressed: int = sum(self.hidden[:4])
        self._report, self._catalogue, self._config = report, outcome.catalogue, config

    def fails(self, least: Severity | Literal["never", ""] = "") -> bool:
        """Whether the command exits with 1 or 2: for a finding of at least this severity, or an unread file.

        least: as `--fail-on`; "" for that of the configuration, else warning. Raises UsageError.
        """
        if given.text(least, "least") not in ("", "never", *SEVERITIES):
            raise UsageError(f"there is no severity {least!r}; there are {', '.join(SEVERITIES)}, and never")
        return bool(self.problems) or has_failing(self._report, least, self._config)

    def render(self, format: str = "text") -> str:
        """The report in a format of `check --format`. Raises UsageError."""
        if given.text(format, "format") not in FORMATS:
            raise UsageError(f"there is no format {format!r}; there are {', '.join(FORMATS)}")
        out = io.StringIO()
        write(format, self._report, out, rule_infos(self._catalogue))
        return out.getvalue()

    def __repr__(self) -> str:
        return f"<Report: {len(self.findings)} findings, {len(self.problems)} problems in {self.files} files>"


class Prepared(NamedTuple):
    """Options as a run takes them."""

    options: pipeline.Options
    config: Config
    catalogue: Catalogue


def lint(paths: Paths = ".", options: Options = Options()) -> Report:  # noqa: B008 (immutable)
    """Lints files and folders, with what belongs to them.

    Raises UsageError for options that name what is not there, OwnFileError for a configuration that cannot be used;
    what is wrong with the linted files is in the report.
    """
    prepared = prepare(paths, options)
    return Report(run(*prepared), prepared.config)


def _hidden(report: report_model.Report) -> Hidden:
    found = report.hidden
    return Hidden(
        found.count("comment"),
        found.count("ignores"),
        found.count("baseline"),
        found.count("configuration"),
        tuple(found.rules_off),
        found.excluded,
        found.never_fails,
    )


def prepare(paths: Paths, options: Options) -> Prepared:
    """The options of a run. Raises UsageError and OwnFileError."""
    given.instance(options, Options, "options", "Options")
    named = _paths(paths)
    config = Config() if options.config is None else load_config(_file(options.config, "config") or None)
    catalogue = catalogue_with(rule_folders(named, config))
    config.check_against(catalogue)
    profile = given.text(options.profile, "profile")
    if profile and profile not in catalogue.profiles:
        raise UsageError(f"there is no profile {profile!r}; there are {', '.join(sorted(catalogue.profiles))}")
    baseline, listing = _file(options.baseline, "baseline"), _file(options.api_resources, "api_resources")
    made = pipeline.Options(
        named,
        given.versions(options.kubernetes_version),
        profile,
        _ids(options.select, "select", catalogue),
        _ids(options.ignore, "ignore", catalogue),
        given.switch(options.pedantic, "pedantic"),
        given.switch(options.ignores, "ignores"),
        given.switch(options.embedded, "embedded"),
        contents=_contents(options.contents),
        baseline=read_baseline(baseline, named=(baseline,)) if baseline else None,
        served=listed(listing, (listing,)) if listing else None,
    )
    return Prepared(made, config, catalogue)


def _paths(paths: Paths) -> tuple[str, ...]:
    one = isinstance(paths, str | os.PathLike)
    several = [paths] if one else given.several(paths, "paths", "paths")
    found = tuple(dict.fromkeys(given.path(path, "each of paths") for path in several))
    if not found:
        raise UsageError("no path is given")
    return found


def _file(path: str | os.PathLike[str], name: str) -> str:
    return "" if path == "" else given.path(path, name)


def _ids(ids: object, name: str, catalogue: Catalogue) -> tuple[str, ...]:
    """Rules and categories; commas part them, as on the command line."""
    wanted = tuple(one.strip() for each in given.texts(ids, name) for one in each.split(",") if one.strip())
    known = {*catalogue.rules, *(rule.category for rule in catalogue.rules.values())}
    if unknown := sorted({*wanted} - known):
        raise UsageError(f"{name}: there is no rule {', '.join(unknown)}")
    return wanted


def _contents(contents: object) -> dict[str, bytes]:
    texts = given.mapping(contents, "contents", "a mapping of paths to texts")
    named = ((given.path(path, "each path of contents"), content) for path, content in texts.items())
    return {absolute(path): given.content(content, f"contents[{path!r}]") for path, content in named}
