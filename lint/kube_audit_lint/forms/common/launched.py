"""The API server that a command line starts on a host, or in a container by an engine: of units and of scripts."""

from __future__ import annotations

from collections.abc import Sequence

from kube_audit_lint.forms.common import arguments
from kube_audit_lint.forms.common.binds import EngineRun, both, engine_run
from kube_audit_lint.forms.common.commandline import CommandLine, Part, api_server, same_text
from kube_audit_lint.model.server import ApiServer
from kube_audit_lint.model.value import Value
from kube_audit_lint.model.version import version_of_image
from kube_audit_lint.syntax.unknown import is_unknown


def launched(
    form: str,
    words: Sequence[Value],
    inside: arguments.Part = lambda value, start, end: None,
    part: Part = same_text,
    expected: bool = False,
) -> ApiServer | None:
    """The API server that some words start; None where they start something else.

    inside, part: give the place of a part of a word. expected: as of `api_server`.
    """
    run = engine_run(words)
    if run is not None:
        return _in_container(form, run, inside, part, expected)
    line = api_server(words, part, expected)
    return None if line is None else _of_line(form, line, inside)


def _of_line(form: str, line: CommandLine, inside: arguments.Part) -> ApiServer:
    return ApiServer(form, line.place, arguments.flags_of(line.arguments, inside), partial=line.partial)


def _in_container(form: str, run: EngineRun, inside: arguments.Part, part: Part, expected: bool) -> ApiServer | None:
    by_image = run.image.text.rpartition("/")[2].partition(":")[0].startswith("kube-apiserver")
    words = run.command
    if by_image and words and words[0].text.startswith("-"):
        words = [Value("kube-apiserver", run.image.place), *words]
    line = api_server(words, part, expected or by_image)
    if line is None:
        return None
    server = _of_line(form, line, inside)
    versions = None if is_unknown(run.image.text) else version_of_image(run.image.text)
    server = server._replace(versions=versions, version_place=run.image.place if versions is not None else None)
    if run.mounts is None or line.partial:
        return server._replace(partial=server.partial or run.mounts is None)
    return server._replace(mounts=run.mounts, mounting=lambda flag, path: f"Add `-v {both(flag, path)}`.")
