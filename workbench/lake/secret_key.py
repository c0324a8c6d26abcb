"""The secret key of an installation's hashes: a file of mode 0600 in WORKBENCH_HOME, never in the lake.

The lake holds a check value of it: a second key, made or copied by mistake, would let erased people back in
and give every contact a new hash, and nothing would tell. Without the key the lake can still be read.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from workbench.errors import ConfigError, LakeError, LakeRefused
from workbench.lake.connect import Lake
from workbench.lake.fleet.shared_files import create_shared
from workbench.private_files import require_private

KEY_FILE = "privacy.key"
_KEY_BYTES = 32


def privacy_key(home: Path) -> bytes:
    """The secret key in this home, made where there is none. For a lake's own key see :func:`lake_key`.

    Raises:
        ConfigError: others may read the file, or it holds no key.
    """
    path = home / KEY_FILE
    if not path.exists():
        create_shared(home, KEY_FILE, secrets.token_hex(_KEY_BYTES) + "\n")
    require_private(path)
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii"))
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise ConfigError(
            f"{path} holds no key ({2 * _KEY_BYTES} hexadecimal digits). Put it back from a backup."
        )
    return key


def key_check(key: bytes) -> str:
    """Tells one key from another without giving it away."""
    return hashlib.blake2b(digest_size=8, key=key, person=b"wb-key-check").hexdigest()


def lake_key(cursor: duckdb.DuckDBPyConnection, home: Path) -> bytes:
    """The key of this lake's hashes, in the caller's transaction; a new one is written down with its check
    value.

    Raises:
        ConfigError: the lake keeps pseudonyms, and their key is missing or another; or the file is unsafe.
        LakeRefused: the lake knows erased people only, and their key is missing or another.
    """
    check, is_needed = _read_need(cursor)
    if not is_needed:
        key = privacy_key(home)
        _write_check(cursor, key)
        return key
    return _checked_key(cursor, home, check)


def saving_key(cursor: duckdb.DuckDBPyConnection) -> bytes:
    """As :func:`lake_key`, for every save: what this process found right once is not looked up again.

    Raises:
        ConfigError, LakeRefused: as in :func:`lake_key`.
    """
    home = home_of(cursor)
    catalog = cursor.execute("select path from duckdb_databases() where database_name = 'lake'").fetchall()
    if (home / KEY_FILE).exists():
        key = privacy_key(home)
        if (home, str(catalog), key) in _found_right:
            return key
    was_noted = _read_need(cursor)[0] is not None
    key = lake_key(cursor, home)
    if was_noted:  # what is noted by this transaction may be rolled back
        _found_right.add((home, str(catalog), key))
    return key


_found_right: set[tuple[Path, str, bytes]] = set()


def known_lake_key(cursor: duckdb.DuckDBPyConnection, home: Path) -> bytes:
    """As :func:`lake_key`, for a reader: the key is never made and nothing is written."""
    return _checked_key(cursor, home, _read_need(cursor)[0])


def home_of(cursor: duckdb.DuckDBPyConnection) -> Path:
    """WORKBENCH_HOME of the lake that a cursor belongs to (set by ``connect.py``)."""
    home = cursor.execute("select getvariable('workbench_home')").fetchall()[0][0]
    if home is None:
        raise LakeError("This connection was not opened by the lake; use Lake.cursor() or Lake.write().")
    return Path(home)


def settle_key(lake: Lake, *, is_reader: bool) -> None:
    """At an opening: write down the check value of an older lake's key; refuse a missing or another key.

    Args:
        is_reader: needs no key, so none is refused.

    Raises:
        ConfigError, LakeRefused: as in :func:`lake_key`.
    """
    is_there = (lake.home / KEY_FILE).exists()
    if is_reader and not is_there:
        return
    with lake.cursor() as cursor:
        check, is_needed = _read_need(cursor)
        if (is_reader and check) or not (is_needed or is_there):
            return
        key = _checked_key(cursor, lake.home, check)
    if check is None:
        lake.write(lambda cursor: _write_check(cursor, key))


def _read_need(cursor: duckdb.DuckDBPyConnection) -> tuple[str | None, bool]:
    """The check value of the lake, and whether only the key behind it (or behind hashes) will do."""
    checks = cursor.execute("select written_at, key_check from lake_key").fetchall()
    if checks:
        return min(checks)[1], True
    is_needed = bool(cursor.execute("select 1 from erased_people limit 1").fetchall())
    return None, is_needed or _keeps_pseudonyms(cursor)


def _write_check(cursor: duckdb.DuckDBPyConnection, key: bytes) -> None:
    cursor.execute(
        "insert into lake_key select ?, ? where not exists (from lake_key)",
        [key_check(key), datetime.now(UTC)],
    )


def _checked_key(cursor: duckdb.DuckDBPyConnection, home: Path, check: str | None) -> bytes:
    path = home / KEY_FILE
    if not path.exists():
        raise _refusal(
            cursor,
            f"{path}, the key by which erased people are recognised and ids of conversations are made, is "
            f"missing. Put it back from a backup, or copy it from the machine that made it: {_OTHERWISE}"
            f"{_FLEET if _is_shared_lake(cursor) else ''}",
        )
    key = privacy_key(home)
    if check is not None and key_check(key) != check:
        raise _refusal(
            cursor,
            f"{path} is not the key that this lake was begun with (check value {key_check(key)}, the "
            f"lake's is {check}). Put the right one back: {_OTHERWISE}",
        )
    return key


def _refusal(cursor: duckdb.DuckDBPyConnection, text: str) -> ConfigError | LakeRefused:
    """Whoever takes webhooks ends at a ConfigError, and keeps them on the disk at any other.

    Pseudonyms are made before a webhook is written, so without their key it may not be taken at all.
    """
    return ConfigError(text) if _keeps_pseudonyms(cursor) else LakeRefused(text)


def _is_shared_lake(cursor: duckdb.DuckDBPyConnection) -> bool:
    rows = cursor.execute(
        "select 1 from duckdb_databases() where database_name = 'lake' and starts_with(path, 'postgres:')"
    ).fetchall()
    return bool(rows)


def _keeps_pseudonyms(cursor: duckdb.DuckDBPyConnection) -> bool:
    modes = {mode for (mode,) in cursor.execute("select mode from privacy_choice").fetchall()}
    return not modes.isdisjoint({"masked", "hashed"})


_OTHERWISE = "with another key erased people would come back and every contact would get a new hash."

_FLEET = (
    " Machines of one lake share it by themselves in a fleet: run `workbench fleet init` on the machine that "
    "has it, then give this one the fleet's key (docs/fleet.md)."
)
