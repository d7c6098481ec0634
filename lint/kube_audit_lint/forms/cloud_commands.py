"""Commands of scripts that leave the audit log of a managed control plane off: `aws eks`, `eksctl utils`, `az monitor`.

Sources: the AWS CLI reference (eks create-cluster and update-cluster-config, `--logging` in JSON or in shorthand; types
that an update does not name stay as they are); eksctl's user guide (utils update-cluster-logging, `--disable-types`);
the Azure CLI reference (monitor diagnostic-settings create, `--logs` in JSON).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.managed import EKS, NAMES_OF_AKS, aks_off, delivers_audit, off
from kube_audit_lint.model.found import Found, Misshape, joined
from kube_audit_lint.syntax.shell import Word, commands

_SHORT = re.compile(r"types=\[?([\w,]+)\]?,enabled=(true|false)")


def run(text: str, context: Context) -> Found:
    """The clusters whose logs the commands of a script decide, and what they switch or leave off."""
    return joined([_of_command(words, context) for words in commands(text)])


def _of_command(words: list[Word], context: Context) -> Found:
    found = tuple(_left_off(words, context))
    sets_logs = any(_option(words, name)[0] for name in ("--logging", "--disable-types", "--enable-types", "--logs"))
    at = context.place(words[0].start, words[0].end)
    return Found(misshapes=found, managed=(at,) if found or (sets_logs and _is_of_cluster(words)) else ())


def _is_of_cluster(words: list[Word]) -> bool:
    said = [word.text for word in words]
    if said[:1] == ["az"]:
        return "diagnostic-settings" in said and any(name in _option(words, "--logs")[1] for name in NAMES_OF_AKS)
    return said[:2] == ["aws", "eks"] or (said[:1] == ["eksctl"] and "update-cluster-logging" in said)


def _left_off(words: list[Word], context: Context) -> Iterator[Misshape]:
    said = [word.text for word in words]
    if said[:2] == ["aws", "eks"] and {"create-cluster", "update-cluster-config"} & set(said):
        yield from _eks(words, "create-cluster" in said, context)
    elif said[:1] == ["eksctl"] and "update-cluster-logging" in said:
        word, value = _option(words, "--disable-types")
        if word is not None and {"audit", "all"} & set(value.split(",")):
            help = "Leave `audit` out of `--disable-types`."
            yield off(context.place(word.start, word.end), EKS, None, help)
    elif said[:2] == ["az", "monitor"] and "diagnostic-settings" in said and "create" in said:
        yield from _aks(words, context)


def _eks(words: list[Word], makes: bool, context: Context) -> Iterator[Misshape]:
    word, value = _option(words, "--logging")
    entries = _entries(value)
    if word is None or entries is None:
        return
    on = any(enabled and "audit" in types for types, enabled in entries)
    switched_off = any(not enabled and "audit" in types for types, enabled in entries)
    if not on and (makes or switched_off):
        help = 'Write `{"clusterLogging":[{"types":["audit"],"enabled":true}]}`.'
        yield off(context.place(word.start, word.end), EKS, None, help)


def _entries(value: str) -> list[tuple[list[str], bool]] | None:
    """The types of each entry with whether it is enabled; None where that is not known."""
    if value.startswith("{"):
        found = _json(value)
        listed = found.get("clusterLogging") if isinstance(found, dict) else None
        if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
            return None
        return [([str(name) for name in one.get("types") or ()], one.get("enabled") is True) for one in listed]
    short = _SHORT.findall(value) if value.startswith("clusterLogging=") else []
    return [(types.split(","), enabled == "true") for types, enabled in short] or None


def _aks(words: list[Word], context: Context) -> Iterator[Misshape]:
    word, value = _option(words, "--logs")
    listed = _json(value)
    if word is None or not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        return
    items = [(str(one.get("category") or one.get("categoryGroup")), one.get("enabled") is not False) for one in listed]
    if any(name.startswith(NAMES_OF_AKS) for name, _ in items) and not delivers_audit(items):
        on = (name for name, enabled in items if enabled)
        yield aks_off(context.place(word.start, word.end), 'Add `{"category": "kube-audit", "enabled": true}`', on)


def _option(words: list[Word], name: str) -> tuple[Word | None, str]:
    """The word with an option's value, and the value."""
    for at, word in enumerate(words):
        if word.text.startswith(f"{name}="):
            return word, word.text[len(name) + 1 :]
        if word.text == name and at + 1 < len(words):
            return words[at + 1], words[at + 1].text
    return None, ""


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None
