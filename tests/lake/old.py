"""A lake as it was before `lake_identity`: no identity, no check value of its key, no marker."""

from __future__ import annotations

from pathlib import Path

from workbench.lake import Lake, open_lake
from workbench.lake.data_folder import MARKER_FILE
from workbench.settings import Settings


def make_old(settings: Settings) -> None:
    with open_lake(settings) as lake:
        forget_identity(lake)


def forget_identity(lake: Lake) -> None:
    lake.write(
        lambda cursor: cursor.execute(
            "drop table lake_identity; drop table lake_key; "
            "delete from schema_migrations where name = '127_lake_identity'"
        )
    )
    (Path(lake.address.data) / MARKER_FILE).unlink()
