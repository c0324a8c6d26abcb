"""Twilio's webhooks, connected to this installation."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.api.installation import Installation
    from workbench.webhook_setup.setup import Connection


def connect_webhooks(installation: Installation, *, confirm: bool = False) -> Connection:
    """What must be set at Twilio so that messages and their status arrive here, and whether they would.

    Args:
        confirm: also set it, if the proof is good.

    Raises:
        ConfigError: there is no WORKBENCH_PUBLIC_URL, or it cannot be used.
        TwilioError: what is set there cannot be read.
    """
    from workbench.twilio.client import TwilioClient
    from workbench.webhook_setup.setup import connect

    settings = installation.settings
    with TwilioClient(settings.credentials, base_url=settings.twilio.base_url) as client:
        return connect(settings, client, installation.begin_lake, confirm=confirm)
