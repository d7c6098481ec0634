"""Comments are found, and only comments."""

from __future__ import annotations

import pytest

from kube_audit_lint.syntax.comments import comments


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# a\nb: c # d\n# e", ["# a", "# d", "# e"]),
        ("a: '# b' # c\nd: \"# e\n  # f\" # g\n", ["# c", "# g"]),
        ("a: b#c\nd: e #f\n", ["#f"]),
        ("a: | # b\n  # c\n  d\n# e\nf: >-\n  # g\n", ["# b", "# e"]),
        ("a: [b, # c\n  '#', d # e\n]\n", ["# c", "# e"]),
        ("- # a\n  b: # c\n  - d\n--- # e\n# f\n", ["# a", "# c", "# e", "# f"]),
        ("# a\r\nb: c # d\r\n", ["# a", "# d"]),
        ("a: b\n  # c\n  d\n", ["# c"]),
        ("# a\nb: 'c # d\n  # e\n", ["# a", "# e"]),
        ("# a\nb: @c # d\n# e\nf: g # h\n", ["# a", "# e"]),
        ("%YAML 1.1\n# a\n---\n# b\n", ["# a", "# b"]),
        ("", []),
    ],
)
def test_comments(text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in comments(text)] == expected
