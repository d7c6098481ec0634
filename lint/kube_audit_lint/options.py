"""What the command line asks of a run."""

from __future__ import annotations

from kube_audit_lint.model.version import Versions
from kube_audit_lint.record import NamedTuple


class Options(NamedTuple):
    """What the command line asks of a run. `stdin` is the name and content of standard input."""

    paths: tuple[str, ...] = (".",)
    versions: Versions | None = None
    profile: str = ""
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    pedantic: bool = False
    ignores: bool = True
    embedded: bool = False
    stdin: tuple[str, bytes] | None = None
