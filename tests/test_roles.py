"""Who may do what, and that doubt means no."""

from __future__ import annotations

import getpass
from collections.abc import Iterator

import pytest

from workbench import roles
from workbench.errors import NotAllowed
from workbench.roles import NOBODY, Actor, current_user, find_people_with, local_actor, require_role


@pytest.fixture(autouse=True)
def _nobody_left_behind() -> Iterator[None]:
    yield
    find_people_with(None)


@pytest.mark.parametrize(
    ("role", "viewer", "agent", "admin"),
    [("viewer", True, False, False), ("agent", True, True, False), ("admin", True, True, True)],
)
def test_each_role_includes_those_before_it(role: str, viewer: bool, agent: bool, admin: bool) -> None:
    person = Actor("ana", role)
    assert [person.may(name) for name in ("viewer", "agent", "admin")] == [viewer, agent, admin]


def test_without_sign_in_it_is_the_person_at_this_machine() -> None:
    person = require_role("admin", "do anything")
    assert (person.role, person.is_local, person.actor) == ("admin", True, f"local:{getpass.getuser()}")
    assert local_actor() == person.actor


def test_with_sign_in_nobody_found_may_nothing() -> None:
    find_people_with(lambda: None)
    assert current_user() == NOBODY
    for role in roles.ROLES:
        with pytest.raises(NotAllowed, match="Only somebody who is signed in may reveal a number"):
            require_role(role, "reveal a number")


def test_a_viewer_is_told_what_it_takes() -> None:
    find_people_with(lambda: Actor("vic", "viewer"))
    with pytest.raises(NotAllowed, match=r"vic may not send a reply: that takes the role 'agent'"):
        require_role("agent", "send a reply")
    assert require_role("viewer", "look").actor == "user:vic"
