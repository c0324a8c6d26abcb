"""Starting and stopping, in a thread and in the foreground."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading

import httpx
import pytest

from tests.simulator.conftest import build
from workbench.simulator import SimulatorError, serve

_FOREGROUND = """
import sys
from workbench.simulator import Account, Clock, run
account = Account.build(messages=100, days=3, clock=Clock.frozen("2026-09-01T12:00:00"))
run(account, ready=lambda server: print(server.url, flush=True))
print("ended in order")
"""


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_in_the_foreground_until_a_signal(stop: signal.Signals) -> None:
    process = subprocess.Popen([sys.executable, "-c", _FOREGROUND], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    assert httpx.get(f"{url}/_simulator", verify=False).json()["start"] == "2026-08-29"
    process.send_signal(stop)
    output, _ = process.communicate(timeout=10)
    assert (output, process.returncode) == ("ended in order\n", 0)


def test_in_a_thread_until_stopped() -> None:
    before = threading.active_count()
    with serve(build(messages=100)) as server:
        assert httpx.get(f"{server.url}/_simulator", verify=False).status_code == 200
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{server.url}/_simulator", verify=False)
    assert threading.active_count() == before
    server.stop()


def test_a_port_that_is_taken() -> None:
    with serve(build(messages=100)) as server:
        port = int(server.url.rsplit(":", 1)[1])
        with pytest.raises(
            SimulatorError, match=f"Cannot listen on 127.0.0.1, port {port}: Address already in use"
        ):
            serve(server.account, port=port)
