"""Units and the environment files that they take flags from, put together when both are among the files of a run.

The file's API server gets the unit's own flags, so that nothing is missed in one that stands in the other. The unit
stays a part: what it takes from the file is judged where it is written.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from kube_audit_lint.model.server import ApiServer


def joined(server: ApiServer, units: Sequence[ApiServer]) -> ApiServer:
    """An environment file's server with the flags of the only unit that names the file and uses its variables."""
    if not server.variables or server.flag_files:
        return server
    named = [unit for unit in units if _takes(unit, server)]
    if len(named) != 1:
        return server
    (unit,) = named
    whole = set(unit.variables) <= set(server.variables)
    return server._replace(flags=(*unit.flags, *server.flags), partial=server.partial and not whole)


def _takes(unit: ApiServer, server: ApiServer) -> bool:
    name = os.path.basename(server.source.path)
    files = {os.path.basename(path) for path in unit.flag_files}
    plain = name.removesuffix(".j2").removesuffix(".env")
    return not files.isdisjoint((name, plain)) and not set(unit.variables).isdisjoint(server.variables)
