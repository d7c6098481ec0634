"""The audit flags of kube-apiserver: which minor has which, their defaults, and which values it accepts.

Sources: `flag_table.py`, made by `scripts/generate_flags.py` from pkg/server/options/audit.go of the Go
modules k8s.io/apiserver 1.10 to 1.37 (the script explains every key of the file); parsing as in
github.com/spf13/pflag; validation as in AuditOptions.Validate() of the same file.

Flags are named without dashes in front; `_` counts as `-`, as in kube-apiserver. Minors are plain
integers: 1.24 is 24. Minors newer than the table count as its newest. The table is read at first use.
"""

from __future__ import annotations

from functools import cache

from kube_audit_lint.kubernetes import go_values
from kube_audit_lint.kubernetes.flag_table import FLAGS
from kube_audit_lint.kubernetes.go_values import GoError
from kube_audit_lint.syntax.typed import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    Value = bool | int | float | str
    Errors = list[tuple[str, str]]

T = TypeVar("T")

# Kubernetes 1.17 is the first minor built with Go 1.13, 1.19 the first with Go 1.15.
GO_NUMBER_LITERALS = 17
GO_QUOTED_DURATIONS = 19
OLDEST_VALIDATED = 10

POLICY_FILE, LOG_PATH, WEBHOOK_CONFIG = "audit-policy-file", "audit-log-path", "audit-webhook-config-file"
SWITCHES = {"log": LOG_PATH, "webhook": WEBHOOK_CONFIG}
"""The flag that switches a backend on."""


class FlagSpec:
    """One audit flag.

    type: int, int64, bool, string, path, duration or float32. since: the first minor that has it, 0 for 1.6
    or older; until: the last one, None while the newest known has it. minimum (inclusive) and above
    (exclusive): limits of the number, or None. deprecated: the first minor that calls it so, or None;
    replacement: the flag to use instead. backend: "log" or "webhook" when the flag is used and validated
    only with that backend on (see SWITCHES). mode: "batch" when it is used and validated only in that mode
    of the backend.
    """

    __slots__ = (
        "above",
        "allowed_steps",
        "backend",
        "default_steps",
        "deprecated",
        "minimum",
        "mode",
        "name",
        "replacement",
        "since",
        "type",
        "until",
    )

    def __init__(self, name: str, data: dict[str, Any]) -> None:
        self.name = name
        self.type: str = data["type"]
        self.since: int = data["since"]
        self.until: int | None = data["until"]
        self.minimum: int | None = data.get("min")
        self.above: int | None = data.get("above")
        self.deprecated: int | None = data.get("deprecated")
        self.replacement: str | None = data.get("replacement")
        self.backend: str | None = data["backend"]
        self.mode: str | None = data.get("mode")
        self.default_steps: list[tuple[int, Value]] = data["defaults"]
        self.allowed_steps: list[tuple[int, list[str]]] = data.get("allowed", [])

    def __repr__(self) -> str:
        return f"<FlagSpec --{self.name}>"

    def exists(self, minor: int) -> bool:
        """Whether kube-apiserver of that minor has the flag; one that has not does not start with it."""
        return self.since <= minor and (self.until is None or minor <= self.until)


@cache
def spec(name: str) -> FlagSpec | None:
    """The audit flag of that name, or None when no known version has it."""
    name = name.replace("_", "-")
    data = FLAGS.get(name)
    return None if data is None else FlagSpec(name, data)


@cache
def all_names() -> tuple[str, ...]:
    """Every audit flag that any known version has, sorted."""
    return tuple(FLAGS)


def is_boolean(name: str) -> bool:
    """Whether it is an audit flag, spelt with dashes, that takes no following word (pflag: NoOptDefVal is "true")."""
    data = FLAGS.get(name)
    return data is not None and data["type"] == "bool"


def takes_value(name: str) -> bool:
    """Whether it is an audit flag, spelt with dashes, that takes any following word."""
    data = FLAGS.get(name)
    return data is not None and data["type"] != "bool"


def default(name: str, minor: int) -> Value | None:
    """What the flag is when it is not given: a number, a boolean or a text (durations too: "30s").

    None when the minor does not have the flag, or no version has.
    """
    flag = spec(name)
    if flag is None or not flag.exists(minor):
        return None
    return _at(flag.default_steps, minor)


def allowed(name: str, minor: int) -> tuple[str, ...] | None:
    """The values that the flag can have, in kube-apiserver's order; None when they are not a closed list.

    Also None when the minor does not have the flag.
    """
    flag = spec(name)
    if flag is None or not flag.exists(minor) or not flag.allowed_steps:
        return None
    return tuple(_at(flag.allowed_steps, minor))


def parse_value(flag: FlagSpec, text: str, minor: int) -> str | None:
    """None when kube-apiserver of that minor can parse the value, else the error that it prints.

    Only the form is checked; validate() checks the value itself. A switch without a value is "true".
    """
    try:
        _parse(flag, text, minor)
    except GoError as error:
        name = go_values.quote(f"--{flag.name}")
        return f"invalid argument {go_values.quote(text)} for {name} flag: {error}"
    return None


def comparable(name: str, value: str | None, minor: int) -> str:
    """What a flag comes to, in words that can be compared: `30` and `0x1e` are one number. None: its default."""
    flag = spec(name)
    if value is None or flag is None:
        known = default(name, minor) if value is None else value
        return str(known).lower() if isinstance(known, bool) else str("" if known is None else known)
    if parse_value(flag, value, minor) is not None:
        return value
    if flag.type in ("int", "int64"):
        return str(go_values.parse_int(value))
    if flag.type == "bool":
        return str(go_values.parse_bool(value)).lower()
    return value


def validate(flags: Mapping[str, str], minor: int, *, dynamic_auditing: bool = False) -> list[tuple[str, str]]:
    """What kube-apiserver of that minor has against the values of the flags: (flag, message), in its order.

    flags: flag name to text, the last one where a flag was repeated. Flags that are unknown, not in that
    minor, or that parse_value refuses count as not given. dynamic_auditing: the feature gate
    DynamicAuditing (1.13-1.18). Minors before 1.10 count as 1.10.
    """
    given = {name.replace("_", "-"): text for name, text in flags.items()}
    minor = max(minor, OLDEST_VALIDATED)
    values = _values(given, minor)
    errors: Errors = []
    for backend, switch in SWITCHES.items():
        if values[switch]:
            errors += _validate_backend(backend, values, minor, given)
    if values.get("audit-dynamic-configuration") and not dynamic_auditing:
        message = "--audit-dynamic-configuration set, but DynamicAuditing feature gate is not enabled"
        errors.append(("audit-dynamic-configuration", message))
    return errors


def _at(steps: Sequence[tuple[int, T]], minor: int) -> T:
    """The value of the last step that begins at or before the minor."""
    return next(value for first, value in reversed(steps) if first <= minor)


def _parse(flag: FlagSpec, text: str, minor: int) -> Value:
    """The value as Go holds it, durations in nanoseconds. Raises GoError."""
    literals = minor >= GO_NUMBER_LITERALS
    if flag.type in ("int", "int64"):
        return go_values.parse_int(text, literals=literals)
    if flag.type == "float32":
        return go_values.parse_float32(text, literals=literals)
    if flag.type == "bool":
        return go_values.parse_bool(text)
    if flag.type == "duration":
        return go_values.parse_duration(text, quoted=minor >= GO_QUOTED_DURATIONS)
    return text


def _values(given: Mapping[str, str], minor: int) -> dict[str, Any]:
    """Every flag of the minor with the value that was given for it, or its default."""
    values: dict[str, Any] = {}
    for name in all_names():
        flag = spec(name)
        if flag is None or not flag.exists(minor):
            continue
        values[name] = _at(flag.default_steps, minor)
        if name in given and parse_value(flag, given[name], minor) is None:
            values[name] = _parse(flag, given[name], minor)
    return values


def _validate_backend(backend: str, values: dict[str, Any], minor: int, given: Mapping[str, str]) -> Errors:
    """AuditLogOptions.Validate() and AuditWebhookOptions.Validate()."""
    errors = _validate_batch(backend, values, minor) + _validate_truncate(backend, values, given)
    version = f"audit-{backend}-version"
    if version in values and (message := _version_error(values[version], allowed(version, minor) or ())):
        errors.append((version, message))
    if backend == "log":
        errors += _validate_file(values, minor)
    return errors


def _validate_batch(backend: str, values: dict[str, Any], minor: int) -> Errors:
    """validateBackendBatchOptions(): the mode, and in batch mode the first bad number."""
    prefix = f"audit-{backend}"
    mode = values[f"{prefix}-mode"]
    modes = allowed(f"{prefix}-mode", minor) or ()
    if mode not in modes:
        listed = go_values.quote(",".join(modes))
        return [(f"{prefix}-mode", f"invalid audit {backend} mode {mode}, allowed modes are {listed}")]
    if mode != "batch":
        return []
    checked = {"buffer-size": "buffer size", "max-size": "max batch size"}
    if minor < 12 or values[f"{prefix}-batch-throttle-enable"]:
        checked |= {"throttle-qps": "throttle QPS", "throttle-burst": "throttle burst"}
    for suffix, words in checked.items():
        number = values[f"{prefix}-batch-{suffix}"]
        if number <= 0:
            shown = f"invalid audit batch {backend} {words} {_show(number)}, must be a positive number"
            return [(f"{prefix}-batch-{suffix}", shown)]
    return []


def _validate_truncate(backend: str, values: dict[str, Any], given: Mapping[str, str]) -> Errors:
    """AuditTruncateOptions.Validate(), which does not look whether truncating is enabled."""
    event_flag, batch_flag = (f"audit-{backend}-truncate-max-{kind}-size" for kind in ("event", "batch"))
    event, batch = values[event_flag], values[batch_flag]
    prefix = f"invalid audit truncate {backend} max"
    if event <= 0:
        return [(event_flag, f"{prefix} event size {event}, must be a positive number")]
    if batch < event:
        to_blame = batch_flag if batch_flag in given else event_flag
        return [(to_blame, f"{prefix} batch size {batch}, must be greater than max event size ({event})")]
    return []


def _version_error(version: str, known: tuple[str, ...]) -> str | None:
    """validateGroupVersionString(), with ParseGroupVersion() of apimachinery's runtime/schema."""
    if version.count("/") > 1:
        return f"unexpected GroupVersion string: {version}"
    if version in known:
        return None
    return f"invalid group version, allowed versions are [{' '.join(map(go_values.quote, known))}]"


def _validate_file(values: dict[str, Any], minor: int) -> Errors:
    """The rest of AuditLogOptions.Validate(): format and rotation."""
    errors: Errors = []
    formats = allowed("audit-log-format", minor) or ()
    chosen = values["audit-log-format"]
    if chosen not in formats:
        listed = go_values.quote(",".join(formats))
        message = f"invalid audit log format {chosen}, allowed formats are {listed}"
        errors.append(("audit-log-format", message))
    for name in ("audit-log-maxage", "audit-log-maxbackup", "audit-log-maxsize"):
        if values[name] < 0:
            errors.append((name, f"--{name} {values[name]} can't be a negative number"))
    return errors


def _show(number: float) -> str:
    return str(number) if isinstance(number, int) else go_values.format_float32(number)
