"""How a setting is declared: its default, what is allowed, what it means, and its environment variable.

A section is a frozen dataclass; each of its fields is made by one of the functions here. The reader,
`workbench config`, the template and the README's tables all use these declarations, so that the description
of a setting and its check are always the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, Field, field, fields
from typing import Any, NamedTuple

Place = tuple[str, ...]
"""The place of a setting in workbench.toml, such as ("sync", "since")."""

_DECLARED = "declared"


class InvalidValue(ValueError):
    """A value that is not possible.

    Args:
        text: continues the message after the setting's name, such as "is 3; write true or false."
        key: in a table, the name of the wrong value.
    """

    def __init__(self, text: str, key: str = "") -> None:
        super().__init__(text)
        self.key = key


class Kind(NamedTuple):
    """The values that a setting can have.

    `allowed` describes them to people, as the end of "write …". `parse` makes the value from the file's
    content, or raises :class:`InvalidValue`. `from_text` turns the text of an environment variable into what
    the file would contain; it is None if there is no variable. A table has names that the user chooses, and
    is a
    section.
    """

    allowed: str
    parse: Callable[[Any], Any]
    from_text: Callable[[str], Any] | None = str
    is_table: bool = False


class Setting(NamedTuple):
    """One setting, as :func:`setting` declared it."""

    kind: Kind
    sentence: str
    key: str = ""
    variable: str | None = None
    example: str = ""
    default_text: str = ""
    secret: str | None = None
    group: str | None = None
    is_required: bool = False
    in_files: bool = True
    """Whether a secret may stand in credentials.toml."""


class Section(NamedTuple):
    """A section with known names: the dataclass of its fields."""

    type: type[Any]
    sentence: str
    key: str = ""


class Entries(NamedTuple):
    """A section whose entries have names that the user chooses; each is a section of the same type.

    Where their order counts (`is_list`) they are written as `[[rules]]`, each with its setting `name`.
    """

    type: type[Any]
    sentence: str
    check_name: Callable[[str], str]
    example: str
    is_list: bool = False


class Member(NamedTuple):
    """A setting or a section, with its place."""

    place: Place
    field_name: str
    declared: Setting | Section | Entries
    default: Any

    @property
    def name(self) -> str:
        """Its name in messages: `[sync] since`; the key alone at the top of the file; `[mps_limits]`."""
        if isinstance(self.declared, Setting) and self.declared.kind.is_table:
            return f"[{'.'.join(self.place)}]"
        *sections, key = self.place
        return f"[{'.'.join(sections)}] {key}" if sections else key

    @property
    def variable(self) -> str | None:
        """Its environment variable: WORKBENCH_SECTION_KEY unless another one is declared."""
        if not isinstance(self.declared, Setting) or self.declared.is_required:
            return None
        if self.declared.variable or self.declared.kind.from_text is None:
            return self.declared.variable
        return "WORKBENCH_" + "_".join(self.place).upper()


def setting(
    default: Any,
    kind: Kind,
    sentence: str,
    *,
    key: str = "",
    variable: str | None = None,
    example: str = "",
    default_text: str = "",
    secret: str | None = None,
    group: str | None = None,
    in_files: bool = True,
) -> Any:
    """Declare a setting.

    Args:
        default: its value if none is given.
        sentence: what it does, for the template and the README.
        key: its name in workbench.toml, if it differs from the field's.
        variable: its environment variable, if it differs from WORKBENCH_SECTION_KEY.
        example: a value as TOML, for the template, if the default is None.
        default_text: the default in words, if it depends on something.
        secret: its name in credentials.toml; it is refused in workbench.toml and never shown.
        group: all settings of a group come from the environment, or all from the files.
        in_files: whether a secret may stand in credentials.toml, too, and not in the environment only.
    """
    declared = {
        _DECLARED: Setting(
            kind, sentence, key, variable, example, default_text, secret, group, in_files=in_files
        )
    }
    if isinstance(default, Mapping):
        return field(default_factory=lambda: default, metadata=declared)
    return field(default=default, metadata=declared)


def required(kind: Kind, sentence: str, *, example: str) -> Any:
    """Declare a setting that must be given in its section."""
    return field(metadata={_DECLARED: Setting(kind, sentence, example=example, is_required=True)})


def file_only(kind: Kind) -> Kind:
    """The kind without an environment variable, for entries, whose names the user chooses."""
    return kind._replace(from_text=None)


def section(type: type[Any], sentence: str, *, key: str = "") -> Any:
    """Declare a section with known names; `key` is its name in the file, if it differs from the field's."""
    return field(default_factory=type, metadata={_DECLARED: Section(type, sentence, key)})


def entries(
    type: type[Any],
    sentence: str,
    check_name: Callable[[str], str],
    example: str,
    *,
    is_list: bool = False,
) -> Any:
    """Declare a section whose entries have names that the user chooses.

    Args:
        check_name: returns the name, or raises :class:`InvalidValue`.
        example: the name of an entry, for the template.
        is_list: their order counts, so they are a list in the file.
    """
    declared = Entries(type, sentence, check_name, example, is_list)
    return field(default_factory=dict, metadata={_DECLARED: declared})


def members(type: type[Any], place: Place = ()) -> dict[str, Member]:
    """The members that a section declares, by their names in the file.

    Args:
        place: the place of the section.
    """
    all_members = (_member(each, place) for each in fields(type) if _DECLARED in each.metadata)
    return {member.place[-1]: member for member in all_members}


def all_settings(type: type[Any], place: Place = ()) -> Iterator[Member]:
    """Every setting of a section and of its sections; for entries, under the name of the example."""
    for member in members(type, place).values():
        if isinstance(member.declared, Setting):
            yield member
        elif isinstance(member.declared, Section):
            yield from all_settings(member.declared.type, member.place)
        else:
            yield from all_settings(member.declared.type, (*member.place, member.declared.example))


def _member(each: Field[Any], place: Place) -> Member:
    declared = each.metadata[_DECLARED]
    key = (declared.key if isinstance(declared, Setting | Section) else "") or each.name
    default = each.default if each.default is not MISSING else None
    if isinstance(declared, Setting) and each.default_factory is not MISSING:
        default = each.default_factory()
    return Member((*place, key), each.name, declared, default)
