"""`kube-audit-lint init`: writes a policy, and the settings that load it in one form."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Sequence
from textwrap import wrap

from kube_audit_lint.commands import OK, filled
from kube_audit_lint.errors import UsageError
from kube_audit_lint.kubernetes.spelling import nearest
from kube_audit_lint.model.version import DEFAULT_FIRST, newer
from kube_audit_lint.pipeline.options import versions_of
from kube_audit_lint.report.safe import lines, visible
from kube_audit_lint.starter.data_files import detections, form_names
from kube_audit_lint.starter.forms import Starter, starter
from kube_audit_lint.starter.wanted import CLUSTER, RECEIVER, Wanted
from kube_audit_lint.starter.writing import write

PROFILES = ("default", "cis", "stig", "ack")
_HELD = "\0"
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\Z")
_CLUSTER = re.compile(r"[A-Za-z0-9][\w-]*\Z")
_URL = re.compile(r"https?://[\w.:/?&=%~+\[\]-]+\Z")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Gives the command its options."""
    add = parser.add_argument
    add("--kubernetes-version", metavar="V", required=True, help="the cluster's version (1.31 or 1.31.4)")
    add("--form", required=True, help=f"how the cluster is set up: {', '.join(form_names())}")
    add("--profile", default="default", help=f"{', '.join(PROFILES)} (default: default)")
    add("--webhook", nargs="?", const=RECEIVER, default="", metavar="URL", help="send events to a receiver, too")
    add(
        "--noise", action="append", default=[], metavar="NS", help="drop what service accounts of NS read (kube-system)"
    )
    add("--detections", action="append", default=[], metavar="D", help="record what these need: falco, sigma")
    add("--cluster-id", metavar="ID", help="of a registered cluster of Alibaba Cloud ACK, for the profile ack")
    add("--output", type=filled, metavar="DIR", help="the folder that the files are written to")
    shown = "show the settings as a difference of this file; with --write put them into it"
    add("--into", type=filled, metavar="FILE", help=shown)
    add("--write", action="store_true", help="with --into: change the file, and write the others to --output")
    add("--force", action="store_true", help="replace files that are there")


def run(arguments: argparse.Namespace) -> int:
    """Writes; returns the exit code."""
    wanted = _wanted(arguments)
    if arguments.into is not None:
        return _into(arguments, wanted)
    if arguments.output is None or arguments.write:
        raise UsageError("--write goes with --into" if arguments.write else "init takes --output DIR, or --into FILE")
    made = starter(wanted)
    written = write(arguments.output, made.files, arguments.force)
    print("\n".join(visible(f"wrote {path}") for path in written))
    print(lines(_next(made)))
    return OK


def _into(arguments: argparse.Namespace, wanted: Wanted) -> int:
    """Shows what would change of a file, or changes it."""
    from kube_audit_lint.catalogue.shipped import shipped
    from kube_audit_lint.commands._fixing import unified
    from kube_audit_lint.pipeline.fixing import Change
    from kube_audit_lint.starter.into import merged

    path = arguments.into
    before = _content(path)
    made, after = merged(wanted, path, before, shipped())
    if not arguments.write:
        sys.stdout.writelines(unified((Change(path, before, after, ()),)))
        print("nothing was written; --write --output DIR does it", file=sys.stderr)
        return OK
    if made.files and arguments.output is None:
        raise UsageError(f"--write needs --output DIR, for {', '.join(made.files)}")
    written = write(arguments.output, made.files, arguments.force) if made.files else []
    if before != after:
        _replace(path, before, after)
        print(visible(f"changed {path}"))
    print("\n".join(visible(f"wrote {one}") for one in written))
    print(lines(_next(made)))
    return OK


def _content(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise UsageError(f"--into {path}: {error.strerror}") from error


def _replace(path: str, before: bytes, after: bytes) -> None:
    from kube_audit_lint.pipeline.replacing import replace

    try:
        why = replace(path, before, after)
    except OSError as error:
        why = error.strerror or str(error)
    if why:
        raise UsageError(f"--into {path}: {why}; it was not changed")


def _wanted(arguments: argparse.Namespace) -> Wanted:
    """What the options describe. Raises UsageError."""
    minor, release = _version(arguments.kubernetes_version)
    profile = _one_of(arguments.profile, PROFILES, "--profile")
    noise = tuple(
        _checked(one, _LABEL, "--noise: {!r} is not the name of a namespace") for one in _each(arguments.noise)
    )
    if noise and profile == "stig":
        raise UsageError("--noise does not go with the profile stig: V-242403 requires that everything is recorded")
    if arguments.cluster_id is not None and profile != "ack":
        raise UsageError("--cluster-id goes with --profile ack")
    known = sorted(detections())
    return Wanted(
        minor,
        release,
        _one_of(arguments.form, form_names(), "--form"),
        profile,
        _checked(arguments.webhook, _URL, "--webhook: {!r} is not a URL") if arguments.webhook else "",
        noise,
        tuple(_one_of(one, known, "--detections") for one in _each(arguments.detections)),
        _checked(arguments.cluster_id or CLUSTER, _CLUSTER, "--cluster-id: {!r} is not the id of a cluster"),
    )


def _version(text: str) -> tuple[int, str]:
    """The minor, and the release with its patch level. Raises UsageError for what nothing is written for."""
    versions = versions_of(text)
    if versions is None or not versions.single:
        raise UsageError(f"--kubernetes-version: init writes for one version, not for {text!r}")
    if versions.first < DEFAULT_FIRST:
        raise UsageError(f"--kubernetes-version: init writes for 1.{DEFAULT_FIRST} and later, not for {versions}")
    if newer(versions):
        print(newer(versions), file=sys.stderr)
    patch = re.match(r"v?1\.\d+\.(\d+)", text.strip())
    return versions.first, f"{versions}.{patch[1] if patch else 0}"


def _one_of(word: str, known: Sequence[str], option: str) -> str:
    if word in known:
        return word
    near = nearest(word, known)
    raise UsageError(f"{option}: {word!r} is none of {', '.join(known)}" + (f"; did you mean {near}?" if near else ""))


def _each(values: Iterable[str]) -> list[str]:
    """The words of an option that is given several times, or with commas."""
    return list(dict.fromkeys(one.strip() for value in values for one in value.split(",") if one.strip()))


def _checked(text: str, pattern: re.Pattern[str], message: str) -> str:
    if not pattern.match(text):
        raise UsageError(message.format(text))
    return text


def _next(made: Starter) -> str:
    """What to do with the files."""
    out = ["", f"Next, for {made.title}:"]
    for number, step in enumerate(made.steps, 1):
        first, *rest = _wrapped(step)
        out += [f"{number:2}. {first}", *(f"    {line}" for line in rest)]
    return "\n".join([*out, "", "Auditing works when this shows an event:", f"    {made.proof}"])


def _wrapped(step: str) -> list[str]:
    """The lines of a step; a command, which is in backticks, is never parted: a user will copy it."""
    held = re.sub(r"`[^`]*`", lambda command: command[0].replace(" ", _HELD), step)
    return [line.replace(_HELD, " ") for line in wrap(held, 100, break_long_words=False, break_on_hyphens=False)]
