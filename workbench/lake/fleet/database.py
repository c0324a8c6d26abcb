"""Connections to the database of a PostgreSQL catalog, for what is no table of the lake.

DuckLake's tables are versioned and written in transactions of seconds; a lease is renewed every second and
must never wait for one. So leases, machines and shared files live in plain tables of a schema of their own.
All times are the server's, since the clocks of machines differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from workbench.errors import LakeError
from workbench.lake.address import LakeAddress

SCHEMA = "workbench_fleet"

_CONNECT_SECONDS = 10
_LOCK = 0x77_62_66_6C
"""Of the advisory lock under which the tables are made; any number that nobody else takes."""

_TABLES = f"""
create schema if not exists {SCHEMA};
create table if not exists {SCHEMA}.leases (
    name text primary key,
    holder text not null,
    machine text not null,
    term bigint not null,
    taken_at timestamptz not null,
    expires_at timestamptz not null
);
create table if not exists {SCHEMA}.machines (
    machine text primary key,
    home text not null,
    version text not null,
    roles text not null,
    key_check text,
    started_at timestamptz not null,
    seen_at timestamptz not null
);
create table if not exists {SCHEMA}.shared_files (
    name text primary key,
    revision bigint not null,
    content bytea,
    changed_at timestamptz not null,
    changed_by text not null
);
create table if not exists {SCHEMA}.fleet (
    is_only boolean primary key default true check (is_only),
    fleet_id text not null,
    key_check text not null,
    version text not null,
    begun_at timestamptz not null
);
"""


def is_fleet(address: LakeAddress) -> bool:
    """Whether several machines can have this lake."""
    return address.kind == "postgres"


@contextmanager
def connected(address: LakeAddress) -> Iterator[psycopg.Connection]:
    """A connection in autocommit, with our tables as its default schema; the tables are made where missing.

    Raises:
        LakeError: the server does not answer, or refuses us.
    """
    try:
        with psycopg.connect(
            address.catalog, autocommit=True, connect_timeout=_CONNECT_SECONDS
        ) as connection:
            _make_tables(connection)
            connection.execute(sql.SQL("set search_path to {}").format(sql.Identifier(SCHEMA)))
            yield connection
    except psycopg.Error as error:
        raise LakeError(f"The database of {address.shown} cannot be used: {_one_line(error)}.") from error


def _make_tables(connection: psycopg.Connection) -> None:
    exists = connection.execute("select to_regnamespace(%s) is not null", [SCHEMA]).fetchone()
    if exists and exists[0]:
        return
    # Two machines at once: `if not exists` alone fails for the second.
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        connection.execute(_TABLES)


def _one_line(error: psycopg.Error) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__
