"""Values that a template decides: what stands where `{{ name }}` or `${name}` stood.

A template is read with each placeholder replaced by a run of one private character of the same
length, so that offsets stay true. No rule may speak of a value it cannot know.
"""

from __future__ import annotations

UNKNOWN = "\ue000"


def is_unknown(text: str) -> bool:
    """Whether any part of the value is not known before a template is filled."""
    return UNKNOWN in text
