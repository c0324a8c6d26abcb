"""The same lake on a Postgres catalog, with a real server of our own on a free port."""

from __future__ import annotations

import getpass
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from workbench.config import Settings, load_settings
from workbench.lake import open_lake

_ROOT = str(Path(__file__).parents[2])


def _programs() -> Path | None:
    found = [Path(path).parent for path in (shutil.which("initdb"), shutil.which("pg_ctl")) if path]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in found if (folder / "initdb").exists()), None)


def _account() -> str | None:
    """Who runs the server: Postgres refuses root."""
    if os.getuid() != 0:
        return getpass.getuser()
    return "postgres" if any(entry.pw_name == "postgres" for entry in pwd.getpwall()) else None


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """A connection string to a fresh database."""
    programs, account = _programs(), _account()
    if programs is None or account is None:
        pytest.skip("no PostgreSQL server on this machine (initdb and pg_ctl), so its catalog is not tested")
    with tempfile.TemporaryDirectory(prefix="wb-pg-") as folder:
        shutil.chown(folder, account)
        data = Path(folder) / "data"

        def run(*command: str) -> None:
            subprocess.run(
                command, check=True, user=account, cwd=folder, stdout=subprocess.DEVNULL, timeout=60
            )

        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        run(str(programs / "initdb"), "-D", str(data), "-U", "workbench", "-A", "trust", "--no-sync")
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
        control = (str(programs / "pg_ctl"), "-D", str(data), "-w")
        run(*control, "-o", options, "-l", str(Path(folder) / "log"), "start")
        try:
            yield f"dbname=postgres host=127.0.0.1 port={port} user=workbench"
        finally:
            run(*control, "-m", "immediate", "stop")


@pytest.fixture
def shared(postgres: str, home: Path) -> Settings:
    return load_settings(
        {
            "WORKBENCH_HOME": str(home),
            "WORKBENCH_LAKE": f"postgres:{postgres}",
            "WORKBENCH_LAKE_DATA": str(home / "files"),
        }
    )


WRITER = """
import sys
from datetime import UTC, datetime
from tests.messages import payload
from workbench import Workbench
from workbench.lake.save import message_table, save_messages
from workbench.messaging.message import message_row
wb, start = Workbench(), int(sys.argv[1])
for batch in range(8):
    rows = [message_row(payload(start + batch * 20 + i)) for i in range(20)]
    wb.lake.write(
        lambda c: save_messages(c, message_table(rows), source="sync", received_at=datetime.now(UTC))
    )
"""


def test_several_machines_write_at_once_without_our_lock(shared: Settings) -> None:
    """Processes stand for machines: nothing but the catalog keeps their commits apart."""
    environ = {
        **os.environ,
        "PYTHONPATH": _ROOT,
        "WORKBENCH_HOME": str(shared.home),
        "WORKBENCH_LAKE": shared.lake,
        "WORKBENCH_LAKE_DATA": shared.lake_data or "",
    }
    with open_lake(shared) as lake:
        writers = [
            subprocess.Popen(
                [sys.executable, "-c", WRITER, str(start)], env=environ, stderr=subprocess.PIPE, text=True
            )
            # The second and third bring the same messages, as a sync and a webhook may.
            for start in (1000, 2000, 2000)
        ]
        for writer in writers:
            _, stderr = writer.communicate(timeout=120)
            assert writer.returncode == 0, stderr
        assert lake.rows("select count(*), count(distinct message_sid), sum(segments) from messages") == [
            (320, 320, 320)
        ]
    with open_lake(shared, read_only=True) as reader:
        assert reader.value("select count(*) from messages") == 320
