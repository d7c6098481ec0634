"""Examples of the shipped rules, each as the whole file that a user can copy."""

from __future__ import annotations

import os
from typing import Any

from kube_audit_lint.catalogue.ownfile import read_own_file


def examples_of(path: str) -> list[dict[str, Any]]:
    """The examples of a rule file, every file of them written out; raises OwnFileError."""
    return whole_examples(read_own_file(path).data, path)


def whole_examples(data: dict[str, Any], path: str) -> list[dict[str, Any]]:
    """The examples in the data of a rule file, every file of them written out."""
    bases = os.path.join(os.path.dirname(path), "base")
    return [_whole(example, bases) for example in data.get("examples") or ()]


def files_of(subject: str, example: dict[str, Any]) -> dict[str, str]:
    """The files of an example of a rule with this subject by their paths, the one that it is about first."""
    text = example["bad"] if "bad" in example else example["good"]
    policy = subject == "policy" or (subject == "file" and "audit.k8s.io" in text)
    main = example.get("file") or ("audit-policy.yaml" if policy else "kube-apiserver.yaml")
    folder = os.path.dirname(main)
    return {main: text, **{os.path.join(folder, name): other for name, other in example.get("files", {}).items()}}


def _whole(example: dict[str, Any], bases: str) -> dict[str, Any]:
    texts: dict[str, Any] = {key: _text(example[key], bases) for key in ("bad", "good", "fixed") if key in example}
    if "files" in example:
        texts["files"] = {name: _text(value, bases) for name, value in example["files"].items()}
    return {**example, **texts}


def _text(content: str | dict[str, Any], bases: str) -> str:
    """The content itself, or a file of rules/base/ with other text for some of its lines.

    Lines are named without the blanks before them, which are before each line of the new text, too; an empty
    text is no line. Raises KeyError for a line that the file does not have.
    """
    if isinstance(content, str):
        return content
    with open(os.path.join(bases, content["base"]), encoding="utf-8") as file:
        lines = file.read().splitlines()
    changes = dict(content.get("lines") or {})
    out: list[str] = []
    for line in lines:
        new = changes.pop(line.strip(), line.strip())
        indent = line[: len(line) - len(line.lstrip())]
        out += [f"{indent}{one}" if one else "" for one in new.split("\n")] if new else []
    if changes:
        raise KeyError(f"{content['base']} has no line {next(iter(changes))}")
    return "\n".join(out) + "\n"
