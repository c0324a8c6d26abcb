"""Who can have a conversation: whoever signs in, and the teams that `[access.teams]` makes of them.

A team has what nobody of it took yet; whoever takes a conversation has it alone. Without sign-in there are no
teams, and a conversation is given to any name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from workbench.conversations.events import ConversationEvent, assign
from workbench.conversations.people import people
from workbench.errors import UnknownName
from workbench.settings import Settings


def teams(settings: Settings) -> Mapping[str, tuple[str, ...]]:
    """The members of each team; none without sign-in, and none of a name that a person has."""
    if not settings.access.is_on or not settings.access.teams:
        return {}
    persons = _persons(settings)
    return {name: members for name, members in settings.access.teams.items() if name not in persons}


def owners_of(settings: Settings, person: str) -> tuple[str, ...]:
    """Whose conversations are a person's own: theirs, and those that their teams have; in small letters."""
    name = person.lower()
    return (name, *(team for team, members in teams(settings).items() if name in members))


def is_owner(settings: Settings, name: str) -> bool:
    """Whether somebody or some team has this name."""
    return not settings.access.is_on or _is_person(settings, name.lower()) or name.lower() in teams(settings)


def gone_owners(settings: Settings, names: Iterable[str]) -> list[str]:
    """Those of these names that nobody has who signs in, and no team; an empty name is nobody's."""
    if not settings.access.is_on:
        return []
    known = {*_persons(settings), *settings.access.teams}
    return [
        name
        for name in names
        if name and name.lower() not in known and not _is_of_provider(settings, name.lower())
    ]


def people_behind(settings: Settings, owner: str) -> tuple[str, ...]:
    """The people who have what an owner has: one person, all of a team, none where the owner is gone."""
    name = owner.lower()
    if not name or not is_owner(settings, name):
        return ()
    return tuple(teams(settings).get(name, (name,)))


def require_owner(settings: Settings, name: str) -> str:
    """A name as conversations have it; without sign-in any name is one.

    Raises:
        UnknownName: nobody who signs in has it, and no team; the message has the nearest and all names.
    """
    if is_owner(settings, name):
        return name.lower() if settings.access.is_on else name
    raise UnknownName("person or team", name, [*_persons(settings), *teams(settings)])


def assignment(settings: Settings, owner: str | None, actor: str) -> ConversationEvent:
    """Give a conversation to a person or a team; None or an empty name to nobody.

    Raises:
        UnknownName: see :func:`require_owner`.
    """
    name = (owner or "").strip()
    return assign(require_owner(settings, name) if name else None, actor)


def team_problems(settings: Settings) -> list[str]:
    """A sentence for each team that cannot be what it says, as a check of the settings says it."""
    if not settings.access.is_on:
        return []
    persons = _persons(settings)
    problems = [
        f"[access.teams] {name}: somebody who signs in has this name; take another one for the team."
        for name in settings.access.teams
        if name in persons
    ]
    for name, members in settings.access.teams.items():
        if gone := [member for member in members if not _is_person(settings, member)]:
            problems.append(
                f"[access.teams] {name}: {_listed(gone)} cannot sign in; those who can are "
                f"{_listed(sorted(persons)) or 'none yet'}."
            )
    return problems


def _persons(settings: Settings) -> set[str]:
    return {name.lower() for name in people(settings)}


def _is_person(settings: Settings, name: str) -> bool:
    return _is_of_provider(settings, name) or name in _persons(settings)


def _is_of_provider(settings: Settings, name: str) -> bool:
    """Whether the provider lets them in: of a whole domain nobody knows the names."""
    return settings.access.provider is not None and settings.access.role_of(name) is not None


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
