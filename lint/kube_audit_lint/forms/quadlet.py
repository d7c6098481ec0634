"""Quadlet files of Podman that run kube-apiserver, or K3s with arguments for it.

Source: podman-systemd.unit(5) ([Container]: Image, Exec, Entrypoint, Volume, Mount, Tmpfs, Network; words as
of systemd).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from kube_audit_lint.forms.common.arguments import flags_of
from kube_audit_lint.forms.common.binds import bind, both, in_memory, local_files, long_mount
from kube_audit_lint.forms.common.commandline import api_server
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.spelt import Spelt
from kube_audit_lint.forms.k3s import flags_in_words
from kube_audit_lint.model.found import Found
from kube_audit_lint.model.server import ApiServer
from kube_audit_lint.model.value import Value
from kube_audit_lint.model.version import version_of_image
from kube_audit_lint.syntax.source import Source
from kube_audit_lint.syntax.units import Assignment, unit
from kube_audit_lint.syntax.words import split

MARKS = ("[Container]",)
ORDER = 1

_SECTION = re.compile(r"(?m)^[ \t]*\[Container\][ \t]*\r?$")


def read_text(source: Source, context: Context) -> Found | None:
    """The API server that a container file runs."""
    if not _SECTION.search(context.text):
        return None
    assignments = [one for one in unit(context.text) if one.section == "Container"]
    spelt = Spelt(context)
    words = [word for key in ("Entrypoint", "Exec") for word in _words(assignments, key, spelt)]
    images = _words(assignments, "Image", spelt)
    server = _server(words, images[-1].text if images else "", spelt)
    if server is None:
        return None
    versions = version_of_image(images[-1].text) if images else None
    readers = (("Volume", bind), ("Mount", long_mount), ("Tmpfs", in_memory))
    read = (reader(word) for key, reader in readers for word in _words(assignments, key, spelt))
    mounts = tuple(one for one in read if one is not None)
    in_host = any(word.text == "host" for word in _words(assignments, "Network", spelt))
    server = server._replace(
        versions=versions,
        version_place=images[-1].place if versions is not None else None,
        mounts=mounts,
        files=local_files(mounts),
        host_names=in_host,
        mounting=lambda flag, path: f"Add `Volume={both(flag, path)}`.",
    )
    return Found(servers=(server,))


def _server(words: list[Value], image: str, spelt: Spelt) -> ApiServer | None:
    flags = tuple(flags_in_words(words, spelt.place_of_part))
    if any(flag.name.startswith("audit") for flag in flags):
        return ApiServer("quadlet", flags[0].place, flags, spelling=_spelling, name="kube-apiserver")
    named = image.rpartition("/")[2].partition(":")[0].startswith("kube-apiserver")
    if named and words and words[0].text.startswith("-"):
        words = [Value("kube-apiserver", words[0].place), *words]
    line = api_server(words, spelt.place_of_part, named)
    if line is None:
        return None
    return ApiServer("quadlet", line.place, flags_of(line.arguments, spelt.part), partial=line.partial)


def _spelling(name: str, value: str) -> str:
    return f"--kube-apiserver-arg={name}" + (f"={value}" if value else "")


def _words(assignments: Sequence[Assignment], key: str, spelt: Spelt) -> list[Value]:
    return [spelt.value(word) for one in assignments if one.key == key for word in split(one.value)]
