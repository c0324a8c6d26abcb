"""Keeps the catalog as it is before migrations, so that one can go back to the version before.

The files of a lake never change, and those of versions before stay for a day at least (maintenance.py), so
the copy of the catalog in the place of the new one is the lake of before.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from workbench.errors import LakeError
from workbench.lake.catalog_copy import copy_catalog
from workbench.lake.connect import Lake
from workbench.lake.private_files import make_private_folder

log = logging.getLogger(__name__)

FOLDER = "backups"
"""Under WORKBENCH_HOME."""
_KEPT = 3


def keep_catalog(lake: Lake, versions: Sequence[int]) -> Path:
    """Copy the catalog into the home, and say where; the last few copies stay.

    Args:
        versions: numbers of the migrations that are about to be applied.

    Raises:
        LakeError: it cannot be copied; nothing was migrated.
    """
    folder = lake.home / FOLDER
    name = f"catalog-before-{versions[0]}-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}.sqlite"
    target, part = folder / name, folder / f".{name}.part"
    try:
        make_private_folder(folder)
        part.touch(mode=0o600)
        copy_catalog(lake.address, lake.home, part)
        os.replace(part, target)
    except (OSError, LakeError) as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise LakeError(
            f"The lake is of an older version, and its catalog could not be copied to {folder} before it is "
            f"brought up to date: {error} Make room there and run the same again."
        ) from error
    for old in sorted(folder.glob("catalog-before-*.sqlite"), key=_made_at)[:-_KEPT]:
        old.unlink(missing_ok=True)
    log.warning(
        "The lake is brought up to date (%d changes); its catalog as it was is %s. docs/backup.md says how "
        "to go back within a day.", len(versions), target,
    )  # fmt: skip
    return target


def forget_kept_catalogs(home: Path) -> None:
    """Remove the copies: after a purge their files are gone, and they may hold rows of erased people."""
    for copy in (home / FOLDER).glob("*catalog-before-*"):
        copy.unlink(missing_ok=True)


def _made_at(path: Path) -> str:
    return path.stem.rpartition("-")[2]
