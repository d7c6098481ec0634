"""What the command line wants of a run."""

from __future__ import annotations

from collections.abc import Mapping

from kube_audit_lint.errors import UsageError
from kube_audit_lint.model.version import Versions, parse_versions, refused
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from kube_audit_lint.kubernetes.custom import Served
    from kube_audit_lint.pipeline.baseline import Baseline


STDIN = "<stdin>"
"""How what comes on standard input is called."""


class Options(NamedTuple):
    """What the command line wants of a run.

    stdin: the name and content of standard input. contents: by absolute path, what files are read as. baseline: the
    findings that are known; without it, those of the configuration count. served: what the
    cluster lists of its resources.
    """

    paths: tuple[str, ...] = (".",)
    versions: Versions | None = None
    profile: str = ""
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    pedantic: bool = False
    ignores: bool = True
    embedded: bool = False
    stdin: tuple[str, bytes] | None = None
    contents: Mapping[str, bytes] = {}
    baseline: Baseline | None = None
    served: Served | None = None


def versions_of(text: str | None) -> Versions | None:
    """The versions that `--kubernetes-version` names; None where it was not given. Raises UsageError."""
    versions = None if text is None else parse_versions(text)
    if text is not None and versions is None:
        raise UsageError(
            f"--kubernetes-version takes a version such as 1.30 or a range such as 1.29-1.34, not {text!r}"
        )
    if versions is not None and refused(versions):
        raise UsageError(f"--kubernetes-version: {refused(versions)}")
    return versions
