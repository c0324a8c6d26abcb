"""Chooses the lake's privacy mode before its first message, and checks it at every later sync.

Pseudonyms are made with the lake's own key (``lake/secret_key.py``). With another key a known contact would
not be recognised in new messages, so a lake with a key refuses to work with another key or without one.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb

from workbench.errors import ConfigError
from workbench.lake.connect import Lake
from workbench.lake.secret_key import known_lake_key, lake_key
from workbench.messaging.keywords import NO_OWN_KEYWORDS, OwnKeywords
from workbench.messaging.privacy import Privacy, PrivacyMode, privacy_mode


def open_privacy(
    lake: Lake, mode: str, own_keywords: OwnKeywords = NO_OWN_KEYWORDS, *, now: datetime | None = None
) -> Privacy:
    """The privacy of this lake, to apply to every row before it is saved.

    Args:
        mode: `[privacy] mode` of the settings.
        own_keywords: the account's, as :func:`workbench.lake.own_keywords.open_own_keywords` gives them.

    Raises:
        ConfigError: the mode does not exist, the lake has another mode, or the key is missing, unsafe or
            wrong.
    """
    wanted = privacy_mode(mode)
    lake_mode = _read_mode(lake)
    if lake_mode is None:
        _refuse_other_mode(wanted, _mode_before_choosing(lake))
        lake.write(lambda cursor: _choose(cursor, lake.home, wanted, now or datetime.now(UTC)))
        # If two processes begin a lake at once, the choice of one counts for both.
        lake_mode = _read_mode(lake)
    _refuse_other_mode(wanted, lake_mode)
    if not wanted.needs_key:
        return Privacy(wanted, own_keywords=own_keywords)
    with lake.cursor() as cursor:
        return Privacy(wanted, known_lake_key(cursor, lake.home), own_keywords)


def _refuse_other_mode(wanted: PrivacyMode, lake_mode: str | None) -> None:
    if lake_mode is not None and lake_mode != wanted:
        raise ConfigError(
            f"This lake was loaded in privacy mode {lake_mode}, and [privacy] mode is now {wanted}. A "
            "setting does not change what is stored, and two modes in one lake would break conversations. "
            f'Set mode = "{lake_mode}" again, or set WORKBENCH_HOME to a new folder and load that.'
        )


def _mode_before_choosing(lake: Lake) -> str | None:
    """The mode of a lake that is older than this setting: it stored everything."""
    return PrivacyMode.FULL.value if lake.rows("select 1 from raw_messages limit 1") else None


def _read_mode(lake: Lake) -> str | None:
    mode: str | None = lake.value("select mode from privacy_choice order by chosen_at limit 1")
    return mode


def _choose(cursor: duckdb.DuckDBPyConnection, home: Path, mode: PrivacyMode, now: datetime) -> None:
    if cursor.execute("select count(*) from privacy_choice").fetchall()[0][0] == 0:
        # The key is made before the choice is saved, so a lake with pseudonyms never gets a new key.
        privacy = Privacy(mode, lake_key(cursor, home) if mode.needs_key else None)
        cursor.execute("insert into privacy_choice values (?, ?, ?)", [mode.value, privacy.key_check, now])
