"""A run: files in, findings out. The flow of the whole linter, one step a line."""

from __future__ import annotations

from collections.abc import Iterable

from kube_audit_lint.catalogue.rule import Catalogue
from kube_audit_lint.catalogue.selection import turned_off
from kube_audit_lint.model.finding import Finding, Suppressed
from kube_audit_lint.model.found import Note
from kube_audit_lint.pipeline.applying import Speaking
from kube_audit_lint.pipeline.config import Config
from kube_audit_lint.pipeline.documents import Collected
from kube_audit_lint.pipeline.options import Options
from kube_audit_lint.pipeline.sources import Gathering, Progress
from kube_audit_lint.pipeline.subjects import subjects
from kube_audit_lint.report import Files, Hidden, Report
from kube_audit_lint.syntax.record import NamedTuple


class Outcome(NamedTuple):
    """A report, and notes on what was not judged."""

    report: Report
    notes: tuple[Note, ...]


def run(options: Options, config: Config, catalogue: Catalogue, progress: Progress = lambda count: None) -> Outcome:
    """Lints the files. Errors of single files are in the report; nothing is raised for them."""
    gathering = Gathering(options, config)
    gathering.read_all(progress)
    gathering.read_counterparts()
    files = [one for one in gathering.collected if one.found]
    policies, servers = subjects(files, options, config)
    speaking = Speaking(catalogue, options, config)
    findings = list(speaking.about(policies, servers))
    findings += speaking.about_shapes(files)
    shown = {one.source.path for one in files if one.reported}
    findings = [finding for finding in findings if _touches(finding, shown)]
    suppressed: list[Suppressed] = []
    if options.ignores:
        findings, suppressed = _parted(findings, files, config, catalogue, speaking)
    off = Speaking(catalogue, options, config, turned_off)
    if config.path and any(off.rules_for(path) for path in shown):
        hidden = [*off.about(policies, servers), *off.about_shapes(files)]
        suppressed += [Suppressed(one, False) for one in _in_order(hidden) if _touches(one, shown) and _is_of_file(one)]
    notes = [note for one in files if one.reported for note in one.found.notes]
    notes = [*gathering.notes, *notes]
    report = Report(
        _in_order(findings),
        Files(
            gathering.read,
            sum(len(one.found.policies) for one in files if one.reported),
            sum(len(one.found.servers) for one in files if one.reported),
        ),
        tuple(gathering.errors),
        tuple(notes),
        Hidden(suppressed, gathering.excluded, config.fail_on == "never"),
    )
    return Outcome(report, tuple(notes))


def _is_of_file(finding: Finding) -> bool:
    """Whether a rule that is off found it, and not that the rule could not be applied."""
    return finding.rule not in ("undecided", "internal-error")


def _touches(finding: Finding, shown: set[str]) -> bool:
    return finding.place.source.path in shown or any(one.place.source.path in shown for one in finding.related)


def _parted(
    findings: list[Finding], files: list[Collected], config: Config, catalogue: Catalogue, speaking: Speaking
) -> tuple[list[Finding], list[Suppressed]]:
    """Without what comments suppress, with what is wrong about the comments; and what they suppress."""
    marked = [one for one in files if "kube-audit-lint:" in one.source.text]
    if not marked:
        return findings, []
    from kube_audit_lint.pipeline import suppressing as suppression

    outcome = suppression.apply(findings, marked, catalogue, speaking.rules_for, config.require_reason)
    return outcome.kept, outcome.suppressed


def _in_order(findings: Iterable[Finding]) -> list[Finding]:
    unique = {(one.rule, one.place.source.path, one.place.start, one.place.end, one.message): one for one in findings}
    return sorted(unique.values(), key=lambda one: (one.place.source.path, one.place.start, one.place.end, one.rule))
