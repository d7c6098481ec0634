"""Which variations of a test the fast suite runs; the slow one runs them all."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import Any

import pytest


def one_in(step: int, values: Iterable[Any], first: int = 0) -> list[Any]:
    """The values as parameters: every step-th, from the first on, is fast, the others are slow."""
    return [
        pytest.param(value, marks=[] if index % step == first else [pytest.mark.slow])
        for index, value in enumerate(values)
    ]


def diagonal(first: Iterable[Any], second: Iterable[Any]) -> list[Any]:
    """The pairs of both as parameters; fast are so many that each value of both is in one of them."""
    rows, columns = list(first), list(second)
    width = min(len(rows), len(columns))
    return [
        pytest.param(row, column, id=f"{row}-{column}", marks=[] if at % width == other % width else [pytest.mark.slow])
        for (at, row), (other, column) in product(enumerate(rows), enumerate(columns))
    ]
