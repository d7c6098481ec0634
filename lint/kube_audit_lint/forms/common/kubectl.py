"""`kubectl apply -f` in scripts, tasks, pipelines and user data: an audit policy that it is given is refused.

Source: kubectl's reference (apply, create and replace take `-f`/`--filename`, several of them and lists with commas; a
folder's .json, .yaml and .yml files; `-` for standard input). `oc` takes the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from kube_audit_lint.forms.common.applied import applied
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.manifests import applied_file
from kube_audit_lint.model.found import Misshape
from kube_audit_lint.syntax.nodes import Node, Scalar, Sequence
from kube_audit_lint.syntax.parts import part_of
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.shell import commands
from kube_audit_lint.syntax.source import Place

BY = "kubectl takes this for an object, and fails"
_TOOL = re.compile(r"(?:\A|/)(?:microk8s\.)?(?:kubectl|oc)\Z")
_VERBS = ("apply", "create", "replace")
_COMMAND = re.compile(r"\b(?:kubectl|oc)\b[^\n;|&]*?\b(?:apply|create|replace)\b")
_FROM_INPUT = re.compile(rf"{_COMMAND.pattern}[^\n;|&]*?(?:-f|--filename)[ =]*-(?=[\s\"']|\Z)")


class _Word(NamedTuple):
    """A word of a command and where it is."""

    text: str
    place: Place
    variable: str = ""


def may_apply(text: str) -> bool:
    """Whether a text has a command that applies something."""
    return "-f" in text and _COMMAND.search(text) is not None


def from_input(command: str) -> bool:
    """Whether a command applies what it is given on its standard input."""
    return _FROM_INPUT.search(command) is not None


def in_script(text: str, context: Context, held: Mapping[str, str]) -> Iterator[Misshape]:
    """The policies that a script's commands apply. held: the apiVersions of policies by the paths of their files."""
    yield from _in_text(text, context.place, context, held)


def in_string(node: Scalar, context: Context) -> Iterator[Misshape]:
    """The same of a string: the command of a task, the script of a pipeline's step."""
    yield from _in_text(node.value, partial(part_of, node), context, {})


def in_commands(nodes: list[Node], context: Context, held: Mapping[str, str]) -> Iterator[Misshape]:
    """The same of a list of commands, each a string or a list of words (cloud-init's runcmd)."""
    for node in nodes:
        if isinstance(node, Scalar) and may_apply(node.value):
            yield from _in_text(node.value, partial(part_of, node), context, held)
        elif isinstance(node, Sequence):
            words = [_Word(one.value, one.place) for one in node.items if isinstance(one, Scalar)]
            yield from _of_command(words, context, held)


def _in_text(
    text: str, place: Callable[[int, int], Place], context: Context, held: Mapping[str, str]
) -> Iterator[Misshape]:
    for words in commands(text):
        yield from _of_command(
            [_Word(one.text, place(one.start, one.end), one.variable) for one in words], context, held
        )


def _of_command(words: list[_Word], context: Context, held: Mapping[str, str]) -> Iterator[Misshape]:
    at = next((at for at, one in enumerate(words) if _TOOL.search(one.text) or "KUBECTL" in one.variable.upper()), None)
    rest = words[at + 1 :] if at is not None else []
    if not any(one.text in _VERBS for one in rest):
        return
    for one in _named(rest):
        for path in one.text.split(","):
            if path in held:
                yield applied(one.place, held[path], BY)
            else:
                yield from applied_file(path, one.place, BY, context)


def _named(words: list[_Word]) -> Iterator[_Word]:
    """The values of `-f`."""
    for at, one in enumerate(words):
        if one.text in ("-f", "--filename"):
            yield from words[at + 1 : at + 2]
        elif one.text.startswith("--filename="):
            yield one._replace(text=one.text.partition("=")[2])
        elif one.text.startswith("-f") and len(one.text) > 2:
            yield one._replace(text=one.text[2:].removeprefix("="))
