"""Lints Kubernetes audit policies and kube-apiserver audit settings.

The names of `__all__` are the library, described in docs/library.md; all else is private. They are imported at their
first use, so that the command line starts without them.
"""

__version__ = "0.2.0"

__all__ = [
    "Change",
    "Decision",
    "Difference",
    "FileChange",
    "Finding",
    "Fix",
    "Hidden",
    "KubeAuditLintError",
    "LogCount",
    "Options",
    "OwnFileError",
    "Place",
    "Policy",
    "PolicyError",
    "Problem",
    "Related",
    "Report",
    "Request",
    "RuleCount",
    "UsageError",
    "__version__",
    "diff",
    "fix",
    "lint",
]


def __getattr__(name: str) -> object:
    """A name of the library, imported now."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = globals()[name] = getattr(import_module(f"{__name__}.library"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
