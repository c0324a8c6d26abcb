"""Takes what Twilio pushes: checked, stored, answered. Nothing is looked up in the lake on the way.

A webhook is answered 2xx once it is forced to the disk, and an opt-out only once it is in force: committed,
so that no send can miss it. What cannot be stored is answered 503, and Twilio tries again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape

from tornado.httputil import HTTPServerRequest
from tornado.web import RequestHandler, stream_request_body

from workbench.errors import WorkbenchError
from workbench.messaging.message import MalformedMessage, MessageRow
from workbench.messaging.privacy import Privacy
from workbench.messaging.quarantine import INBOUND_WEBHOOKS, STATUS_CALLBACKS
from workbench.server.hook_settings import HookSettings
from workbench.server.hooks_lake import HooksLake
from workbench.server.intake import Applier, Intake
from workbench.server.webhook_forms import (
    Malformed,
    as_text,
    inbound_message,
    inbound_record,
    read_form,
    read_json,
    status_record,
    unread_record,
)
from workbench.settings import PROBE_FIELD
from workbench.twilio.signatures import SETTINGS_HEADER, SIGNATURE_HEADER, check_form, check_json

log = logging.getLogger(__name__)

MOST_BYTES = 128 * 1024
#: Twilio waits 15 seconds for an answer.
_OPT_OUT_SECONDS, _STORE_SECONDS = 8.0, 10.0
_SAY_EVERY = 10.0


class RateCap:
    """Allows so many a second on average, and at most one second's worth at once."""

    def __init__(self, per_second: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second, self._clock = per_second, clock
        self._left, self._at = float(per_second), clock()

    def allows(self) -> bool:
        now = self._clock()
        self._left = min(self._per_second, self._left + (now - self._at) * self._per_second)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Refusals:
    """Counts what was refused, and logs it at most every ten seconds, however many come."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.total: Counter[str] = Counter()
        self._unsaid: Counter[str] = Counter()
        self._clock, self._said_at = clock, float("-inf")

    def note(self, reason: str) -> None:
        self.total[reason] += 1
        self._unsaid[reason] += 1
        if self._clock() - self._said_at >= _SAY_EVERY:
            self.say()

    def say(self) -> None:
        """Log what was not said yet."""
        if self._unsaid:
            counts = ", ".join(f"{count} × {reason}" for reason, count in self._unsaid.most_common())
            log.warning("webhooks refused: %s", counts)
            self._unsaid.clear()
            self._said_at = self._clock()


@dataclass
class Hooks:
    """What the handlers share."""

    settings: HookSettings
    intake: Intake
    applier: Applier
    lake: HooksLake
    cap: RateCap
    refusals: Refusals = field(default_factory=Refusals)


@stream_request_body
class _WebhookHandler(RequestHandler):
    """What both webhooks have in common; `take` is what they do with the fields."""

    resource: str

    def initialize(self, hooks: Hooks) -> None:
        self.hooks = hooks
        self._body = bytearray()
        self._refusal: tuple[int, str] | None = None

    def compute_etag(self) -> None:
        return None

    def set_default_headers(self) -> None:
        self.clear_header("Server")
        self.set_header("Cache-Control", "no-store")

    def prepare(self) -> None:
        if self.hooks.settings.off:
            # Answered once the body is read, so that the connection can be used again.
            self._refusal = (503, "webhooks are off")
        elif not self.hooks.cap.allows():
            self.set_header("Retry-After", "1")
            self._refusal = (429, "too many a second")
        elif int(self.request.headers.get("Content-Length") or 0) > MOST_BYTES:
            self._refuse(413, "body too large")

    def data_received(self, chunk: bytes) -> None:
        if len(self._body) + len(chunk) <= MOST_BYTES:
            self._body += chunk
        elif not self._finished:
            self._refuse(413, "body too large")

    async def post(self) -> None:
        if self._refusal:
            self._refuse(*self._refusal)
            return
        fields = self._checked_fields()
        if fields is None:
            return
        if PROBE_FIELD in fields:
            self.set_status(204)
            return
        privacy = self.hooks.lake.privacy
        if privacy is None:
            self._refuse(503, "the lake was not reached yet")
            return
        now = datetime.now(UTC)
        try:
            try:
                await self.take(fields, now, privacy)
            except _UNREAD as error:
                # Twilio signed it, and sending it again would not help: kept with the reason, and answered.
                log.info("a webhook could not be read and is kept in quarantine: %s", error)
                own = self.hooks.settings.account_sid
                await self.take_unread(unread_record(fields, error, self.resource, now, privacy, own))
        except (WorkbenchError, TimeoutError) as error:
            self._refuse(503, f"not stored: {str(error) or 'it took too long'}")

    async def take(self, fields: Mapping[str, list[str]], now: datetime, privacy: Privacy) -> None:
        raise AssertionError("each webhook says what it does")

    async def take_unread(self, record: bytes) -> None:
        raise AssertionError("each webhook says how it is answered")

    async def store(self, record: bytes) -> int:
        """Its number once it is on the disk.

        Raises:
            SpoolFull: it is not. TimeoutError: nobody knows yet.
        """
        return await asyncio.wait_for(self.hooks.intake.take(record), _STORE_SECONDS)

    def _checked_fields(self) -> dict[str, list[str]] | None:
        """The fields of a request that Twilio signed; None when it was refused."""
        headers, body = self.request.headers, bytes(self._body)
        kind, _, rest = headers.get("Content-Type", "").lower().partition(";")
        kind, charset = kind.strip(), rest.partition("charset=")[2].strip(" \"'")
        signed = {"signature": headers.get(SIGNATURE_HEADER), "settings": headers.get(SETTINGS_HEADER)}
        settings = self.hooks.settings
        url = settings.public_url + (self.request.uri or "")
        if kind not in ("application/x-www-form-urlencoded", "application/json") or charset not in (
            "",
            "utf-8",
        ):
            self._refuse(415, "neither a form nor JSON in UTF-8")
            return None
        try:
            if kind == "application/json":
                verdict, read = check_json(settings.secrets, url, body, **signed), read_json
                fields = read(body) if verdict == "genuine" else {}
            else:
                for fields in read_form(body):
                    account_sid = next(iter(fields.get("AccountSid", ())), "")
                    verdict = check_form(settings.secrets_of(account_sid), url, fields, **signed)
                    if verdict == "genuine":
                        break
        except Malformed as error:
            self._refuse(400, f"malformed: {error}")
            return None
        if verdict != "genuine":
            # The forged request of `connect` and of the doctor: refused like any, told apart in the log.
            mark = ", marked as a test of our own" if PROBE_FIELD in fields else ""
            self._refuse(403, f"signature: {verdict}{mark}", self._account_without_token(fields))
            return None
        return as_text(fields)

    def _account_without_token(self, fields: Mapping[str, list[str]]) -> str:
        """For the log: why even a genuine webhook would be refused, where it names another account."""
        settings, account_sid = self.hooks.settings, next(iter(fields.get("AccountSid", ())), "")
        if account_sid in ("", settings.account_sid, *settings.subaccount_tokens):
            return ""
        return ", of an account whose auth token is not set (TWILIO_SUBACCOUNT_TOKENS)"

    def _refuse(self, status: int, reason: str, noted: str = "") -> None:
        self.hooks.refusals.note(f"{status} {reason}{noted}")
        self.set_status(status)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        if status == 413:
            # The rest of the body is not read, so the connection ends: say so, or the next request is lost.
            self.set_header("Connection", "close")
        self.finish(reason + "\n")


#: What reading a webhook of unexpected shape can raise.
_UNREAD = (Malformed, MalformedMessage, ValueError, TypeError, LookupError, AttributeError, ArithmeticError)


class StatusHandler(_WebhookHandler):
    """Status callbacks of messages that were sent."""

    resource = STATUS_CALLBACKS

    async def take_unread(self, record: bytes) -> None:
        await self.store(record)
        self.set_status(204)

    async def take(self, fields: Mapping[str, list[str]], now: datetime, privacy: Privacy) -> None:
        await self.store(status_record(fields, now, privacy))
        self.set_status(204)


class InboundHandler(_WebhookHandler):
    """Messages that come in; the answer is TwiML."""

    resource = INBOUND_WEBHOOKS

    async def take_unread(self, record: bytes) -> None:
        number = await self.store(record)
        if b'"opt_out":{' in record:
            await asyncio.wait_for(self.hooks.applier.when_applied(number), _OPT_OUT_SECONDS)
        self.set_header("Content-Type", "text/xml; charset=utf-8")
        self.finish(twiml(None))

    async def take(self, fields: Mapping[str, list[str]], now: datetime, privacy: Privacy) -> None:
        message = inbound_message(fields, now, privacy.own_keywords)
        number = await self.store(inbound_record(fields, message, privacy))
        if message.keyword:
            # On the disk it is safe, but it is in force only once it is committed.
            await asyncio.wait_for(self.hooks.applier.when_applied(number), _OPT_OUT_SECONDS)
        self.set_header("Content-Type", "text/xml; charset=utf-8")
        self.finish(twiml(confirmation(self.hooks.settings, message, fields)))


def confirmation(settings: HookSettings, message: MessageRow, fields: Mapping[str, list[str]]) -> str | None:
    """What to answer to a keyword; nothing where Twilio or the carrier answers by itself.

    With Advanced Opt-Out (`OptOutType` is there) Twilio does, on toll-free numbers the network.
    """
    if message.keyword is None or any(fields.get("OptOutType", [])) or message.sender_type == "toll-free":
        return None
    return settings.replies.get(message.keyword)  # type: ignore[call-overload,no-any-return]


def twiml(reply: str | None) -> str:
    """The answer to an inbound webhook, with at most one message in it."""
    message = f"<Message><Body>{escape(reply)}</Body></Message>" if reply else ""
    return f'<?xml version="1.0" encoding="UTF-8"?><Response>{message}</Response>'


class LiveHandler(RequestHandler):
    """Says that the process answers."""

    def get(self) -> None:
        self.write({"status": "ok"})


class ReadyHandler(RequestHandler):
    """Says whether all is well: 503 while the lake takes nothing.

    What is late or failed is told to whoever sends the installation's token, as ``Authorization: Bearer
    TOKEN``, for the hooks may be open to everybody.
    """

    def initialize(
        self, health: Callable[[], dict[str, Any]], is_own: Callable[[HTTPServerRequest], bool]
    ) -> None:
        self._report, self._is_own = health, is_own

    def get(self) -> None:
        report = self._report()
        self.set_status(200 if report["ready"] else 503)
        self.write(report if self._is_own(self.request) else {"ready": report["ready"]})
