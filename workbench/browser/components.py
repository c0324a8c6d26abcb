"""The components of a page: the props that Python sets, and the messages that the browser sends.

A component stands here with its script, or it does not exist. Props are named as the class in
:mod:`workbench.ui.components` has them; a message goes as ``{NAME: PAYLOAD}``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, NotRequired, TypedDict

from workbench.browser.schema import MaxLength

Name = Annotated[str, MaxLength(200)]
Query = Annotated[str, MaxLength(8_000)]


# Shared by several components


class Definition(TypedDict, total=False):
    """What stands behind a number; empty for none."""

    label: str
    name: str
    description: str
    numerator: str
    denominator: str
    excludes: str
    minimum_sample: int
    sample_size: int | None
    in_flight: int | None
    period: str
    as_of: str
    sql: str
    parameters: dict[str, str]


class CodeExplanation(TypedDict):
    """An error code explained; facts are pairs of term and text.

    ``rows`` leads to its messages, ``url`` to Twilio's page.
    """

    code: str
    title: str
    facts: list[list[str]]
    rows: str
    url: str


class PanelLinks(TypedDict, total=False):
    """Where a panel's messages and its files are; empty where no server answers."""

    rows: str
    csv: str
    xlsx: str
    parquet: str


class PanelProps(TypedDict):
    """What every panel has; ``message`` stands in its place where it is empty or failed."""

    title: str
    subtitle: str
    definition: Definition
    state: Literal["loading", "ok", "empty", "error"]
    message: str
    clickable: bool
    links: PanelLinks


class PageLink(TypedDict):
    name: str
    title: str
    description: str


# Headline cards


class CardChange(TypedDict):
    """How a number moved from ``before`` to ``now``; not ``is_sure`` where chance explains it."""

    text: str
    arrow: Literal["up", "down", "flat"]
    sense: Literal["good", "bad", "neutral"]
    now: str
    before: str
    is_sure: bool


class CardLine(TypedDict):
    """``state``: ok, now (a count of this moment), small (too few messages) or none."""

    value: str
    state: Literal["ok", "now", "small", "none"]
    change: CardChange | None


class Card(TypedDict):
    name: str
    label: str
    unit: str
    lines: list[CardLine]
    notes: list[str]
    definition: Definition
    compared_with: str
    trend: NotRequired[list[list[float | None]]]


class CardRowProps(PanelProps):
    cards: list[Card]
    size: Literal["large", "small"]
    expected: int


# Charts, tables, findings


class ChartProps(PanelProps):
    """``figure`` is what plotly.js takes."""

    figure: dict[str, Any] | None
    summary: str
    plotly_url: str
    plotly_source: str


class ChartClick(TypedDict):
    """The bar or point that was clicked: its key (else its place on the axis) and its series."""

    key: Name | float
    series: NotRequired[Name]


class Column(TypedDict):
    label: str
    kind: Literal["text", "country", "number", "words"]
    color: NotRequired[str]


class Cell(TypedDict):
    """``bar`` is a share from 0 to 1, ``more`` further lines, ``note`` small text below."""

    text: str
    muted: NotRequired[bool]
    bar: NotRequired[float]
    code: NotRequired[str]
    more: NotRequired[list[str]]
    note: NotRequired[str]


class TableRow(TypedDict):
    """``detail`` or ``explanation`` opens below the row; ``link`` leads to its messages.

    The detail is pairs of term and text.
    """

    key: str
    cells: list[Cell]
    hint: str
    chosen: NotRequired[bool]
    link: NotRequired[str | None]
    detail: NotRequired[list[list[str]]]
    explanation: NotRequired[CodeExplanation]


class TableProps(PanelProps):
    columns: list[Column]
    rows: list[TableRow]
    footnote: str


class TableClick(TypedDict):
    key: Name


class FindingItem(TypedDict):
    sense: Literal["bad", "good", "neutral"]
    title: str
    text: str
    page: str
    link: str
    query: dict[str, str | list[str]]


class FindingsProps(PanelProps):
    """``shown``: how many items are shown before somebody asks for all."""

    items: list[FindingItem]
    linked: bool
    shown: int


# Rules


class RuleMatchLine(TypedDict):
    """A message for which a rule would have fired."""

    at: str
    contact: str
    text: str
    reply: str


class RuleTested(TypedDict):
    """What a dry run said, with the latest of its matches."""

    text: str
    matches: list[RuleMatchLine]


class RuleLine(TypedDict):
    rule: str
    is_on: bool
    is_built_in: bool
    set_by: str
    when: str
    condition: str
    does: str
    fired: str


class RuleListProps(PanelProps):
    """``tests`` are dry runs by rule. ``may_switch``: whether the user is an admin. ``notice``: a refusal."""

    rules: list[RuleLine]
    tests: dict[str, RuleTested]
    may_switch: bool
    notice: str


class RuleSwitchMessage(TypedDict):
    rule: Name
    is_on: bool


class RuleTestMessage(TypedDict):
    rule: Name


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
    segments: SegmentedText
    thread: list[ThreadRow]
    thread_note: str
    conversation: str
    timezone: str


class MessageProps(PanelProps):
    record: MessageRecordProps


# The page around the panels


class FreshnessProps(TypedDict, total=False):
    as_of: str
    last_sync_at: str | None
    open: str
    priced: str
    failed: str


class PeriodLine(TypedDict, total=False):
    label: str
    text: str


class Chip(TypedDict):
    name: str
    label: str
    token: str
    kind: str


class Crumb(TypedDict):
    """``in_page``: the address is another state of the same page."""

    text: str
    href: NotRequired[str]
    in_page: NotRequired[bool]


class DownloadLink(TypedDict):
    label: str
    href: str


class PageHeadProps(TypedDict):
    """``has_changes``: changes of the lake wait for a click; a new ``goto`` is an address to open."""

    title: str
    query: str
    owns_address: bool
    freshness: FreshnessProps
    period: PeriodLine
    chips: list[Chip]
    notices: list[str]
    crumbs: list[Crumb]
    links: list[DownloadLink]
    auto: bool
    has_changes: bool
    goto: str


class FilterOption(TypedDict):
    token: str
    messages: int


class FilterField(TypedDict):
    name: str
    label: str
    kind: str
    common: bool
    options: list[FilterOption]
    more: str


class Days(TypedDict, total=False):
    since: str
    until: str


class FilterMenuProps(TypedDict):
    fields: list[FilterField]
    values: dict[str, str | list[str]]
    days: Days
    pages: list[PageLink]
    current: str
    query: str


class PagesMenuProps(TypedDict):
    pages: list[PageLink]
    current: str
    query: str


class Person(TypedDict, total=False):
    name: str
    role: str


class TopBarProps(TypedDict):
    product: str
    badge: str
    pages: list[PageLink]
    current: str
    query: str
    person: Person


class BlankProps(TypedDict):
    title: str
    message: str
    commands: list[list[str]]
    link: str
    link_text: str
    failed: bool


FilterQuery = dict[Name, Query | list[Query]]


@dataclass(frozen=True)
class Contract:
    """One component.

    Attributes:
        scripts: its JavaScript, by file name without ending.
        props: the TypedDict of what Python sets.
        messages: the type of the payload of each message from the browser, by name.
    """

    scripts: tuple[str, ...]
    props: Any
    messages: Mapping[str, Any] = field(default_factory=dict)


COMPONENTS: Mapping[str, Contract] = {
    "CardRow": Contract(("cards",), CardRowProps),
    "ChartComponent": Contract(("chart",), ChartProps, {"click": ChartClick}),
    "TableComponent": Contract(("table",), TableProps, {"click": TableClick}),
    "FindingsComponent": Contract(("findings",), FindingsProps),
    "RuleListComponent": Contract(
        ("rules",), RuleListProps, {"switch": RuleSwitchMessage, "test": RuleTestMessage}
    ),
    "RowListComponent": Contract(("rows",), RowListProps, {"row_list": RowListState}),
    "MessageComponent": Contract(("message",), MessageProps, {"row_list": RowListState}),
    "PageHead": Contract(
        ("head",),
        PageHeadProps,
        {
            "address": Query,
            "remove": list[Name],
            "dismiss": bool,
            "reset": bool,
            "refresh": bool,
            "auto": bool,
        },
    ),
    "FilterMenu": Contract(("nav", "filters"), FilterMenuProps, {"filter": FilterQuery, "reset": bool}),
    "PagesMenu": Contract(("nav", "pages"), PagesMenuProps),
    "TopBar": Contract(("nav", "topbar"), TopBarProps),
    "Blank": Contract(("blank",), BlankProps),
}
