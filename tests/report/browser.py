"""Debian's Chromium, driven by Playwright: what the tests of pages share."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str:
    """The browser's path; skips the test where there is none."""
    path = os.environ.get("KUBE_AUDIT_LINT_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip("there is no Chromium on the path (apt-get install chromium)")
    return path


@contextmanager
def opened_browser() -> Iterator[Any]:
    """A running browser; skips the test where it cannot run."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed (.[test-all])")
    path = chromium()
    with playwright.sync_playwright() as running:
        try:
            browser = running.chromium.launch(executable_path=path, args=["--no-sandbox"])
        except playwright.Error as error:
            pytest.skip(f"Chromium does not start: {error}")
        yield browser
        browser.close()


class Watched:
    """A page of which everything is noted that it says on the console, loads, or fails with."""

    def __init__(self, browser: Any, **options: Any) -> None:
        self.page = browser.new_page(**options)
        self.trouble: list[str] = []
        self.loaded: list[str] = []
        self.page.set_default_timeout(10_000)
        self.page.on("console", lambda message: self.trouble.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.trouble.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.trouble.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        self.page.on("request", lambda request: self.loaded.append(request.url))
