"""A scripted Twilio over real HTTP, and a client that never really sleeps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.twilio.scripted_twilio import WITH_TOKEN, ScriptedTwilio, scripted_twilio
from workbench.twilio.client import TwilioClient


@pytest.fixture
def twilio() -> Iterator[ScriptedTwilio]:
    with scripted_twilio() as running:
        yield running


@pytest.fixture
def sleeps() -> list[float]:
    """Seconds that the client wanted to wait, in order."""
    return []


@pytest.fixture
def connect(twilio: ScriptedTwilio, sleeps: list[float]) -> Iterator[Callable[..., TwilioClient]]:
    """Make a client of the scripted Twilio; options as of :class:`TwilioClient`."""
    with ExitStack() as stack:

        def make(**options: Any) -> TwilioClient:
            chosen = {
                "credentials": WITH_TOKEN, "base_url": twilio.url, "sleep": sleeps.append, **options
            }  # fmt: skip
            return stack.enter_context(TwilioClient(**chosen))

        yield make


@pytest.fixture
def client(connect: Callable[..., TwilioClient]) -> TwilioClient:
    return connect()
