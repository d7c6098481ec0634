"""Where the reports of a run go, and what the screen can show of them."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Sequence

from kube_audit_lint import report as reports
from kube_audit_lint.catalogue.rule import Catalogue
from kube_audit_lint.commands import wanted_columns
from kube_audit_lint.errors import UsageError
from kube_audit_lint.report import FORMATS, Report, Rules, Style
from kube_audit_lint.syntax.record import NamedTuple

STANDARD_OUTPUT = "-"
_NAMED = r"([A-Za-z-]+)=(.*)"
WITH_STATISTICS = ("text", "concise")
"""The formats that can have a table in place of the findings."""

_NARROWEST = 40
_WIDEST = 100
"""Columns of a terminal that are used; COLUMNS may allow more."""


class Output(NamedTuple):
    """A format of `report.FORMATS`, and the file that gets it."""

    format: str
    path: str


def outputs_of(format: str, targets: Sequence[str]) -> list[Output]:
    """What `--format` and the values of `--output` mean; one of them is always standard output.

    `FORMAT=FILE` has its own format, `FILE` that of `--format`. Standard output gets the text where a `FILE` is named,
    else the format of `--format`. Raises UsageError.
    """
    outputs = [_output(target, format) for target in targets]
    if not any(one.path == STANDARD_OUTPUT for one in outputs):
        has_file = any(not re.match(_NAMED, target) for target in targets)
        outputs.append(Output("text" if has_file else format, STANDARD_OUTPUT))
    places: set[str] = set()
    for one in outputs:
        if _place(one.path) in places:
            raise UsageError(f"--output: two reports go to {one.path!r}")
        places.add(_place(one.path))
    return outputs


def refuse_inputs(outputs: Sequence[Output], inputs: Iterable[str | None]) -> None:
    """Raises UsageError where a report would replace a file that the run reads or writes for something else."""
    known = list(inputs)
    for one in outputs:
        if one.path != STANDARD_OUTPUT:
            refuse_input("--output", one.path, known)


def refuse_input(option: str, output: str | None, inputs: Iterable[str | None]) -> None:
    """The same for the file that an option names."""
    places = {_place(path) for path in inputs if path} if output else ()
    if output and _place(output) in places:
        raise UsageError(f"{option} {output}: the report would replace a file that this run reads or writes")


def prepare_all(outputs: Sequence[Output]) -> None:
    """Makes the folders of the files. Raises UsageError for one that cannot be written: before a run, not after it."""
    for one in outputs:
        if one.path != STANDARD_OUTPUT:
            prepare_file(one.path)


def prepare_file(path: str) -> None:
    """The same for one file of `--output`."""
    from kube_audit_lint.report.outfile import prepare

    try:
        prepare(path)
    except OSError as error:
        raise UsageError(f"--output {path}: {error.strerror}") from error


def _place(path: str) -> str:
    """The same for every spelling of a file. Links count as themselves: a report replaces them."""
    if path == STANDARD_OUTPUT:
        return path
    folder, name = os.path.split(path)
    return os.path.normcase(os.path.join(os.path.realpath(folder), name))


def _output(target: str, format: str) -> Output:
    named = re.match(_NAMED, target, re.S)
    if named is None:
        if target in FORMATS:
            raise UsageError(f"--output: {target} is a format: write {target}=FILE (a file of that name is ./{target})")
        return Output(format, target)
    if named[1] not in FORMATS:
        from kube_audit_lint.kubernetes.spelling import nearest

        near = nearest(named[1], FORMATS)
        hint = f"; did you mean {near}?" if near else f", which are {', '.join(FORMATS)}"
        raise UsageError(f"--output: {named[1]!r} is not a format{hint} (a file of that name is ./{target})")
    if not named[2]:
        raise UsageError(f"--output: {target} names no file")
    return Output(named[1], named[2])


def write_all(report: Report, outputs: Sequence[Output], catalogue: Catalogue, style: Style) -> None:
    """Writes every report. Raises UsageError for a file that cannot be written, OSError for standard output."""
    rules = _rule_infos(report, catalogue)
    for one in outputs:
        if one.path != STANDARD_OUTPUT:
            _write_file(report, one, rules)
    (shown,) = (one.format for one in outputs if one.path == STANDARD_OUTPUT)
    reports.write(shown, report, sys.stdout, rules, style)
    sys.stdout.flush()


def _rule_infos(report: Report, catalogue: Catalogue) -> Rules:
    """What the report needs to know of rules: nothing where it names none."""
    if not (report.findings or report.hidden.suppressed):
        return {}
    from kube_audit_lint.report.infos import rule_infos

    return rule_infos(catalogue)


def _write_file(report: Report, output: Output, rules: Rules) -> None:
    from kube_audit_lint.report.outfile import whole_file

    try:
        with whole_file(output.path) as file:
            reports.write(output.format, report, file, rules)
    except OSError as error:
        raise UsageError(f"--output {output.path}: {error.strerror}") from error


def style_of(color: str) -> Style:
    """Colours as `--color` wants them; by itself on terminals, where NO_COLOR goes before FORCE_COLOR. Links only on
    terminals: a log would show their addresses as control characters."""
    environment, terminal = os.environ, sys.stdout.isatty()
    if color != "auto":
        colored = color == "always"
    elif environment.get("NO_COLOR"):
        colored = False
    elif forced := environment.get("FORCE_COLOR"):
        colored = forced.lower() not in ("0", "false")
    else:
        colored = terminal and environment.get("TERM") != "dumb"
    return Style(colored, colored and terminal and environment.get("TERM") != "dumb", _width(terminal))


def _width(terminal: bool) -> int:
    """The columns that COLUMNS names, else those of the terminal, else 0: not known."""
    if wanted := wanted_columns():
        return wanted
    if not terminal:
        return 0
    try:
        columns = os.get_terminal_size(sys.stdout.fileno()).columns
    except (OSError, ValueError):
        return 0
    return min(_WIDEST, max(_NARROWEST, columns)) if columns else 0
