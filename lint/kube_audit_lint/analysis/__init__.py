"""Exact first-match analysis of audit policies."""


class UndecidedError(Exception):
    """The question would take too long, or (`too_large`) the policy is larger than what is analysed."""

    def __init__(self, too_large: bool = False) -> None:
        super().__init__("the policy is too large" if too_large else "the policy is too entangled")
        self.too_large = too_large
