"""A browser that left while something was written to it is no error, and nobody's task to mend."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from tornado.iostream import StreamClosedError
from tornado.websocket import WebSocketClosedError

log = logging.getLogger(__name__)


def expect_left_browsers(loop: asyncio.AbstractEventLoop) -> None:
    """From now on this loop says nothing of writes to closed websockets that no task waited for.

    Panel writes the parts of a message at once and stops at the first failure; what became of the others is
    asked by nobody, and asyncio would print each with its traceback.
    """

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if isinstance(context.get("exception"), WebSocketClosedError | StreamClosedError):
            log.debug("a browser left while it was written to")
        else:
            loop.default_exception_handler(context)

    loop.set_exception_handler(handle)
