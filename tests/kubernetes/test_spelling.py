"""The nearest word, and no word where there is none."""

from __future__ import annotations

import pytest

from kube_audit_lint.kubernetes.spelling import distance, nearest
from kube_audit_lint.model.policy import LEVELS, STAGES


@pytest.mark.parametrize(
    ("left", "right", "apart"),
    [
        ("", "", 0),
        ("users", "users", 0),
        ("user", "users", 1),
        ("verbs", "vebrs", 1),
        ("users", "rules", 3),
        ("a", "abcdef", 4),
        ("metadata", "response", 4),
    ],
)
def test_distance(left: str, right: str, apart: int) -> None:
    assert distance(left, right) == distance(right, left) == apart


@pytest.mark.parametrize(
    ("word", "known", "meant"),
    [
        ("metadata", LEVELS, "Metadata"),
        (" Metadata ", LEVELS, "Metadata"),
        ("Metdata", LEVELS, "Metadata"),
        ("Requests", LEVELS, "Request"),
        ("Full", LEVELS, None),
        ("", LEVELS, None),
        ("ResponseCompleted", STAGES, "ResponseComplete"),
        ("Response", STAGES, None),
        ("ab", ("aa", "bb"), None),
        ("ac", ("ab", "ad"), None),
    ],
)
def test_nearest(word: str, known: tuple[str, ...], meant: str | None) -> None:
    assert nearest(word, known) == meant
