"""A lake as versions before 050 left it: no identity, no check value of its key, no marker."""

from __future__ import annotations

from pathlib import Path

from workbench.lake import Lake, open_lake
from workbench.lake.data_folder import MARKER_FILE
from workbench.settings import Settings


def make_old(settings: Settings) -> None:
    with open_lake(settings) as lake:
        forget_050(lake)


def forget_050(lake: Lake) -> None:
    lake.write(
        lambda cursor: cursor.execute(
            "drop table lake_identity; drop table lake_key; delete from schema_migrations where version = 50"
        )
    )
    (Path(lake.address.data) / MARKER_FILE).unlink()
