"""Settings put into a file that is there: the new text, or why it cannot be had. Nothing is written here."""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.catalogue.rule import Catalogue
from kube_audit_lint.errors import UsageError
from kube_audit_lint.fixes import NotEditable
from kube_audit_lint.model.server import ApiServer
from kube_audit_lint.model.version import DEFAULT_FIRST, NEWEST, Versions
from kube_audit_lint.pipeline.config import Config
from kube_audit_lint.pipeline.documents import collect
from kube_audit_lint.pipeline.options import Options
from kube_audit_lint.pipeline.replacing import edited
from kube_audit_lint.pipeline.run import run
from kube_audit_lint.starter.data_files import read
from kube_audit_lint.starter.forms import Setting, Starter, settings, starter
from kube_audit_lint.starter.merging import Refused, next_edit, value
from kube_audit_lint.starter.wanted import Wanted
from kube_audit_lint.syntax.nodes import Mapping
from kube_audit_lint.syntax.reader import read_documents, read_file
from kube_audit_lint.syntax.source import Source

_ROUNDS = 100
_PATHS = ("audit-policy-file", "audit-log-path", "audit-webhook-config-file")


def merged(wanted: Wanted, path: str, before: bytes, catalogue: Catalogue) -> tuple[Starter, bytes]:
    """What is to be written beside the file, and the file's bytes with the settings in it.

    Raises UsageError for a file that the settings cannot be put into.
    """
    wanted = wanted._replace(into=path)
    try:
        made, after = _with_settings(wanted, path, before)
        _prove(wanted, path, before, after, catalogue)
    except (Refused, NotEditable) as error:
        raise UsageError(f"{path}: the settings cannot be put in: {error}; nothing was written") from error
    return made, after


def _with_settings(wanted: Wanted, path: str, before: bytes) -> tuple[Starter, bytes]:
    data = read(f"forms/{wanted.form}")
    if "into" not in data:
        raise Refused(data["no-into"])
    for made in _layouts(wanted):
        text = made.files[data["into"]]
        root = _root(wanted, text)
        own = None if root is None else _document(root, path, before)
        if own is not None and own.entries.keys().isdisjoint(data.get("into-has", own.entries)):
            raise Refused(f"it has none of {', '.join(data['into-has'])} at the top, as files of {data['title']} do")
        files = {name: one for name, one in made.files.items() if name != data["into"]}
        if root is None or own is None:
            return made._replace(files=files), _with_lines(path, before, text)
        if own.string("apiVersion") == root.string("apiVersion"):
            return made._replace(files=files), _edited(root, path, before)
    raise Refused("its apiVersion is none that init writes for this form")


def _layouts(wanted: Wanted) -> Iterator[Starter]:
    """What is written for the version, then in the shapes that the form has for others."""
    for minor in (wanted.minor, *range(NEWEST, DEFAULT_FIRST - 1, -1)):
        yield starter(wanted._replace(layout=minor))


def _root(wanted: Wanted, text: str) -> Mapping | None:
    """The document that init writes; None for lines of flags."""
    for document in read_documents(Source(wanted.form, text)):
        if isinstance(document.root, Mapping):
            return document.root
    return None


def _document(wanted: Mapping, path: str, data: bytes) -> Mapping:
    """The document of the file that the settings belong into. Raises Refused."""
    _, documents = read_file(path, data)
    for one in documents:
        if one.problem is not None:
            raise Refused(f"it cannot be read: {one.problem.message}")
    kind = wanted.string("kind")
    group = (wanted.string("apiVersion") or "").partition("/")[0]
    roots = [one.root for one in documents if isinstance(one.root, Mapping)]
    if kind is None:
        roots = [one for one in roots if "kind" not in one.entries]
    else:
        roots = [
            one for one in roots if one.string("kind") == kind and (one.string("apiVersion") or "").startswith(group)
        ]
    if len(roots) != 1:
        what = f"{kind} of {group}" if kind is not None else "document"
        raise Refused(f"it holds {len(roots) or 'no'} {what}{'' if not roots else ', and which is meant is not known'}")
    return roots[0]


def _edited(wanted: Mapping, path: str, before: bytes) -> bytes:
    """The file with all that is wanted, one edit after the other."""
    data = before
    for _ in range(_ROUNDS):
        source, _ = read_file(path, data)
        edit = next_edit(_document(wanted, path, data), wanted)
        if edit is None:
            if not _holds(value(_document(wanted, path, data)), value(_document(wanted, path, before))):
                raise Refused("what is there would not stay as it is")
            return data
        data = edited(data, source.text, [edit])
    raise Refused("the edits do not come to an end")


def _holds(after: object, before: object) -> bool:
    """Whether all that was there still is, and only more came."""
    if isinstance(before, dict) and isinstance(after, dict):
        return all(key in after and _holds(after[key], one) for key, one in before.items())
    if isinstance(before, list) and isinstance(after, list):
        return len(after) >= len(before) and all(map(_holds, after, before))
    return after == before or before in ("null", {}, [])


def _with_lines(path: str, before: bytes, lines: str) -> bytes:
    """A file of flags, one a line, with those that it does not have."""
    source, _ = read_file(path, before)
    found = collect(path, before, hint="server")
    server = found.found.servers[0] if found is not None and found.found.servers else None
    if server is None or server.form != "argsfile":
        raise Refused("it holds no flags of kube-apiserver, one a line")
    new = [line for line in lines.splitlines() if line.startswith("--") and _is_new(line, server)]
    end = "\r\n" if "\r\n" in source.text else "\n"
    start = "" if source.text.endswith("\n") or not source.text else end
    return before + (start + "".join(line + end for line in new)).encode() if new else before


def _is_new(line: str, server: ApiServer) -> bool:
    return server.flag(line[2:].partition("=")[0]) is None


def _prove(wanted: Wanted, path: str, before: bytes, after: bytes, catalogue: Catalogue) -> None:
    """Raises Refused unless the file's server gets the settings, and nothing is wrong that was not before."""
    data = read(f"forms/{wanted.form}")
    _hold(settings(data, wanted), path, after, data)
    grave = _grave(wanted, path, after, catalogue)
    for rule in grave.keys() - _grave(wanted, path, before, catalogue).keys():
        raise Refused(f"then {rule} would be reported: {grave[rule]}")


def _hold(flags: list[Setting], path: str, after: bytes, data: dict[str, object]) -> None:
    collected = collect(path, after)
    servers = collected.found.servers if collected is not None else ()
    if len(servers) != 1:
        raise Refused(
            f"it would hold {len(servers) or 'no'} API server{'s' * (len(servers) > 1)} with settings of auditing"
        )
    for name, needed in flags if data.get("policy", True) else []:
        own = servers[0].value(name)
        if name in _PATHS and own != needed:
            raise Refused(f"--{name} is set already, to {own}" if own else f"kube-apiserver would not get --{name}")


def _grave(wanted: Wanted, path: str, data: bytes, catalogue: Catalogue) -> dict[str, str]:
    """The rules that report something graver than advice, each with a message; but for the policy, not written yet."""
    versions = Versions(wanted.minor, wanted.minor)
    options = Options((), versions, wanted.profile, stdin=(path, data))
    findings = run(options, Config(), catalogue).report.findings
    return {one.rule: one.message for one in findings if one.severity != "info" and one.rule != "policy-file-missing"}
