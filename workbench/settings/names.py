"""Messages about unknown names: the nearest setting, where it belongs, and which names are allowed."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from workbench.settings.declare import Place, Setting, all_settings, members
from workbench.settings.model import Settings
from workbench.settings.secret_files import SUFFIX

HOME_VARIABLE = "WORKBENCH_HOME"
SNAPSHOT_VARIABLE = "WORKBENCH_REPORT_SNAPSHOT"
"""The snapshot of the lake that a report's notebook reads; set by the run of the report."""
TEST_PREFIX = "WORKBENCH_TEST_"
"""The prefix of variables for the tests, which no setting reads."""

_SECRET_WORDS = ("token", "secret", "password")


def looks_secret(name: str) -> bool:
    """Whether a setting with this name is probably a secret, so that its value is never shown."""
    return any(word in name.lower() for word in _SECRET_WORDS)


def misplaced_secrets(content: Mapping[str, Any], place: Place = ()) -> list[Place]:
    """The places of secrets in workbench.toml; they belong in credentials.toml, as settings are shared."""
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
    """The names that credentials.toml may have, and their settings: secrets, and the account of them."""
    names = {}
    for member in all_settings(Settings):
        declared = member.declared
        if isinstance(declared, Setting) and declared.in_files and (declared.secret or declared.group):
            names[declared.secret or member.place[-1]] = member.place
    return names


def outside_files() -> dict[str, str]:
    """The secrets that may stand in no file of the home, and the variable of each."""
    return {
        member.declared.secret: member.variable
        for member in all_settings(Settings)
        if isinstance(member.declared, Setting)
        and member.declared.secret
        and member.variable
        and not member.declared.in_files
    }


def known_variables() -> tuple[str, ...]:
    """Every environment variable that a setting reads."""
    return tuple(member.variable for member in all_settings(Settings) if member.variable)


def secret_variables() -> tuple[str, ...]:
    """The environment variables of secrets that a file can hold instead, named by a variable of its own."""
    return tuple(
        member.variable
        for member in all_settings(Settings)
        if member.variable
        and isinstance(member.declared, Setting)
        and member.declared.secret
        and member.declared.in_files
    )


def unknown_variables(names: Iterable[str]) -> list[str]:
    """One line for each environment variable with our prefix that no setting reads."""
    allowed = {*known_variables(), HOME_VARIABLE, SNAPSHOT_VARIABLE}
    allowed |= {name + SUFFIX for name in secret_variables()}
    ours = (name for name in names if name.startswith("WORKBENCH_") and not name.startswith(TEST_PREFIX))
    return [
        f"The environment variable {name} is set and no setting reads it.{_did_you_mean(name, allowed)} "
        "Correct its name or unset it; the README lists the variables."
        for name in sorted(ours)
        if name not in allowed
    ]


def unknown_name(place: Place, known_names: Iterable[str], *, is_section: bool = False) -> str:
    """The message about a name that a section does not have.

    Args:
        place: the name, after the sections that contain it.
        known_names: the names that are allowed there.
        is_section: whether a section with this name was written, and not a value.
    """
    *sections, name = place
    allowed = tuple(known_names)
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


def _did_you_mean(name: str, known_names: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known_names), n=1)
    return f" Did you mean {close[0]!r}?" if close else ""
