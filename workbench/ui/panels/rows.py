"""Messages one by one: a list that is read page by page, and the message that somebody opened.

Data of both are plain: texts as they are to be shown, numbers masked, times in the page's zone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from workbench.display import formats
from workbench.display.message_content import no_text_words
from workbench.messaging.addresses import channel
from workbench.messaging.segments import count_segments
from workbench.metrics import MessageRecord
from workbench.ui.component_base import PanelComponent
from workbench.ui.components import MessageComponent, RowListComponent
from workbench.ui.page_data import PageData
from workbench.ui.panels.codes import shown_codes

PAGE_ROWS = 50
_EXCERPT = 240

#: What the list shows: the column to sort by, and its heading.
COLUMNS = (
    ("date_created", "Created"), ("direction", "Way"), ("contact", "Contact"), ("sender", "Sender"),
    ("", "Text"), ("status", "Status"), ("segments", "Segments"), ("spend", "Price"),
)  # fmt: skip
_SOURCES = {"sync": "seen by a sync", "callback": "told by Twilio", "send": "noted when sending"}


@dataclass(frozen=True)
class MessageList:
    """The list of messages under the page's filters. Hidden while a message is open."""

    title: str = "Messages"
    span: int = 12
    click: str | None = None

    def build(self) -> PanelComponent:
        return RowListComponent(
            title=self.title, columns=[{"sort": sort, "label": label} for sort, label in COLUMNS]
        )

    def props(self, data: PageData) -> dict[str, Any]:
        if data.row_list["message"]:
            return {"visible": False, "state": "loading"}
        return {"visible": True, **row_list_props(data)}


def row_list_props(data: PageData) -> dict[str, Any]:
    """One page of rows; a page behind the last one is the last one."""
    page, sort = data.row_list["page"], data.row_list["sort"]

    def read(number: int) -> Any:
        offset = (number - 1) * PAGE_ROWS
        return data.store.rows(data.rows_query, sort, PAGE_ROWS, offset, snapshot=data.snapshot)

    row_page = read(page)
    pages = max(-(-row_page.total // PAGE_ROWS), 1)
    if page > pages:
        page, row_page = pages, read(pages)
    searched = " that matches the search" if data.row_list["q"] else ""
    return {
        "state": "ok" if row_page.total else "empty",
        "message": f"No message{searched} in this period with these filters.",
        "rows": [_row(row, data) for row in row_page.rows],
        "codes": shown_codes(data, (row["error_code"] for row in row_page.rows)),
        "total": row_page.total,
        "page": page,
        "pages": pages,
        "sort": sort,
        "search": data.row_list["q"],
        "timezone": data.period.timezone.replace("_", " "),
        "definition": {
            "label": "Messages",
            "name": "rows",
            "description": "One row per message in the log, as Twilio last showed it; numbers are masked.",
            "excludes": "Messages that Twilio has deleted.",
            "sample_size": row_page.total,
            "period": f"{data.period.label} ({data.period.timezone})",
            "as_of": row_page.as_of.isoformat(),
            **data.shown_sql(row_page.sql, row_page.parameters),
        },
    }


def _row(row: Mapping[str, Any], data: PageData) -> dict[str, Any]:
    body = row["body"]
    return {
        "sid": row["message_sid"],
        "date_created": _time(row["date_created"], data.period.timezone),
        "is_inbound": row["direction"] == "inbound",
        "direction": row["direction"],
        "contact": row["contact"] or formats.MISSING,
        "country": row["country"] or "",
        "sender": data.sender_label(row["sender"]) if row["sender"] else formats.MISSING,
        "text": _excerpt(body, row["content"]),
        "has_text": bool(body),
        "media": row["media_count"] or 0,
        "status": row["status"],
        "outcome": _outcome(row),
        "error_code": str(row["error_code"] or ""),
        "segments": "" if row["segments"] is None else str(row["segments"]),
        "price": _price(row),
    }


def _excerpt(body: str | None, content: str = "") -> str:
    if not body and content:
        return content
    if body is None:
        return "no text kept"
    if not body:
        return "no text"
    return body if len(body) <= _EXCERPT else body[: _EXCERPT - 1] + "…"


def _outcome(row: Mapping[str, Any]) -> str:
    """The colour of a status: the same seven words as the dimension `outcome`."""
    status = row["status"]
    if row["direction"] == "inbound":
        return "received"
    if status in ("delivered", "read"):
        return "delivered"
    if status in ("undelivered", "failed", "canceled"):
        return str(status)
    return "unknown" if row["is_final"] else "in-flight"


def _price(row: Mapping[str, Any]) -> str:
    return (
        formats.money(float(row["spend"]), row["currency"] or "")
        if row["spend"] is not None
        else formats.MISSING
    )


def _time(moment: datetime | None, timezone: str) -> str:
    return f"{moment.astimezone(ZoneInfo(timezone)):%Y-%m-%d %H:%M:%S}" if moment else formats.MISSING


@dataclass(frozen=True)
class MessageDetail:
    """The message that the link names: what it said, what became of it, what it cost. Hidden without one."""

    title: str = "Message"
    span: int = 12
    click: str | None = None

    def build(self) -> PanelComponent:
        return MessageComponent(title=self.title, visible=False)

    def props(self, data: PageData) -> dict[str, Any]:
        sid = data.row_list["message"]
        if not sid:
            return {"visible": False, "state": "loading"}
        message = data.store.message(sid)
        if message is None:
            text = f"This lake has no message {sid}. It may not be synced yet, or Twilio has deleted it."
            return {"visible": True, "state": "empty", "message": text}
        return {"visible": True, "state": "ok", "record": message_props(message, data)}


def message_props(record: MessageRecord, data: PageData) -> dict[str, Any]:
    """One message as the page shows it."""
    row, zone = record.row, data.period.timezone
    conversation = row["conversation_id"]
    return {
        "sid": row["message_sid"],
        "status": row["status"],
        "outcome": _outcome(row),
        "facts": [[term, text] for term, text in _facts(row, zone)],
        **_error(data, row["error_code"]),
        "history": [_event(event, zone) for event in record.history],
        "media": [[media["media_sid"], media["content_type"] or "unknown type"] for media in record.media],
        "text": _text(row),
        "text_page": data.text_link([row["template"]]) if row["template"] else "",
        "segments": _segments(row),
        "thread": [_thread_row(message, zone, row["message_sid"]) for message in record.thread],
        "thread_note": _thread_note(record),
        "conversation": f"inbox?{urlencode({'conversation': conversation})}" if conversation else "",
        "timezone": zone.replace("_", " "),
    }


def _facts(row: Mapping[str, Any], zone: str) -> list[tuple[str, str]]:
    latency = ""
    if row["date_sent"] and row["date_created"] and row["is_outbound"]:
        latency = f"{(row['date_sent'] - row['date_created']).total_seconds():,.0f} s after creation"
    return [
        ("Direction", row["direction"]),
        ("From", row["from_address"] or formats.MISSING),
        ("To", row["to_address"] or formats.MISSING),
        ("Country", row["country"] or formats.MISSING),
        ("Sender type", row["sender_type"] or formats.MISSING),
        ("Messaging service", row["messaging_service_sid"] or formats.MISSING),
        ("Account", row["account_sid"]),
        ("Created", _time(row["date_created"], zone)),
        ("Sent", " – ".join(filter(None, [_time(row["date_sent"], zone), latency]))),
        ("Updated", _time(row["date_updated"], zone)),
        ("Price", _price(row) if row["spend"] is not None else "not priced yet"),
        (
            "Segments",
            f"{row['segments'] if row['segments'] is not None else formats.MISSING} billed by Twilio",
        ),
        ("Encoding", row["encoding"] or formats.MISSING),
        ("Keyword", row["keyword"] or formats.MISSING),
        ("Attachments", str(row["media_count"] or 0)),
        *([("Not listed", row["unlisted"])] if row["unlisted"] else []),
        *([("Content", row["content"])] if row["content"] else []),
        ("Conversation", row["conversation_id"] or formats.MISSING),
    ]


def _error(data: PageData, code: int | None) -> dict[str, Any]:
    return {"error": shown_codes(data, [code])[str(code)]} if code else {}


def _event(event: Mapping[str, Any], zone: str) -> dict[str, str]:
    code = f" ({event['error_code']})" if event["error_code"] else ""
    return {
        "status": event["status"] + code,
        "time": _time(event["received_at"], zone),
        "source": _SOURCES.get(event["source"], event["source"]),
    }


def _text(row: Mapping[str, Any]) -> str:
    if row["body"] or row["content"]:
        return str(row["body"] or row["content"])
    if row["media_count"]:
        return "No text." if row["body"] == "" else "The text is not kept in this lake, or was redacted."
    is_sms = channel(row["contact"] or "") == "sms"
    return no_text_words(row["body"], row["encoding"], is_outbound=row["is_outbound"], is_sms=is_sms)


def _segments(row: Mapping[str, Any]) -> dict[str, Any]:
    """How the text is cut into segments by our own count; empty without a text."""
    if not row["body"]:
        return {}
    counted = count_segments(row["body"])
    billed = row["segments"]
    return {
        "parts": list(counted.per_segment),
        "summary": f"{formats.plural(counted.segments, 'segment')} of {counted.encoding}, "
        f"{counted.units:,} {'septets' if counted.encoding == 'GSM-7' else '16-bit units'}",
        "forcing": [f"{char} (U+{ord(char[0]):04X})" for char in counted.forcing],
        "differs": ""
        if billed in (None, 0, counted.segments) or row["media_count"]
        else f"Twilio billed {billed}; its Smart Encoding or a later redaction may explain the difference.",
    }


def _thread_row(message: Mapping[str, Any], zone: str, opened: str) -> dict[str, Any]:
    return {
        "sid": message["message_sid"],
        "time": _time(message["date_created"], zone),
        "is_ours": bool(message["is_outbound"]),
        "status": message["status"] + (f" {message['error_code']}" if message["error_code"] else ""),
        "text": _excerpt(message["body"], message["content"]),
        "media": message["media_count"] or 0,
        "is_open": message["message_sid"] == opened,
    }


def _thread_note(record: MessageRecord) -> str:
    left_out = record.thread_total - len(record.thread)
    return f"The nearest {len(record.thread):,} of {record.thread_total:,} messages." if left_out > 0 else ""
