"""The catalogue of a run: the compiled rules that are shipped, and users' own rule files.

The catalogue is `rules/*.yaml`; `compiled.py` is made of it (scripts/build_catalogue.py), for parsing a hundred YAML
files would cost more than everything else in a run.
"""

from __future__ import annotations

import os
from functools import cache

from kube_audit_lint.catalogue.rule import Catalogue, profile_of, rule_of

_PACKAGE = os.path.normpath(os.path.join(os.path.dirname(__file__), os.pardir))


def folder() -> str:
    """The folder with the shipped rule files, in a wheel or in a checkout."""
    installed = os.path.join(_PACKAGE, "rules")
    return installed if os.path.exists(installed) else os.path.normpath(os.path.join(_PACKAGE, "..", "..", "rules"))


@cache
def shipped() -> Catalogue:
    """The shipped rules and profiles."""
    from kube_audit_lint.catalogue import compiled  # which the script that makes it can do without

    rules = [rule_of(item) for item in compiled.RULES]
    profiles = [profile_of(item) for item in compiled.PROFILES]
    return Catalogue({rule.id: rule for rule in rules}, {profile.id: profile for profile in profiles})


def catalogue_with(folders: tuple[str, ...]) -> Catalogue:
    """The shipped catalogue, and users' own rules and profiles from folders of rule files.

    Raises OwnFileError (file, line, key) for a file that is no rule or profile.
    """
    if not folders:
        return shipped()
    from kube_audit_lint.catalogue.rulefile import with_folders

    return with_folders(shipped(), folders)
