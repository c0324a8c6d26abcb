"""The list of messages, and one message."""

from __future__ import annotations

from typing import Annotated, NotRequired, TypedDict

from workbench.browser.panels import CodeExplanation, Name, PanelProps
from workbench.browser.schema import MaxLength

# Messages


class SortColumn(TypedDict):
    sort: str
    label: str


class RowListRow(TypedDict):
    sid: str
    date_created: str
    is_inbound: bool
    direction: str
    contact: str
    country: str
    sender: str
    text: str
    has_text: bool
    media: int
    status: str
    outcome: str
    error_code: str
    segments: str
    price: str


class RowListProps(PanelProps):
    """``codes`` explains the error codes of the rows."""

    rows: list[RowListRow]
    codes: dict[str, CodeExplanation]
    total: int
    page: int
    pages: int
    sort: str
    search: str
    columns: list[SortColumn]
    timezone: str


class RowListState(TypedDict, total=False):
    """Parts of the list's state, as a link writes them."""

    q: list[Annotated[str, MaxLength(1_000)]]
    sort: list[Name]
    page: list[Name]
    message: list[Name]


class HistoryEvent(TypedDict):
    status: str
    time: str
    source: str


class SegmentedText(TypedDict, total=False):
    """The text cut into segments; empty without a text."""

    parts: list[str]
    summary: str
    forcing: list[str]
    differs: str


class ThreadRow(TypedDict):
    sid: str
    time: str
    is_ours: bool
    status: str
    text: str
    media: int
    is_open: bool


class MessageRecordProps(TypedDict, total=False):
    """One message; empty while none is open. Pairs are term and text."""

    sid: str
    status: str
    outcome: str
    facts: list[list[str]]
    error: NotRequired[CodeExplanation]
    history: list[HistoryEvent]
    media: list[list[str]]
    text: str
    text_page: str
    segments: SegmentedText
    thread: list[ThreadRow]
    thread_note: str
    conversation: str
    timezone: str


class MessageProps(PanelProps):
    record: MessageRecordProps
