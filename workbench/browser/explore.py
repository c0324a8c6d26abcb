"""Explore, saved views and the pages that people make."""

from __future__ import annotations

from typing import Annotated, NotRequired, TypedDict

from workbench.browser.panels import Name, PanelProps
from workbench.browser.schema import MaxLength

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


class ViewAlertLine(TypedDict):
    """An alert on a view."""

    name: str
    view: str
    text: str


class ExploreProps(PanelProps):
    """``values`` is the question as links write it; ``options`` the words of each of its selects.

    ``mails`` are the subscriptions of this person, ``may_mail`` whether they may make one; ``alerts`` are
    those on views, ``may_watch`` whether this person may make one, ``windows`` the times to watch over, and
    ``limit_unit`` what a limit of the first metric is written in; empty where none can be. ``query`` is the
    whole address, ``cell`` the same question for a notebook; ``deleted`` a view that can
    be put back, ``saved`` the address of one that was just saved, which the browser opens; ``can_save`` says
    whether there is a home for views.
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
    alerts: list[ViewAlertLine]
    may_watch: bool
    windows: list[list[str]]
    limit_unit: str
    boards: list[BoardLine]
    can_save: bool
    notice: str
    deleted: str
    saved: str
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


class ViewWatch(TypedDict):
    """Warn when the first metric of the open view is on this side of a limit, as somebody typed it."""

    name: Name
    side: Name
    limit: Name
    window: Name


class AddToPage(TypedDict):
    """Put a view on a page; an empty ``board`` is a new one."""

    view: Name
    board: Name


class ViewEdit(TypedDict):
    name: Name
    title: Name
    folder: Name
    shared: bool


# My pages


class BoardTile(TypedDict):
    """A saved view or a part of a built-in page; the width is in twelfths.

    One with ``kept`` has neither: it is the tile at that place of the page, whose view is private to others.
    """

    view: Name
    part: Name
    width: int
    kept: NotRequired[int]


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
