"""What holds for every run of the tests: the whole suite uses all cores."""

from __future__ import annotations

import gc
import os

import pytest
from hypothesis import settings

# Where Python has readline, whoever starts the workers of xdist hands them a width of 80 columns.
os.environ.pop("COLUMNS", None)

# A build that turns red without a change says nothing of the change: every run tries the same examples.
# Others are looked for by `pytest --hypothesis-profile explore`.
settings.register_profile("same", derandomize=True)
settings.register_profile("explore", print_blob=True)
settings.load_profile("same")


def pytest_collection_finish() -> None:
    """What was collected stays until the end: to look through it for garbage again and again is a tenth of the run."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """As `-n auto --dist worksteal`, unless files are named: a few tests end before workers have started.

    Not in addopts: `-p no:xdist` must not make pytest refuse the options of xdist.
    """
    whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS and not hasattr(config, "workerinput")
    if whole and config.getoption("numprocesses", 0) is None and not config.getoption("usepdb"):
        config.option.numprocesses, config.option.dist = "auto", "worksteal"
