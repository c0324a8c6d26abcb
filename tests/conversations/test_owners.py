"""A conversation is given to a person or a team by the same word at every door, and to nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conversations.known import ANA, CAL, DESK, save_known
from workbench.api.conversation import OpenConversation
from workbench.api.conversations import conversations_frame
from workbench.api.installation import Installation
from workbench.automation.rules import rule_faults
from workbench.conversations.actions import decide_many
from workbench.conversations.find import find_conversation
from workbench.conversations.inbox_session import InboxSession
from workbench.conversations.inbox_tools import InboxTools
from workbench.conversations.owners import (
    assignment,
    gone_owners,
    owners_of,
    people_behind,
    require_owner,
    team_problems,
    teams,
)
from workbench.errors import ConfigError, UnknownName
from workbench.files import write_whole
from workbench.lake import Lake, open_lake
from workbench.roles import Actor, acting_as
from workbench.server.access.users import Users
from workbench.settings import Settings, load_settings

AGENT = Actor("ana", "agent")
PASSWORD = "correct horse battery"
SIGN_IN = '[access]\nmethod = "password"\nurl = "https://desk.example.com"\n'
TEAMS = '[access.teams]\nsupport = ["ana", "Ben"]\nBilling = ["ben", "cem"]\n'
RULE = '[[rules]]\nname = "{name}"\nwhen = "message_received"\nthen = {then}\n'


def settings_of(home: Path, text: str, *people: str) -> Settings:
    home.mkdir(exist_ok=True)
    write_whole(home / "workbench.toml", text)
    users = Users(home)
    for name in people:
        users.add(name, "agent", PASSWORD)
    return load_settings({"WORKBENCH_HOME": str(home)})


@pytest.fixture
def settings(home: Path) -> Settings:
    return settings_of(home, SIGN_IN + TEAMS, "ana", "ben", "cem")


@pytest.fixture
def desk(settings: Settings) -> Iterator[Lake]:
    with open_lake(settings) as lake:
        save_known(lake)
        yield lake


def assigned(lake: Lake) -> dict[str, str]:
    return dict(lake.rows("select contact, assignee from conversations where assignee is not null"))


def test_teams_are_people_and_what_they_have_is_each_ones_own(settings: Settings) -> None:
    assert teams(settings) == {"support": ("ana", "ben"), "billing": ("ben", "cem")}
    assert owners_of(settings, "Ben") == ("ben", "support", "billing")
    assert people_behind(settings, "Support") == ("ana", "ben")
    assert people_behind(settings, "Cem") == ("cem",)
    assert people_behind(settings, "") == people_behind(settings, "dan") == ()
    assert (require_owner(settings, "Billing"), require_owner(settings, "BEN")) == ("billing", "ben")
    assert gone_owners(settings, ["", "ana", "support", "dan"]) == ["dan"]
    assert team_problems(settings) == []


def test_without_sign_in_any_name_can_have_a_conversation_and_there_are_no_teams(home: Path) -> None:
    settings = settings_of(home, TEAMS)
    assert teams(settings) == {}
    assert assignment(settings, "Night shift", "local:ops").value == "Night shift"
    assert owners_of(settings, "ops") == ("ops",)
    assert gone_owners(settings, ["dan"]) == team_problems(settings) == []


def test_a_provider_knows_people_of_its_domain_without_their_names(home: Path) -> None:
    settings = settings_of(
        home,
        '[access]\nmethod = "oauth"\nurl = "https://desk.example.com"\n[access.roles]\n'
        '"*@example.com" = "agent"\n[access.teams]\nsupport = ["ana@example.com", "dan@example.org"]\n'
        '[access.oauth]\nissuer = "https://login.example.com"\nclient_id = "workbench"\n',
    )
    assert require_owner(settings, "Zoe@example.com") == "zoe@example.com"
    assert people_behind(settings, "support") == ("ana@example.com", "dan@example.org")
    [problem] = team_problems(settings)
    assert problem.startswith("[access.teams] support: dan@example.org cannot sign in")
    with pytest.raises(UnknownName, match=r"No person or team named 'zoe@example\.org'"):
        require_owner(settings, "zoe@example.org")


REFUSED = (
    r"No person or team named 'suport'\. Did you mean 'support'\? Known: ana, ben, billing, cem, support\."
)


def test_the_same_word_gives_it_at_every_door(settings: Settings, desk: Lake) -> None:
    with acting_as(AGENT):
        session = InboxSession(desk, settings, InboxTools())
        opened = find_conversation(desk, ANA, our_side=DESK).conversation_id
        ask(session, "open", conversation=opened)
        ask(session, "decide", kind="assignee", value="Support")
        assert assigned(desk) == {ANA: "support"}
        ask(session, "bulk", kind="assignee", value="billing", conversations=[opened])
        assert assigned(desk) == {ANA: "billing"}
        for name in ("decide", "bulk"):
            more = {"conversations": [opened]} if name == "bulk" else {}
            answer = session.answer({"id": 1, "ask": name, "kind": "assignee", "value": "suport", **more})
            assert str(answer["error"]).startswith(
                "No person or team named 'suport'. Did you mean 'support'?"
            )
    installation = Installation(settings, lake=desk)
    opened_in_notebook = OpenConversation(installation, find_conversation(desk, CAL))
    opened_in_notebook.assign("SUPPORT")
    with pytest.raises(UnknownName, match=REFUSED):
        opened_in_notebook.assign("suport")
    assert listed(installation, assignee="support") == ["support"]
    assert assigned(desk) == {ANA: "billing", CAL: "support"}


def test_mine_has_what_nobody_of_my_team_took(settings: Settings, desk: Lake) -> None:
    ids = [find_conversation(desk, contact, our_side=DESK).conversation_id for contact in (ANA, CAL)]
    decide_many(desk, ids, assignment(settings, "support", "user:cem"))
    session = InboxSession(desk, settings, InboxTools())

    def mine(person: str) -> list[str]:
        with acting_as(Actor(person, "agent")):
            shown = ask(session, "list", view="all", filters={"mine": True})
        assert shown["filters"] == {"mine": True}
        return sorted(str(row["assignee"]) for row in shown["rows"])

    assert (mine("ana"), mine("ben"), mine("cem")) == (["support", "support"], ["support", "support"], [])
    with acting_as(AGENT):
        ask(session, "bulk", kind="assignee", value="ana", conversations=ids[:1])
    assert (mine("ana"), mine("ben")) == (["ana", "support"], ["support"])
    with acting_as(Actor("ben", "agent")):
        assert listed(Installation(settings, lake=desk), mine=True) == ["support"]


def test_a_list_says_who_is_gone(home: Path, settings: Settings, desk: Lake) -> None:
    decide_many(desk, [find_conversation(desk, CAL).conversation_id], assignment(settings, "cem", "user:ana"))
    Users(home).remove("cem")
    with acting_as(AGENT):
        session = InboxSession(desk, settings, InboxTools())
        started = ask(session, "start", view="all")
        assert (started["list"]["gone"], started["list"]["values"]["assignee"]["cem"]) == (["cem"], 1)
        assert started["teams"] == {"support": ["ana", "ben"], "billing": ["ben", "cem"]}
    [problem] = team_problems(settings)
    assert problem == ("[access.teams] billing: cem cannot sign in; those who can are ana, ben.")


def test_a_rule_gives_to_a_team_and_not_to_one_that_is_none(home: Path) -> None:
    text = (
        SIGN_IN
        + TEAMS
        + "".join(
            RULE.format(name=name, then=then)
            for name, then in (
                ("to-team", '{ assign = "support" }'),
                ("in-turn", '{ round_robin = ["ana", "billing"] }'),
                ("wrong", '{ assign = "suport" }'),
                ("gone", '{ round_robin = ["ana", "dan"] }'),
            )
        )
    )
    faults = rule_faults(settings_of(home, text, "ana", "ben", "cem"))
    assert list(faults) == ["wrong", "gone"]
    assert faults["wrong"].startswith("No person or team named 'suport'. Did you mean 'support'?")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("support = []", "a list of people"),
        ("support = 'ana'", "a list of people"),
        ('"two words" = ["ana"]', "is no name of a team"),
    ],
)
def test_a_team_that_is_none_is_refused(home: Path, line: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        settings_of(home, f"{SIGN_IN}[access.teams]\n{line}\n")


def test_a_team_with_the_name_of_a_person_is_none(home: Path) -> None:
    settings = settings_of(home, SIGN_IN + '[access.teams]\nana = ["ben"]\n', "ana", "ben")
    assert (teams(settings), people_behind(settings, "ana")) == ({}, ("ana",))
    assert team_problems(settings) == [
        "[access.teams] ana: somebody who signs in has this name; take another one for the team."
    ]


def listed(installation: Installation, *, assignee: str | None = None, mine: bool = False) -> list[str]:
    frame = conversations_frame(
        installation, "all", search="", assignee=assignee, mine=mine, label=None, order=None, limit=30
    )
    return list(frame.assignee)


def ask(session: InboxSession, name: str, **fields: Any) -> Any:
    answer = session.answer({"id": 1, "ask": name, **fields})
    assert "ok" in answer, answer
    return answer["ok"]
