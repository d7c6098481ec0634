"""Units and the environment files that they take flags from, put together when both are among the files of a run.

The file's API server gets the unit's own flags, so that nothing is missed in one that stands in the other. The unit
stays a part: what it takes from the file is judged where it is written.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from kube_audit_lint.model.server import ApiServer


def join(servers: Sequence[ApiServer]) -> None:
    """Joins each environment file with the unit that names it and uses its variables."""
    units = [server for server in servers if server.flag_files]
    for server in servers if units else ():
        if server.variables and not server.flag_files:
            named = [unit for unit in units if _takes(unit, server)]
            if len(named) == 1:
                _add(named[0], server)


def _takes(unit: ApiServer, server: ApiServer) -> bool:
    name = os.path.basename(server.source.path)
    files = {os.path.basename(path) for path in unit.flag_files}
    plain = name.removesuffix(".j2").removesuffix(".env")
    return not files.isdisjoint((name, plain)) and not set(unit.variables).isdisjoint(server.variables)


def _add(unit: ApiServer, server: ApiServer) -> None:
    server.flags = (*unit.flags, *server.flags)
    if set(unit.variables) <= set(server.variables):
        server.partial = False
