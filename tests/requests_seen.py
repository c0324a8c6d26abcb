"""What a simulated account was asked, read when it has noted all of it."""

from __future__ import annotations

import time
from typing import Any

from workbench.simulator import Server


def requests_seen(server: Server, seconds: float = 10) -> list[dict[str, Any]]:
    """The latest requests, oldest first.

    The simulator notes a request after its answer has left, so that a caller can have the answer of a
    request that is not noted yet. No request is under way when all are noted.
    """
    log, until = server.runtime.requests, time.monotonic() + seconds
    while log.active:
        assert time.monotonic() < until, f"{log.active} requests are still under way after {seconds} s"
        time.sleep(0.005)
    return log.latest()
