"""Exact first-match analysis of audit policies."""


class UndecidedError(Exception):
    """The question would take too long: nothing is known, and nothing may be said."""
