"""``kill -9`` between intent, request and outcome and at random: never two messages, never a lost one."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.lakes import lake_of
from tests.sending.conftest import SENDER, environment, make_home, sent_to
from workbench import Workbench
from workbench.settings import load_settings
from workbench.simulator import Fault, Server

SEND = f"""
import sys
from workbench import Workbench

wb = Workbench()
to, text, sender = sys.argv[1], "Hello", "{SENDER}"
wb.outbox.preflight(to, text, sender=sender)
print("ready", flush=True)
sent = wb.send(to, text, sender=sender, ignore_quiet_hours=True, confirm=True)
print(sent.state, flush=True)
print("done", flush=True)
sys.stdin.read()
"""

BATCH = f"""
import sys
from workbench import Workbench

wb, count = Workbench(), int(sys.argv[1])
rows = [{{"to": f"+1415557{{number:04}}", "body": f"Hello {{number}}"}} for number in range(count)]
done = wb.send_batch(
    rows, sender="{SENDER}", batch="b", ignore_quiet_hours=True, confirm=count,
    on_progress=lambda progress: print(progress.done, flush=True),
)
print(done.counts, flush=True)
"""


def start(script: str, home: Path, server: Server, *arguments: str, **changes: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        env={**os.environ, **environment(home, server, **changes)},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def wait_until(is_so: Callable[[], bool], seconds: float = 90.0) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.02)


def kill(process: subprocess.Popen[str]) -> str:
    process.send_signal(signal.SIGKILL)
    return process.communicate()[0]


def open_wb(home: Path, server: Server) -> Workbench:
    return Workbench(load_settings(environment(home, server)))


@contextmanager
def black_hole() -> Iterator[tuple[str, threading.Event]]:
    """Takes a connection and what is sent on it, and lets it vanish: the request is lost."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        got, over = threading.Event(), threading.Event()

        def swallow() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                got.set()
                over.wait(60)

        thread = threading.Thread(target=swallow)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", got
        over.set()
        thread.join()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, server: Server) -> Path:
    # A machine under load takes its time: what a dead process asked for may be seconds on its way.
    folder = make_home(tmp_path_factory.mktemp("kill") / "home", "[sending]\nsettle_after_seconds = 5\n")
    lake_of(open_wb(folder, server)).close()
    return folder


def finish(home: Path, server: Server, number: str) -> list[str]:
    """Run the cell again until it is done; the states on the way."""
    states: list[str] = []
    with open_wb(home, server) as wb:
        for _ in range(20):
            states.append(
                wb.send(number, "Hello", sender=SENDER, ignore_quiet_hours=True, confirm=True).state
            )
            if states[-1] != "unclear":
                break
            time.sleep(0.6)
    return states


def test_killed_between_intent_and_request(home: Path, server: Server) -> None:
    with black_hole() as (url, got):
        process = start(SEND, home, server, "+14155560001", WORKBENCH_TWILIO_BASE_URL=url)
        assert got.wait(90)
        kill(process)
    assert sent_to(server)["+14155560001"] == 0
    states = finish(home, server, "+14155560001")
    assert states[-1] == "sent", states
    assert sent_to(server)["+14155560001"] == 1


def test_killed_between_request_and_outcome(home: Path, server: Server) -> None:
    server.faults.add(Fault("delay", when="after", seconds=5, method="POST"))
    process = start(SEND, home, server, "+14155560002")
    wait_until(lambda: sent_to(server)["+14155560002"] == 1)
    assert "sent" not in kill(process).split()
    assert finish(home, server, "+14155560002") == ["already_sent"]
    assert sent_to(server)["+14155560002"] == 1


def test_killed_while_the_request_is_still_on_its_way(home: Path, server: Server) -> None:
    """Twilio makes the message a second after the sender died: nobody sends it again meanwhile."""
    wait_until(lambda: server.runtime.requests.active == 0)
    server.faults.add(Fault("delay", when="before", seconds=1, method="POST"))
    process = start(SEND, home, server, "+14155560003")
    wait_until(lambda: server.runtime.requests.active > 0)
    kill(process)
    states = finish(home, server, "+14155560003")
    assert states[-1] == "already_sent"
    assert sent_to(server)["+14155560003"] == 1


def test_killed_after_the_outcome(home: Path, server: Server) -> None:
    process = start(SEND, home, server, "+14155560004")
    assert process.stdout is not None
    assert [process.stdout.readline().strip() for _ in range(3)] == ["ready", "sent", "done"]
    kill(process)
    assert finish(home, server, "+14155560004") == ["already_sent"]
    assert sent_to(server)["+14155560004"] == 1


def test_a_living_process_is_not_taken_for_a_dead_one(home: Path, server: Server) -> None:
    """Stopped for longer than the log needs: it may wake up, so nobody sends for it."""
    wait_until(lambda: server.runtime.requests.active == 0)
    server.faults.add(Fault("delay", when="before", seconds=8, method="POST"))
    process = start(SEND, home, server, "+14155560005")
    wait_until(lambda: server.runtime.requests.active > 0)
    process.send_signal(signal.SIGSTOP)
    time.sleep(5.3)
    with open_wb(home, server) as wb:
        held = wb.send("+14155560005", "Hello", sender=SENDER, ignore_quiet_hours=True, confirm=True)
        assert held.state == "unclear"
        assert "another cell or process" in held.why()
    process.send_signal(signal.SIGCONT)
    assert process.stdout is not None
    assert [process.stdout.readline().strip() for _ in range(2)] == ["ready", "sent"]
    kill(process)
    assert sent_to(server)["+14155560005"] == 1


def test_two_processes_that_send_the_same_at_once(home: Path, server: Server) -> None:
    server.faults.add(Fault("delay", when="before", seconds=0.5, method="POST", times=None))
    processes = [start(SEND, home, server, "+14155560006") for _ in range(2)]
    ended = []
    for process in processes:
        assert process.stdout is not None
        ended.append([process.stdout.readline().strip() for _ in range(2)][1])
        process.kill()
        process.communicate()
    assert ended.count("sent") == 1, ended
    assert set(ended) <= {"sent", "already_sent", "unclear"}
    assert sent_to(server)["+14155560006"] == 1


def test_a_batch_killed_again_and_again_reaches_everybody_once(
    tmp_path: Path, server: Server, home: Path
) -> None:
    count, chance = int(os.environ.get("WORKBENCH_TEST_BATCH", "60")), random.Random(20261125)
    own = make_home(
        tmp_path / "home", "[sending]\nsettle_after_seconds = 4\n[mps_limits]\n'long code' = 12\n"
    )
    seen: list[int] = []
    for _ in range(2):
        process = start(BATCH, own, server, str(count))
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(chance.uniform(0.0, 0.6))
        kill(process)
        seen.append(sum(sent_to(server, {f"+1415557{number:04}" for number in range(count)}).values()))
    assert 0 < seen[0] < count, seen
    ended = subprocess.run(
        [sys.executable, "-c", BATCH, str(count)],
        env={**os.environ, **environment(own, server)}, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    numbers = {f"+1415557{number:04}" for number in range(count)}
    reached: dict[str, Any] = dict(sent_to(server, numbers))
    assert reached == dict.fromkeys(numbers, 1)
    with open_wb(own, server) as wb:
        states = lake_of(wb).rows(
            "select state, count(*), count(distinct message_sid) from outbox group by 1"
        )
        assert states == [("accepted", count, count)]
