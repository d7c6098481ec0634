"""`kube-audit-lint check`: lints files and folders."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from types import SimpleNamespace

from kube_audit_lint import report as reports
from kube_audit_lint.catalogue.rule import Catalogue
from kube_audit_lint.catalogue.shipped import catalogue_with
from kube_audit_lint.commands import FAILED, FINDINGS, OK, input_of
from kube_audit_lint.commands._outputs import (
    STANDARD_OUTPUT,
    WITH_STATISTICS,
    outputs_of,
    prepare_all,
    refuse_inputs,
    style_of,
    write_all,
)
from kube_audit_lint.errors import UsageError
from kube_audit_lint.model.finding import FileError
from kube_audit_lint.model.found import Note
from kube_audit_lint.pipeline.config import Config, load_config, rule_folders
from kube_audit_lint.pipeline.options import STDIN, Options, versions_of
from kube_audit_lint.pipeline.run import run as run_engine
from kube_audit_lint.report import Report
from kube_audit_lint.syntax.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse

    from kube_audit_lint.kubernetes.custom import Served
    from kube_audit_lint.pipeline.baseline import Baseline

_OF_FIXING = ("--fix", "--unsafe-fixes", "--diff")
_PROGRESS_AFTER = 0.7
_PROGRESS_EVERY = 0.1

_DEFAULTS: dict[str, object] = {
    **dict.fromkeys(("kubernetes_version", "profile", "fail_on", "stdin_filename", "config", "api_resources")),
    **dict.fromkeys(("baseline", "write_baseline")),
    **dict.fromkeys(("pedantic", "quiet", "statistics", "show_all", "fix", "unsafe_fixes", "diff"), False),
    **dict.fromkeys(("pre_commit", "no_config", "no_ignores", "embedded"), False),
    **dict.fromkeys(("select", "ignore", "output"), ()),
    "format": "text",
    "color": "auto",
}
"""What the options are where none is given, as the parser has it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Gives the command its options."""
    from kube_audit_lint.commands._checkoptions import add_options  # most runs have none

    add_options(parser)


def run_plain(paths: list[str]) -> int:
    """Lints without options; importing argparse for them would take a tenth of a short run."""
    arguments: Any = SimpleNamespace(paths=paths, **_DEFAULTS)
    return run(arguments)


def run(arguments: argparse.Namespace) -> int:
    """Lints; returns the exit code."""
    if arguments.no_config and arguments.config:
        raise UsageError("--no-config and --config do not go together")
    config = Config() if arguments.no_config else load_config(arguments.config)
    catalogue = catalogue_with(rule_folders(arguments.paths, config))
    config.check_against(catalogue)
    options = _options(arguments, config, catalogue)._replace(baseline=_baseline(arguments), served=_served(arguments))
    outputs = outputs_of(arguments.format, arguments.output)
    if arguments.statistics and not any(one.format in WITH_STATISTICS for one in outputs):
        raise UsageError(f"--statistics goes with --format {' or '.join(WITH_STATISTICS)}")
    of_options = (arguments.config, arguments.api_resources, arguments.baseline, arguments.write_baseline)
    refuse_inputs(outputs, (*options.paths, config.path, *of_options))
    progress = _Progress(sys.stderr)
    fixing = _fixing(arguments, options)
    prepare_all(outputs)
    if fixing:
        from kube_audit_lint.commands._fixing import run_fixing

        outcome, code = run_fixing(arguments, outputs, options, config, catalogue, progress)
        if outcome is None:
            return code
    else:
        outcome = run_engine(options, config, catalogue, progress)
        refuse_inputs(outputs, outcome.paths())
    if any(reports.FORMATS[one.format].shows_fixes for one in outputs):
        from kube_audit_lint.pipeline.fixing import with_fixes

        outcome = with_fixes(outcome, options, config)
    progress.clear()
    if options.baseline is not None and options.baseline.new:
        _write_baseline(options.baseline)
    report = _as_wanted(outcome.report, arguments)
    write_all(report, outputs, outcome.catalogue, style_of(arguments.color))
    if not arguments.quiet:
        _write_notes(outcome.notes, arguments.show_all)
        _write_note_on_pages(report)
    shown = next(one.format for one in outputs if one.path == STANDARD_OUTPUT)
    _write_errors(() if reports.FORMATS[shown].shows_errors else report.errors)
    return _exit_code(report, arguments.fail_on or "", config)


def _as_wanted(report: Report, arguments: argparse.Namespace) -> Report:
    """The report with what the command line wants of it."""
    if arguments.fail_on is not None:  # the command decides then, and not the configuration
        report = report._replace(hidden=report.hidden._replace(never_fails=False))
    return report._replace(show_all=arguments.show_all, quiet=arguments.quiet, statistics=arguments.statistics)


def _fixing(arguments: argparse.Namespace, options: Options) -> bool:
    """Whether files are to be changed, or what would change is to be shown."""
    if not (arguments.fix or arguments.unsafe_fixes or arguments.diff):
        return False
    if arguments.write_baseline:
        raise UsageError("--write-baseline does not go with fixing: fix first, and write what is left")
    if arguments.diff and (arguments.output or arguments.statistics or arguments.format != "text"):
        raise UsageError(
            "--diff shows changes in place of the report: --format, --output and --statistics do not go with it"
        )
    if options.stdin is not None and not arguments.diff:
        raise UsageError("--fix changes files, and standard input is none; --diff shows what would change")
    return True


def _options(arguments: argparse.Namespace, config: Config, catalogue: Catalogue) -> Options:
    known = set(catalogue.rules) | {rule.category for rule in catalogue.rules.values()}
    profile = arguments.profile or ""
    if profile and profile not in catalogue.profiles:
        from kube_audit_lint.kubernetes.spelling import nearest

        near, listed = nearest(profile, catalogue.profiles), ", ".join(sorted(catalogue.profiles))
        hint = f"did you mean {near}?" if near else f"there are {listed}"
        raise UsageError(f"there is no profile {profile!r}; {hint}")
    paths = list(dict.fromkeys(_without_options(arguments))) or ["."]
    stdin = None
    if "-" in paths:
        paths.remove("-")
        stdin = (arguments.stdin_filename or STDIN, input_of("-"))
    elif arguments.stdin_filename is not None:
        raise UsageError("--stdin-filename goes with -, the path that means standard input")
    return Options(
        tuple(paths),
        versions_of(arguments.kubernetes_version),
        profile,
        _ids(arguments.select, "--select", known),
        _ids(arguments.ignore, "--ignore", known),
        arguments.pedantic,
        not arguments.no_ignores,
        arguments.embedded,
        stdin,
    )


def _served(arguments: argparse.Namespace) -> Served | None:
    """What the cluster lists of its resources."""
    if not arguments.api_resources:
        return None
    from kube_audit_lint.pipeline.served import listed

    return listed(arguments.api_resources, (arguments.api_resources,))


def _baseline(arguments: argparse.Namespace) -> Baseline | None:
    """The baseline that the command line names; one to be written has the entries that are there."""
    new = arguments.write_baseline
    if new and arguments.baseline:
        raise UsageError("--write-baseline and --baseline do not go together: the one that is written counts")
    path = new or arguments.baseline
    if not path:
        return None
    from kube_audit_lint.pipeline.baseline import Baseline, read_baseline

    if new and not os.path.lexists(new):
        return Baseline(new, new=True)
    return read_baseline(path, bool(new), (path,))


def _write_baseline(baseline: Baseline) -> None:
    from kube_audit_lint.report.outfile import whole_file

    try:
        with whole_file(baseline.path) as file:
            file.write(baseline.text())
    except OSError as error:
        raise UsageError(f"--write-baseline {baseline.path}: {error.strerror}") from error


def _without_options(arguments: argparse.Namespace) -> list[str]:
    """The paths; with --pre-commit the first of them count as options of fixing where no file has the name.

    That is where pre-commit puts `args`: the entry of the hook ends with `--`, so that no committed file is an option.
    """
    paths = list(arguments.paths)
    while arguments.pre_commit and paths and paths[0] in _OF_FIXING and not os.path.lexists(paths[0]):
        setattr(arguments, paths.pop(0)[2:].replace("-", "_"), True)
    return paths


def _ids(values: Sequence[str], option: str, known: set[str]) -> tuple[str, ...]:
    ids = [one.strip() for value in values for one in value.split(",") if one.strip()]
    for one in ids:
        if one not in known:
            from kube_audit_lint.kubernetes.spelling import nearest

            near = nearest(one, known)
            hint = f"; did you mean {near}?" if near else "; `kube-audit-lint rules` lists them"
            raise UsageError(f"{option}: there is no rule {one!r}{hint}")
    return tuple(ids)


def _write_notes(notes: Sequence[Note], show_all: bool) -> None:
    """Notes go to standard error, the same words once."""
    if not notes:
        return
    from kube_audit_lint.report.grouping import LONG, notes_of
    from kube_audit_lint.report.safe import line

    shown = [(note, 0) for note in notes] if show_all else list(notes_of(notes))
    left = 0 if show_all else max(0, len(shown) - LONG)
    for note, others in shown[: len(shown) - left]:
        number, column = note.place.source.position(note.place.start)
        more = f" (and in {others} more place{'s' if others > 1 else ''})" if others else ""
        at = f"{note.place.source.path}:{number}:{column}: " if note.place.source.path else ""
        print(line(f"{at}note: {note.message}{more}"), file=sys.stderr)
    if left:
        print(f"note: and {left} more notes; --show-all shows them", file=sys.stderr)


def _write_note_on_pages(report: Report) -> None:
    if report.findings:
        from kube_audit_lint.report.pages import problem
        from kube_audit_lint.report.safe import line

        if wrong := problem():
            print(line(f"note: {wrong}"), file=sys.stderr)


def _write_errors(errors: Sequence[FileError]) -> None:
    """Errors of files go to standard error where the report does not show them to a reader."""
    for error in errors:
        from kube_audit_lint.report.safe import line
        from kube_audit_lint.report.words import trouble

        print(line(trouble(error)), file=sys.stderr)


def _exit_code(report: Report, fail_on: str, config: Config) -> int:
    """What the report comes to."""
    if report.errors:
        return FAILED
    if not report.findings:
        return OK
    from kube_audit_lint.pipeline.failing import has_failing

    return FINDINGS if has_failing(report, fail_on, config) else OK


class _Progress:
    """A line on standard error that counts files, on a terminal and in long runs only."""

    def __init__(self, stream: object) -> None:
        self._on = hasattr(stream, "isatty") and bool(stream.isatty())
        self._next = time.monotonic() + _PROGRESS_AFTER
        self._shown = False

    def __call__(self, count: int) -> None:
        if self._on and time.monotonic() >= self._next:
            self._next = time.monotonic() + _PROGRESS_EVERY
            self._shown = True
            print(f"\r{count} files read", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        if self._shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
