"""`workbench notifications` and `wb.notifications`: the same words, and what each person may change."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.lakes import begin_lake
from workbench import Workbench
from workbench.cli import main
from workbench.errors import NotAllowed, UnknownName, UsageError
from workbench.lake import open_lake
from workbench.notifications.bell_session import BellSession
from workbench.roles import NOBODY, Actor, acting_as
from workbench.settings import load_settings

ADDRESS = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"


@pytest.fixture(scope="module")
def wb(tmp_path_factory: pytest.TempPathFactory) -> Workbench:
    home = tmp_path_factory.mktemp("desk")
    (home / "workbench.toml").write_text(
        'timezone = "Europe/Berlin"\n[notifications]\nquiet = "22:00-07:00"\n'
    )
    begin_lake(load_settings({"WORKBENCH_HOME": str(home)})).close()
    return Workbench(home)


def choices(wb: Workbench) -> dict[str, tuple[str, bool]]:
    frame = wb.notifications.show()
    return dict(zip(frame.choice, zip(frame.value, frame.chosen, strict=True), strict=True))


def test_choices_stand_over_the_settings_and_can_be_taken_back(wb: Workbench) -> None:
    assert choices(wb) == {
        "messages": ("mine-and-unassigned", False),
        "assigned": ("yes", False),
        "mentions": ("yes", False),
        "browser": ("yes", False),
        "mail": ("off", False),
        "mail_to": ("", False),
        "apprise": ("off", False),
        "quiet": ("22:00-07:00", False),
        "timezone": ("Europe/Berlin", False),
        "urgent": ("", False),
        "outside": ("masked", False),
        "apprise_address": ("none", False),
    }
    wb.notifications.set(
        messages="ALL", mentions=False, mail="08:30", mail_to="ana@example.com", urgent="mention, assigned",
        quiet="", apprise="now", apprise_address=ADDRESS,
    )  # fmt: skip
    changed = choices(wb)
    assert changed["messages"] == ("all", True)
    assert changed["mentions"] == ("no", True)
    assert changed["mail"] == ("08:30", True)
    assert changed["urgent"] == ("mention, assigned", True)
    assert changed["quiet"] == ("", True)
    assert changed["apprise_address"] == ("set", True)
    wb.notifications.set(quiet="default", mail="default", mail_to="default", apprise_address="")
    changed = choices(wb)
    assert (changed["quiet"], changed["mail"]) == (("22:00-07:00", False), ("off", False))
    assert changed["apprise_address"] == ("none", False)
    trail = wb.sql("select detail from audit_events where action = 'notifications-set'").detail.str.cat()
    assert "ana@" not in trail
    assert "slack" not in trail


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"messages": "some"}, "messages is 'some'; it can be 'off', 'mine', 'mine-and-unassigned', 'all'"),
        ({"mail": "soon"}, "mail is 'soon'"),
        ({"mail": "now"}, "mail needs an address"),
        ({"mail_to": "ana"}, "mail_to is 'ana'; write a mail address, as ann@example.com"),
        ({"quiet": "22-7"}, 'write a list of times, as \\["22:00-07:00"\\]'),
        ({"quiet": "25:00-07:00"}, "quiet"),
        ({"timezone": "Berlin"}, "timezone is 'Berlin', which is no time zone"),
        ({"urgent": "all"}, "urgent is 'all'"),
        ({"outside": "text"}, "an admin decides"),
        ({}, "Nothing to change"),
    ],
)
def test_a_wrong_choice_is_refused_with_what_is_allowed(
    wb: Workbench, change: dict[str, str], said: str
) -> None:
    before = choices(wb)
    with pytest.raises(UsageError, match=said):
        wb.notifications.set(**change)  # type: ignore[arg-type]
    assert choices(wb) == before


def test_the_commands_print_the_same(wb: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_HOME", str(wb.settings.home))
    wb.notifications.set(mail="default", apprise="default")
    told = CliRunner().invoke(
        main, ["notifications", "set", "--no-browser", "--apprise-address", "-"], input=ADDRESS + "\n"
    )
    assert told.exit_code == 0, told.output
    assert ADDRESS not in told.output
    shown = CliRunner().invoke(main, ["notifications", "show", "--format", "csv"]).output.splitlines()
    assert "browser,no,true" in [line.lower() for line in shown]
    assert "apprise_address,set,true" in [line.lower() for line in shown]
    tried = CliRunner().invoke(main, ["notifications", "test"])
    assert (tried.exit_code, "Neither mail nor apprise is on" in tried.stderr) == (2, True)
    assert CliRunner().invoke(main, ["notifications", "run"]).stdout == (
        "0 notifications noted, 0 notices told outside\n"
    )


@pytest.fixture
def signed_in(home: Path, users_file: bytes) -> Path:
    """A home where people sign in."""
    home.mkdir()
    (home / "workbench.toml").write_text('[access]\nmethod = "password"\n')
    (home / "users.toml").write_bytes(users_file)
    begin_lake(load_settings({"WORKBENCH_HOME": str(home)})).close()
    return home


def test_only_an_admin_changes_somebody_elses(signed_in: Path) -> None:
    wb = Workbench(signed_in)
    with pytest.raises(UnknownName, match="Known: ana, ben, vic"):
        wb.notifications.show()
    assert wb.notifications.set("Ana", messages="all").value[0] == "all"
    with acting_as(Actor("ben", "agent")):
        wb.notifications.set(messages="off")
        with pytest.raises(NotAllowed, match="somebody else"):
            wb.notifications.show("ana")
        with pytest.raises(NotAllowed, match="somebody else"):
            wb.notifications.set("ana", messages="off")
    assert wb.notifications.show("ana").value[0] == "all"


def test_the_bell_of_somebody_who_left_answers_nothing(signed_in: Path) -> None:
    settings = load_settings({"WORKBENCH_HOME": str(signed_in)})
    with open_lake(settings) as lake:
        bell = BellSession(lake, settings)
        for person, said in (
            (NOBODY, "Only somebody who is signed in may read the notifications"),
            (Actor("cal", "admin"), "Only somebody who signs in here is told anything"),
        ):
            with acting_as(person):
                for question in ({"ask": "start"}, {"ask": "address", "value": ADDRESS}, {"ask": "test"}):
                    assert said in bell.answer({"id": 1, **question})["error"]
                with pytest.raises(NotAllowed):
                    bell.news()
        with acting_as(Actor("vic", "viewer")):
            answer = bell.answer({"id": 1, "ask": "choose", "name": "messages", "value": "all"})
            assert answer["ok"]["messages"] == "all"
            wrong = bell.answer({"id": 2, "ask": "choose", "name": "messages", "value": True})
            assert "messages is True" in wrong["error"]
            assert (
                "wrong 'name'" in bell.answer({"id": 3, "ask": "choose", "name": "x", "value": ""})["error"]
            )
