"""Webhooks: where Twilio brings messages, shown, set and proven."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.api.base import Opened

if TYPE_CHECKING:
    from workbench.webhook_setup.setup import Connection


class ConnectCalls(Opened):
    """Connect Twilio's webhooks to this installation."""

    def connect(self, *, confirm: bool = False) -> Connection:
        """What must be set at Twilio so that messages and their status arrive here, and whether they would.

        Args:
            confirm: also set it, if the proof is good.

        Raises:
            ConfigError: there is no WORKBENCH_PUBLIC_URL, or it cannot be used.
            TwilioError: what is set there cannot be read.
        """
        from workbench.twilio.client import TwilioClient
        from workbench.webhook_setup.setup import connect

        settings = self.settings
        with TwilioClient(settings.credentials, base_url=settings.twilio.base_url) as client:
            return connect(settings, client, lambda: self.lake, confirm=confirm)
