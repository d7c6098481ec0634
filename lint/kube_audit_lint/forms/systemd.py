"""kube-apiserver as a systemd unit or a drop-in of one.

Sources: systemd.service(5) (prefixes of ExecStart, an empty one takes back earlier ones), systemd.exec(5)
(Environment, EnvironmentFile); `$NAME` and `${NAME}` are filled in from Environment, and unknown otherwise.
The server runs on the host, without mounts, unless a container engine runs it (common/binds.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from kube_audit_lint.forms.common.arguments import flags_of
from kube_audit_lint.forms.common.commandline import OWN_FLAGS, overfull
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.launched import launched
from kube_audit_lint.forms.common.spelt import Spelt
from kube_audit_lint.model.found import Found, Misshape
from kube_audit_lint.model.server import ApiServer
from kube_audit_lint.syntax.source import Source
from kube_audit_lint.syntax.units import Assignment, unit
from kube_audit_lint.syntax.unknown import UNKNOWN, Room
from kube_audit_lint.syntax.words import Letter, Word, expanded, split

MARKS = ("[Service]",)

_SECTION = re.compile(r"(?m)^[ \t]*\[Service\][ \t]*\r?$")
_HEAD = re.compile(r"(?:\s*[#;][^\n]*\n)*\s*\[")
"""How a unit begins, which a script that writes one does not."""
_MACROS = re.compile(r"(?s)\s*\{%(?:(?!<<).)*?^\[(?:Unit|Service|Install)\]", re.MULTILINE)
"""How a template of a unit may begin: macros, which leave nothing there."""
_NAMED = re.compile(r"(?i)kube-?api-?server|kubernetes[ -]api[ -]?server")
_VARIABLE = re.compile(r"(?<!\$)\$\{?([A-Za-z_]\w*)")
_FLAG_BELOW = re.compile(r"\s*-")
_SPECIFIER = re.compile(r"%(.)")


def read_text(source: Source, context: Context) -> Found | None:
    """The API servers that a unit starts, or that the variables of a drop-in give flags to."""
    text = context.text
    if not _SECTION.search(text) or not (_HEAD.match(text) or _MACROS.match(source.text)):
        return None
    if "--kube-apiserver-arg" in text:
        return _k3s(text, context)
    template = source.text if context.neutral is not None and context.offsets is None else None
    assignments = list(unit(text, template))
    named = _NAMED.search(context.path) is not None or any(
        one.key == "Description" and _NAMED.search(_text(one.value)) for one in assignments
    )
    spelt = Spelt(context)
    variables = _variables(assignments)
    files = tuple(_files(assignments))
    servers: list[ApiServer] = []
    misshapes: list[Misshape] = []
    room = Room()
    for one in _started(assignments):
        command = _command(one.value)
        server = _server(command, variables, room, spelt, named)
        if server is not None:
            taken = tuple(_taken(command, variables)) if files else ()
            servers.append(server._replace(flag_files=files, variables=taken))
            misshapes += _broken(one, text, context)
    if not servers:
        servers += _drop_in(variables, spelt)
    if not servers:
        return None
    return Found(servers=tuple(servers), misshapes=tuple(misshapes), notes=overfull(room, servers[0].place))


def _k3s(text: str, context: Context) -> Found | None:
    """K3s's unit, into which its installer writes the arguments of the API server."""
    from kube_audit_lint.forms.k3s import started

    found = started(text, context)
    return found if found else None


def _started(assignments: Sequence[Assignment]) -> list[Assignment]:
    found: list[Assignment] = []
    for one in assignments:
        if one.section == "Service" and one.key == "ExecStart":
            if _text(one.value).strip():
                found.append(one)
            else:
                found.clear()
    return found


def _command(value: Sequence[Letter]) -> list[Word]:
    """The words of an ExecStart without its prefixes."""
    at = 0
    while at < len(value) and value[at][0] in " \t@-:+!|":
        at += 1
    words = split(_specified(value[at:]))
    return [words[0], *words[2:]] if words and "@" in _text(value[:at]) else words


def _specified(value: Sequence[Letter]) -> list[Letter]:
    """A value with `%%` as `%`, and other specifiers unknown."""
    text = _text(value)
    if "%" not in text:
        return list(value)
    found: list[Letter] = []
    at = 0
    for specifier in _SPECIFIER.finditer(text):
        found += value[at : specifier.start()]
        at = specifier.end()
        letters = value[specifier.start() : at]
        known = specifier[1] == "%"
        found += [("%", letters[0][1], letters[-1][2])] if known else [(UNKNOWN, *one[1:]) for one in letters]
    return [*found, *value[at:]]


def _server(
    words: list[Word], variables: dict[str, list[Letter]], room: Room, spelt: Spelt, named: bool
) -> ApiServer | None:
    values = [spelt.value(word) for word in expanded(words, variables, room)]
    return launched("systemd", values, spelt.part, spelt.place_of_part, named)


def _variables(assignments: Sequence[Assignment]) -> dict[str, list[Letter]]:
    """What Environment sets."""
    found: dict[str, list[Letter]] = {}
    for one in assignments:
        if one.section == "Service" and one.key == "Environment":
            for word in split(_specified(one.value)):
                name, equals, _ = word.text.partition("=")
                if equals:
                    found[name] = list(word.letters[len(name) + 1 :])
    return found


def _files(assignments: Sequence[Assignment]) -> Iterator[str]:
    """The files that EnvironmentFile names."""
    for one in assignments:
        if one.section == "Service" and one.key == "EnvironmentFile":
            path = _text(one.value).strip().removeprefix("-")
            if path:
                yield path


def _taken(command: list[Word], variables: dict[str, list[Letter]]) -> Iterator[str]:
    """The variables that only such a file can set."""
    for word in command:
        for found in _VARIABLE.finditer(word.text):
            if found[1] not in variables:
                yield found[1]


def _drop_in(variables: dict[str, list[Letter]], spelt: Spelt) -> Iterator[ApiServer]:
    """Flags in variables, for a command that is in another file."""
    for letters in variables.values():
        words = split(letters)
        if words and words[0].text.startswith(OWN_FLAGS):
            values = [spelt.value(word) for word in words]
            yield ApiServer("systemd", values[0].place, flags_of(values, spelt.part), partial=True)


def _broken(one: Assignment, text: str, context: Context) -> Iterator[Misshape]:
    """Where a command ends early: systemd takes the flags that follow for unknown settings."""
    for start, end in one.broken:
        if text[start] == "-":
            message = (
                "No backslash continues the line above: systemd ends the command there and ignores the flags from "
            )
            message += "here on (`Unknown key name '--...' in section 'Service', ignoring`)."
            yield Misshape("wrong-shape", context.place(start, end), message, "End the line above with ` \\`.")
        elif _FLAG_BELOW.match(text, end):
            message = (
                "Blanks follow this backslash, so that it does not continue the line: systemd ends the command here "
            )
            message += (
                "and ignores the flags in the lines below (`Unknown key name '--...' in section 'Service', ignoring`)."
            )
            help = "Remove the blanks behind the backslash."
            yield Misshape("wrong-shape", context.place(start, end), message, help)


def _text(value: Sequence[Letter]) -> str:
    return "".join([letter[0] for letter in value])
