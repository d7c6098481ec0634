"""Where the pages of the shipped rules lie."""

from __future__ import annotations

import os
import re
from functools import cache

from kube_audit_lint import __version__

VARIABLE = "KUBE_AUDIT_LINT_PAGES"
"""The environment variable with the address of the folder of rule pages."""

REPOSITORY = ""
"""The address of the repository, once it has one: for installations of which pip has kept no origin."""

_ADDRESS = r"https?://[\w.:-]+(?:/[\w.~%+@/-]*)?"
_FOLDER = "docs/rules"


def page_of(rule: str) -> str:
    """The address of a shipped rule's page, "" where no address is known."""
    return f"{_folder()}/{rule}.md" if _folder() else ""


def index_page() -> str:
    """The address of the page that lists the rules, or ""."""
    return page_of("README")


def problem() -> str:
    """Why what the environment gives is no address, "" where it is one, or gives none."""
    given = os.environ.get(VARIABLE, "")
    if not given or _folder():
        return ""
    return f"{VARIABLE}: {given} is not the address of a folder (http or https, nothing behind the path): no links"


@cache
def _folder() -> str:
    address = os.environ.get(VARIABLE, _installed_from()).rstrip("/")
    return address if address and re.fullmatch(_ADDRESS, address) else ""


def _installed_from() -> str:
    """The folder in the repository and at the commit that pip installed from (PEP 610), else at the tag of the version;
    GitHub, GitLab and Gitea understand `/blob/`."""
    beside = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    try:
        with open(os.path.join(beside, f"kube_audit_lint-{__version__}.dist-info", "direct_url.json"), "rb") as file:
            import json  # once there is something to read

            origin = json.load(file)
        revision = origin["vcs_info"]["commit_id"]
        repository = re.sub(r"(?<=//)[^/@]*@", "", origin["url"]).rstrip("/").removesuffix(".git")
    except (OSError, ValueError, KeyError, TypeError):  # not installed from a repository
        repository, revision = REPOSITORY, f"v{__version__}"
    return f"{repository}/blob/{revision}/{_FOLDER}" if repository else ""
