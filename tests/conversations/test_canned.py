"""Canned replies: with blanks that the contact or the person fills, shortcuts, and kept from the page."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.conversations.known import ANA, save_known
from workbench.api.canned import CannedReplies
from workbench.api.installation import Installation
from workbench.conversations.contacts import plan_edit, read_contact, save_changes
from workbench.conversations.find import find_conversation
from workbench.conversations.inbox_session import InboxSession
from workbench.conversations.inbox_tools import InboxTools
from workbench.errors import UsageError
from workbench.lake import open_lake
from workbench.messaging.templates import Template
from workbench.roles import Actor, acting_as
from workbench.sending.template_files import find_template, save_template
from workbench.settings import load_settings

ADMIN, AGENT = Actor("rosa", "admin"), Actor("ana", "agent")


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[InboxSession, Path]]:
    home = tmp_path_factory.mktemp("canned")
    settings = load_settings({"WORKBENCH_HOME": str(home)})
    templates = home / "templates"
    templates.mkdir()
    (templates / "late.toml").write_text(
        '# What we say of late orders.\ntitle = "Order is late"\nshortcut = "late"\ntags = ["orders"]\n'
        'body = "Hi {{ first_name }}, order {{ order }} is late."\n'
    )
    (templates / "signed.toml").write_text('title = "Signed"\nbody = "Hello."\nbusiness_name = true\n')
    with open_lake(settings) as lake:
        save_known(lake)
        contact = read_contact(lake, ANA)
        save_changes(lake, plan_edit(contact, {"name": "Ana Maria Li"}), "user:ana", "contact-edit")
        canned = CannedReplies(Installation(settings, lake=lake))
        session = InboxSession(lake, settings, InboxTools(canned=canned))
        session.answer({"id": 1, "ask": "open", "conversation": find_conversation(lake, ANA).conversation_id})
        yield session, home


def ask(session: InboxSession, person: Actor, **question: Any) -> dict[str, Any]:
    with acting_as(person):
        return session.answer({"id": 2, **question})


def test_one_that_needs_a_blank_is_listed_and_asks_for_what_is_not_known(
    inbox: tuple[InboxSession, Path],
) -> None:
    session, _ = inbox
    started = ask(session, AGENT, ask="start")["ok"]
    late = next(reply for reply in started["canned"] if reply["template"] == "late")
    assert (late["shortcut"], late["blanks"], started["edits"]) == ("late", ["first_name", "order"], False)
    assert ask(session, AGENT, ask="canned", template="late", values={})["ok"] == {
        "text": "", "missing": ["order"],
    }  # fmt: skip
    filled = ask(session, AGENT, ask="canned", template="late", values={"order": "12 {{ x }}"})["ok"]
    assert filled == {"text": "Hi Ana, order 12 {{ '{{' }} x }} is late.", "missing": []}


def test_one_that_cannot_be_filled_does_not_hide_the_others(inbox: tuple[InboxSession, Path]) -> None:
    session, _ = inbox
    assert len(ask(session, AGENT, ask="start")["ok"]["canned"]) >= 2
    assert (
        "[sending] business_name" in ask(session, AGENT, ask="canned", template="signed", values={})["error"]
    )


def test_admins_keep_them_and_agents_do_not(inbox: tuple[InboxSession, Path]) -> None:
    session, home = inbox
    new = {
        "ask": "save_canned",
        "template": "",
        "title": "Gutschein für Sie",
        "shortcut": "gift",
        "text": "Hi!",
    }
    assert "takes the role 'admin'" in ask(session, AGENT, **new)["error"]
    listed = ask(session, ADMIN, **new)["ok"]["canned"]
    assert "gutschein-fur-sie" in {reply["template"] for reply in listed}
    assert "already" in ask(session, ADMIN, **new)["error"], "a new one never replaces another"
    taken = {**new, "template": "gutschein-fur-sie", "shortcut": "late"}
    assert "is that of 'late'" in ask(session, ADMIN, **taken)["error"]
    removed = ask(session, ADMIN, ask="remove_canned", template="gutschein-fur-sie")["ok"]["canned"]
    assert "gutschein-fur-sie" not in {reply["template"] for reply in removed}
    assert not (home / "templates" / "gutschein-fur-sie.toml").exists()


def test_an_edit_keeps_what_the_form_does_not_show(inbox: tuple[InboxSession, Path]) -> None:
    session, home = inbox
    text = "Hi {{ first_name }}, order {{ order }} is on its way."
    edit = {"ask": "save_canned", "template": "late", "title": "Late order", "shortcut": "late", "text": text}
    assert "ok" in ask(session, ADMIN, **edit)
    written = (home / "templates" / "late.toml").read_text()
    assert written.startswith("# What we say of late orders.\n")
    assert tomllib.loads(written) == {
        "title": "Late order", "shortcut": "late", "tags": ["orders"], "body": text,
    }  # fmt: skip


@pytest.mark.parametrize("shortcut", ["Late", "a b", "-x", "x" * 31, "é"])
def test_a_shortcut_that_cannot_be_typed_is_refused(tmp_path: Path, shortcut: str) -> None:
    with pytest.raises(UsageError, match="shortcut is"):
        save_template(tmp_path, Template("t", "Hi", shortcut=shortcut))


@hypothesis_settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=60))
def test_any_text_is_read_back_as_it_was_written(tmp_path: Path, body: str) -> None:
    text = body.replace("{", "(")
    save_template(tmp_path, Template("t", text, title=text))
    assert find_template(tmp_path, "t").body == text
