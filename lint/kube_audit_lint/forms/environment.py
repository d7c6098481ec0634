"""Environment files with kube-apiserver's flags in variables: `KUBE_API_ARGS="..."`, `KUBE_APISERVER_OPTS="..."`.

Such files belong to units that start `kube-apiserver $KUBE_API_ARGS ...`: those of distributions' packages
(`/etc/kubernetes/apiserver`, `/etc/default/kube-apiserver`) and of installation guides. A variable's value
is split into flags as systemd does it for `$NAME`. Variables of other components are left out.
"""

from __future__ import annotations

import re

from kube_audit_lint.forms.common.arguments import flags_of
from kube_audit_lint.forms.common.commandline import OWN_FLAGS
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.spelt import Spelt
from kube_audit_lint.model.found import Found
from kube_audit_lint.model.server import ApiServer
from kube_audit_lint.model.value import Value
from kube_audit_lint.syntax.source import Source
from kube_audit_lint.syntax.units import Assignment, environment
from kube_audit_lint.syntax.unknown import UNKNOWN, Room
from kube_audit_lint.syntax.words import Word, expanded, split

MARKS = ("--audit", "--etcd-servers")
LOOK = (("kube_api", "[a-z_]*="),)
ORDER = 6

_OTHERS = re.compile(r"(?i)kubelet|proxy|scheduler|controller|flannel|docker|\Aetcd|_etcd_(?:opts|args)|containerd")
_NEEDED = ("--etcd-servers", "--etcd_servers")
"""What every API server is told, so that a file without it shows only a part."""


def read_text(source: Source, context: Context) -> Found | None:
    """The API server that the variables give flags to."""
    assignments = environment(context.text)
    if assignments is None:
        return None
    spelt = Spelt(context)
    words: list[Word] = []
    place = None
    for one in assignments:
        own = _flags(one)
        if own:
            place = place or context.place(one.start, one.end)
            words += own
    if place is None or not any(word.text.startswith(OWN_FLAGS) for word in words):
        return None
    values = [spelt.value(word) for word in words]
    variables = tuple(one.key for one in assignments)
    flags = flags_of(values, spelt.part)
    return Found(servers=(ApiServer("environment", place, flags, partial=_partial(values), variables=variables),))


def _flags(one: Assignment) -> list[Word]:
    """The words of a variable that holds flags, and flags of no other component."""
    words = expanded(split(one.value), {}, Room())
    if not words or not any(word.text.startswith("--") for word in words):
        return []
    others = _OTHERS.search(one.key) and not any(word.text.startswith(OWN_FLAGS) for word in words)
    return [] if others else words


def _partial(values: list[Value]) -> bool:
    whole = any(value.text.startswith(_NEEDED) for value in values)
    return not whole or any(value.text.startswith(UNKNOWN) for value in values)
