"""Lakes as versions before left them."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb

from workbench.lake import Lake, open_lake
from workbench.lake.address import lake_address
from workbench.lake.data_folder import MARKER_FILE
from workbench.lake.opening import _attach
from workbench.settings import Settings

#: The migrations up to 050 as they were before the views had files of their own.
_SCHEMA_050 = Path(__file__).parent / "data" / "schema_050.sql"

#: A STOP to a number of a service, and a text that Twilio refused because of an earlier one.
_MESSAGES = """
insert into raw_messages by name
select * from (values
    ('SM1', 'inbound', false, 'received', 'MG1', null, 'opt-out', '+14155550123'),
    ('SM2', 'outbound-api', true, 'failed', null, 21610, null, '+14155550124')
) t(message_sid, direction, is_outbound, status, messaging_service_sid, error_code, keyword, contact),
(
    select 'AC1' as account_sid, 1 as status_rank, '+12025550110' as sender,
        timestamptz '2026-09-01 12:00:00+00' as date_created
)
"""


def migrations_before() -> dict[int, tuple[str, str]]:
    """Name and text of the migrations 001 to 050 by number."""
    parts = re.split(r"^-- ===== (\d+)_(\w+)\n", _SCHEMA_050.read_text(encoding="utf-8"), flags=re.MULTILINE)[
        1:
    ]
    return {
        int(number): (f"{number}_{name}", sql) for number, name, sql in zip(*[iter(parts)] * 3, strict=True)
    }


def attach(settings: Settings) -> Lake:
    """The lake as it is, not migrated."""
    return _attach(lake_address(settings), settings.home, read_only=False, threads=1, may_begin=True)


def make_lake_of(settings: Settings, version: int) -> None:
    """A lake with two messages, made by the migrations up to a version of at most 050."""

    def apply(cursor: duckdb.DuckDBPyConnection) -> None:
        cursor.execute(
            "create table schema_migrations "
            "(version integer not null, name varchar not null, applied_at timestamptz not null)"
        )
        for number, (name, sql) in migrations_before().items():
            if number <= version:
                cursor.execute(sql)
                cursor.execute("insert into schema_migrations values (?, ?, now())", [number, name])
            if number == 1:
                cursor.execute(_MESSAGES)

    with attach(settings) as lake:
        lake.write(apply, takes_turn=False)


def make_old(settings: Settings) -> None:
    """A lake from before `lake_identity`: no identity, no check value of its key, no marker."""
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
