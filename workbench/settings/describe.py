"""Describes all settings and their present values, for `workbench config`, the template and the README."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from workbench.settings.declare import Member, Place, Section, Setting, all_settings, members
from workbench.settings.home import CREDENTIALS_FILE, SETTINGS_FILE
from workbench.settings.lines import line_numbers
from workbench.settings.model import Settings
from workbench.settings.read import SettingsReader
from workbench.settings.secret import Secret
from workbench.settings.values import Money

DEFAULT = "default"

_PASSWORDS = re.compile(r"(password\s*=\s*)('[^']*'|\S+)|(://[^/@:\s]*:)[^/@\s]+(?=@)")


class EffectiveSetting(NamedTuple):
    """A setting with its present value; `source` is a file, a variable or `default`."""

    setting: str
    value: str
    source: str


class DescribedSetting(NamedTuple):
    """A setting as the README describes it."""

    name: str
    sentence: str
    allowed: str
    default: str
    variable: str


def effective_settings(settings: Settings, reading: SettingsReader) -> list[EffectiveSetting]:
    """Every setting with its value and the source of it; for a secret only whether it is set.

    Args:
        reading: the result of reading the settings.
    """
    lines = line_numbers(reading.text)
    sources = {
        place: f"{source}, line {lines[place]}" if source == SETTINGS_FILE and place in lines else source
        for place, source in reading.sources.items()
    }
    rows = list(_effective(settings, (), sources))
    catalog = next(number for number, row in enumerate(rows) if row.setting == "lake.catalog")
    rows[catalog] = rows[catalog]._replace(value=_without_passwords(settings.catalog))
    return rows


def described_settings() -> list[DescribedSetting]:
    """All settings, in the order of the template."""
    return [_described(member) for member in all_settings(Settings)]


def settings_template(given: Mapping[Place, str] | None = None) -> str:
    """A workbench.toml with every setting as a comment.

    Args:
        given: values by place, which are written without the comment sign.
    """
    lines = [
        f"# Settings of this workbench. No secrets here: they are in {CREDENTIALS_FILE} or in the",
        "# environment, which counts before both files. A line after # is the default, or an example.",
        "",
        *_template(Settings, (), given or {}, ""),
    ]
    return "\n".join(lines) + "\n"


def shown_value(value: Any) -> str:
    """A value as it is shown to people: as in workbench.toml, but texts without quotes."""
    return _without_passwords(str(value)) if isinstance(value, str | Money) else _toml(value)


def _effective(structure: Any, place: Place, sources: Mapping[Place, str]) -> Iterator[EffectiveSetting]:
    for member in members(type(structure), place).values():
        value = getattr(structure, member.field_name)
        if isinstance(member.declared, Setting):
            source = sources.get(member.place, DEFAULT)
            if member.declared.secret:
                value = "set, not shown" if value else None
            yield EffectiveSetting(".".join(member.place), shown_value(value), source)
        elif isinstance(member.declared, Section):
            yield from _effective(value, member.place, sources)
        else:
            for name, entry in value.items():
                yield from _effective(entry, (*member.place, name), sources)


def _described(member: Member) -> DescribedSetting:
    declared = member.declared
    assert isinstance(declared, Setting)
    default = "none" if _is_empty(member.default) else f"`{_toml(member.default)}`"
    return DescribedSetting(
        _place_in_words(member, declared),
        declared.sentence,
        declared.kind.allowed,
        "required" if declared.is_required else declared.default_text or default,
        f"`{member.variable}`" if member.variable else "",
    )


def _place_in_words(member: Member, declared: Setting) -> str:
    if not declared.secret:
        return f"`{_written(member)}`"
    return (
        f"`{declared.secret}` in {CREDENTIALS_FILE}"
        if declared.in_files
        else f"`{declared.secret}`, in no file"
    )


def _written(member: Member) -> str:
    place = list(member.place)
    if place[0] == "reports":
        place[1] = "NAME"
    elif place[:2] in (["alerts", "rules"], ["events", "webhooks"]):
        place[2] = "NAME"
    elif place[0] == "rules":
        del place[1]
    return f"[{'.'.join(place)}]" if _is_table(member) else ".".join(place)


def _template(type: Any, place: Place, given: Mapping[Place, str], mark: str) -> Iterator[str]:
    """The lines of a section: single settings, then its tables and sections. `mark` begins its headers."""
    declared = list(members(type, place).values())
    for member in declared:
        if isinstance(member.declared, Setting) and not member.declared.secret and not _is_table(member):
            yield from _template_line(member, member.declared, given)
    for member in declared:
        header = f"{mark}[{'.'.join(member.place)}]"
        if isinstance(member.declared, Section):
            # A section of an entry is a comment itself, so what it is for stands above it.
            yield from (
                ("", f"# {member.declared.sentence}", header)
                if mark
                else (
                    "",
                    f"{header}   # {member.declared.sentence}",
                )
            )
            yield from _template(member.declared.type, member.place, given, mark)
        elif not isinstance(member.declared, Setting):
            is_list = member.declared.is_list
            # A list has no name in its headers: each entry says its own.
            entry = member.place if is_list else (*member.place, member.declared.example)
            written = f"[{'.'.join(entry)}]"
            yield from ("", f"# {member.declared.sentence}", f"# {f'[{written}]' if is_list else written}")
            yield from _template(member.declared.type, entry, given, "# ")
        elif _is_table(member) and not member.declared.secret:
            yield from ("", f"{header}   # {member.declared.sentence}", f"# {member.declared.example}")


def _template_line(member: Member, declared: Setting, given: Mapping[Place, str]) -> Iterator[str]:
    yield f"# {declared.sentence}"
    key = member.place[-1]
    if member.place in given:
        yield f"{key} = {_toml(given[member.place])}   # {declared.kind.allowed}"
        return
    example = declared.example if _is_empty(member.default) else _toml(member.default)
    by_default = f"; by default {declared.default_text}" if declared.default_text else ""
    yield f"# {key} = {example or _toml(member.default)}   # {declared.kind.allowed}{by_default}"


def _is_empty(default: Any) -> bool:
    return default is None or default in ("", (), {})


def _is_table(member: Member) -> bool:
    """Whether it is written as a section with names that the user chooses."""
    declared = member.declared
    return isinstance(declared, Setting) and declared.kind.is_table and "{" not in declared.example


def _toml(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Secret):
        return "set, not shown"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, Mapping):
        return f"{{ {', '.join(_pairs(value.items()))} }}" if value else "{}"
    return str(value) if isinstance(value, int) else json.dumps(str(value), ensure_ascii=False)


def _pairs(items: Iterable[tuple[str, Any]]) -> Iterator[str]:
    for name, value in items:
        yield f"{json.dumps(name, ensure_ascii=False)} = {_toml(value)}"


def _without_passwords(text: str) -> str:
    return _PASSWORDS.sub(lambda match: f"{match[1] or match[3]}***", text)
