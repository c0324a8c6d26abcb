"""Machines for tests: homes that share a lake on a real PostgreSQL server, and a network that can be cut."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.postgres import PostgresServer
from workbench.lake import open_lake
from workbench.lake.address import LakeAddress
from workbench.lake.secret_key import lake_key
from workbench.settings import load_settings


@dataclass(frozen=True)
class SharedLake:
    """A lake that is there, and its machines: folders that stand for them."""

    folder: Path
    catalog: str

    def home(self, name: str) -> Path:
        """The home of a machine, with the key that all of them have."""
        home, key = self.folder / name, self.folder / "first" / "privacy.key"
        home.mkdir(exist_ok=True)
        if key.exists() and not (home / key.name).exists():
            shutil.copy(key, home / key.name)
        return home

    def environment(self, name: str, **changes: str) -> dict[str, str]:
        return {
            "WORKBENCH_HOME": str(self.home(name)),
            "WORKBENCH_LAKE": f"postgres:{self.catalog}",
            "WORKBENCH_LAKE_DATA": f"{self.folder}/files",
            **changes,
        }


def share_lake(folder: Path, server: PostgresServer) -> SharedLake:
    """Begin a lake on the server; the machine `first` has begun it, and made the key."""
    shared = SharedLake(folder, server.new_database())
    home = shared.home("first")
    with open_lake(load_settings(shared.environment("first"))) as lake:
        lake.write(lambda cursor: lake_key(cursor, home))
    return shared


def fleet_address(server: PostgresServer) -> LakeAddress:
    """Of a database without a lake: all that leases need."""
    return LakeAddress("postgres", server.new_database(), "/nowhere/")


def wait_until(is_so: Callable[[], object], seconds: float = 60.0) -> float:
    """Wait for something; how long it took."""
    began = time.monotonic()
    while not is_so():
        assert time.monotonic() - began < seconds, "it did not come to that"
        time.sleep(0.05)
    return time.monotonic() - began


class Cable:
    """A way to a server that can be cut: whoever uses it gets no answer and no error."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.is_cut = threading.Event()
        self._sockets: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        for each in (self._listener, *self._sockets):
            each.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                return  # closed
            self._sockets += [near, far]
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(source, target), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while content := source.recv(65536):
                if not self.is_cut.is_set():
                    target.sendall(content)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            return  # closed on one side


@contextmanager
def cable(server: PostgresServer) -> Iterator[Cable]:
    way = Cable(server.port)
    try:
        yield way
    finally:
        way.close()
