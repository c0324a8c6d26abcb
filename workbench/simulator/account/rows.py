"""Twilio's JSON of a message: numbers as text, RFC 2822 dates, relative addresses."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import orjson

from workbench.messaging.error_codes import explain
from workbench.simulator.account.inventory import Inventory
from workbench.simulator.account.sids import SidCodec
from workbench.simulator.clock import DAY
from workbench.simulator.messages import (
    DIRECTIONS,
    INBOUND,
    Message,
    is_content_discarded,
    settled_at,
    shown_contact,
    state_at,
)
from workbench.simulator.traffic.templates import body_text
from workbench.simulator.traffic.world import UNIT

API_VERSION = "2010-04-01"
_CACHED_ROWS = 150_000


class RowWriter:
    """Writes the rows of one account; caches the JSON of rows that will not change again."""

    def __init__(self, account_sid: str, currency: str, inventory: Inventory, codec: SidCodec) -> None:
        self.account_sid = account_sid
        self._addresses = inventory.addresses
        self._service_sids = inventory.service_sids
        self._codec = codec
        self._currency = currency
        self._base = f"/{API_VERSION}/Accounts/{account_sid}/Messages/"
        self._cache: dict[int, bytes] = {}

    def sid(self, message: Message) -> str:
        return self._codec.encode("MM" if message.media else "SM", message.serial)

    def json(self, message: Message, now: int) -> bytes:
        """The row as JSON, as the API shows it at `now`."""
        if settled_at(message) > now:
            return orjson.dumps(self.row(message, now))
        row_json = self._cache.get(message.serial)
        if row_json is None:
            row_json = orjson.dumps(self.row(message, now))
            if len(self._cache) < _CACHED_ROWS:
                self._cache[message.serial] = row_json
        return row_json

    def forget(self, serial: int) -> None:
        """Drop the cached JSON of a message that was changed."""
        self._cache.pop(serial, None)

    def row(self, message: Message, now: int) -> dict[str, Any]:
        """The row as the API shows it at `now`."""
        state = state_at(message, now)
        sid = self.sid(message)
        ours = self._addresses[message.sender] if state.has_sender else None
        inbound = message.direction == INBOUND
        theirs = shown_contact(message, now)
        uri = self._base + sid
        return {
            "account_sid": self.account_sid,
            "api_version": API_VERSION,
            "body": "" if is_content_discarded(message, now) else body_text(message.body),
            "date_created": rfc2822(message.created),
            "date_sent": None if state.sent is None else rfc2822(state.sent),
            "date_updated": rfc2822(state.updated),
            "direction": DIRECTIONS[message.direction],
            "error_code": state.error or None,
            "error_message": error_message(state.error) if state.error else None,
            "from": theirs if inbound else ours,
            "messaging_service_sid": self._service_sids[message.service] if message.service >= 0 else None,
            "num_media": str(message.media),
            "num_segments": str(message.segments) if state.has_sender else "0",
            "price": money(-message.price) if state.priced else None,
            "price_unit": self._currency,
            "sid": sid,
            "status": state.status,
            "subresource_uris": {"media": f"{uri}/Media.json", "feedback": f"{uri}/Feedback.json"},
            "to": ours if inbound else theirs,
            "uri": f"{uri}.json",
        }


def rfc2822(seconds: int) -> str:
    """`Fri, 24 May 2019 17:44:46 +0000`."""
    day, second = divmod(seconds, DAY)
    return f"{_rfc2822_day(day)} {_TIMES[second // 60]}:{second % 60:02d} +0000"


def iso8601(seconds: int) -> str:
    """`2019-05-24T17:44:46Z`, as the newer products write it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@lru_cache(maxsize=2048)
def _rfc2822_day(day: int) -> str:
    moment = datetime.fromtimestamp(day * DAY, UTC)
    weekday = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[moment.weekday()]
    month = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"][
        moment.month - 1
    ]
    return f"{weekday}, {moment.day:02d} {month} {moment.year}"


_TIMES = [f"{minute // 60:02d}:{minute % 60:02d}" for minute in range(1440)]


@lru_cache(maxsize=4096)
def money(units: int) -> str:
    """A charge as text, such as `-0.00750`, from a whole number of UNITs."""
    sign = "-" if units < 0 else ""
    whole, rest = divmod(abs(units), UNIT)
    return f"{sign}{whole}.{rest:05d}"


@lru_cache(maxsize=512)
def error_message(code: int) -> str:
    explained = explain(code)
    return explained.title if explained else f"Error {code}"
