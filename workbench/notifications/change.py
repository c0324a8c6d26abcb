"""Changes what a person chose, with an audit row that says what was changed and not to what."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import duckdb

from workbench.conversations.people import people
from workbench.errors import UnknownName
from workbench.lake.audit import append_audit
from workbench.lake.connect import Lake
from workbench.lake.notifications import read_choices, save_choice
from workbench.notifications.addresses import save_address
from workbench.notifications.choices import changed_choice
from workbench.roles import current_actor, current_user, require_role
from workbench.settings import Secret, Settings


def require_person(settings: Settings, person: str | None, known: Mapping[str, Any]) -> str:
    """The person whose choices are meant; those of others only an admin sees and changes.

    Raises:
        UnknownName: nobody of this name signs in here.
        NotAllowed: it is somebody else, and the user is no admin.
    """
    user = current_user()
    everybody = people(settings, {*known, user.name})
    name = (person or user.name).strip()
    name = name if name in everybody else name.lower()
    if name not in everybody:
        raise UnknownName("person", name, everybody or ["nobody yet"])
    if name != user.name:
        require_role("admin", "see or change the notifications of somebody else")
    return name


def change_choice(lake: Lake, settings: Settings, person: str, changes: Mapping[str, Any]) -> None:
    """Change some choices of a person.

    Raises:
        UsageError: a value is not possible, with what is allowed.
    """
    now = datetime.now(UTC)
    chosen = changed_choice(settings, person, read_choices(lake).get(person, {}), changes, now)

    def work(cursor: duckdb.DuckDBPyConnection) -> None:
        save_choice(cursor, person, chosen, now)
        _audit(cursor, person, list(changes))

    lake.write(work)


def change_address(lake: Lake, settings: Settings, person: str, address: str) -> None:
    """Set a person's address of apprise; an empty text removes it. It goes into a private file, not the lake.

    Raises:
        UsageError: apprise knows no service of this form, or it names a host and the user is no admin.
    """
    secret = Secret(address.strip()) if address.strip() else None
    save_address(settings.home, person, secret, may_name_host=current_user().may("admin"))
    lake.write(lambda cursor: _audit(cursor, person, ["apprise_address"]))


def _audit(cursor: duckdb.DuckDBPyConnection, person: str, names: list[str]) -> None:
    append_audit(
        cursor,
        "notifications-set",
        actor=current_actor(),
        subject=person,
        detail={"changed": sorted(names)},
    )
