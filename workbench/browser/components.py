"""The components of a page: the props that Python sets, and the messages that the browser sends.

A component stands here with its script, or it does not exist. Props are named as the class in
:mod:`workbench.ui.components` has them; a message goes as ``{NAME: PAYLOAD}``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from workbench.browser.compliance import (
    AuditChoice,
    AuditListProps,
    DecideRequestMessage,
    DoNotContactChoice,
    DoNotContactProps,
    OptOutRequestsChoice,
    OptOutRequestsProps,
    RecordConsentMessage,
    RemoveBlockMessage,
    UndoRequestMessage,
)
from workbench.browser.explore import (
    AddToPage,
    BoardProps,
    BoardSave,
    ExploreProps,
    ExploreQuestionState,
    ViewEdit,
    ViewSave,
    ViewSubscribe,
    ViewWatch,
)
from workbench.browser.messages import MessageProps, RowListProps, RowListState
from workbench.browser.panels import (
    CardRowProps,
    ChartClick,
    ChartProps,
    ChartRange,
    FindingsProps,
    Name,
    Number,
    Query,
    RuleListProps,
    RuleSwitchMessage,
    RuleTestMessage,
    TableClick,
    TableProps,
    TextProps,
)
from workbench.browser.shell import (
    BlankProps,
    FilterMenuProps,
    FilterQuery,
    PageHeadProps,
    PagesMenuProps,
    TopBarProps,
)


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
            "asked": Number,
            "address": Query,
            "save_view": ViewSave,
            "edit_view": ViewEdit,
            "delete_view": Name,
            "restore_view": Name,
            "subscribe": ViewSubscribe,
            "unsubscribe": Name,
            "watch": ViewWatch,
            "unwatch": Name,
            "add_to_page": AddToPage,
        },
    ),
    "TableComponent": Contract(("table",), TableProps, {"click": TableClick, "kind": Name, "asked": Number}),
    "TextComponent": Contract(("text",), TextProps),
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
