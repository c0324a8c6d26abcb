"""Messages: list, fetch, create, redact, cancel, delete, feedback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from orjson import Fragment

from workbench.simulator.account.account import RETENTION_DAYS
from workbench.simulator.account.log import Position
from workbench.simulator.account.requests import read_request
from workbench.simulator.account.rows import API_VERSION, error_message, rfc2822
from workbench.simulator.account.sending import check_queue, compose
from workbench.simulator.clock import DAY
from workbench.simulator.errors import ApiError, bad_value, not_found
from workbench.simulator.messages import (
    CANCELED,
    FINAL,
    INBOUND,
    NEVER,
    STATUSES,
    Message,
    shown_contact,
    state_at,
)
from workbench.simulator.rest.base import ApiHandler, last_values
from workbench.simulator.rest.paging import PageRequest, PageUris, envelope, page_request
from workbench.simulator.rest.windows import Window, check_retention, read_window

_SENT_IS_FINAL = 72 * 3600
"""After so many seconds no receipt is expected any more."""


class Messages(ApiHandler):
    """`/2010-04-01/Accounts/{AC}/Messages.json`"""

    def on_get(self) -> dict[str, Any]:
        query = self.query()
        page = page_request(query)
        chosen, more = self._choose(query, page)
        if chosen and more:
            self.account.log.mark(chosen[-1], self.now)
        rows, sid = self.account.rows, self.account.rows.sid
        return envelope(
            "messages",
            [Fragment(rows.json(message, self.now)) for message in chosen],
            page,
            PageUris(self.request.path, self.request.query, page),
            sid(chosen[0]) if chosen else None,
            sid(chosen[-1]) if chosen and more else None,
        )

    def on_post(self) -> bytes:
        """Create a message; 201 with its state in the first second."""
        form, now = self.form(), self.now
        account, options = self.account, self.runtime.options
        to = last_values(form).get("To", "")
        planned = self.runtime.planned.pop(to, None)
        if planned is not None and planned.refuse is not None:
            raise ApiError(400, planned.refuse, error_message(planned.refuse))
        request = read_request(account, form, now, mms_converter=options.mms_converter)
        check_queue(account, request, now, options.max_queue_hours)
        message = compose(account, request, now, planned, options.max_queue_hours)
        account.put(message, request.callback_url)
        self.set_status(201)
        return account.rows.json(message, now)

    def _choose(self, query: dict[str, str], page: PageRequest) -> tuple[list[Message], bool]:
        """The rows of a page, newest first, and whether there are older ones."""
        log, now = self.account.log, self.now
        asked = read_window(query, "DateSent")
        kept = Window(now - RETENTION_DAYS * DAY, now)
        if asked is not None:
            check_retention(asked, now, RETENTION_DAYS)
            kept = kept.meet(asked)
        undated = asked is None or self.runtime.options.undated_in_windows
        edge = self._edge(page)
        if page.backwards and edge is not None:
            matching = self._matching(log.oldest_first(now, kept.low, kept.high, edge, undated), query)
            return list(islice(matching, page.size))[::-1], True
        matching = self._matching(log.newest_first(now, kept.low, kept.high, edge, undated), query)
        chosen = list(islice(matching, page.size + 1))
        return chosen[: page.size], len(chosen) > page.size

    def _edge(self, page: PageRequest) -> Position | None:
        """The place of the row that the page token names."""
        if page.sid is None:
            return None
        serial = self.account.serial_of(page.sid)
        position = None if serial is None else self.account.log.token_position(serial, self.now)
        if position is None:
            raise bad_value("PageToken", page.token, "Follow next_page_uri instead.")
        return position

    def _matching(self, messages: Iterator[Message], query: dict[str, str]) -> Iterator[Message]:
        to, sender = query.get("To"), query.get("From")
        if to:
            messages = filter(self._has_address(to, their_direction_is_inbound=False), messages)
        if sender:
            messages = filter(self._has_address(sender, their_direction_is_inbound=True), messages)
        return messages

    def _has_address(self, address: str, *, their_direction_is_inbound: bool) -> Callable[[Message], bool]:
        """A test for `to` (our side if inbound) or `from` (our side if outbound)."""
        ours = {
            index for index, sender in enumerate(self.account.profile.senders) if sender.address == address
        }
        now = self.now

        def test(message: Message) -> bool:
            if (message.direction == INBOUND) == their_direction_is_inbound:
                return shown_contact(message, now) == address
            return message.sender in ours and state_at(message, now).has_sender

        return test


class MessageResource(ApiHandler):
    """`/2010-04-01/Accounts/{AC}/Messages/{SM}.json`"""

    def on_get(self, sid: str) -> bytes:
        return self.account.rows.json(find_message(self, sid), self.now)

    def on_post(self, sid: str) -> bytes:
        """Redact with `Body=`, or cancel with `Status=canceled`; not both."""
        message, form = find_message(self, sid), last_values(self.form())
        if ("Body" in form) == ("Status" in form):
            raise ApiError(400, 30400, "Give either Body, to redact, or Status, to cancel")
        changed = (
            cancel(message, form["Status"], self.now) if "Status" in form else redact(message, form["Body"])
        )
        self.account.put(changed)
        return self.account.rows.json(changed, self.now)

    def on_delete(self, sid: str) -> None:
        message = find_message(self, sid)
        check_complete(message, self.now)
        self.account.change({"op": "delete", "serial": message.serial, "at": self.now})
        self.set_status(204)


class Feedback(ApiHandler):
    """`/2010-04-01/Accounts/{AC}/Messages/{SM}/Feedback.json`"""

    def on_post(self, sid: str) -> dict[str, Any]:
        message = find_message(self, sid)
        outcome = last_values(self.form()).get("Outcome", "confirmed")
        if outcome not in ("confirmed", "unconfirmed"):
            raise bad_value("Outcome", outcome, "It is 'confirmed' or 'unconfirmed'.")
        self.account.change({"op": "feedback", "serial": message.serial, "outcome": outcome})
        return {
            "account_sid": self.account.sid,
            "date_created": rfc2822(self.now),
            "date_updated": rfc2822(self.now),
            "message_sid": sid,
            "outcome": outcome,
            "uri": f"/{API_VERSION}/Accounts/{self.account.sid}/Messages/{sid}/Feedback.json",
        }


def find_message(handler: ApiHandler, sid: str) -> Message:
    """The message with a SID, or 404/20404 if it is deleted, foreign or no longer kept."""
    message = handler.account.message_by_sid(sid, handler.now)
    if message is None or message.created < handler.now - RETENTION_DAYS * DAY:
        raise not_found(handler.request.path)
    return message


def cancel(message: Message, status: str, now: int) -> Message:
    """The message canceled at `now`; only possible before it is being sent."""
    if status != "canceled":
        raise ApiError(400, 30400, f"Status can only be set to 'canceled', not to {status!r}")
    if state_at(message, now).status not in ("scheduled", "accepted", "queued"):
        raise ApiError(409, 30409, "This message can no longer be canceled")
    since = now - message.created
    picked = message.picked if message.picked <= since else NEVER
    return message._replace(
        status=CANCELED, error=0, picked=picked, sent=NEVER, done=since, read=NEVER, priced=NEVER
    )


def redact(message: Message, body: str) -> Message:
    """The message without its text. `date_updated` does not change, as at Twilio."""
    if body:
        raise ApiError(400, 30400, "Body can only be emptied")
    return message._replace(body="")


def check_complete(message: Message, now: int) -> None:
    """Refuse to delete a message in flight: 409/20009."""
    state = state_at(message, now)
    given_up = state.status == "sent" and state.sent is not None and now - state.sent > _SENT_IS_FINAL
    if STATUSES.index(state.status) not in FINAL and not given_up:
        raise ApiError(409, 20009, f"Cannot delete this resource before it is complete; it is {state.status}")
