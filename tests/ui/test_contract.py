"""Python and JavaScript agree on what they send each other: names are compared, and data is checked."""

from __future__ import annotations

import re
from typing import Any

import pytest

from workbench import ui
from workbench.browser.bell import BELL_ANSWERS, BELL_QUESTIONS, BellChoices, BellNotice
from workbench.browser.components import COMPONENTS
from workbench.browser.composer import COMPOSER_ANSWERS, COMPOSER_QUESTIONS
from workbench.browser.inbox_answers import (
    INBOX_ANSWERS,
    SummaryLine,
    ThreadAnswer,
    ThreadEventItem,
    ThreadMessageItem,
)
from workbench.browser.inbox_questions import INBOX_QUESTIONS
from workbench.browser.messages import MessageProps
from workbench.browser.panels import PanelProps
from workbench.browser.schema import check, fields_of, required_fields
from workbench.ui import components, theme
from workbench.ui.bell import BELL_SCRIPTS
from workbench.ui.component_base import Component, PlainScript
from workbench.ui.inbox import COMPOSER_SCRIPTS, INBOX_SCRIPTS
from workbench.ui.navigation import discover_pages
from workbench.ui.page import load_page
from workbench.ui.store import Store

#: What a component's model has of Panel or Bokeh, beside its props.
MODEL = {"on", "off", "get", "send", "send_msg", "esm_constants", "data"}
#: Props that are there for Python or for a page's file, not for the script.
NOT_DRAWN = {
    "PageHead": {"page_key", "asked"}, "FilterMenu": {"page_key"},
    "RowListComponent": {"clickable", "subtitle", "timezone"},
    "MessageComponent": {"clickable", "subtitle", "title", "definition", "links"},
    "CardRow": {"clickable", "subtitle", "title", "definition", "links"},
    "FindingsComponent": {"clickable"}, "TextComponent": {"clickable"}, "RuleListComponent": {"clickable"},
    "ExploreComponent": {"clickable", "query"},
    "AuditListComponent": {"clickable"}, "OptOutRequestsComponent": {"clickable"},
    "DoNotContactComponent": {"clickable"},
    "BoardComponent": {"clickable"},
}  # fmt: skip
SHARED = {"title", "subtitle", "definition", "links", "state", "message", "page_key", "answered"}
"""Props that the shared script draws for every panel with a head."""


def script(*names: str) -> str:
    return "\n".join(theme.read_static(f"{name}.js") for name in names)


def members(variable: str, text: str) -> set[str]:
    return set(re.findall(rf"(?<!\w)(?<!\w\.){variable}\.(\w+)", text))


def test_every_component_stands_in_the_contract() -> None:
    drawn = {
        name
        for name, value in vars(components).items()
        if isinstance(value, type) and issubclass(value, Component)
    }
    assert drawn - {"Component", "PanelComponent", "WorkComponent"} == set(COMPONENTS)


@pytest.mark.parametrize("name", COMPONENTS)
def test_props_are_the_same_in_the_class_in_the_contract_and_in_the_script(name: str) -> None:
    contract, component = COMPONENTS[name], getattr(components, name)
    declared = set(fields_of(contract.props))
    inherited = set(PlainScript.param)
    assert {param for param in component.param if param not in inherited} == declared
    read = members("model", script(*contract.scripts)) - MODEL
    assert read <= declared
    shared = SHARED if set(fields_of(PanelProps)) <= declared else set()
    assert declared - read - shared - NOT_DRAWN.get(name, set()) == set()


@pytest.mark.parametrize("name", COMPONENTS)
def test_messages_are_the_same_in_the_contract_and_in_the_script(name: str) -> None:
    text = script(*COMPONENTS[name].scripts)
    asked = r"asked: ask\((?:this\.)?model\), "
    sent = set(re.findall(rf"send_msg\(\s*\{{\s*(?:{asked})?(\w+)", text))
    assert sent | ({"asked"} if re.search(asked, text) else set()) == set(COMPONENTS[name].messages)


@pytest.mark.parametrize(
    ("scripts", "questions"),
    [
        (INBOX_SCRIPTS, INBOX_QUESTIONS),
        (COMPOSER_SCRIPTS, COMPOSER_QUESTIONS),
        (BELL_SCRIPTS, BELL_QUESTIONS),
    ],
)
def test_questions_are_the_same_in_the_contract_and_in_the_script(
    scripts: tuple[str, ...], questions: dict[str, Any]
) -> None:
    asked: dict[str, set[str]] = {}
    for name, fields in re.findall(r"\bask\(\s*\"(\w+)\"(?:,\s*\{([^}]*)\})?", script(*scripts)):
        given = asked.setdefault(name, set())
        given |= {part.split(":")[0].strip() for part in fields.split(",") if "..." not in part} - {""}
    assert set(asked) == set(questions)
    for name, given in asked.items():
        assert required_fields(questions[name]) <= given <= set(fields_of(questions[name])), name


def test_what_the_inbox_draws_is_in_the_answers() -> None:
    text = script(*INBOX_SCRIPTS)
    items = set(fields_of(ThreadMessageItem)) | set(fields_of(ThreadEventItem))
    assert members("row", text) - {"dataset", "setAttribute"} <= set(fields_of(SummaryLine))
    assert members("item", text) <= items
    assert members("thread", text) - {"replaceChildren"} <= set(fields_of(ThreadAnswer))
    assert set(fields_of(SummaryLine)) <= members("row", text)
    assert items - members("item", text) == set()
    assert set(fields_of(ThreadAnswer)) - members("thread", text) == set()
    assert set(INBOX_ANSWERS) == set(INBOX_QUESTIONS)
    assert set(COMPOSER_ANSWERS) == set(COMPOSER_QUESTIONS)


def test_what_the_bell_draws_is_in_the_answers() -> None:
    text = script(*BELL_SCRIPTS)
    assert members("notice", text) == set(fields_of(BellNotice))
    named = members("choices", text) | set(re.findall(r"this\.(?:flag|select|line)\(\s*\"(\w+)\"", text))
    named |= set(re.findall(r"this\.choices\.(\w+)", text))
    named |= set(re.findall(r"const \{(\w+)\} = (?:this\.)?choices", text))
    assert named == set(fields_of(BellChoices))
    assert set(BELL_ANSWERS) == set(BELL_QUESTIONS)


@pytest.mark.parametrize("page_name", [info.name for info in discover_pages() if info.name != "inbox"])
def test_what_a_page_sends_has_the_form_that_it_is_declared_with(page_name: str, store: Store) -> None:
    page = next(load_page(info) for info in discover_pages() if info.name == page_name)
    assert isinstance(page, ui.Page)
    session = page.open("since=2025-03-01&until=2025-03-08", store)
    session.is_served = True
    session.refresh()
    for component in (session.head, session.filter_menu, session.empty, *session.components):
        props = COMPONENTS[type(component).__name__].props
        sent = {name: getattr(component, name) for name in fields_of(props)}
        check(props, sent, f"{page_name}: {type(component).__name__} {sent.get('title', '')!r}")
    assert {component.state for component in session.components} <= {"ok", "empty", "loading"}


def test_an_opened_message_has_the_form_that_it_is_declared_with(store: Store) -> None:
    page = next(load_page(info) for info in discover_pages() if info.name == "messages")
    sid = store.lake.value("select min(message_sid) from messages")
    session = page.open(f"since=2025-03-01&until=2025-03-08&message={sid}", store)
    session.refresh()
    message = session.components[1]
    sent = {name: getattr(message, name) for name in fields_of(MessageProps)}
    check(MessageProps, sent, "the opened message")
    assert (message.state, message.record["sid"]) == ("ok", sid)


MALFORMED: list[tuple[str, object]] = [
    ("head", None),
    ("head", ["reset"]),
    ("head", {"explode": True}),
    ("head", {"remove": "country"}),
    ("head", {"remove": ["country"]}),
    ("head", {"remove": ["__class__", "x"]}),
    ("head", {"address": {"period": "7d"}}),
    ("head", {"address": "?period=7d\0"}),
    ("head", {"auto": "yes"}),
    ("filter_menu", {"filter": "7d"}),
    ("filter_menu", {"filter": {"period": [{"a": 1}]}}),
    ("filter_menu", {"filter": {"period": ["\ud800"]}}),
    ("Messages", {"click": "2025-03-04"}),
    ("Messages", {"click": {}}),
    ("Messages", {"click": {"key": None}}),
    ("Messages", {"click": {"key": "yesterday", "series": "Failed"}}),
    ("Messages", {"click": {"key": "9999-12-31"}}),
    ("Countries", {"click": {"key": ["US"]}}),
    ("Countries", {"click": {"key": "nowhere"}}),
]


def test_a_malformed_message_changes_nothing_and_raises_nothing(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    page = next(load_page(info) for info in discover_pages() if info.name == "overview")
    session = page.open("since=2025-03-01&until=2025-03-08", store)
    session.refresh()
    before = session.head.query
    by_title = {component.title: component for component in session.components if component.title}
    for target, message in MALFORMED:
        component = getattr(session, target) if hasattr(session, target) else by_title[target]
        component._handle_msg(message)
        assert session.head.query == before, message
    assert [record.exc_info for record in caplog.records if record.exc_info] == []
    session.head._handle_msg({"address": "?period=7d"})
    assert session.head.query == "?period=7d"
