"""The data files of the package."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

_FOLDER = os.path.join(os.path.dirname(__file__), "data")


@cache
def read(name: str) -> Any:
    """What a data file holds, `policy` or `forms/kubeadm`. Raises OSError when the installation is incomplete."""
    import yaml

    with open(os.path.join(_FOLDER, *name.split("/")) + ".yaml", encoding="utf-8") as file:
        return yaml.load(file, getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def detections() -> dict[str, Any]:
    """What published detections need, by whose they are: the rule about them has it."""
    from kube_audit_lint.catalogue.shipped import shipped

    sets: dict[str, Any] = shipped().rules["detection-not-served"].params["sets"]
    return sets


def form_names() -> tuple[str, ...]:
    """The forms that there are data files of."""
    names = os.listdir(os.path.join(_FOLDER, "forms"))
    return tuple(sorted(name.removesuffix(".yaml") for name in names if name.endswith(".yaml")))
