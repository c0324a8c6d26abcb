"""Empty lakes for tests, and what tests look into behind the notebook API."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from pathlib import Path

from workbench import Workbench
from workbench.lake import Lake, open_lake
from workbench.lake.data_folder import MARKER_FILE
from workbench.settings import Settings, load_settings


def begin_lake(settings: Settings) -> Lake:
    """Open the lake of a home that has none yet, with a copy of an empty one.

    Making all tables and views costs three times as much as opening them. The marker of the files' owner
    names the place of its catalog, so the copy is given its own. A home on servers had its copy made already.
    """
    if settings.lake.catalog:
        return open_lake(settings)
    shutil.copytree(_empty_lake(), settings.home / "lake")
    return open_lake(settings)


@functools.cache
def _empty_lake() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="empty-lake-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    open_lake(load_settings({"WORKBENCH_HOME": str(folder)})).close()
    (folder / "lake" / "files" / MARKER_FILE).unlink()
    return folder / "lake"


def lake_of(wb: Workbench) -> Lake:
    """The lake for writing, as the calls of `wb` use it; made where there is none yet."""
    return wb._installation.begin_lake()
