"""The components of a page: the props that Python sets, and the messages that the browser sends.

A component stands here with its script, or it does not exist. Props are named as the class in
:mod:`workbench.ui.components` has them; a message goes as ``{NAME: PAYLOAD}``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, NotRequired, TypedDict

from workbench.browser.schema import MaxLength, Range

Name = Annotated[str, MaxLength(200)]
Query = Annotated[str, MaxLength(8_000)]
Number = Annotated[int, Range(0, 1_000_000_000)]


# Shared by several components


class Definition(TypedDict, total=False):
    """What stands behind a number; empty for none. ``rows`` is the list of the messages that it counts."""

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
    rows: str


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
    """What every panel has; ``message`` stands in its place where it is empty or failed.

    ``page_key`` is the same for all components of one page, and ``answered`` the number of the filter change
    that it shows: while a later one is asked for, its numbers are hidden.
    """

    title: str
    subtitle: str
    definition: Definition
    state: Literal["loading", "ok", "empty", "error"]
    message: str
    clickable: bool
    links: PanelLinks
    page_key: str
    answered: int


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


ChartRange = list[Name]
"""The two ends of what was brushed on the axis of time."""


class Column(TypedDict):
    label: str
    kind: Literal["text", "country", "number", "words"]
    color: NotRequired[str]


class Cell(TypedDict):
    """``bar`` is a share from 0 to 1, ``more`` further lines, ``note`` small text below.

    ``value`` is the number that a cell of a number column is sorted by.
    """

    text: str
    value: NotRequired[float]
    muted: NotRequired[bool]
    bar: NotRequired[float]
    code: NotRequired[str]
    more: NotRequired[list[str]]
    note: NotRequired[str]


class TableRow(TypedDict):
    """``detail`` or ``explanation`` opens below the row; ``link`` leads to its messages.

    The detail is pairs of term and text; a third item "copy" offers to copy the text.
    """

    key: str
    cells: list[Cell]
    hint: str
    chosen: NotRequired[bool]
    link: NotRequired[str | None]
    detail: NotRequired[list[list[str]]]
    explanation: NotRequired[CodeExplanation]


class TableProps(PanelProps):
    """``first`` rows are shown until somebody wants all (0: all), ``rest`` says what the others are."""

    columns: list[Column]
    rows: list[TableRow]
    footnote: str
    first: int
    rest: str


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


# Explore


class ExploreChoice(TypedDict):
    """A metric or dimension to choose; ``adds`` says whether a metric has shares of a total."""

    name: str
    label: str
    description: str
    adds: NotRequired[bool]


class ViewLine(TypedDict):
    """A saved view; ``may_change`` says whether this person may."""

    name: str
    title: str
    folder: str
    owner: str
    shared: bool
    query: str
    may_change: bool


class BoardLine(TypedDict):
    name: str
    title: str


class MailLine(TypedDict):
    """A view that is mailed."""

    name: str
    view: str
    text: str


class ExploreProps(PanelProps):
    """``values`` is the question as links write it; ``options`` the words of each of its selects.

    ``mails`` are the subscriptions of this person, ``may_mail`` whether they may make one. ``query`` is the
    whole address, ``cell`` the same question for a notebook; ``deleted`` a view that can
    be put back; ``can_save`` says whether there is a home for views.
    """

    metrics: list[ExploreChoice]
    dimensions: list[ExploreChoice]
    options: dict[str, list[list[str]]]
    values: dict[str, str | list[str]]
    cell: str
    views: list[ViewLine]
    problems: list[str]
    mails: list[MailLine]
    may_mail: bool
    boards: list[BoardLine]
    can_save: bool
    notice: str
    deleted: str
    query: str


class ExploreQuestionState(TypedDict, total=False):
    """Parts of the question, as a link writes them."""

    metric: list[Name]
    by: list[Name]
    grain: list[Name]
    chart: list[Name]
    top: list[Name]
    order: list[Name]
    share: list[Name]
    split: list[Name]
    view: list[Name]


class ViewSave(TypedDict):
    """Save the question; with a ``name`` as that view."""

    title: Name
    folder: Name
    shared: bool
    name: NotRequired[Name]


class ViewSubscribe(TypedDict):
    name: Name
    every: Name
    to: Annotated[str, MaxLength(2_000)]


class AddToPage(TypedDict):
    """Put a view on a page; an empty ``board`` is a new one."""

    view: Name
    board: Name


class ViewEdit(TypedDict):
    name: Name
    title: Name
    folder: Name
    shared: bool


# Compliance


class ActionNotice(TypedDict, total=False):
    """What came of the last action; empty for none."""

    text: str
    is_error: bool


class WorkPanelProps(PanelProps):
    """A panel in which people act. ``limit``: how many lines are asked for; ``total``: how many there are."""

    notice: ActionNotice
    limit: int
    total: int


Lines = Annotated[int, Range(1, 500)]


class AuditPlaceOption(TypedDict):
    """Where recipients may be: a country, or a state as ``US-TX``; and how many rows."""

    key: str
    name: str
    rows: int


class AuditLine(TypedDict):
    """``local`` is the time where the recipient may be; ``facts`` are pairs of term and text.

    ``message`` and ``conversation`` are addresses, empty where no server answers.
    """

    sid: str
    contact: str
    place: str
    local: str
    text: str
    facts: list[list[str]]
    message: str
    conversation: str


class AuditListProps(WorkPanelProps):
    places: list[AuditPlaceOption]
    place: str
    rows: list[AuditLine]


class AuditChoice(TypedDict, total=False):
    place: Name
    limit: Lines


class OptOutRequestLine(TypedDict):
    """``due`` says how long is left, ``tone`` how urgent that is; ``decided`` is empty while it waits."""

    sid: str
    contact: str
    sender: str
    text: str
    phrase: str
    written: str
    due: str
    tone: Literal["", "soon", "late"]
    honour_by: str
    state: Literal["waiting", "opt-out", "not-opt-out"]
    decided: str
    message: str
    conversation: str


class OptOutRequestsProps(WorkPanelProps):
    view: str
    counts: dict[str, int]
    rows: list[OptOutRequestLine]
    may_decide: bool


class OptOutRequestsChoice(TypedDict, total=False):
    view: Literal["waiting", "opt-out", "not-opt-out", "all"]
    limit: Lines


class DecideRequestMessage(TypedDict):
    """``everything``: the opt-out is of all that we send, not only of the sender or service written to."""

    sid: Name
    decision: Literal["opt-out", "not-opt-out"]
    everything: bool
    note: Annotated[str, MaxLength(500)]


class UndoRequestMessage(TypedDict):
    sid: Name


class DoNotContactLine(TypedDict):
    """An entry of the do-not-contact list. ``fixed``: why nobody here may remove it, empty where they may."""

    id: str
    contact: str
    scope: str
    source: str
    since: str
    by: str
    evidence: str
    fixed: str
    message: str


class DoNotContactProps(WorkPanelProps):
    search: str
    rows: list[DoNotContactLine]
    may_record: bool
    may_remove: bool


class DoNotContactChoice(TypedDict, total=False):
    search: Name
    limit: Lines


class RecordConsentMessage(TypedDict):
    """``date`` as in 2026-03-01T09:30, in the zone of the settings; empty for now."""

    address: Name
    kind: Literal["opt-in", "opt-out"]
    scope: Name
    source: Name
    date: Name
    evidence: Annotated[str, MaxLength(2_000)]
    wording_version: Name


class RemoveBlockMessage(TypedDict):
    id: Name
    because: Annotated[str, MaxLength(500)]


# My pages


class BoardTile(TypedDict):
    """A saved view or a part of a built-in page; the width is in twelfths."""

    view: Name
    part: Name
    width: int


class BoardProps(PanelProps):
    """``current`` is the open page; ``views`` and ``parts`` are pairs of name and words to choose from.

    A new ``goto`` is an address to open.
    """

    boards: list[BoardLine]
    problems: list[str]
    current: str
    shared: bool
    may_change: bool
    tiles: list[BoardTile]
    views: list[list[str]]
    parts: list[list[str]]
    widths: list[int]
    notice: str
    goto: str


class BoardSave(TypedDict):
    title: Name
    shared: bool
    tiles: list[BoardTile]


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
    """``since`` and ``until`` are its days, the last not included; without them the page has no period."""

    label: str
    text: str
    since: str
    until: str


class Chip(TypedDict):
    """``text`` is shown where it is something else than the token."""

    name: str
    label: str
    token: str
    kind: str
    text: NotRequired[str]


class Crumb(TypedDict):
    """``in_page``: the address is another state of the same page."""

    text: str
    href: NotRequired[str]
    in_page: NotRequired[bool]


class DownloadLink(TypedDict):
    label: str
    href: str


class PageHeadProps(TypedDict):
    """``has_changes``: changes of the lake wait for a click; a new ``goto`` is an address to open.

    ``asked`` is the number of the filter change that the heading names.
    """

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
    page_key: str
    asked: int


class FilterOption(TypedDict):
    token: str
    label: str
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
    page_key: str


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
        messages: the type of the payload of each message from the browser, by name. ``asked`` goes with
            another one that changes the filters, and numbers that change.
    """

    scripts: tuple[str, ...]
    props: Any
    messages: Mapping[str, Any] = field(default_factory=dict)


COMPONENTS: Mapping[str, Contract] = {
    "CardRow": Contract(("cards",), CardRowProps),
    "ChartComponent": Contract(
        ("chart_points", "chart"),
        ChartProps,
        {"click": ChartClick, "range": ChartRange, "asked": Number},
    ),
    "ExploreComponent": Contract(
        ("explore",),
        ExploreProps,
        {
            "explore": ExploreQuestionState,
            "address": Query,
            "save_view": ViewSave,
            "edit_view": ViewEdit,
            "delete_view": Name,
            "restore_view": Name,
            "subscribe": ViewSubscribe,
            "unsubscribe": Name,
            "add_to_page": AddToPage,
        },
    ),
    "TableComponent": Contract(("table",), TableProps, {"click": TableClick, "asked": Number}),
    "FindingsComponent": Contract(("findings",), FindingsProps),
    "RuleListComponent": Contract(
        ("rules",), RuleListProps, {"switch": RuleSwitchMessage, "test": RuleTestMessage}
    ),
    "BoardComponent": Contract(
        ("boards",), BoardProps, {"add_page": Name, "save_page": BoardSave, "delete_page": bool}
    ),
    "AuditListComponent": Contract(("work", "audits"), AuditListProps, {"choose": AuditChoice}),
    "OptOutRequestsComponent": Contract(
        ("work", "opt_out_requests"),
        OptOutRequestsProps,
        {"choose": OptOutRequestsChoice, "decide": DecideRequestMessage, "undo": UndoRequestMessage},
    ),
    "DoNotContactComponent": Contract(
        ("work", "do_not_contact"),
        DoNotContactProps,
        {"choose": DoNotContactChoice, "record": RecordConsentMessage, "remove": RemoveBlockMessage},
    ),
    "RowListComponent": Contract(("rows",), RowListProps, {"row_list": RowListState, "asked": Number}),
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
            "asked": Number,
        },
    ),
    "FilterMenu": Contract(
        ("nav", "filters"), FilterMenuProps, {"filter": FilterQuery, "reset": bool, "asked": Number}
    ),
    "PagesMenu": Contract(("nav", "pages"), PagesMenuProps),
    "TopBar": Contract(("nav", "topbar"), TopBarProps),
    "Blank": Contract(("blank",), BlankProps),
}
