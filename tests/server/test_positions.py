"""Lines and characters as editors count them, in each encoding that they may agree on."""

from __future__ import annotations

import pytest

from kube_audit_lint.server.positions import Positions
from kube_audit_lint.syntax.source import Source

TEXT = "a: é\r\nb: 𝄞x\rc: y\n\nlast"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_every_offset_comes_back(encoding: str) -> None:
    positions = Positions(Source("x", TEXT), encoding)
    for offset in range(len(TEXT) + 1):
        if TEXT[offset - 1 : offset] == "\r" and TEXT[offset : offset + 1] == "\n":
            continue  # between the two characters of a line's end is no position
        assert positions.offset(*positions.of(offset)) == offset


@pytest.mark.parametrize(("encoding", "width"), [("utf-8", 4), ("utf-16", 2), ("utf-32", 1)])
def test_a_character_has_the_width_of_the_encoding(encoding: str, width: int) -> None:
    positions = Positions(Source("x", TEXT), encoding)
    assert positions.of(TEXT.index("x")) == (1, 3 + width)
    assert positions.of(TEXT.index("last") + 4) == (4, 4)


def test_what_lies_behind_the_text_is_its_end() -> None:
    positions = Positions(Source("x", TEXT))
    assert positions.offset(0, 100) == 4
    assert positions.offset(100, 3) == len(TEXT)
    assert positions.offset(1, 4) == TEXT.index("𝄞") + 1  # in the middle of a pair: behind it
    assert positions.of(10_000) == (4, 4)
