"""Settles, before the first message comes in, what this lake may keep.

Pseudonyms are made with the lake's own key (``lake/secret_key.py``): with another one a known contact would
not be recognised in new messages, so a lake that was begun with a key refuses to go on with another or with
none.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb

from workbench.errors import ConfigError
from workbench.lake.connect import Lake
from workbench.lake.secret_key import known_lake_key, lake_key
from workbench.messaging.privacy import Privacy, PrivacyMode, privacy_mode


def open_privacy(lake: Lake, mode: str, *, now: datetime | None = None) -> Privacy:
    """The privacy of this lake, to apply to every row before it is saved.

    Args:
        mode: `[privacy] mode` of the settings.

    Raises:
        ConfigError: no such mode; the lake was loaded in another; the key is missing, unsafe or another one.
    """
    wanted = privacy_mode(mode)
    held = _read_mode(lake)
    if held is None:
        _refuse_other_mode(wanted, _mode_before_choosing(lake))
        lake.write(lambda cursor: _choose(cursor, lake.home, wanted, now or datetime.now(UTC)))
        # Of two processes that begin a lake at once, one has chosen for both.
        held = _read_mode(lake)
    _refuse_other_mode(wanted, held)
    if not wanted.needs_key:
        return Privacy(wanted)
    with lake.cursor() as cursor:
        return Privacy(wanted, known_lake_key(cursor, lake.home))


def _refuse_other_mode(wanted: PrivacyMode, held: str | None) -> None:
    if held is not None and held != wanted:
        raise ConfigError(
            f"This lake was loaded in privacy mode {held}, and [privacy] mode is now {wanted}. A setting "
            "does not change what is stored, and two modes in one lake would break conversations. Set "
            f'mode = "{held}" again, or set WORKBENCH_HOME to a new folder and load that.'
        )


def _mode_before_choosing(lake: Lake) -> str | None:
    """A lake older than this setting took everything in."""
    return PrivacyMode.FULL.value if lake.rows("select 1 from raw_messages limit 1") else None


def _read_mode(lake: Lake) -> str | None:
    mode: str | None = lake.value("select mode from privacy_choice order by chosen_at limit 1")
    return mode


def _choose(cursor: duckdb.DuckDBPyConnection, home: Path, mode: PrivacyMode, now: datetime) -> None:
    if cursor.execute("select count(*) from privacy_choice").fetchall()[0][0] == 0:
        # The key before the choice: a lake that keeps pseudonyms already never gets a new one.
        privacy = Privacy(mode, lake_key(cursor, home) if mode.needs_key else None)
        cursor.execute("insert into privacy_choice values (?, ?, ?)", [mode.value, privacy.key_check, now])
