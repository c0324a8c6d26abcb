"""One account of the simulator (the main one or a subaccount): its log, and the changes made through the API.

Every change goes through :meth:`Ledger.apply` as a plain dictionary, which the journal stores and replays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from workbench.simulator.account.inventory import Inventory
from workbench.simulator.account.log import MessageLog
from workbench.simulator.account.rows import RowWriter
from workbench.simulator.account.sids import SidCodec, derive_hex, derive_sid
from workbench.simulator.clock import DAY
from workbench.simulator.messages import Message
from workbench.simulator.traffic.consent import scope_of
from workbench.simulator.traffic.generator import Traffic
from workbench.simulator.traffic.profile import Profile, Sender, Service

MAX_MEDIA = 10
_MEDIA_SLOTS = 16


class Ledger:
    """Senders, services, messages and settings of one account SID."""

    def __init__(
        self,
        profile: Profile,
        seed: int,
        first_day: int,
        *,
        owner_sid: str | None = None,
        record: Callable[[dict[str, Any]], None],
    ) -> None:
        name = "main" if owner_sid is None else profile.name
        self.sid = derive_sid(seed, "AC", name)
        self.auth_token = derive_hex(seed, f"token:{name}")
        self.api_key = derive_sid(seed, "SK", name)
        self.api_secret = derive_hex(seed, f"secret:{name}")
        self.owner_sid = owner_sid or self.sid
        self.opened_at = first_day * DAY
        self.inventory = Inventory(self.sid, profile)
        self.log = MessageLog(Traffic(profile, f"{seed}:{name}", first_day))
        self._messages = SidCodec(f"{self.sid}:messages")
        self._media = SidCodec(f"{self.sid}:media")
        self.rows = RowWriter(self.sid, profile.currency, self.inventory, self._messages)
        self.callback_urls: dict[int, str] = {}
        """The StatusCallback that a message was created with, by its serial number."""
        self.feedback: dict[int, str] = {}
        self.webhook_fields: dict[int, dict[str, str]] = {}
        """What the webhook of an inbound message says beside it, by its serial number."""
        self.settings: dict[str, dict[str, Any]] = {}
        """The fields that were set through the API, by the SID of the number or service."""
        self.contents: dict[str, dict[str, Any]] = {}
        """Content templates by SID."""
        self.triggers: dict[str, dict[str, Any]] = {}
        """Usage triggers by SID."""
        self.deleted_media: set[tuple[int, int]] = set()
        self._consent: dict[tuple[str, int], list[tuple[int, bool]]] = {}
        self._consent_read = 0
        self._record = record

    @property
    def profile(self) -> Profile:
        """The company with the senders and services that it has now."""
        return self.inventory.profile

    @property
    def sender_sids(self) -> list[str]:
        return self.inventory.sender_sids

    @property
    def service_sids(self) -> list[str]:
        return self.inventory.service_sids

    def message_by_sid(self, sid: str, now: int) -> Message | None:
        """The message with a SID; None if it does not exist, is deleted, or is not created yet."""
        serial = self._messages.decode(sid) if sid[:2] in ("SM", "MM") else None
        message = None if serial is None else self.log.get(serial, now)
        return message if message is not None and self.rows.sid(message) == sid else None

    def serial_of(self, sid: str) -> int | None:
        return self._messages.decode(sid)

    def media_sid(self, message: Message, index: int) -> str:
        return self._media.encode("ME", message.serial * _MEDIA_SLOTS + index)

    def media_by_sid(self, message: Message, sid: str) -> int | None:
        """The index of the attachment with a media SID; None if it does not exist."""
        serial = self._media.decode(sid) if sid.startswith("ME") else None
        if serial is None or serial // _MEDIA_SLOTS != message.serial:
            return None
        index = serial % _MEDIA_SLOTS
        gone = index >= message.media or (message.serial, index) in self.deleted_media
        return None if gone else index

    def message_of_media(self, sid: str, now: int) -> Message | None:
        """The message to which an attachment belongs; None if either is not there."""
        serial = self._media.decode(sid)
        message = None if serial is None else self.log.get(serial // _MEDIA_SLOTS, now)
        return message if message is not None and self.media_by_sid(message, sid) is not None else None

    def media_of(self, message: Message) -> Iterator[tuple[int, str]]:
        """Index and SID of the attachments that are not deleted."""
        for index in range(min(message.media, MAX_MEDIA)):
            if (message.serial, index) not in self.deleted_media:
                yield index, self.media_sid(message, index)

    def is_opted_out(self, contact: str, scope: int, now: int) -> bool:
        """Whether a contact has opted out of a scope (see `scope_of`) by keyword, as of `now`."""
        events = self.log.traffic.consent_events
        for event in events[self._consent_read :]:
            self._consent.setdefault((event.contact, event.scope), []).append((event.at, event.opted_out))
        self._consent_read = len(events)
        past = [change for change in self._consent.get((contact, scope), ()) if change[0] <= now]
        return bool(past) and max(past, key=lambda change: change[0])[1]

    def scope(self, sender: int) -> int:
        """The scope of an opt-out that is sent to a sender."""
        return scope_of(self.profile.senders[sender].service, sender)

    def put(self, message: Message, callback_url: str | None = None) -> None:
        """Add a message, or change the one with its serial number."""
        entry: dict[str, Any] = {"op": "put", "message": list(message)}
        if callback_url:
            entry["callback_url"] = callback_url
        self.change(entry)

    def change(self, entry: dict[str, Any]) -> None:
        """Change the account and write the change into the journal."""
        self._record({"account": self.sid, **entry})
        self.apply(entry)

    def apply(self, entry: dict[str, Any]) -> None:
        """Make one recorded change (`op`), when it happens or when the journal is replayed."""
        getattr(self, f"_apply_{entry['op']}")(entry)

    def _apply_put(self, entry: dict[str, Any]) -> None:
        message = Message(*entry["message"])
        self.log.ensure(message.created)
        if self.log.is_known(message.serial):
            self.log.replace(message)
        else:
            self.log.add(message)
        self.rows.forget(message.serial)
        if url := entry.get("callback_url"):
            self.callback_urls[message.serial] = url

    def _apply_delete(self, entry: dict[str, Any]) -> None:
        self.log.ensure(entry["at"])
        self.log.remove(entry["serial"])

    def _apply_delete_media(self, entry: dict[str, Any]) -> None:
        self.deleted_media.add((entry["serial"], entry["index"]))

    def _apply_feedback(self, entry: dict[str, Any]) -> None:
        self.feedback[entry["serial"]] = entry["outcome"]

    def _apply_webhook_fields(self, entry: dict[str, Any]) -> None:
        self.webhook_fields[entry["serial"]] = entry["fields"]

    def _apply_consent(self, entry: dict[str, Any]) -> None:
        events = self._consent.setdefault((entry["contact"], entry["scope"]), [])
        events.append((entry["at"], entry["opted_out"]))

    def _apply_settings(self, entry: dict[str, Any]) -> None:
        self.settings.setdefault(entry["sid"], {}).update(entry["values"])

    def _apply_member(self, entry: dict[str, Any]) -> None:
        self.inventory.assign(entry["sender"], entry["service"])

    def _apply_add_sender(self, entry: dict[str, Any]) -> None:
        self.inventory.add_sender(Sender(*entry["sender"]), entry["sid"])

    def _apply_remove_sender(self, entry: dict[str, Any]) -> None:
        self.inventory.remove_sender(entry["sender"])

    def _apply_add_service(self, entry: dict[str, Any]) -> None:
        self.inventory.add_service(Service(*entry["service"]), entry["sid"])

    def _apply_remove_service(self, entry: dict[str, Any]) -> None:
        self.inventory.remove_service(entry["service"])

    def _apply_content(self, entry: dict[str, Any]) -> None:
        _put_or_drop(self.contents, entry["sid"], entry["content"])

    def _apply_trigger(self, entry: dict[str, Any]) -> None:
        _put_or_drop(self.triggers, entry["sid"], entry["trigger"])


def _put_or_drop(kept: dict[str, dict[str, Any]], sid: str, value: dict[str, Any] | None) -> None:
    if value is None:
        kept.pop(sid, None)
    else:
        kept[sid] = value
