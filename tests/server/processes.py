"""`workbench serve` as a process with a log, for tests that ask all of its ports."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.ports import free_port
from tests.server.hooking import environment, wait_until_live

#: What a log says of an exception that nobody caught, and of a process that ended by itself.
_PROBLEM = re.compile(r"Traceback|Uncaught|Unhandled|starts again|started again|is started anew")


@dataclass(frozen=True)
class Serving:
    """What is served: pages and hooks under one supervisor."""

    process: subprocess.Popen[bytes]
    pages_port: int
    hooks_port: int
    log: Path

    @property
    def ports(self) -> tuple[int, int]:
        return self.pages_port, self.hooks_port

    def pids(self) -> dict[str, int]:
        """The processes that answer, by name."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        pids = {}
        for pid in map(int, children):
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            name = "pages" if b"pages" in words else "hooks" if b"hooks" in words else None
            if name:
                pids[name] = pid
        return pids

    def problems(self) -> list[str]:
        """Lines of the log that must not be there, each with what follows it."""
        lines = self.log.read_text(errors="replace").splitlines(keepends=True)
        return ["".join(lines[i : i + 12]) for i, line in enumerate(lines) if _PROBLEM.search(line)]


def end(process: subprocess.Popen[bytes]) -> None:
    """End it in order, and for certain."""
    process.terminate()
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def serving(home: Path) -> Iterator[Serving]:
    """Serve a home whose jobs are all off, on free ports of this machine."""
    environ, ports = environment(home), (free_port(), free_port())
    log = home / "serve.log"
    command = [sys.executable, "-m", "workbench", "serve"]
    with log.open("ab") as file:
        process = subprocess.Popen(
            [*command, "--port", str(ports[0]), "--hooks-port", str(ports[1]), "--api-port", "0"],
            env={**os.environ, **environ}, stdin=subprocess.DEVNULL, stdout=file, stderr=file,
        )  # fmt: skip
        try:
            for port in ports:
                wait_until_live(port, process, 90)
            yield Serving(process, *ports, log)
        finally:
            end(process)
