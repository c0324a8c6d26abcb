"""A real PostgreSQL server of a test run, on a free port of this machine, with a database for each test."""

from __future__ import annotations

import getpass
import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.ports import free_port


class NoPostgres(Exception):
    """This machine has no server's programs, or nobody who may run them; the text says which."""


@dataclass(frozen=True)
class PostgresServer:
    """A running server; whoever started it also stops it."""

    port: int
    control: tuple[str, ...]
    options: str
    folder: str
    account: str

    def address(self, database: str = "postgres") -> str:
        """libpq's connection string of a database, as it follows `postgres:` in WORKBENCH_LAKE."""
        return f"dbname={database} host=127.0.0.1 port={self.port} user=workbench"

    def new_database(self) -> str:
        """The connection string of a database that nobody has used yet."""
        name = f"lake_{uuid.uuid4().hex[:12]}"
        with psycopg.connect(self.address(), autocommit=True) as connection:
            connection.execute(f'create database "{name}"')
        return self.address(name)

    def start(self) -> None:
        self._run(*self.control, "-o", self.options, "-l", str(Path(self.folder) / "log"), "start")

    def stop(self) -> None:
        """At once, as when the machine loses its power."""
        self._run(*self.control, "-m", "immediate", "stop")

    def _run(self, *command: str) -> None:
        run_as(self.account, self.folder, *command)


def run_as(account: str, folder: str, *command: str) -> None:
    subprocess.run(command, check=True, user=account, cwd=folder, stdout=subprocess.DEVNULL, timeout=60)


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """A server with an empty cluster, stopped and removed at the end.

    Raises:
        NoPostgres: this machine cannot run one.
    """
    programs, account = _programs(), _account()
    if programs is None or account is None:
        raise NoPostgres("no PostgreSQL server on this machine (initdb, pg_ctl, and somebody else than root)")
    with tempfile.TemporaryDirectory(prefix="wb-pg-") as folder:
        shutil.chown(folder, account)
        data = str(Path(folder) / "data")
        port = free_port()
        run_as(
            account,
            folder,
            str(programs / "initdb"),
            "-D",
            data,
            "-U",
            "workbench",
            "-A",
            "trust",
            "--no-sync",
        )
        server = PostgresServer(
            port,
            (str(programs / "pg_ctl"), "-D", data, "-w"),
            f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off "
            "-c max_connections=200",
            folder,
            account,
        )
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _programs() -> Path | None:
    folders = [Path(path).parent for path in (shutil.which("initdb"), shutil.which("pg_ctl")) if path]
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


def _account() -> str | None:
    """Who runs the server: PostgreSQL refuses root."""
    if os.getuid() != 0:
        return getpass.getuser()
    return "postgres" if any(entry.pw_name == "postgres" for entry in pwd.getpwall()) else None
