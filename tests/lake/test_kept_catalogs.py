"""Before an upgrade the catalog is kept, and with it one goes back to the version before."""

from __future__ import annotations

import logging
import shutil

import pytest

from tests.lake.old import attach, make_lake_of
from workbench.errors import LakeError, UsageError
from workbench.lake import open_lake
from workbench.lake.kept_catalogs import FOLDER
from workbench.lake.maintenance import maintain
from workbench.lake.purge import purge
from workbench.settings import Settings

_ROWS = "select message_sid, contact, keyword from raw_messages order by 1"


def test_one_goes_back_with_the_kept_catalog(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    make_lake_of(settings, 50)
    with attach(settings) as old:
        # Rows in a file, which a later program rewrites.
        old.run_alone(lambda cursor: cursor.execute("call ducklake_flush_inlined_data('lake')").fetchall())
        before = old.rows(_ROWS)
        tables = old.rows("select table_name from duckdb_tables() where database_name = 'lake' order by 1")
    with caplog.at_level(logging.WARNING), open_lake(settings) as lake:
        (kept,) = (settings.home / FOLDER).iterdir()
        assert str(kept) in caplog.text
        lake.write(lambda cursor: cursor.execute("update raw_messages set contact = 'x', keyword = null"))
        lake.write(lambda cursor: cursor.execute("delete from raw_messages where message_sid = 'SM1'"))
        maintain(lake)
    assert kept.stat().st_mode & 0o777 == 0o600
    catalog = settings.home / "lake" / "catalog.sqlite"
    shutil.copy(kept, catalog)
    with attach(settings) as old:
        assert old.rows(_ROWS) == before
        assert (
            old.rows("select table_name from duckdb_tables() where database_name = 'lake' order by 1")
            == tables
        )
    # Forwards again, as after a new attempt.
    with open_lake(settings) as lake:
        assert lake.rows(_ROWS) == before
        # What is erased for good is in no kept catalog either.
        purge(lake)
    assert list((settings.home / FOLDER).iterdir()) == []


def test_a_lake_of_today_keeps_none(settings: Settings) -> None:
    open_lake(settings).close()
    open_lake(settings).close()
    assert not (settings.home / FOLDER).exists()


def test_without_room_for_the_copy_nothing_is_changed(settings: Settings) -> None:
    make_lake_of(settings, 50)
    (settings.home / FOLDER).touch()
    with pytest.raises(LakeError, match="could not be copied"):
        open_lake(settings)
    with attach(settings) as old, pytest.raises(UsageError, match="restores does not exist"):
        old.rows("from restores")
