"""Witnesses as commands: what is printed can be sent, and arrives as the request that is meant."""

from __future__ import annotations

import shlex
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kube_audit_lint.analysis.describe import describe
from kube_audit_lint.analysis.http import from_http
from kube_audit_lint.analysis.request import Request

JANE = frozenset(("system:authenticated",))
PATHS = [
    "/healthz",
    "/a b",
    "/a?b",
    "/a#b",
    "/a%20b",
    "/a/../b",
    "/ä",
    "/a'b\"c",
    "/$(x)",
    "/a&b;c",
    "//x",
    "/*",
    "/~a",
]


def sent(command: str) -> tuple[list[str], str]:
    """The options of a curl command as a shell reads them, and the path and query of its URL as curl does."""
    words = shlex.split(command.removesuffix(" by jane"))
    url = words[-1]
    assert url.startswith("https://API-SERVER/")
    parts = urlsplit(url)
    return words[1:-1], parts.path + (f"?{parts.query}" if parts.query else "")


@pytest.mark.parametrize("path", PATHS)
def test_a_path_arrives_as_it_is(path: str) -> None:
    request = Request("jane", JANE, "get", url=path)
    options, url = sent(describe(request))
    assert from_http("GET", url, "jane", JANE) == request
    assert ("--path-as-is" in options) == (".." in path)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=12))
def test_any_path_arrives_as_it_is(tail: str) -> None:
    command = describe(Request("jane", JANE, "get", url="/x" + tail))
    assert from_http("GET", sent(command)[1], "jane", JANE).url == "/x" + tail
    assert command.isascii()


def test_a_resource_without_a_command_arrives_as_it_is() -> None:
    request = Request("jane", JANE, "update", "", "configmaps", "", "a b", "x?y")
    assert describe(request).startswith("PUT /api/v1/namespaces/a%20b/configmaps/x%3Fy ")
