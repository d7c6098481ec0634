"""Which audit flag was meant by a name that no kube-apiserver has.

The names of flags are those of `flag_table.py`; NOT_AUDIT are flags of kube-apiserver and of klog that look
alike (staging/src/k8s.io/component-base/logs, k8s.io/klog up to Kubernetes 1.25, pkg/kubeapiserver/options).
"""

from __future__ import annotations

import re
from functools import cache

from kube_audit_lint.kubernetes import flags
from kube_audit_lint.kubernetes.spelling import nearest

_MAIN = {"policy": flags.POLICY_FILE, "log": flags.LOG_PATH, "webhook": flags.WEBHOOK_CONFIG}
_FILE = (
    r"(?:audit-)?(log|policy|webhook)((?:-(?:conf|config|configuration|dir|file|filename|kubeconfig"
    r"|location|name|output|path|policy|url|yaml))*)"
)
"""The three flags that name a file, with any word for the file."""
_PARTS = ("log-", "policy-file", "webhook")
"""Parts of audit flags. A name without any is not looked at for a slip in `audit` itself."""

_PLAIN = {"Pd": "-", "Zs": " ", "Sm": "-", "Cf": "", "Pi": "", "Pf": ""}
"""What was meant by characters, by their categories: dashes (the minus is a symbol of mathematics), spaces, and what
cannot be seen; quotes are left out."""

NOT_AUDIT = frozenset(
    (
        *("log", "log-backtrace-at", "log-dir", "log-file", "log-file-max-size", "log-flush-frequency"),
        "audit-file",  # the policy or the log
        *("log-cadvisor-usage", "log-json-info-buffer-size", "log-json-split-stream", "log-level"),
        *("log-text-info-buffer-size", "log-text-split-stream", "logging-format", "logtostderr"),
    )
)


def is_about_auditing(name: str) -> bool:
    """Whether a name that is no flag can only be meant as an audit flag."""
    bare = _bare(name)
    return bare.startswith("audit") or meant(name) is not None


@cache
def meant(name: str) -> str | None:
    """The audit flag that was meant, or None when nobody can tell, or the name is another flag's."""
    bare = _bare(name)
    if flags.spec(bare) is not None:
        return bare
    if bare in NOT_AUDIT or not (bare.startswith("audit") or any(part in f"{bare}-" for part in ("max", *_PARTS))):
        return None
    return _written_otherwise(bare) or _nearest(bare) or _file(bare) or _cut_short(bare)


def _bare(name: str) -> str:
    """A name as it was written: `-Audit_Log.Path:` is audit-log-path, and so is `Audit.LogOptions.Path` (localkube)."""
    if not name.isascii():
        import unicodedata  # a large table, which few names need

        name = "".join(_PLAIN.get(unicodedata.category(char), char) for char in name)
    bare = name.strip("- ").replace(":", " ").replace("=", " ").partition(" ")[0]
    bare = bare.replace("_", "-").replace(".", "-").lower()
    return bare.replace("options", "") if bare.startswith("audit-") else bare


def _written_otherwise(bare: str) -> str | None:
    """The flag that differs in dashes alone, with or without its prefix `audit-`: `log-max-age`."""
    squeezed = {name.replace("-", ""): name for name in flags.all_names()}
    word = bare.replace("-", "")
    return squeezed.get(word) or squeezed.get(f"audit{word}")


def _nearest(bare: str) -> str | None:
    """The flag that is one or two letters apart; one letter where the prefix is missing, too."""
    near = nearest(bare, flags.all_names())
    return nearest(f"audit-{bare}", flags.all_names(), 1) if near is None and bare.startswith("log-max") else near


def _file(bare: str) -> str | None:
    """The flag that names the policy, the log or the webhook's configuration."""
    found = re.fullmatch(_FILE, bare)
    if found is None or (not bare.startswith("audit-") and not found[2]):
        return None
    return _MAIN[found[1]]


def _cut_short(bare: str) -> str | None:
    """The one flag that has all the words of the name in their order, and one word more."""
    word = bare.replace("-", "")
    longer = {name for name in flags.all_names() for less in _one_word_less(name) if word in (less, f"audit{less}")}
    return longer.pop() if len(longer) == 1 else None


def _one_word_less(name: str) -> list[str]:
    parts = re.sub(r"max(?=[a-z])", "max-", name).split("-")
    return ["".join(parts[:at] + parts[at + 1 :]) for at in range(len(parts))]
