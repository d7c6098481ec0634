"""Units and the environment files that they take flags from.

The file's API server gets the unit's own flags, so that nothing is missed in one that is in the other. The unit
stays a part: what it takes from the file is checked where it is written.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from kube_audit_lint.model.server import ApiServer


def takes_from(unit: ApiServer, name: str) -> bool:
    """Whether a unit names an environment file of that name."""
    files = {os.path.basename(path) for path in unit.flag_files}
    return not files.isdisjoint((name, name.removesuffix(".env")))


def joined(server: ApiServer, path: str, units: Iterable[tuple[str, ApiServer]]) -> ApiServer:
    """An environment file's server with the flags of the one unit that names it and uses its variables.

    units: units that name the file, with their paths; those of the file's own folder go before all others.
    """
    using = [(at, unit) for at, unit in units if not set(unit.variables).isdisjoint(server.variables)]
    beside = [(at, unit) for at, unit in using if os.path.dirname(at) == os.path.dirname(path)]
    if len(beside or using) != 1:
        return server
    ((_, unit),) = beside or using
    whole = set(unit.variables) <= set(server.variables)
    return server._replace(flags=(*unit.flags, *server.flags), partial=server.partial and not whole)
