"""The settings of RKE2 and K3s that auditing depends on, and what RKE2 sets by itself.

Sources: rancher/rke2 pkg/cli/cmds/root.go (profile, audit-policy-file, kube-apiserver-extra-mount) and
pkg/executor/staticpod/staticpod.go APIServer, before 1.35 pkg/podexecutor/staticpod.go: with audit-policy-file or a
CIS profile RKE2 puts 30 days, 10 files, 100 MB, the policy's path and a log path in front of the arguments that are
given; without either it sets nothing. K3s sets nothing. pkg/podtemplate (what an extra mount may look like).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kube_audit_lint.forms.common.arguments import setting
from kube_audit_lint.forms.common.extra_args import value_of
from kube_audit_lint.forms.common.levels import Levels, settled
from kube_audit_lint.forms.common.reader import Reader, unknown_key
from kube_audit_lint.forms.rke2.arguments import flags_of_items, shapes_of_items
from kube_audit_lint.kubernetes.flags import POLICY_FILE, all_names
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

    def flags(self, own: bool = True, policy_is_argument: bool = False) -> tuple[Flag, ...]:
        """The flags in the order kube-apiserver gets them: RKE2's own setting first, where there is one (`own`).

        Flags that stand beside the arguments are read as they were meant, that of the policy only for K3s, which has no
        such setting (`policy_is_argument`).
        """
        arguments = tuple(flag for entry in self.arguments() for flag in flags_of_items(entry.value))
        beside = tuple(self._beside(policy_is_argument))
        return (*(self.policy_flag() if own else ()), *beside, *arguments)

    def _beside(self, policy_too: bool) -> Iterator[Flag]:
        for mapping in self.mappings:
            for name, entry in mapping.entries.items():
                flag, value = flag_meant(name), value_of(entry.value)
                if flag is not None and value is not None and (flag != POLICY_FILE or policy_too):
                    yield setting(Value(flag, entry.key.place), value)

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


def flag_meant(name: str) -> str | None:
    """The audit flag that a key stands for, in whatever way it is written."""
    if not name.lower().lstrip("-").startswith("audit"):
        return None
    plain = _plain(name)
    return next((flag for flag in all_names() if _plain(flag) == plain), None)


def _plain(name: str) -> str:
    return name.replace("-", "").replace("_", "").lower()


def settled_settings(root: Mapping, name_of_reader: str) -> tuple[Mapping, list[Misshape]]:
    """A configuration file with the settings under their names and at the top, and those that were not."""
    own = () if name_of_reader == "K3s" else (POLICY_FILE, MOUNTS)
    known = (*_OF_THE_SERVER, *(f"{name}+" for name in _OF_THE_SERVER))
    return settled(root, Levels({"": (ARGUMENTS, *own)}, known={"": known}), _reader(name_of_reader))


def _reader(name: str) -> Reader:
    return Reader(name, "it is skipped, and nothing of it reaches kube-apiserver", here="")


def shapes(mapping: Mapping, name_of_reader: str) -> Iterator[Misshape]:
    """What RKE2 or K3s drops, or takes otherwise than it was meant."""
    reader = _reader(name_of_reader)
    for name, entry in mapping.entries.items():
        if is_unknown(name):
            continue
        near = meant(name)
        flag = flag_meant(name) or (name if name.startswith("audit-") else None)
        if near is not None:
            yield unknown_key(entry.key, reader, f"Write `{near}`.")
        elif flag is not None and not (flag == POLICY_FILE == name and reader.name == "RKE2"):
            value = entry.value.value if isinstance(entry.value, Scalar) else "..."
            help = f"Write `- {flag}={value}` below `{ARGUMENTS}:`."
            if flag == POLICY_FILE:
                own = reader.name == "RKE2"
                help = f"Write `{flag}`." if own else f"{help[:-1]}: only RKE2 has it as a setting."
            yield unknown_key(entry.key, reader, help)
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
