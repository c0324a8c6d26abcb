"""Work that a message of the browser asks for: done on a thread, so that no other page waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from panel.io.state import state

from workbench.errors import WorkbenchError
from workbench.roles import acting_as, current_user

T = TypeVar("T")


def work_beside(work: Callable[[], T], then: Callable[[T], None], refuse: Callable[[str], None]) -> None:
    """Call ``work`` as the present user, on a thread; in a notebook at once.

    Args:
        then: gets the answer, on the server's thread.
        refuse: gets the text of an error of ours instead.
    """
    user = current_user()

    def done() -> Callable[[], None]:
        try:
            with acting_as(user):
                answer = work()
        except WorkbenchError as error:
            message = str(error)
            return lambda: refuse(message)
        return lambda: then(answer)

    async def take_turns() -> None:
        (await asyncio.to_thread(done))()

    if state.curdoc is not None and state.curdoc.session_context:
        state.execute(take_turns)
    else:
        done()()
