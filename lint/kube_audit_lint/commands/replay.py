"""`kube-audit-lint replay`: what a policy makes of a real audit log, in figures, or event by event."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any, TextIO

from kube_audit_lint.auditlog.files import log_files
from kube_audit_lint.auditlog.running import cores, count, decide
from kube_audit_lint.auditlog.source import Log
from kube_audit_lint.auditlog.tally import SHOWN_ERRORS, Bad
from kube_audit_lint.commands import FAILED, OK, file_name, filled, input_of, tell_ignored
from kube_audit_lint.commands._outputs import prepare_file, refuse_input, style_of
from kube_audit_lint.errors import UsageError
from kube_audit_lint.model.version import newer
from kube_audit_lint.pipeline.options import versions_of
from kube_audit_lint.pipeline.requests import OpenedPolicy, open_policy, open_ways
from kube_audit_lint.report.outfile import whole_file
from kube_audit_lint.report.safe import json_text, visible

if TYPE_CHECKING:
    from kube_audit_lint.auditlog.tally import Tally
    from kube_audit_lint.model.replayed import Replayed

FORMATS = {"text": "replaytext", "json": "replayjson", "markdown": "replaymarkdown", "html": "replayhtml"}
"""Each with its module in `report/`, which has a function `render(replayed)`."""

_ENDINGS = {"": "text", ".txt": "text", ".md": "markdown", ".html": "html", ".htm": "html", ".json": "json"}
_NO_EVENT = {"text": "?\tno event\n", "json": '{"error": "no event"}\n'}
"""What is written for a line that is not an audit event, so that the output can be laid beside the log."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Gives the command its options."""
    add = parser.add_argument
    add("policy", metavar="POLICY", help="a file that holds an audit policy, or - for standard input")
    add("logs", nargs="+", metavar="LOG", help="audit logs, folders of them, or - for standard input")
    add("--compare", type=filled, metavar="POLICY", help="another policy: tell changes against it, not against the log")
    add("--decisions", action="store_true", help="one decision a line for each event, and no figures")
    add("--manifest", type=filled, metavar="FILE", help="the API server's settings: how long does its rotation hold?")
    add("--propose-noise", type=filled, metavar="FILE", help="write rules that drop what the control plane reads most")
    add("--top", type=_number, default=10, metavar="N", help="how many rows of each list (default: 10)")
    add("--jobs", type=_number, default=1, metavar="N", help="processes that count; 0: one for each core (default: 1)")
    add("--kubernetes-version", metavar="V", help="the version that loads the policy (1.30)")
    add("--format", choices=FORMATS, help="default: what the ending of --output says, else text")
    add("--output", type=file_name, metavar="FILE", help="write the report to a file")


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not a number")
    return int(text)


def run(arguments: argparse.Namespace) -> int:
    """Replays; returns the exit code."""
    versions = versions_of(arguments.kubernetes_version)
    if versions is not None and newer(versions):
        print(newer(versions), file=sys.stderr)
    chosen = _format_of(arguments)
    given, logs = (arguments.policy, arguments.compare), log_files(arguments.logs)
    inputs = (*given, *logs, arguments.manifest)
    refuse_input("--propose-noise", arguments.propose_noise, inputs)
    refuse_input("--output", arguments.output, (*inputs, arguments.propose_noise))
    if arguments.output:
        prepare_file(arguments.output)
    jobs = arguments.jobs or cores()
    stdin = input_of(*given, *logs) if "-" in given else b""
    if arguments.decisions:
        _only_decisions(arguments)
        ways = open_ways(arguments.policy, versions, stdin)
        tell_ignored(ways[0])
        return decisions(ways, logs, arguments.format or "text", sys.stdout, jobs)
    opened = open_policy(arguments.policy, versions, stdin)
    other = open_policy(arguments.compare, versions, stdin) if arguments.compare else None
    tell_ignored(*filter(None, (opened, other)))
    log = Log(logs)
    policies = [one.policy for one in (opened, other) if one is not None]
    tally = count(policies, log.batches(), jobs)
    found = _figures(arguments, opened, log, tally, other)
    _write(found, chosen, arguments.output)
    return FAILED if found.notes or (found.bad and not found.now.events) else OK


def _figures(
    arguments: argparse.Namespace, opened: OpenedPolicy, log: Log, tally: Tally, other: OpenedPolicy | None
) -> Replayed:
    from kube_audit_lint.auditlog.outcome import Outcome
    from kube_audit_lint.pipeline.replaying import replayed

    found = replayed(opened, log, tally, arguments.top, other)
    if arguments.manifest:
        from kube_audit_lint.pipeline.retaining import retained

        versions = versions_of(arguments.kubernetes_version)
        found = found._replace(retention=retained(arguments.manifest, found.per_day, versions))
    if arguments.propose_noise:
        from kube_audit_lint.pipeline.noise import proposals, rules_file

        found = found._replace(proposals=proposals(opened, Outcome(tally, opened.policy).groups))
        _save(arguments.propose_noise, iter((rules_file(found.proposals),)), "--propose-noise")
    return found


def _only_decisions(arguments: argparse.Namespace) -> None:
    """Raises UsageError for what `--decisions` does not go with."""
    if arguments.format not in (None, "text", "json"):
        raise UsageError("--decisions are written as text or json")
    for option in ("compare", "propose_noise", "manifest", "output"):
        if getattr(arguments, option):
            raise UsageError(f"--decisions writes no figures: it does not go with --{option.replace('_', '-')}")


def _format_of(arguments: argparse.Namespace) -> str:
    """The format that is requested, or what the file's ending stands for. Raises UsageError."""
    if arguments.format or not arguments.output:
        return arguments.format or "text"
    ending = os.path.splitext(arguments.output)[1].lower()
    if ending not in _ENDINGS:
        known = ", ".join(filter(None, _ENDINGS))
        raise UsageError(f"--output {arguments.output}: give a --format, or a name that ends with one of {known}")
    return _ENDINGS[ending]


def _write(found: Replayed, chosen: str, output: str | None) -> None:
    report: Any = import_module(f"kube_audit_lint.report.{FORMATS[chosen]}")
    if output:
        _save(output, report.render(found), "--output")
    else:
        for piece in report.render(found, style_of("never").width) if chosen == "text" else report.render(found):
            sys.stdout.write(piece)


def _save(path: str, pieces: Iterator[str], option: str) -> None:
    try:
        with whole_file(path) as file:
            for piece in pieces:
                file.write(piece)
    except OSError as error:
        raise UsageError(f"{option} {path}: {error.strerror or error}") from error


def decisions(ways: list[OpenedPolicy], paths: list[str], format: str, out: TextIO, jobs: int = 1) -> int:
    """Writes one decision for each event, in the order of the log; returns the exit code.

    ways: the policy; where a template leaves parts of it open, each that it may become: where they differ, all that is
    possible is written. A line that is no event is marked, and reported on standard error.
    """
    answers = _Answers(ways, format)
    log = Log(paths)
    bad, shown, open_events = 0, 0, 0
    for tally, rules in decide([one.policy for one in ways], log.batches(), jobs):
        out.write("".join([answers[each] for each in rules]))
        open_events += sum(each in answers.open for each in rules) if answers.open else 0
        for one in tally.shown[: SHOWN_ERRORS - shown]:
            _tell(one)
        bad, shown = bad + tally.bad, shown + len(tally.shown)
    notes = [*log.notes]
    if bad:
        notes.append("1 line is not an audit event" if bad == 1 else f"{bad} lines are not audit events")
    if open_events:
        events = "1 event" if open_events == 1 else f"{open_events} events"
        notes.append(f"what becomes of {events} depends on how the template is filled: all that is possible is written")
    for note in notes:
        print(f"kube-audit-lint: {visible(note)}", file=sys.stderr)
    return FAILED if bad or log.notes else OK


def _tell(bad: Bad) -> None:
    print(f"kube-audit-lint: {visible(f'{bad.path}:{bad.line}: no audit event: {bad.reason}')}", file=sys.stderr)


class _Answers(dict[tuple[int, ...] | None, str]):
    """What is written for the rules that decide an event in each way to fill a template, and for what is no event.

    open: those of which what is written names several.
    """

    def __init__(self, ways: list[OpenedPolicy], format: str) -> None:
        super().__init__({None: _NO_EVENT[format]})
        self.open: set[tuple[int, ...] | None] = set()
        self._ways = ways
        self._format = format

    def __missing__(self, rules: tuple[int, ...] | None) -> str:
        each = [_decided(opened, rule) for opened, rule in zip(self._ways, rules or (), strict=True)]
        different = list({tuple(map(str, one.values())): one for one in each}.values())
        if len(different) > 1:
            self.open.add(rules)
        if self._format == "json":
            data = different[0] if len(different) == 1 else {"possible": different}
            text = json_text(data) + "\n"
        else:
            numbers = dict.fromkeys(str(one["rule"] or "-") for one in different)
            levels = dict.fromkeys(str(one["level"]) for one in different)
            text = f"{'|'.join(numbers)}\t{'|'.join(levels)}\n"
        self[rules] = text
        return text


def _decided(opened: OpenedPolicy, rule: int) -> dict[str, Any]:
    """What a rule makes of an event; one that a template puts in has no number."""
    from kube_audit_lint.analysis.evaluate import NO_RULE, decision_of

    decision, number = decision_of(opened.policy, rule), opened.number(rule)
    known = rule != NO_RULE and number > 0
    return {
        "rule": number if known else None,
        "line": opened.line(rule) if known else None,
        "level": decision.level,
        "omitStages": sorted(decision.omit_stages),
    }
