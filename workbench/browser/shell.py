"""The page around its panels: head, drawer, top bar."""

from __future__ import annotations

from typing import NotRequired, TypedDict

from workbench.browser.panels import Name, PageLink, Query

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
