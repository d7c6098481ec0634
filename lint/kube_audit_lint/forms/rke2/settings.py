"""The settings of RKE2 and K3s that auditing depends on, and what RKE2 sets by itself.

Sources: rancher/rke2 pkg/cli/cmds/root.go (profile, audit-policy-file, kube-apiserver-extra-mount) and
pkg/executor/staticpod/staticpod.go APIServer, before 1.35 pkg/podexecutor/staticpod.go: with audit-policy-file or a
CIS profile RKE2 puts 30 days, 10 files, 100 MB, the policy's path and a log path in front of the arguments that are
given; without either it sets nothing. K3s sets nothing. pkg/podtemplate (what an extra mount may look like).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kube_audit_lint.forms.common.arguments import setting
from kube_audit_lint.forms.common.reader import Reader, unknown_key
from kube_audit_lint.forms.rke2.arguments import flags_of_items, shapes_of_items
from kube_audit_lint.kubernetes.flags import POLICY_FILE
from kube_audit_lint.model.found import Misshape, Note
from kube_audit_lint.model.server import ApiServer, Flag
from kube_audit_lint.model.value import Value
from kube_audit_lint.syntax.nodes import Entry, Mapping, Scalar
from kube_audit_lint.syntax.nodes import Sequence as List
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.unknown import is_unknown

ARGUMENTS = "kube-apiserver-arg"
MOUNTS = "kube-apiserver-extra-mount"
DEFAULT_POLICY = "/etc/rancher/rke2/audit-policy.yaml"

_OF_THE_SERVER = (ARGUMENTS, MOUNTS, "kube-apiserver-extra-env", "kube-apiserver-image")
_FORMERLY = ("cis-1.5", "cis-1.6", "cis-1.23", "cis")


class Settings(NamedTuple):
    """What one or several configuration files say, the later over the earlier."""

    mappings: Sequence[Mapping]

    def entry(self, name: str) -> Entry | None:
        """The last entry of a name."""
        found = [entry for mapping in self.mappings if (entry := mapping.entries.get(name)) is not None]
        return found[-1] if found else None

    def string(self, name: str) -> str | None:
        """The last value of a name, when it is a string."""
        entry = self.entry(name)
        node = None if entry is None else entry.value
        return node.value if isinstance(node, Scalar) and node.kind == "string" else None

    def arguments(self) -> list[Entry]:
        """The entries that hold arguments, misspelt ones among them; `+` adds to those before."""
        found: list[Entry] = []
        for mapping in self.mappings:
            for name, entry in mapping.entries.items():
                if is_arguments(name):
                    found = [*found, entry] if name.endswith("+") else [entry]
        return found

    def flags(self, own: bool = True) -> tuple[Flag, ...]:
        """The flags in the order kube-apiserver gets them: RKE2's own setting first, where there is one (`own`)."""
        arguments = tuple(flag for entry in self.arguments() for flag in flags_of_items(entry.value))
        return (*self.policy_flag(), *arguments) if own else arguments

    def policy_flag(self) -> Iterator[Flag]:
        """RKE2's own setting for the policy's path."""
        entry = self.entry(POLICY_FILE)
        if entry is not None and isinstance(entry.value, Scalar) and entry.value.kind == "string":
            name = Value(entry.key.value, entry.key.place)
            yield setting(name, Value(entry.value.value, entry.value.place))

    @property
    def cis(self) -> bool:
        """Whether a CIS profile is asked for."""
        return self.string("profile") in _FORMERLY

    @property
    def audited(self) -> bool:
        """Whether anything is said about auditing."""
        return self.cis or any(flag.name.startswith("audit-") for flag in self.flags())

    def defaults(self) -> dict[str, str]:
        """What RKE2 sets by itself."""
        policy = self.string(POLICY_FILE) or (DEFAULT_POLICY if self.cis else "")
        if not policy:
            return {}
        directory = (self.string("data-dir") or "/var/lib/rancher/rke2").rstrip("/")
        return {
            POLICY_FILE: policy,
            "audit-log-maxage": "30",
            "audit-log-maxbackup": "10",
            "audit-log-maxsize": "100",
            "audit-log-path": f"{directory}/server/logs/audit.log",
        }


def spelling(flag: str, value: str) -> str:
    """A flag with its value as an item of the arguments."""
    return f"- {flag}={value}"


def is_arguments(name: str) -> bool:
    """Whether a key holds kube-apiserver's arguments, or is meant to."""
    name = name.removesuffix("+")
    return name == ARGUMENTS or meant(name) == ARGUMENTS


def meant(name: str) -> str | None:
    """The setting about kube-apiserver that a misspelt key stands for."""
    if "api" not in name.lower() or name.removesuffix("+") in _OF_THE_SERVER:
        return None
    from kube_audit_lint.kubernetes.spelling import nearest

    return nearest(name.removesuffix("+").replace("_", "-"), _OF_THE_SERVER, 2)


def shapes(mapping: Mapping, name_of_reader: str) -> Iterator[Misshape]:
    """What RKE2 or K3s drops, or takes otherwise than it was meant."""
    reader = Reader(name_of_reader, "it is skipped, and nothing of it reaches kube-apiserver", here="")
    for name, entry in mapping.entries.items():
        if is_unknown(name):
            continue
        near = meant(name)
        if near is not None:
            yield unknown_key(entry.key, reader, f"Write `{near}`.")
        elif name.startswith("audit-") and name != POLICY_FILE:
            value = entry.value.value if isinstance(entry.value, Scalar) else "..."
            yield unknown_key(entry.key, reader, f"Write `- {name}={value}` below `{ARGUMENTS}:`.")
        elif reader.name == "K3s" and name == POLICY_FILE:
            yield unknown_key(
                entry.key, reader, f"Write it as an item of `{ARGUMENTS}`: only RKE2 has it as a setting."
            )
        if is_arguments(name):
            yield from shapes_of_items(entry.value, reader.name)
        elif name.removesuffix("+") == MOUNTS:
            yield from _mounts(entry, reader)


def notes(server: ApiServer) -> tuple[Note, ...]:
    """What cannot be known of a server whose policy RKE2 writes itself where there is none."""
    if server.defaults.get(POLICY_FILE) != DEFAULT_POLICY or server.flag(POLICY_FILE) is not None:
        return ()
    message = f"whether {DEFAULT_POLICY} exists: where it does not, RKE2 writes a policy there that records nothing"
    return (Note(server.place, message),)


def _mounts(entry: Entry, reader: Reader) -> Iterator[Misshape]:
    if reader.name == "K3s":
        yield unknown_key(entry.key, reader, "Leave it out: K3s runs kube-apiserver on the host, without mounts.")
        return
    items = entry.value.items if isinstance(entry.value, List) else [entry.value]
    for item in items:
        if isinstance(item, Scalar) and item.kind == "string" and not is_unknown(item.value):
            parts = item.value.split(":")
            if len(parts) not in (2, 3, 4) or (len(parts) == 3 and parts[2].lower() not in ("ro", "rw")):
                message = "An extra mount is `host:container`, with `:ro` or `:rw` behind it: RKE2 skips this one."
                yield Misshape("wrong-shape", item.place, message, f"Write `{':'.join((parts * 2)[:2])}:ro`.")
