"""`minikube start --extra-config=apiserver.FLAG=VALUE`, in scripts and documentation.

Sources, kubernetes/minikube: pkg/minikube/bootstrapper/bsutil/extraconfig.go (component.key=value becomes
kubeadm's extraArgs), site/content/en/docs/tutorials/audit-policy.md (kubeadm's own mounts are all that the server
sees of the node, which is why the policy goes below /etc/ssl/certs).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kube_audit_lint.forms.common.arguments import setting
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.extra_args import always_mounted
from kube_audit_lint.model.found import Found
from kube_audit_lint.model.server import ApiServer, Flag
from kube_audit_lint.model.value import Value
from kube_audit_lint.model.version import parse_versions
from kube_audit_lint.syntax.shell import Word, commands

_PROGRAM = re.compile(r"(?m)^[^#\n]*?\b(minikube)[ \t]")
_START = re.compile(r"(?<=[ \t])start\b")
_CERTIFICATES = "/var/lib/minikube/certs"
_PREFIX = "apiserver."


def started(text: str, context: Context) -> Found:
    """The API servers of the clusters that a text's commands start."""
    servers = []
    end = 0
    while (found := _PROGRAM.search(text, end)) is not None:
        start, end = found.start(1), _end(text, found.end(), first=True)
        if not _START.search(text, found.end(), end):
            continue
        end = _end(text, start)
        words = next(iter(commands(text[start:end])), [])
        server = _server(words, start, context)
        if server is not None:
            servers.append(server)
    return Found(servers=tuple(servers))


def _end(text: str, start: int, first: bool = False) -> int:
    """Where the command that starts at an offset ends: at the first line, or at the first that is not continued."""
    end = text.find("\n", start)
    while end >= 0 and not first and text[max(start, end - 2) : end].rstrip("\r").endswith("\\"):
        end = text.find("\n", end + 1)
    return len(text) if end < 0 else end


def _server(words: list[Word], start: int, context: Context) -> ApiServer | None:
    flags = list(_flags(words, start, context))
    if not any(flag.name.lower().startswith("audit") for flag in flags):
        return None  # `apiserver.Audit.LogOptions.Path` is how localkube had them, up to minikube 0.25
    place = context.place(start + words[0].start, start + words[0].end)
    version = next(iter(_options(words, "--kubernetes-version")), None)
    versions = parse_versions(version[0]) if version is not None else None
    return ApiServer(
        "minikube",
        place,
        tuple(flags),
        versions=versions,
        version_place=place if versions else None,
        mounts=tuple(always_mounted(place, _CERTIFICATES)),
        spelling=lambda name, value: f"--extra-config={_PREFIX}{name}" + (f"={value}" if value else ""),
        name="kube-apiserver",
        namespace="kube-system",
    )


def _flags(words: list[Word], start: int, context: Context) -> Iterator[Flag]:
    for text, word in _options(words, "--extra-config"):
        if not text.startswith(_PREFIX):
            continue
        name, equals, value = text.removeprefix(_PREFIX).partition("=")
        if not equals:
            continue
        # The words of these commands are hardly ever quoted; of one that is, the whole stands for its parts.
        raw = word.end - word.start == len(word.text)
        first = start + word.start + len(word.text) - len(text) + len(_PREFIX)
        last = first + len(name)
        whole = context.place(start + word.start, start + word.end)
        at_name = context.place(first, last) if raw else whole
        at_value = context.place(last + 1, last + 1 + len(value)) if raw else whole
        yield setting(Value(name, at_name), Value(value, at_value))


def _options(words: list[Word], name: str) -> Iterator[tuple[str, Word]]:
    """The values of an option, each with the word at whose end it is."""
    for at, word in enumerate(words):
        if word.text.startswith(f"{name}="):
            yield word.text[len(name) + 1 :], word
        elif word.text == name and at + 1 < len(words):
            yield words[at + 1].text, words[at + 1]
