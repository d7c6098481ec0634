"""What is known or accepted is kept out of the findings: by comments, `ignores` of the configuration, a baseline."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from kube_audit_lint.catalogue.selection import Applied
from kube_audit_lint.model.finding import Finding, Suppressed
from kube_audit_lint.model.found import Note
from kube_audit_lint.pipeline.applying import Rules
from kube_audit_lint.pipeline.config import Config, Ignore
from kube_audit_lint.pipeline.documents import Collected
from kube_audit_lint.pipeline.options import Options
from kube_audit_lint.pipeline.repository import absolute
from kube_audit_lint.pipeline.sources import Named
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Place
from kube_audit_lint.syntax.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from kube_audit_lint.pipeline.baseline import Baseline, Decides, Entry


class Waived(NamedTuple):
    """What is left of the findings, with those about suppressions; what is suppressed; notes."""

    kept: list[Finding]
    suppressed: list[Suppressed]
    notes: list[Note]


class Context(NamedTuple):
    """What a run is about."""

    named: Named
    options: Options
    config: Config
    rules: Rules


def waived(findings: list[Finding], files: list[Collected], run: Context) -> Waived:
    """Parts the findings, which are in the order of their places. Raises OwnFileError for a baseline."""
    found = Waived(findings, [], [])
    if run.options.ignores:
        found = by_comments(findings, files, run.config, run.rules)
    paths = [one.source.path for one in files]
    known = dict.fromkeys(one for path in paths for one in run.config.of(path).chain)
    ignoring = [one for one in known if one.ignores]
    if ignoring:
        found = _by_ignores(found, files, ignoring, run)
    for baseline, about in _baselines(paths, run):
        found = _by_baseline(found, baseline, about, run)
    return found


def _baselines(paths: Sequence[str], run: Context) -> Iterator[tuple[Baseline, Callable[[str], bool]]]:
    """The baseline of the command line, or those of the configurations; each with the files that it is about."""
    if run.options.baseline is not None:
        yield run.options.baseline, lambda path: True
        return
    configs = (run.config.baseline_of(path) for path in (run.config.path, *paths))
    for config in dict.fromkeys(one for one in configs if one is not None):
        from kube_audit_lint.pipeline.baseline import read_baseline

        yield read_baseline(config.baseline, named=config.named), partial(_is_of, config, run.config)


def _is_of(wanted: Config, configs: Config, path: str) -> bool:
    return configs.baseline_of(path) is wanted


def by_comments(findings: list[Finding], files: list[Collected], config: Config, rules: Rules) -> Waived:
    """Parts the findings by what comments of files suppress."""
    marked = [one for one in files if "kube-audit-lint:" in one.source.text]
    if not marked:
        return Waived(findings, [], [])
    from kube_audit_lint.pipeline import suppressing

    def requires_reason(path: str) -> bool:
        return config.for_path(path).require_reason

    return Waived(*suppressing.apply(findings, marked, rules.catalogue, rules.for_path, requires_reason))


def _by_ignores(found: Waived, files: list[Collected], ignoring: Sequence[Config], run: Context) -> Waived:
    kept: list[Finding] = []
    suppressed = list(found.suppressed)
    used: set[Place] = set()
    for finding in found.kept:
        entries = list(_ignoring(finding, run.config))
        used.update(place for _, place in entries)
        live = next((one for one, _ in entries if one.days is None or one.days >= 0), None)
        if live is None:
            kept.append(finding)
        else:
            suppressed.append(Suppressed(finding, "ignores", live.reason))
    reported = [one.source.path for one in files if one.reported]
    notes = list(found.notes)
    for config in ignoring:
        kept += _about_ignores(config, used, reported, run)
        notes += _soon_over(used, config)
    return Waived(kept, suppressed, notes)


def _ignoring(finding: Finding, config: Config) -> Iterator[tuple[Ignore, Place]]:
    """The entries that are about a finding, each with the place of its rule."""
    for one in config.ignores_for(finding.place.source.path):
        for rule, place in zip(one.rules, one.places, strict=True):
            if rule == finding.rule:
                yield one, place


def _about_ignores(config: Config, used: set[Place], reported: Sequence[str], run: Context) -> Iterator[Finding]:
    """What is wrong about entries: that they are over, or that nothing needs them, where the run can tell."""
    applied = run.rules.for_path(config.path)
    whole = _is_whole(config, run)
    for one in config.ignores:
        for rule, place in zip(one.rules, one.places, strict=True):
            if place in used and one.days is not None and one.days < 0 and one.until is not None:
                message = f"This entry counted up to {one.until.text}: what it ignored is reported again."
                yield from _own("expired-suppression", one.until, message, applied)
            elif place not in used and whole and _is_applied(rule, one, config, reported, run):
                message = f"The rule {rule} finds nothing in the files that this entry ignores it in."
                yield from _own("unused-suppression", place, message, applied)


def _is_whole(config: Config, run: Context) -> bool:
    """Whether everything below the folder of a configuration was read."""
    folders = [os.path.realpath(path) for path in run.options.paths if os.path.isdir(path)]
    return not run.named.errors and any(_below(config.folder, folder) for folder in folders)


def _is_applied(rule: str, ignore: Ignore, config: Config, reported: Sequence[str], run: Context) -> bool:
    """Whether a rule was applied to all files that an entry is about; without any, whether it is at all."""
    about = [path for path in reported if ignore in run.config.ignores_for(path)]
    return all(rule in run.rules.for_path(path) for path in about or [config.path])


def _soon_over(used: set[Place], config: Config) -> Iterator[Note]:
    from kube_audit_lint.pipeline.expiry import SOON
    from kube_audit_lint.pipeline.suppressing import for_days

    for one in config.ignores:
        if one.until is not None and one.days is not None and 0 <= one.days <= SOON and not used.isdisjoint(one.places):
            yield Note(one.until, f"this entry ignores findings {for_days(one.days)}")


def _by_baseline(found: Waived, baseline: Baseline, about: Callable[[str], bool], run: Context) -> Waived:
    from kube_audit_lint.pipeline.baseline import UNNEEDED

    own = [one for one in found.kept if about(one.place.source.path)]
    others = [one for one in found.kept if not about(one.place.source.path)]
    parted = baseline.part(own, _decides(found.kept, baseline.folder, about, run))
    applied = run.rules.for_path(baseline.path)
    for entry in parted.unneeded:
        message = f"Nothing is found any more that this entry is about: {entry.rule} in {entry.path}."
        parted.left.extend(_own(UNNEEDED, entry.place, message, applied))
    return Waived([*parted.left, *others], [*found.suppressed, *parted.suppressed], found.notes)


def _decides(findings: list[Finding], base: str, about: Callable[[str], bool], run: Context) -> Decides:
    """Whether the run would have found what an entry of a baseline in the folder `base` stands for: it read the file,
    the baseline is about it, and the rule was applied to all of it.

    A file that is gone counts as read where it would be in a folder of the run.
    """
    from kube_audit_lint.pipeline.limiting import is_rest

    unclear = {one.place.source.path for one in findings if one.rule in ("undecided", "internal-error") or is_rest(one)}
    failed = {absolute(path) for path in (*unclear, *(one.path for one in run.named.errors))}
    folders = [os.path.realpath(path) for path in run.options.paths if os.path.isdir(path)]
    roots = _roots(base, folders, run.named)

    def decides(entry: Entry) -> bool:
        wholes = {os.path.normpath(os.path.join(root, entry.path)) for root in roots}
        read = [whole for whole in wholes if whole in run.named.files]
        if not read and not any(os.path.lexists(whole) for whole in wholes):
            read = [whole for whole in wholes if any(_below(whole, folder) for folder in folders)]
        known = entry.rule in run.rules.catalogue.rules
        return bool(read) and all(
            whole not in failed
            and about(_shown(whole))
            and (entry.rule in run.rules.for_path(_shown(whole)) or not known)
            for whole in read
        )

    return decides


def _roots(base: str, folders: Sequence[str], named: Named) -> set[str]:
    """The folders from which the paths of a baseline's entries may count: its own repository's root, if the run is
    about that; otherwise (it is outside of the checkout) the roots of all that is read."""
    from kube_audit_lint.report.fingerprint import root_of

    roots = {root_of(folder, base) for folder in {*folders, *map(os.path.dirname, named.files)}}
    own = root_of(base, base)
    return {own} if own in roots else roots


def _own(rule: str, place: Place, message: str, applied: Mapping[str, Applied]) -> Iterator[Finding]:
    one = applied.get(rule)
    if one is not None:
        yield Finding(rule, one.severity_of(""), place, message, one.rule.help)


def _shown(path: str) -> str:
    return os.path.relpath(path).replace(os.sep, "/") if path else path


def _below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)
