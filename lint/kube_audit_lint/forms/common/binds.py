"""What container engines mount: `docker run -v`, Compose's `volumes`, Quadlet's `Volume=` and `Mount=`.

Sources: Docker's reference of `docker run` (--volume, --mount) and of Compose files (services, volumes: short and long
syntax); podman-systemd.unit(5). What does not begin with `/`, `.` or `~` is the name of a volume; a path on the host
that is not there is made, as a directory.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from kube_audit_lint.model.server import HostFile, Mount, Volume
from kube_audit_lint.model.value import Value
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.unknown import UNKNOWN

_ENGINES = ("docker", "podman", "nerdctl")
_RUN = ("run", "create")
_SWITCHES = (
    *("--detach", "--disable-content-trust", "--help", "--init", "--interactive", "--no-healthcheck", "--no-hosts"),
    *("--oom-kill-disable", "--privileged", "--publish-all", "--quiet", "--read-only", "--replace", "--rm", "--rmi"),
    *("--sig-proxy", "--tty", "--tls-verify", "--no-hostname", "--unsetenv-all", "--passwd"),
)
_SHORT = "acehlmpuvw"
"""Options of one letter that take a value."""
_HOST = re.compile(rf"[/.~$%{UNKNOWN}]")
_VOLUME = re.compile(r"([^:]*):([^:]+)(?::([\w,=]+))?")


def bind(value: Value) -> Mount | None:
    """`SOURCE:TARGET[:OPTIONS]` as a mount; None for a volume without a source."""
    found = _VOLUME.fullmatch(value.text)
    if found is None:
        return None
    options = (found[3] or "").split(",")
    return mounted(Value(found[1], value.place), Value(found[2], value.place), "ro" in options or "readonly" in options)


def in_memory(value: Value) -> Mount:
    """What `--tmpfs` and `Tmpfs=` mount: a folder in memory."""
    target = Value(value.text.partition(":")[0], value.place)
    return Mount(target, target, value.place, volume=Volume("", "tmpfs", value.place))


def mounted(source: Value, target: Value, read_only: bool) -> Mount:
    """A path of the host, or a named volume, at a path of the container."""
    on_host = _HOST.match(source.text) is not None
    volume = Volume(source.text, "bind" if on_host else "volume", source.place, source if on_host else None)
    return Mount(source, target, target.place, read_only, None, None, volume)


def local_files(mounts: Sequence[Mount]) -> tuple[HostFile, ...]:
    """The files that are taken from beside the file that names them (`./audit-policy.yaml`)."""
    sources = [one.volume.path for one in mounts if one.volume is not None and one.volume.path is not None]
    return tuple(HostFile(one.text, one.place, None, one) for one in sources if one.text.startswith("."))


def both(flag: str, path: str) -> str:
    """The mount that brings what a flag names to the same path: a file to be read, or the log's folder."""
    folder = path.rpartition("/")[0] or "/"
    return f"{folder}:{folder}" if flag == "audit-log-path" else f"{path}:{path}:ro"


class EngineRun(NamedTuple):
    """A container that an engine runs: its mounts, the image, and the words behind it.

    mounts: None where variables may bring further ones. command: with the entry point that the engine is given.
    """

    mounts: tuple[Mount, ...] | None
    image: Value
    command: list[Value]


def engine_run(words: Sequence[Value]) -> EngineRun | None:
    """What `docker run` and its like run; None where no engine does.

    Source: `docker run --help`: options end at the image, and all but the switches take a value.
    """
    engine = next((at for at, one in enumerate(words) if one.text.rpartition("/")[2] in _ENGINES), None)
    start = None if engine is None else next((at for at in range(engine, len(words)) if words[at].text in _RUN), None)
    if start is None:
        return None
    at = start + 1
    while at < len(words) and words[at].text.startswith(("-", UNKNOWN)):
        at += 1 + _takes_value(words[at].text)
    if at >= len(words):
        return None
    options = words[start + 1 : at]
    open_ended = any(one.text.startswith(UNKNOWN) for one in options)
    command = [*_entrypoint(options), *words[at + 1 :]]
    return EngineRun(None if open_ended else tuple(_mounts(options)), words[at], command)


def _entrypoint(options: Sequence[Value]) -> Iterator[Value]:
    """The program that is run in place of the image's own."""
    for at, word in enumerate(options):
        name, equals, text = word.text.partition("=")
        if name == "--entrypoint":
            yield from [Value(text, word.place)] if equals else options[at + 1 : at + 2]


def _takes_value(option: str) -> bool:
    """Whether the value of an option of an engine is the next word."""
    if "=" in option or option.startswith(UNKNOWN):
        return False
    if option.startswith("--"):
        return option not in _SWITCHES
    return option[-1] in _SHORT


def _mounts(words: Sequence[Value]) -> Iterator[Mount]:
    for at, word in enumerate(words):
        name, equals, text = word.text.partition("=")
        if len(word.text) > 2 and word.text.startswith("-v") and name != "-v":
            name, equals, text = "-v", "=", word.text[2:]
        follows = words[at + 1] if at + 1 < len(words) else None
        value = Value(text, word.place) if equals else follows
        if value is None:
            continue
        found = None
        if name in ("-v", "--volume"):
            found = bind(value)
        elif name == "--mount":
            found = long_mount(value)
        elif name == "--tmpfs":
            found = in_memory(value)
        if found is not None:
            yield found


def long_mount(value: Value) -> Mount | None:
    """`type=bind,source=/a,target=/b,readonly`; None where it says no target."""
    fields = dict(part.partition("=")[::2] for part in value.text.split(","))
    source = fields.get("source") or fields.get("src") or ""
    target = fields.get("target") or fields.get("destination") or fields.get("dst")
    if not target:
        return None
    if fields.get("type") == "tmpfs":
        return in_memory(Value(target, value.place))
    read_only = any(name in fields and fields[name] in ("", "true", "1") for name in ("readonly", "ro"))
    return mounted(Value(source, value.place), Value(target, value.place), read_only)
