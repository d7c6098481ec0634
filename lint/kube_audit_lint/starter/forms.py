"""What one form needs: its files and what to do with them, filled from its data file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kube_audit_lint.errors import UsageError
from kube_audit_lint.starter import policy
from kube_audit_lint.starter.data_files import read
from kube_audit_lint.starter.template import filled
from kube_audit_lint.starter.wanted import CLUSTER, RECEIVER, Wanted
from kube_audit_lint.syntax.record import NamedTuple

Setting = tuple[str, str]

SHAPES: dict[str, Callable[[str, str], str]] = {
    "arguments": lambda name, value: f"- --{name}={value}",
    "items": lambda name, value: f"- {name}={value}",
    "lines": lambda name, value: f"--{name}={value}",
    "map": lambda name, value: f'{name}: "{value}"',
    "list": lambda name, value: f'- name: {name}\n  value: "{value}"',
}
"""How forms write a flag with its value."""


class Starter(NamedTuple):
    """Files by their names, what to do with them, and the command that shows that it works."""

    title: str
    files: Mapping[str, str]
    steps: tuple[str, ...]
    proof: str


def starter(wanted: Wanted) -> Starter:
    """What is to be written. Raises UsageError for what the form cannot do."""
    data = read(f"forms/{wanted.form}")
    for condition, why in data.get("refuses", {}).items():
        if wanted.meets(condition):
            raise UsageError(why)
    values = _values(data, wanted)
    files = {filled(one["file"], values).strip(): filled(one["text"], values) for one in _those(data["files"], wanted)}
    steps = [filled(one["text"], values).strip() for one in _those(data["steps"], wanted)]
    steps += _warnings(data, wanted, "".join(files.values()))
    return Starter(data["title"], files, tuple(steps), filled(data["proof"], values).strip())


def settings(data: Mapping[str, Any], wanted: Wanted) -> list[Setting]:
    """The flags that the form's file sets, with their values."""
    paths = _paths(data, wanted)
    flags = [("audit-policy-file", paths["policy"]), ("audit-log-path", paths["log"])]
    flags += [("audit-log-maxage", "30"), ("audit-log-maxbackup", "10"), ("audit-log-maxsize", "100")]
    if wanted.webhook:
        flags += [("audit-webhook-config-file", paths["webhook"]), ("audit-webhook-mode", "batch")]
    left_out = data.get("sets-itself", ())
    return [(name, value) for name, value in flags if name not in left_out]


def _values(data: Mapping[str, Any], wanted: Wanted) -> dict[str, str]:
    """All that the form's texts may name."""
    paths = _paths(data, wanted)
    values = {
        "minor": f"1.{wanted.minor}",
        "release": wanted.release,
        "profile": wanted.profile,
        "cluster": wanted.cluster,
        "url": wanted.webhook,
        "policy": policy.policy_text(wanted),
        "rules": policy.rules_text(wanted),
        "ignored": "\n".join(policy.ignored(wanted)),
        "webhook": read("webhook")["text"].replace("@url@", wanted.webhook) if wanted.webhook else "",
        "settings": wanted.into or data.get("into", "").rpartition("/")[2],
        "log-folder": paths["log"].rpartition("/")[0],
    }
    values |= {f"{name}-path": path for name, path in paths.items()}
    for shape, write in SHAPES.items():
        values[f"flags-{shape}"] = "\n".join(write(name, value) for name, value in settings(data, wanted))
    values["flags-line"] = values["flags-lines"].replace("\n", " ")
    for name, choices in data.get("blocks", {}).items():
        values[name] = "\n".join(one["text"].rstrip("\n") for one in _those(choices, wanted))
    return values


def _paths(data: Mapping[str, Any], wanted: Wanted) -> dict[str, str]:
    """Where policy, log and webhook's configuration lie for the API server."""
    known: dict[str, str] = {"policy": "", "log": "", "webhook": ""}
    known.update(data.get("paths", {}))
    known.update(data.get(f"paths-{wanted.profile}", {}))
    return known


def _those(choices: Iterable[Any], wanted: Wanted) -> list[dict[str, str]]:
    """The entries whose condition holds; one that is a text has none."""
    entries = [{"text": one} if isinstance(one, str) else one for one in choices]
    return [one for one in entries if wanted.meets(one.get("when", ""))]


def _warnings(data: Mapping[str, Any], wanted: Wanted, written: str) -> Iterable[str]:
    """What else a user has to know who uses these files."""
    for stand_in, option in ((RECEIVER, "--webhook URL"), (CLUSTER, "--cluster-id ID")):
        if stand_in in written:
            yield f"Put your own in the place of {stand_in}: it stands there where `{option}` is not given."
    if not data.get("policy", True):
        return
    yield from policy.kept_out(wanted)
    if wanted.profile == "stig":
        yield "The log holds the content of every secret and every token: whoever reads it, or a copy, has them all."
