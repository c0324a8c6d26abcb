"""Settles, before the first message comes in, what this lake may keep; and holds the key of its hashes.

The key is a file of mode 0600 in WORKBENCH_HOME and never in the lake. Without it the lake can still be read,
but a known contact would not be recognised in new messages; so a lake that was begun with a key refuses to go
on with another or with none.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb

from workbench.errors import ConfigError
from workbench.lake.connect import Lake
from workbench.lake.secret_key import KEY_FILE, privacy_key
from workbench.messaging.privacy import Privacy, PrivacyMode, privacy_mode


def open_privacy(lake: Lake, mode: str, *, now: datetime | None = None) -> Privacy:
    """The privacy of this lake, to apply to every row before it is saved.

    Args:
        mode: `[privacy] mode` of the settings.

    Raises:
        ConfigError: no such mode; the lake was loaded in another; the key is missing, unsafe or another one.
    """
    wanted = privacy_mode(mode)
    held = _read_choice(lake)
    if held is None:
        _refuse_other_mode(wanted, _mode_before_choosing(lake))
        chosen = _with_key(lake.home, wanted)
        lake.write(lambda cursor: _save_choice(cursor, chosen, now or datetime.now(UTC)))
        # Of two processes that begin a lake at once, one has chosen for both.
        held = _read_choice(lake)
    mode, key_check = held or (wanted, None)
    _refuse_other_mode(wanted, mode)
    if wanted.needs_key and not (lake.home / KEY_FILE).exists():
        raise ConfigError(
            f"{lake.home / KEY_FILE}, the key of this lake's hashes, is missing. Put it back from a backup, "
            "or copy it from the machine that began the lake: with a new one every contact gets a new hash."
        )
    privacy = _with_key(lake.home, wanted)
    if privacy.key_check != key_check:
        raise ConfigError(
            f"{lake.home / KEY_FILE} is not the key that this lake was begun with. Put the right one back: "
            "with this one every contact would get a new hash."
        )
    return privacy


def _with_key(home: Path, mode: PrivacyMode) -> Privacy:
    return Privacy(mode, privacy_key(home) if mode.needs_key else None)


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


def _read_choice(lake: Lake) -> tuple[str, str | None] | None:
    found = lake.rows("select mode, key_check from privacy_choice order by chosen_at limit 1")
    return (found[0][0], found[0][1]) if found else None


def _save_choice(cursor: duckdb.DuckDBPyConnection, privacy: Privacy, now: datetime) -> None:
    if cursor.execute("select count(*) from privacy_choice").fetchall()[0][0] == 0:
        cursor.execute(
            "insert into privacy_choice values (?, ?, ?)", [privacy.mode.value, privacy.key_check, now]
        )
