"""Which files the extra `[terraform]` reads, and whether it is installed; every run imports this, so it is small."""

from __future__ import annotations

from functools import cache

TERRAFORM = (".tf", ".tofu", ".tfvars", ".hcl")
"""How the names of files end that are in HCL."""


@cache
def reads_terraform() -> bool:
    """Whether the extra `[terraform]` is installed."""
    from importlib.util import find_spec

    return all(find_spec(name) is not None for name in ("tree_sitter", "tree_sitter_hcl"))
