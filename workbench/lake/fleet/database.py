"""Connections to the database of a PostgreSQL catalog, for what is no table of the lake.

DuckLake's tables are versioned and written in transactions of seconds; a lease is renewed every second and
must never wait for one. So leases, machines and shared files live in plain tables of a schema of their own.
All times are the server's, since the clocks of machines differ.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from workbench.errors import LakeBusy, LakeError
from workbench.lake.address import LakeAddress

log = logging.getLogger(__name__)

SCHEMA = "workbench_fleet"

_CONNECT_SECONDS = 10.0
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
    machine text not null,
    home text not null,
    version text not null,
    roles text not null,
    key_check text,
    started_at timestamptz not null,
    seen_at timestamptz not null,
    primary key (machine, roles)
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
def asked_quickly(address: LakeAddress, seconds: float = 5.0) -> Iterator[psycopg.Connection]:
    """As :func:`connected`, for a statement or two that must end within so many seconds."""
    with connected(address, patience=seconds) as connection, bounded(connection, seconds):
        yield connection


@contextmanager
def connected(address: LakeAddress, *, patience: float = _CONNECT_SECONDS) -> Iterator[psycopg.Connection]:
    """A connection in autocommit, with our tables as its default schema; the tables are made where missing.

    Args:
        patience: seconds, from 2, after which a server that does not answer at the beginning counts as away.

    Raises:
        LakeBusy: the server does not answer.
        LakeError: it refuses what is asked.
    """
    try:
        with psycopg.connect(address.catalog, autocommit=True, connect_timeout=round(patience)) as connection:
            with bounded(connection, patience):
                _make_tables(connection)
                connection.execute(
                    "select set_config('search_path', %s, false), set_config('timezone', 'UTC', false)",
                    [SCHEMA],
                )
            yield connection
    except psycopg.OperationalError as error:
        raise LakeBusy(
            f"The database of {address.shown} does not answer: {_one_line(error)}. Is PostgreSQL running?"
        ) from error
    except psycopg.Error as error:
        raise LakeError(f"The database of {address.shown} cannot be used: {_one_line(error)}.") from error


@contextmanager
def bounded(connection: psycopg.Connection, seconds: float) -> Iterator[None]:
    """Break the connection where what is done with it takes longer than that; it then raises psycopg.Error.

    Where the network was cut, or the server stands still, no answer ever comes and no error either.
    """

    def cut() -> None:
        try:
            with socket.socket(fileno=os.dup(connection.fileno())) as own:
                own.shutdown(socket.SHUT_RDWR)
        except (OSError, psycopg.Error) as error:
            log.debug("the connection was closed already: %s", error)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _make_tables(connection: psycopg.Connection) -> None:
    exists = connection.execute("select to_regnamespace(%s) is not null", [SCHEMA]).fetchone()
    if exists and exists[0]:
        return
    # Two machines at once: `if not exists` alone fails for the second.
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        connection.execute(_TABLES)


def _one_line(error: psycopg.Error) -> str:
    # libpq asks whether the server is running, as we do.
    text = " ".join(str(error).split()).partition(" Is the server running")[0]
    return text.rstrip(".") or type(error).__name__
