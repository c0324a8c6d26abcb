"""Slow, cut, huge and garbled requests on every port end nothing, log no traceback, and cost no memory.

``python -m tests.server.fuzz --seconds 300`` does it for longer.
"""

from __future__ import annotations

from pathlib import Path

from tests.server.fuzz import fuzz
from tests.server.processes import serving
from tests.server.raw import ask, status_of

SECONDS = 12


def test_no_request_breaks_a_port(tmp_path: Path) -> None:
    with serving(tmp_path / "home") as served:
        before = served.pids()
        report = fuzz(served, SECONDS)
        assert set(report.requests) == {"garbled", "cut", "slow", "huge", "genuine"}
        assert report.answers["204"] + report.answers["200"] > 0
        assert served.pids() == before, "a process was started again"
        assert served.problems() == []
        for port in served.ports:
            request = f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
            assert status_of(ask(port, request)) == 200
