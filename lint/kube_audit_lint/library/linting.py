"""`lint`: what `kube-audit-lint check` finds, as objects."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Mapping, Sequence

from kube_audit_lint.catalogue.rule import Catalogue
from kube_audit_lint.catalogue.shipped import catalogue_with
from kube_audit_lint.errors import UsageError
from kube_audit_lint.library.records import Finding, Problem, finding_of
from kube_audit_lint.model.finding import SEVERITIES, Severity
from kube_audit_lint.pipeline import options as pipeline
from kube_audit_lint.pipeline.config import Config, load_config, rule_folders
from kube_audit_lint.pipeline.repository import absolute
from kube_audit_lint.pipeline.run import Outcome, run
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
    """

    kubernetes_version: str = ""
    profile: str = ""
    select: Sequence[str] = ()
    ignore: Sequence[str] = ()
    pedantic: bool = False
    embedded: bool = False
    config: str | None = ""
    ignores: bool = True
    contents: Mapping[str, str | bytes] = {}


class Report:
    """What a run found. findings are in the order of files and places.

    problems: files that could not be read. notes: what was not checked. files, policies, servers: how many were read,
    and how many policies and API servers they hold. suppressed: how many findings comments, the configuration or a
    baseline keep out of `findings`.
    """

    def __init__(self, outcome: Outcome, catalogue: Catalogue) -> None:
        report = outcome.report
        self.findings: tuple[Finding, ...] = tuple(map(finding_of, report.findings))
        self.problems: tuple[Problem, ...] = tuple(Problem(one.path, one.message) for one in report.errors)
        self.notes: tuple[Problem, ...] = tuple(Problem(one.place.source.path, one.message) for one in outcome.notes)
        self.files, self.policies, self.servers = report.files
        self.suppressed: int = len(report.hidden.suppressed)
        self._report, self._catalogue = report, catalogue

    def fails(self, least: Severity = "warning") -> bool:
        """Whether there is a finding of at least this severity, or a file that could not be read."""
        if least not in SEVERITIES:
            raise UsageError(f"there is no severity {least!r}; there are {', '.join(SEVERITIES)}")
        bound = SEVERITIES.index(least)
        return bool(self.problems) or any(SEVERITIES.index(one.severity) >= bound for one in self.findings)

    def render(self, format: str = "text") -> str:
        """The report in a format of `check --format`. Raises UsageError."""
        if format not in FORMATS:
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
    return Report(run(*prepared), prepared.catalogue)


def prepare(paths: Paths, options: Options) -> Prepared:
    """The options of a run. Raises UsageError and OwnFileError."""
    config = Config() if options.config is None else load_config(options.config or None)
    named = _texts(paths)
    catalogue = catalogue_with(rule_folders(named, config))
    config.check_against(catalogue)
    known = {*catalogue.rules, *(rule.category for rule in catalogue.rules.values())}
    wanted = {*options.select, *options.ignore}
    if unknown := sorted(wanted - known):
        raise UsageError(f"there is no rule {', '.join(unknown)}")
    if options.profile and options.profile not in catalogue.profiles:
        raise UsageError(f"there is no profile {options.profile!r}; there are {', '.join(sorted(catalogue.profiles))}")
    made = pipeline.Options(
        named,
        pipeline.versions_of(options.kubernetes_version or None),
        options.profile,
        tuple(options.select),
        tuple(options.ignore),
        options.pedantic,
        options.ignores,
        options.embedded,
        contents={absolute(os.fspath(path)): _bytes(content) for path, content in options.contents.items()},
    )
    return Prepared(made, config, catalogue)


def _texts(paths: Paths) -> tuple[str, ...]:
    given = [paths] if isinstance(paths, str | os.PathLike) else paths
    found = tuple(dict.fromkeys(os.fspath(path) for path in given))
    if not found:
        raise UsageError("no path is given")
    return found


def _bytes(content: str | bytes) -> bytes:
    return content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content
