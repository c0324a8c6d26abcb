"""Names that no setting has: which one was meant, where it belongs, and what there is."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from workbench.settings.declare import Place, Setting, all_settings, members
from workbench.settings.model import Settings

HOME_VARIABLE = "WORKBENCH_HOME"
SNAPSHOT_VARIABLE = "WORKBENCH_REPORT_SNAPSHOT"
"""Which version of the lake a report's notebook reads; set for it by the run."""
TEST_PREFIX = "WORKBENCH_TEST_"
"""Begins variables of the tests, which no setting reads."""

_SECRET_WORDS = ("token", "secret", "password")


def looks_secret(name: str) -> bool:
    """Whether something of that name is likely to be a secret, so that its value is never shown."""
    return any(word in name.lower() for word in _SECRET_WORDS)


def misplaced_secrets(content: Mapping[str, Any], place: Place = ()) -> list[Place]:
    """Where workbench.toml holds what belongs into credentials.toml; settings are shared and committed."""
    allowed = {member.place for member in all_settings(Settings) if not _is_secret(member.declared)}
    secrets = {member.place for member in all_settings(Settings) if _is_secret(member.declared)}
    return list(_misplaced(content, place, allowed, secrets))


def _misplaced(
    content: Mapping[str, Any], place: Place, allowed: set[Place], secrets: set[Place]
) -> Iterable[Place]:
    for name, value in content.items():
        here = (*place, name)
        if here in secrets or (looks_secret(name) and here not in allowed and not isinstance(value, dict)):
            yield here
        elif isinstance(value, dict):
            yield from _misplaced(value, here, allowed, secrets)


def _is_secret(declared: object) -> bool:
    return isinstance(declared, Setting) and declared.secret is not None


def secret_names() -> dict[str, Place]:
    """What credentials.toml may hold, and which settings it is: secrets, and the account they are of."""
    names = {}
    for member in all_settings(Settings):
        if isinstance(member.declared, Setting) and (member.declared.secret or member.declared.group):
            names[member.declared.secret or member.place[-1]] = member.place
    return names


def known_variables() -> tuple[str, ...]:
    """Every environment variable that a setting reads."""
    return tuple(member.variable for member in all_settings(Settings) if member.variable)


def secret_variables() -> tuple[str, ...]:
    """The environment variables of secrets."""
    return tuple(
        member.variable
        for member in all_settings(Settings)
        if member.variable and _is_secret(member.declared)
    )


def unknown_variables(names: Iterable[str]) -> list[str]:
    """One line for each variable that begins like ours and that nothing reads."""
    known = {*known_variables(), HOME_VARIABLE, SNAPSHOT_VARIABLE}
    ours = (name for name in names if name.startswith("WORKBENCH_") and not name.startswith(TEST_PREFIX))
    return [
        f"The environment variable {name} is set and no setting reads it.{_did_you_mean(name, known)} "
        "Correct its name or unset it; the README lists the variables."
        for name in sorted(ours)
        if name not in known
    ]


def unknown_name(place: Place, known: Iterable[str], *, is_section: bool = False) -> str:
    """What to say of a name that a section does not have.

    Args:
        place: the name with the sections it stands in.
        known: the names that may stand there.
        is_section: a section of that name was written, not a value.
    """
    *sections, name = place
    allowed = tuple(known)
    where = f"[{'.'.join(sections)}] has" if sections else "workbench.toml has"
    kind = "section" if is_section else "setting"
    elsewhere = next(
        (
            member.place for member in all_settings(Settings)
            if member.place[-1] == name and list(member.place[:-1]) != sections
        ),
        None,
    )  # fmt: skip
    hint = _did_you_mean(name, allowed)
    if not hint and elsewhere:
        hint = f" {name!r} stands {_section_text(elsewhere[:-1])}."
    return f"{where} no {kind} {name!r}.{hint} Allowed: {', '.join(allowed)}."


def top_names(*, sections: bool) -> tuple[str, ...]:
    """The names at the top of workbench.toml: sections, or single settings."""
    return tuple(
        name
        for name, member in members(Settings).items()
        if sections
        is not (isinstance(member.declared, Setting) and member.declared.kind.from_text is not None)
    )


def _section_text(sections: Place) -> str:
    return f"in the section [{'.'.join(sections)}]" if sections else "at the top, above every section"


def _did_you_mean(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f" Did you mean {close[0]!r}?" if close else ""
