"""The doctor's check of owners: what belongs to somebody who cannot sign in any more."""

from __future__ import annotations

from tests.conversations.known import ANA, CAL, save_known
from tests.doctor.conftest import Patient
from tests.settings.homes import load
from workbench.conversations.events import assign, save_event, set_state
from workbench.conversations.find import find_conversation
from workbench.server.access.users import Users

SIGN_IN = '[access]\nmethod = "password"\nurl = "https://desk.example.com"\n'
TEAMS = '[access.teams]\nsupport = ["ana", "ben"]\n'


def people(patient: Patient, text: str) -> None:
    patient.settings = load(patient.settings.home, text)
    for name in ("ana", "ben"):
        Users(patient.settings.home).add(name, "agent", "correct horse battery")


def test_what_belongs_to_people_and_teams_is_fine(patient: Patient) -> None:
    save_known(patient.lake)
    save_event(patient.lake, find_conversation(patient.lake, ANA), assign("dan", "local:ops"))
    assert patient.states("owners") == [("fine", "")]  # nobody signs in here
    people(patient, SIGN_IN + TEAMS)
    save_event(patient.lake, find_conversation(patient.lake, ANA), assign("support", "user:ana"))
    assert patient.states("owners") == [("fine", "")]


def test_who_is_gone_is_said_with_how_much_they_have(patient: Patient) -> None:
    save_known(patient.lake)
    people(patient, SIGN_IN + TEAMS)
    Users(patient.settings.home).remove("ben")
    for contact in (ANA, CAL):
        save_event(patient.lake, find_conversation(patient.lake, contact), assign("ben", "user:ana"))
    gone, member = patient.results("owners")
    assert (gone.state, gone.subject) == ("warning", "ben")
    assert gone.evidence == "'ben' has 2 unresolved conversations and cannot sign in any more."
    assert member.evidence == "[access.teams] support: ben cannot sign in; those who can are ana."
    save_event(patient.lake, find_conversation(patient.lake, CAL), set_state("resolved", "user:ana"))
    assert patient.results("owners")[0].evidence.startswith("'ben' has 1 unresolved conversation and")
