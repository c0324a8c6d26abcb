"""The control API under `/_simulator/`, with which a test changes the account. No credentials, no faults.

Bodies are JSON. A wrong request is answered with 400 and one line under `error`.
"""

from __future__ import annotations

import orjson
from tornado.web import RequestHandler

from workbench.simulator.account.truth import truth_rows
from workbench.simulator.control import ACTIONS
from workbench.simulator.errors import SimulatorError
from workbench.simulator.runtime import Runtime

_ROWS_AT_ONCE = 2_000


class Control(RequestHandler):
    """`/_simulator/{what}`"""

    def compute_etag(self) -> str | None:
        """None: nothing here is to be cached."""
        return None

    async def get(self, what: str = "") -> None:
        if what == "truth":
            await self._stream_truth()
            return
        self._do("GET", what)

    def post(self, what: str = "") -> None:
        self._do("POST", what)

    def delete(self, what: str = "") -> None:
        self._do("DELETE", what)

    def _do(self, method: str, what: str) -> None:
        runtime: Runtime = self.application.settings["runtime"]
        action = ACTIONS.get((method, what))
        self.set_header("Content-Type", "application/json")
        if action is None:
            actions = ", ".join(sorted(f"{verb} /_simulator/{name}" for verb, name in ACTIONS))
            self._fail(404, f"No {method} /_simulator/{what}. Known: {actions}.")
            return
        try:
            body = orjson.loads(self.request.body) if self.request.body else {}
            query = {name: self.get_query_argument(name) for name in self.request.query_arguments}
            with runtime.account.lock:
                answer = action(runtime, {**query, **body})
        except (SimulatorError, KeyError, TypeError, ValueError) as error:
            self._fail(400, f"{type(error).__name__}: {error}")
            return
        self.finish(orjson.dumps(answer))

    def _fail(self, status: int, message: str) -> None:
        self.set_status(status)
        self.finish(orjson.dumps({"error": message}))

    async def _stream_truth(self) -> None:
        """Every message as one line of JSON; `?account_sid=` for one account."""
        runtime: Runtime = self.application.settings["runtime"]
        account, sid = runtime.account, self.get_query_argument("account_sid", "")
        self.set_header("Content-Type", "application/x-ndjson")
        with account.lock:
            now = account.tick()
            lines = [
                orjson.dumps(row) + b"\n"
                for ledger in account.ledgers
                if sid in ("", ledger.sid)
                for row in truth_rows(ledger, now)
            ]
        for start in range(0, len(lines), _ROWS_AT_ONCE):
            self.write(b"".join(lines[start : start + _ROWS_AT_ONCE]))
            await self.flush()
