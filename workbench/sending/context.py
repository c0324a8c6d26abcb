"""What every send needs: the lake, the clients of Twilio, the rules, and who is sending."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from workbench.lake.connect import Lake
from workbench.lake.restores import read_hold
from workbench.messaging.privacy import Privacy
from workbench.messaging.quiet_hours import QuietHoursRules
from workbench.messaging.throughput import mps_limit
from workbench.roles import current_actor
from workbench.sending.facts import FactReader, read_account_senders
from workbench.sending.outbox import read_day
from workbench.sending.outgoing import Outgoing
from workbench.sending.owner import Owner, this_process
from workbench.sending.preflight import check_all
from workbench.sending.verdicts import Policy, PreflightResult
from workbench.settings import Money, SendingSettings
from workbench.twilio.client import TwilioClient
from workbench.twilio.sending import MessageSender

UNKNOWN_LIMIT = 1.0
"""Segments per second of a sender whose limit nobody states."""


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class SendContext:
    """One account, opened for sending. Its clients are the caller's to close."""

    lake: Lake
    sender: MessageSender
    log: TwilioClient
    settings: SendingSettings
    privacy: Privacy
    quiet_rules: QuietHoursRules
    status_callback: str | None = None
    zones: Mapping[str, str] = field(default_factory=dict)
    """Time zones of contacts, by address, where somebody has set them."""
    mps_limits: Mapping[str, float] = field(default_factory=dict)
    check_media: Callable[[str, str], str | None] | None = None
    template_state: Callable[[str], str] | None = None
    clock: Callable[[], datetime] = utc_now

    @property
    def actor(self) -> str:
        """Who is sending at the moment: several people may share one context."""
        return current_actor()

    @property
    def account_sid(self) -> str:
        return self.log.account_sid

    @property
    def owner(self) -> Owner:
        return this_process(self.lake)

    @property
    def secret(self) -> bytes:
        """The key of the outbox's hashes, where the lake keeps no numbers."""
        return self.privacy.key or b""

    def contact(self, address: str) -> str:
        """A recipient as the lake may keep it."""
        return self.privacy.contact(address) or address

    def preflight(
        self, messages: list[Outgoing], *, ignore_quiet_hours: bool = False
    ) -> list[PreflightResult]:
        """The verdict on each message, in their order; sends nothing."""
        now = self.clock()
        reader = FactReader(
            self.account_sid,
            self.privacy,
            self.quiet_rules,
            self.zones,
            self.check_media,
            self.template_state,
        )
        with self.lake.cursor() as cursor:
            facts = reader.read(cursor, messages, now)
            sent_today, spent = read_day(cursor, now)
            policy = Policy(self.settings, now, ignore_quiet_hours, read_hold(cursor))
        cap = self.settings.max_spend_per_day
        spent_today = Money(spent.get(cap.currency, Decimal(0)), cap.currency) if cap else None
        return check_all(list(zip(messages, facts, strict=True)), policy, sent_today, spent_today)

    def limit(self, sender: str | None, service: str | None) -> float:
        """Segments per second: of the sender, or of all senders of the service together."""
        with self.lake.cursor() as cursor:
            account_senders = read_account_senders(cursor, self.account_sid)
        pool = account_senders.services.get(service or "")
        names = [sender] if sender else [member.sender for member in pool.senders] if pool else []
        limits = [mps_limit(name, self.mps_limits).per_second for name in names]
        return float(sum(limit or Decimal(str(UNKNOWN_LIMIT)) for limit in limits)) or UNKNOWN_LIMIT
