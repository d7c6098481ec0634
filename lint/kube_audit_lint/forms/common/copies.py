"""The files that commands copy onto a host: `cp`, `mv`, `install`, `scp`, `rsync`, each with where it then is.

Source: the manual pages of GNU coreutils, scp(1) and rsync(1): the last word is the target, a folder where it ends in
`/` or there are several sources; `-t` names it first.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping

from kube_audit_lint.discovery.look import clearly_policy
from kube_audit_lint.forms.common.applied import with_policy
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.manifests import policy_among
from kube_audit_lint.forms.common.misplaced import is_folder, misplaced
from kube_audit_lint.model.found import Misshape
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.shell import Word, commands
from kube_audit_lint.syntax.source import Place

_TOOLS = ("cp", "mv", "install", "scp", "rsync")
_WITH_VALUE = ("-m", "-o", "-g", "-i", "-P", "-e", "-F", "-J", "--mode", "--owner", "--group")


class Copy(NamedTuple):
    """One file that is copied: the word that names it, the word of the target, and the path that it gets."""

    source: Word
    target: Word
    path: str


def copies(text: str) -> Iterator[Copy]:
    """The copies that the commands of a script make, in order."""
    for words in commands(text):
        at = next((at for at, one in enumerate(words) if os.path.basename(one.text) in _TOOLS), None)
        if at is not None:
            yield from _of(words[at + 1 :])


def misplaced_copies(
    text: str, place: Callable[[int, int], Place], context: Context, held: Mapping[str, str] | None = None
) -> Iterator[Misshape]:
    """The policies that commands copy to where they may not be.

    held: the apiVersions of policies by their paths on the host; another absolute path counts by its name.
    """
    for one in copies(text):
        source = one.source.text
        version = (held or {}).get(source, "")
        wrong = misplaced(place(one.target.start, one.target.end), one.path, version)
        if wrong is None:
            continue
        policy = policy_among(source, context)
        likely = source.startswith("/") and clearly_policy(source) and wrong.kind == "in-manifests"
        if version or policy is not None or likely:
            yield with_policy(wrong, policy)


def _of(words: list[Word]) -> Iterator[Copy]:
    if any(one.text == "-d" for one in words):
        return  # install makes folders
    named = [
        one
        for at, one in enumerate(words)
        if not one.text.startswith("-") and not (at and words[at - 1].text in _WITH_VALUE)
    ]
    if len(named) < 2:
        return
    *sources, target = named
    to = target.text.partition(":")[2] or target.text  # of scp
    for source in sources:
        folder = is_folder(to) or len(sources) > 1
        yield Copy(source, target, f"{to.rstrip('/')}/{os.path.basename(source.text)}" if folder else to)
