"""What panels of every page are: head, cards, charts, tables, findings and rules."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired, TypedDict

from workbench.browser.schema import MaxLength, Range

Name = Annotated[str, MaxLength(200)]
Query = Annotated[str, MaxLength(8_000)]
MOST_ASKED = 1_000_000_000
Number = Annotated[int, Range(0, MOST_ASKED)]


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
    """``detail`` or ``explanation`` opens below the row; ``link`` leads to its
    messages, ``page`` to its page.

    The detail is pairs of term and text; a third item "copy" offers to copy the text.
    """

    key: str
    cells: list[Cell]
    hint: str
    chosen: NotRequired[bool]
    link: NotRequired[str | None]
    page: NotRequired[str]
    detail: NotRequired[list[list[str]]]
    explanation: NotRequired[CodeExplanation]


class TableTab(TypedDict):
    """One of several tables in one place; ``kind`` is what the address calls it."""

    kind: str
    label: str
    chosen: bool


class TableProps(PanelProps):
    """``first`` rows are shown until somebody wants all (0: all), ``rest`` says what the others are."""

    tabs: list[TableTab]
    columns: list[Column]
    rows: list[TableRow]
    footnote: str
    first: int
    rest: str


class TableClick(TypedDict):
    key: Name


class TextItem(TypedDict):
    """One text: ``parts`` are pairs of words and `force` where they force UCS-2.

    ``forcing`` are pairs of character and name, ``sizes`` lines of messages, how they are billed and their
    length. ``instead`` is the cheaper text, ``advice`` says why there is none.
    """

    parts: list[list[str]]
    messages: str
    when: str
    rows: str
    sizes: list[list[str]]
    forcing: list[list[str]]
    instead: str
    saves: str
    advice: str
    note: str


class TextProps(PanelProps):
    texts: list[TextItem]


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
