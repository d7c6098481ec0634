"""Parts of pages that programs write: everything between `<!-- begin NAME -->` and `<!-- end NAME -->`."""

from __future__ import annotations

import sys
from pathlib import Path


def put(page: Path, name: str, text: str) -> None:
    """Replaces the block of that name; ends the program when the page has none."""
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    before, found, rest = page.read_text("utf-8").partition(begin)
    _, ended, after = rest.partition(end)
    if not (found and ended):
        sys.exit(f"{page}: the markers {begin} and {end} are missing")
    page.write_text(f"{before}{begin}\n{text}\n{end}{after}", "utf-8")
